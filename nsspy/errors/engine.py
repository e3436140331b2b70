"""Messages of the area *engine*: planner (700-749) and engine (750-799); see ``nsspy.errors``."""

from __future__ import annotations

from nsspy.errors import Level, Message

PLANNER_FAILED = Message(
    700,
    Level.ERROR,
    "the configuration cannot be checked: {what}; likely a fault of nsspy; report this line and what stands after "
    "it: {traceback}",
    "The planner met an error that nobody foresaw.",
    "The configuration counts as wrong, httpd does not start; a running server keeps its last plan.",
    "Report the whole line. The end of the traceback often names a file or directory that can be mended at once.",
)
PLANNER_TIMEOUT = Message(
    701,
    Level.ERROR,
    "the configuration cannot be checked: no end after {seconds} seconds while {step}; likely a token, a program of "
    "NSSPassPhraseDialog or NSSRandomSeed, or a network file system does not answer; find out which and mend it",
    "A step of the check that needs nobody's input took too long.",
    "The configuration counts as wrong, httpd does not start.",
    "Try the step by hand as the configured User: certutil -K -d DIRECTORY, or the program.",
)
RECORDS_UNREADABLE = Message(
    702,
    Level.ERROR,
    "the records of httpd are unreadable: {why}; likely module and nsspy are of different versions; install both "
    "from one build",
    "What the parent wrote to the planner is no sequence of records.",
    "The configuration counts as wrong, httpd does not start.",
    "Build and install module and nsspy together.",
)
USER_SWITCH = Message(
    703,
    Level.ERROR,
    "the check cannot become user {user}, group {group}: {why}; likely httpd runs without the right to switch users; "
    "start it as root, or as that user",
    "The planner checks files and permissions as the configured User and Group, and could not switch to them.",
    "The configuration counts as wrong, httpd does not start.",
    "Correct User and Group, or the limits (containers, systemd) that forbid setuid.",
)
TICKET_KEY_FAILED = Message(
    704,
    Level.ERROR,
    "the key pair of session tickets cannot be made: {why}; likely the package cryptography is missing or damaged in "
    "nsspy's Python; run: {python} -m pip install cryptography",
    "Session tickets are on and an RSA key pair, shared by all children, is made once per start.",
    "httpd does not start.",
    "Install nsspy's requirements again, or write NSSSessionTickets off.",
)
PCACHE_STORE = Message(
    705,
    Level.ERROR,
    "nss_pcache does not take {what}: {why}; likely it has ended; stop and start httpd",
    "The planner could not hand a PIN or the key pair of session tickets to nss_pcache.",
    "httpd does not start; a running server keeps its last plan.",
    "Stop and start httpd; if it happens again, look for who ends nss_pcache (out-of-memory killer, limits).",
)
PIN_UNKNOWN = Message(
    712,
    Level.WARNING,
    "keys behind the PIN of token {token} were not proved; {why}; start httpd, or use NSSPassPhraseDialog file: or"
    " exec:",
    "httpd -t never asks for a PIN; this one comes from the terminal or a program that gave none.",
    "Certificates were found by name; whether their keys are there shows at the start.",
    "None; to have it all proved, use NSSPassPhraseDialog file: or exec:.",
)
PIN_KEPT = Message(
    713,
    Level.WARNING,
    "token {token}: the PIN file {path} is of no use: {why}; it was changed or removed since the start; this restart "
    "goes on with the PIN that nss_pcache has, the next start will fail: mend the file",
    "At a restart the PIN file cannot be read, or has no line for the token any more.",
    "httpd restarts with the PIN that it had. A start and httpd -t fail.",
    "Mend the file, its mode or its owner; httpd -t shows when it is right.",
)
NO_SUITE_FOR_KEY = Message(
    722,
    Level.WARNING,
    "no suite of NSSCipherSuite suits the certificate {nickname} of {host}; its key is {kind}; add suites for it",
    "A certificate is configured whose kind of key none of the chosen suites can use.",
    "Clients never see this certificate.",
    "Add ECDSA suites for an elliptic curve certificate, RSA suites for an RSA one, or enable TLS 1.3.",
)
POLICY_SUITES = Message(
    723,
    Level.WARNING,
    "suites without effect for {host}: {suites}; a policy of NSS or of the whole system forbids them; remove them from "
    "NSSCipherSuite or change the policy",
    "A system-wide policy narrows the suites of TLS.",
    "They are never offered.",
    "Run update-crypto-policies --show on Fedora and RHEL; on others look for a policy in pkcs11.txt.",
)
POLICY_NO_SUITE = Message(
    724,
    Level.ERROR,
    "no suite is left for {host}; a policy of NSS or of the whole system forbids all that NSSCipherSuite "
    "chose; choose others or change the policy",
    "A system-wide policy forbids every suite of the list.",
    "httpd does not start.",
    "Run update-crypto-policies --show on Fedora and RHEL; on others look for a policy in pkcs11.txt.",
)
MODEL_REFUSED = Message(
    725,
    Level.ERROR,
    "the TLS settings of {host} are refused by NSS at the step: {step} {nss}; likely a policy of NSS or of the whole "
    "system, or a certificate whose kind of key this NSS cannot serve; change what the step names",
    "A model socket with these settings cannot be made.",
    "httpd does not start.",
    "Change the directive that belongs to the step.",
)
CERT_ENDS_SOON = Message(
    732,
    Level.WARNING,
    "certificate {nickname} (serial {serial}) ends on {date}; that is {days} from now; renew it in the database",
    "The certificate will soon expire.",
    "Nothing yet; from then on clients refuse it and httpd does not start.",
    "Renew the certificate in the database.",
)
SAME_KIND = Message(
    734,
    Level.WARNING,
    "certificate {nickname} is never served by {host}; NSSECCNickname names another one with the same kind of "
    "key; remove one of the two lines, or name an RSA certificate with NSSNickname",
    "NSS serves one certificate of each kind of key.",
    "The one of NSSECCNickname is served.",
    "Name an RSA certificate with NSSNickname and an elliptic curve one with NSSECCNickname.",
)
NO_DIGITAL_SIGNATURE = Message(
    735,
    Level.INFO,
    "certificate {nickname}: its key usage has no digitalSignature (as mod_nss's gencert made them); it is served "
    "with ECDHE and TLS 1.3 all the same",
    "The certificate's key usage names keyEncipherment only.",
    "Strict clients may refuse it.",
    "Have the next certificate made with digitalSignature.",
)
TICKETS_IN_FIPS = Message(
    736,
    Level.INFO,
    "FIPS mode: session tickets are shared between children by the RSA key of a certificate only; servers with an "
    "ECDSA certificate alone resume them in the child that made them",
    "A FIPS token takes no key in plain text, so the key pair of session tickets is not used.",
    "Clients of servers without an RSA certificate resume less often.",
    "None, or configure an RSA certificate beside the ECDSA one.",
)
SEED_UNREADABLE = Message(
    740,
    Level.WARNING,
    "NSSRandomSeed: {path} gives nothing: {why}; NSS seeds itself from the operating system all the same; correct or "
    "remove the line",
    "A source of additional entropy cannot be read as the run user.",
    "The source is left out.",
    "Make it readable for User, or remove the line.",
)
ENGINE_FAILED = Message(
    750,
    Level.ERROR,
    "the engine failed in {what}: {error}; likely a fault of nsspy; report this line and what stands after it: "
    "{traceback}",
    "An unexpected error in the Python engine of a child.",
    "The call fails; at the start of a child it refuses all TLS connections.",
    "Report the whole line.",
)
PLAN_UNREADABLE = Message(
    751,
    Level.ERROR,
    "the plan cannot be read: {why}; likely nsspy was upgraded while httpd ran; stop and start httpd",
    "Parent and child run different versions of nsspy, as after an upgrade without a stop.",
    "This child refuses TLS connections.",
    "Stop and start httpd.",
)
VHOST_WITHOUT_TLS = Message(
    752,
    Level.ERROR,
    "virtual host {host} has no TLS in child {pid}; {why}; mend it and restart httpd",
    "What the planner had proved does not hold any more: a certificate or key was removed or changed.",
    "Connections to this virtual host are refused; the others go on.",
    "Mend what the line names, then restart gracefully.",
)
TICKET_KEY_UNUSED = Message(
    753,
    Level.WARNING,
    "session tickets cannot be shared between children; {why}; stop and start httpd, until then clients of "
    "servers without an RSA certificate resume less often",
    "The key pair of session tickets could not be given to NSS (nss_pcache has none, or FIPS mode forbids it).",
    "NSS makes a key per child unless an RSA certificate is configured.",
    "Stop and start httpd if nss_pcache was lost; in FIPS mode configure an RSA certificate beside the ECDSA one.",
)
CACHE_NOT_JOINED = Message(
    754,
    Level.WARNING,
    "the session cache of the parent cannot be joined {nss}; likely it was lost; stop and start httpd; until then "
    "sessions are resumed within a child only",
    "The child did not find the session cache that the parent should have made before the fork.",
    "TLS 1.2 clients without tickets and TLS 1.3 clients resume less often.",
    "Stop and start httpd.",
)
NO_PCACHE = Message(
    758,
    Level.ERROR,
    "token {token}: no login in child {pid}, because there is no nss_pcache to ask for the PIN; likely it could not be "
    "started; see the lines of the start above, then stop and start httpd",
    "The plan names a token that needs a login, and the child has no way to nss_pcache.",
    "Virtual hosts with keys on this token refuse TLS connections.",
    "Stop and start httpd.",
)
PYTHON_SAID = Message(
    756,
    Level.WARNING,
    "something wrote to Python's standard output or error; a library, or the interpreter on an error; report "
    "it if it is one: {line}",
    "Something in the engine wrote to Python's standard output or error.",
    "None.",
    "Report it when it looks like an error.",
)
SNAPSHOT_READY = Message(
    757,
    Level.DEBUG,
    "child {pid}: {hosts} virtual hosts, {models} model sockets ready after {milliseconds} ms",
    "A child built its snapshot.",
    "None.",
    "None.",
)

MESSAGES: tuple[Message, ...] = tuple(row for row in list(globals().values()) if isinstance(row, Message))
