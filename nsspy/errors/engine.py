"""Messages of the area *engine*: planner and engine; see ``nsspy.errors``."""

from __future__ import annotations

from nsspy.errors import Level, Message

MESSAGES: tuple[Message, ...] = (
    # ---- the planner as a program ---------------------------------------------------------------------------
    Message(
        700,
        Level.ERROR,
        "the configuration cannot be checked: {what}; likely a fault of nsspy; report this line and what stands after "
        "it: {traceback}",
        "The planner met an error that nobody foresaw.",
        "The configuration counts as wrong, httpd does not start; a running server keeps its last plan.",
        "Report the whole line. The end of the traceback often names a file or directory that can be mended at once.",
    ),
    Message(
        701,
        Level.ERROR,
        "the configuration cannot be checked: no end after {seconds} seconds while {step}; likely a token, a program of "
        "NSSPassPhraseDialog or NSSRandomSeed, or a network file system does not answer; find out which and mend it",
        "A step of the check that needs nobody's input took too long.",
        "The configuration counts as wrong, httpd does not start.",
        "Try the step by hand as the configured User: certutil -K -d DIRECTORY, or the program.",
    ),
    Message(
        702,
        Level.ERROR,
        "the records of httpd are unreadable: {why}; likely module and nsspy are of different versions; install both "
        "from one build",
        "What the parent wrote to the planner is no sequence of records.",
        "The configuration counts as wrong, httpd does not start.",
        "Build and install module and nsspy together.",
    ),
    Message(
        703,
        Level.ERROR,
        "the check cannot become user {user}, group {group}: {why}; likely httpd runs without the right to switch users; "
        "start it as root, or as that user",
        "The planner checks files and permissions as the configured User and Group, and could not switch to them.",
        "The configuration counts as wrong, httpd does not start.",
        "Correct User and Group, or the limits (containers, systemd) that forbid setuid.",
    ),
    Message(
        704,
        Level.ERROR,
        "the key pair of session tickets cannot be made: {why}; likely the package cryptography is missing or damaged in "
        "nsspy's Python; run: {python} -m pip install cryptography",
        "Session tickets are on and an RSA key pair, shared by all children, is made once per start.",
        "httpd does not start.",
        "Install nsspy's requirements again, or write NSSSessionTickets off.",
    ),
    Message(
        705,
        Level.ERROR,
        "nss_pcache does not take {what}: {why}; likely it has ended; stop and start httpd",
        "The planner could not hand a PIN or the key pair of session tickets to nss_pcache.",
        "httpd does not start; a running server keeps its last plan.",
        "Stop and start httpd; if it happens again, look for who ends nss_pcache (out-of-memory killer, limits).",
    ),
    # ---- what a virtual host needs --------------------------------------------------------------------------
    Message(
        710,
        Level.ERROR,
        "virtual host {host} has NSSEngine on and no certificate: neither NSSNickname nor NSSECCNickname is set; name "
        "one; certutil -L -d {database} lists what is there",
        "A virtual host with TLS has no certificate to serve.",
        "httpd does not start.",
        "Write NSSNickname, or NSSEngine off.",
    ),
    Message(
        711,
        Level.ERROR,
        "NSSEngine is on for {host} and there is no NSSCertificateDatabase; name the directory of the database",
        "TLS needs the database that holds certificates and keys.",
        "httpd does not start.",
        "Write NSSCertificateDatabase sql:/path/of/the/directory; nsspy or certutil -N makes a new one.",
    ),
    Message(
        712,
        Level.INFO,
        "token {token}: no PIN is known to this check, so keys behind it were not proved; {why}",
        "httpd -t never asks for a PIN; this one comes from the terminal or a program that gave none.",
        "Certificates were found by name; whether their keys are there shows at the start.",
        "None; to have it all proved, use NSSPassPhraseDialog file: or exec:.",
    ),
    Message(
        713,
        Level.ERROR,
        "token {token}: no PIN; {why}; write a line '{label}:PIN' to the file of NSSPassPhraseDialog, or start httpd in a "
        "terminal",
        "A token wants a PIN and none of the sources has one.",
        "httpd does not start.",
        "Give the PIN by file, program or terminal; with NSSPassPhraseDialog defer: the token would stay logged out.",
    ),
    # ---- protocols, suites, groups --------------------------------------------------------------------------
    Message(
        720,
        Level.ERROR,
        "NSSCipherSuite leaves no suite for {host}: {why}; name at least one that works with the versions of NSSProtocol",
        "The list, this NSS, its policy, FIPS mode and the versions leave nothing.",
        "httpd does not start.",
        "Widen the list; nsspy ciphers 'LIST' shows what each word does.",
    ),
    Message(
        721,
        Level.WARNING,
        "suites without effect for {host}: {suites}; {why}; remove them from the list",
        "Suites were chosen that this NSS does not implement or that a system-wide policy forbids.",
        "They are never offered.",
        "Remove them, or change the policy (crypto-policies on Fedora and RHEL).",
    ),
    Message(
        722,
        Level.WARNING,
        "no suite of NSSCipherSuite suits {what} of {host}; {why}; add suites for this kind of key",
        "A certificate is configured whose kind of key none of the chosen suites can use.",
        "Clients never see this certificate.",
        "Add ECDSA suites for an elliptic curve certificate, RSA suites for an RSA one, or enable TLS 1.3.",
    ),
    Message(
        723,
        Level.WARNING,
        "versions of {host} are {left} instead of {wanted}: the policy of NSS or of the system forbids the rest; remove "
        "them from NSSProtocol or change the policy",
        "A system-wide policy narrows the versions of TLS.",
        "Clients that need the other versions are refused.",
        "Run update-crypto-policies --show on Fedora and RHEL; on others look for a nss.config policy.",
    ),
    Message(
        724,
        Level.ERROR,
        "versions of {host} are not possible: {wanted} [{error}]; likely the policy of NSS or of the system forbids them "
        "all, or this NSS ({version}) has them no more; enable TLS 1.2 and 1.3",
        "NSS refuses the range of versions.",
        "httpd does not start.",
        "Change NSSProtocol or the policy.",
    ),
    Message(
        725,
        Level.ERROR,
        "the TLS settings of {host} are refused by NSS at the step '{step}' [{error}]; {why}",
        "A model socket with these settings cannot be made.",
        "httpd does not start.",
        "Mend what the step names.",
    ),
    # ---- certificates ---------------------------------------------------------------------------------------
    Message(
        730,
        Level.ERROR,
        "certificate {nickname}: NSS does not accept it for a server: {why} [{error}]; mend it, or write "
        "NSSEnforceValidCerts off to serve it all the same",
        "The certificate is expired, its chain is incomplete or not trusted, or it is not meant for servers.",
        "httpd does not start.",
        "certutil -V -u V -n NICKNAME -d DIRECTORY shows the same; import missing CA certificates, renew, or write "
        "NSSEnforceValidCerts off.",
    ),
    Message(
        731,
        Level.WARNING,
        "certificate {nickname}: NSS does not accept it for a server: {why} [{error}]; it is served because of "
        "NSSEnforceValidCerts off; clients will probably refuse it",
        "As 730, and the administrator wants it served.",
        "The certificate is served.",
        "Renew the certificate or complete its chain.",
    ),
    Message(
        732,
        Level.WARNING,
        "certificate {nickname} ends {when} ({days} days left); renew it",
        "The certificate will soon expire.",
        "Nothing yet; from then on clients refuse it and httpd does not start.",
        "Renew the certificate in the database.",
    ),
    Message(
        733,
        Level.WARNING,
        "certificate {nickname} is not for {host}: it names {names}; likely the wrong nickname or an incomplete list of "
        "names; clients will refuse it",
        "ServerName is none of the names in the certificate.",
        "The certificate is served; browsers warn.",
        "Correct ServerName or NSSNickname, or have a certificate made that bears the name.",
    ),
    Message(
        734,
        Level.WARNING,
        "certificate {nickname}: two certificates of one kind ({kind}) for {host}; NSSECCNickname {other} replaces it; "
        "remove one of the two lines",
        "NSS serves one certificate of each kind of key.",
        "The one of NSSECCNickname is served.",
        "Name an RSA certificate with NSSNickname and an elliptic curve one with NSSECCNickname.",
    ),
    Message(
        735,
        Level.INFO,
        "certificate {nickname}: its key usage has no digitalSignature (as mod_nss's gencert made them); it is served "
        "with ECDHE and TLS 1.3 all the same",
        "The certificate's key usage names keyEncipherment only.",
        "Strict clients may refuse it.",
        "Have the next certificate made with digitalSignature.",
    ),
    Message(
        736,
        Level.ERROR,
        "certificate {nickname}: the key in token {token} does not belong to it [{error}]; likely key and certificate "
        "were imported separately under one name; import both from one PKCS#12 file",
        "A signature of the key is not confirmed by the certificate.",
        "httpd does not start.",
        "pk12util -i FILE -d DIRECTORY imports a certificate with its key.",
    ),
    # ---- random sources -------------------------------------------------------------------------------------
    Message(
        740,
        Level.WARNING,
        "NSSRandomSeed: {path} gives nothing: {why}; NSS seeds itself from the operating system all the same; correct or "
        "remove the line",
        "A source of additional entropy cannot be read as the run user.",
        "The source is left out.",
        "Make it readable for User, or remove the line.",
    ),
    # ---- the engine in a child ------------------------------------------------------------------------------
    Message(
        750,
        Level.ERROR,
        "the engine failed in {what}: {error}; likely a fault of nsspy; report this line and what stands after it: "
        "{traceback}",
        "An unexpected error in the Python engine of a child.",
        "The call fails; at the start of a child it refuses all TLS connections.",
        "Report the whole line.",
    ),
    Message(
        751,
        Level.ERROR,
        "the plan cannot be read: {why}; stop and start httpd",
        "Parent and child run different versions of nsspy, as after an upgrade without a stop.",
        "This child refuses TLS connections.",
        "Stop and start httpd.",
    ),
    Message(
        752,
        Level.ERROR,
        "virtual host {host} has no TLS in child {pid}: {why}; mend it and restart httpd",
        "What the planner had proved does not hold any more: a certificate or key was removed or changed.",
        "Connections to this virtual host are refused; the others go on.",
        "Mend what the line names, then restart gracefully.",
    ),
    Message(
        753,
        Level.WARNING,
        "session tickets cannot be shared between children: {why}; clients of servers without an RSA certificate resume "
        "less often",
        "The key pair of session tickets could not be given to NSS (nss_pcache has none, or FIPS mode forbids it).",
        "NSS makes a key per child unless an RSA certificate is configured.",
        "Stop and start httpd if nss_pcache was lost; in FIPS mode configure an RSA certificate beside the ECDSA one.",
    ),
    Message(
        754,
        Level.WARNING,
        "the session cache of the parent cannot be joined [{error}]; sessions are resumed within a child only",
        "The child found no session cache in its environment.",
        "TLS 1.2 clients without tickets and TLS 1.3 clients resume less often.",
        "Stop and start httpd.",
    ),
    Message(
        755,
        Level.INFO,
        "child {pid} serves certificate {nickname}: {kind}, serial {serial}, SHA-256 {fingerprint}, until {until}",
        "A child opened its certificates.",
        "None.",
        "None.",
    ),
    Message(
        756,
        Level.WARNING,
        "Python: {line}",
        "Something in the engine wrote to Python's standard output or error.",
        "None.",
        "Report it when it looks like an error.",
    ),
    Message(
        757,
        Level.DEBUG,
        "child {pid}: {hosts} virtual hosts, {models} model sockets ready after {milliseconds} ms",
        "A child built its snapshot.",
        "None.",
        "None.",
    ),
)
