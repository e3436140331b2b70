"""Messages of the area *database* (200-399): databases, certificates, keys, tokens and PINs."""

from __future__ import annotations

from nsspy.errors import Level, Message

# ---- the database ---------------------------------------------------------

DB_MISSING = Message(
    200,
    Level.ERROR,
    "certificate database cannot be opened: the folder {path} does not exist{hint}; mistyped, moved or not "
    "made yet; create it with: {command} {nss}",
    "The folder that NSSCertificateDatabase names is not there.",
    "No TLS; the start and httpd -t fail.",
    "Correct the path, or make a database there.",
)
DB_IS_FILE = Message(
    201,
    Level.ERROR,
    "certificate database cannot be opened: {path} is a file; NSSCertificateDatabase wants the folder; write "
    "{spec} {nss}",
    "NSSCertificateDatabase names cert9.db or another file instead of the folder that holds it.",
    "No TLS; the start and httpd -t fail.",
    "Name the folder.",
)
DB_FILES_MISSING = Message(
    202,
    Level.ERROR,
    "certificate database cannot be opened: {path} lacks {missing} (there: {present}); a part was deleted or "
    "not copied; restore the file from a backup, or make a new database elsewhere with: {command} {nss}",
    "The folder holds only a part of a database.",
    "No TLS; the start and httpd -t fail.",
    "Restore the missing file; key and certificate files belong together.",
)
DB_UNREADABLE = Message(
    203,
    Level.ERROR,
    "certificate database cannot be opened: {user} cannot {what} {path}; it is {mode} of {owner}:{group}; mend"
    " it with: {command} {nss}",
    "The user that httpd's children run as may not read the files, or pass a folder above them.",
    "No TLS; the start and httpd -t fail. NSS itself reports a bad database.",
    "Give the group of httpd the right, with chgrp and chmod; SELinux and AppArmor may refuse what the modes allow.",
)
DB_WRONG_FORMAT = Message(
    204,
    Level.ERROR,
    "certificate database cannot be opened: {path} holds the {found} format ({present}); {asked}: was asked "
    "for; write {spec} in its place{upgrade} {nss}",
    "The prefix of NSSCertificateDatabase (sql: or dbm:) is not the format of the files.",
    "No TLS; the start and httpd -t fail.",
    "Use the prefix of the format that is there, or none; or convert the database with certutil --merge.",
)
DB_NOT_SQLITE = Message(
    205,
    Level.ERROR,
    "certificate database cannot be opened: {path} is no SQLite database; it begins with {head}, so something "
    "overwrote it; restore it from a backup {nss}",
    "The file was overwritten or was never a database.",
    "No TLS; the start and httpd -t fail.",
    "Restore the file. cert9.db and key4.db must come from the same backup.",
)
DB_CORRUPT = Message(
    206,
    Level.ERROR,
    "certificate database cannot be opened: {path} is damaged; SQLite says: {report}; restore it from a backup {nss}",
    "SQLite's own check finds damage: a full disk, a copy made while it was written, a bad disk.",
    "No TLS; the start and httpd -t fail.",
    "Restore the file from a backup; sqlite3 FILE .recover may save certificates, keys are better made anew.",
)
DB_LOCKED = Message(
    207,
    Level.ERROR,
    "certificate database cannot be opened: {path} is locked; another process writes to it{holder}; wait until"
    " it has ended, or end it {nss}",
    "A program holds a write lock on the database: certutil, modutil, or one that hangs.",
    "No TLS; the start and httpd -t fail.",
    "Find the program with: fuser -v FILE.",
)
DB_EMPTY_FILE = Message(
    208,
    Level.ERROR,
    "certificate database cannot be opened: {path} is empty (0 bytes); probably the disk was full; restore it "
    "from a backup, or make a new database elsewhere with: {command} {nss}",
    "A file of the database has no content.",
    "No TLS; the start and httpd -t fail.",
    "Restore the file; see that the disk is not full.",
)
DB_BOTH_FORMATS = Message(
    209,
    Level.WARNING,
    "{path} holds two certificate databases, sql (cert9.db) and dbm (cert8.db); {used} is used; say which one is"
    " meant by writing {spec}, or move the other one away",
    "A conversion from dbm to sql leaves both formats behind; programs may then look at different ones.",
    "The server starts with the database named in the message.",
    "Write the prefix sql: or dbm: in NSSCertificateDatabase.",
)
DB_NO_DBM = Message(
    210,
    Level.ERROR,
    "certificate database cannot be opened: {path} holds the old dbm format ({present}); this NSS ({version}) "
    "no longer reads it; convert it on a machine whose NSS does, with: {command} {nss}",
    "NSS was built without the legacy database.",
    "No TLS; the start and httpd -t fail.",
    "Convert the database to sql.",
)
DB_UNEXPLAINED = Message(
    211,
    Level.ERROR,
    "certificate database {path} cannot be opened by NSS; its files exist, can be read and are intact; ask NSS's own"
    " program with: {command} {nss}",
    "NSS refuses a database in which no known cause was found.",
    "No TLS; the start and httpd -t fail.",
    "Compare with what certutil says as the same user; look at pkcs11.txt or secmod.db for modules that fail.",
)
DB_EMPTY_FOLDER = Message(
    212,
    Level.ERROR,
    "certificate database cannot be opened: {path} holds no database{hint}; the path is wrong, or none was "
    "made yet; make one with: {command} {nss}",
    "The folder exists, but neither cert9.db nor cert8.db is in it.",
    "No TLS; the start and httpd -t fail.",
    "Correct the path, or make a database there.",
)
DB_PREFIX = Message(
    213,
    Level.ERROR,
    "certificate database cannot be opened: {path} holds no files with the prefix {prefix!r} of NSSDBPrefix; there are"
    " {present}; correct or remove NSSDBPrefix {nss}",
    "NSSDBPrefix does not fit the names of the files.",
    "No TLS; the start and httpd -t fail.",
    "NSSDBPrefix is what stands before cert9.db in the name of the file.",
)
DB_FIPS = Message(
    214,
    Level.ERROR,
    "FIPS mode, which NSSFIPS or the database {spec} asks for, cannot be switched on; this build of NSS has none, or"
    " its softokn library does not pass its self-test; see what NSS says to: modutil -dbdir {spec} -fips true {nss}",
    "NSSFIPS is on, or modutil -fips true was run on the database, and this NSS does not go into FIPS mode.",
    "No TLS; the start and httpd -t fail.",
    "Check that libsoftokn3.chk and libfreeblpriv3.chk are installed beside their libraries. A build without FIPS mode "
    "(that in Firefox is one) needs NSSFIPS off and modutil -fips false, run with an NSS that has it.",
)
DB_MODULE_DEAD = Message(
    215,
    Level.WARNING,
    "PKCS#11 module {name!r} of {spec} cannot be loaded: {library}; its tokens are missing; see whether the library"
    " exists and can be read by {user}, or remove it with: modutil -dbdir {spec} -delete {quoted}",
    "The database lists a PKCS#11 module whose library does not load.",
    "The server starts; certificates on that module's tokens are not found.",
    "Install the library, correct its path, or remove the module.",
)
DB_LEGACY_BY_SQL = Message(
    216,
    Level.WARNING,
    "{path} is written as sql: and holds the old dbm format only; it is read as it is; convert it with: {command}",
    "NSS reads an old database through the new interface as long as nothing is written.",
    "The server starts.",
    "Convert the database, or write dbm: or no prefix.",
)
DB_IN_USE = Message(
    217,
    Level.ERROR,
    "certificate database {spec} cannot be opened; this process has NSS open already, with {other}; close that"
    " first, or use a process of its own",
    "NSS can be opened once per process.",
    "The operation fails.",
    "Use one process for each database.",
)

DB_REFUSED = Message(
    218,
    Level.ERROR,
    "certificate database cannot be opened: the system refuses {user} to read {path}, though its modes allow it; likely"
    " SELinux, AppArmor or an ACL; see: {acl}, and with SELinux: {command} {nss}",
    "Something beyond the modes of files stands in the way.",
    "No TLS; the start and httpd -t fail.",
    "Look into the audit log; give the files the label that httpd may read.",
)

# ---- certificates ----------------------------------------------------------

CERT_NOT_FOUND = Message(
    220,
    Level.ERROR,
    "certificate not found: {nickname!r} is not in {spec}{near}; {available}; list them with: {command}",
    "No certificate with a private key has this nickname.",
    "The virtual host cannot serve TLS.",
    "Correct NSSNickname; upper and lower case count. A certificate on a token is written token:nickname.",
)
CERT_NO_KEY = Message(
    221,
    Level.ERROR,
    "no private key for certificate {nickname!r} (serial {serial}) on token {token!r}; the key was never imported, or"
    " lies on another token; import both with: {command} {nss}",
    "The certificate is in the database and its private key is not.",
    "The virtual host cannot serve TLS.",
    "Import certificate and key together from a PKCS#12 file, or log in to the token that holds the key.",
)
CERT_KEY_MISMATCH = Message(
    222,
    Level.ERROR,
    "private key does not match certificate {nickname!r} (serial {serial}) on token {token!r}; the token gave the same"
    " id to another key; remove the wrong key, which certutil -K -d {spec} shows {nss}",
    "The key that the token holds for the certificate is not the one in it.",
    "The virtual host cannot serve TLS.",
    "Import certificate and key again; give each pair an id of its own.",
)
CERT_EXPIRED = Message(
    223,
    Level.ERROR,
    "certificate {nickname!r} (serial {serial}) expired {days} ago, on {date}; renew it at {issuer} and import it with:"
    " {command}; NSSEnforceValidCerts off starts with it as it is {nss}",
    "The certificate's time is over.",
    "The virtual host does not start; clients would refuse the certificate.",
    "Renew the certificate.",
)
CERT_NOT_YET_VALID = Message(
    224,
    Level.ERROR,
    "certificate {nickname!r} (serial {serial}) is not valid before {date}; see that the clock of this machine is"
    " right (it says {now}); NSSEnforceValidCerts off starts with it as it is {nss}",
    "The certificate's time has not come, or the clock is wrong.",
    "The virtual host does not start.",
    "Set the clock, or wait.",
)
CERT_ISSUER_UNKNOWN = Message(
    225,
    Level.ERROR,
    "certificate {nickname!r} (serial {serial}) cannot be verified: its issuer {issuer} is not in {spec}; import the"
    " CA certificate with: {command}; NSSEnforceValidCerts off starts without {nss}",
    "The CA certificate, or one between it and the server's, is missing from the database.",
    "The virtual host does not start; clients would get an incomplete chain.",
    "Import the certificates of the issuers.",
)
CERT_ISSUER_UNTRUSTED = Message(
    226,
    Level.ERROR,
    "certificate {nickname!r} (serial {serial}) cannot be verified: its issuer {issuer} is not trusted in {spec}; trust"
    " it with: {command}; NSSEnforceValidCerts off starts without {nss}",
    "The CA certificate is in the database without the trust flag C for TLS.",
    "The virtual host does not start.",
    "Give the CA the trust flags CT,,.",
)
CERT_INVALID = Message(
    227,
    Level.ERROR,
    "certificate {nickname!r} (serial {serial}) cannot be verified: {reason}; replace it by one that NSS accepts;"
    " NSSEnforceValidCerts off starts with it as it is {nss}",
    "NSS's verification for a TLS server fails.",
    "The virtual host does not start.",
    "See the reason in the message; certutil -V -u V shows the same.",
)
CERT_NAME_MISMATCH = Message(
    228,
    Level.WARNING,
    "certificate {nickname!r} is not valid for {names}; it is for {sans}; clients will refuse it under that name;"
    " get one with the name in it, or correct ServerName",
    "ServerName or an alias of the virtual host is not among the certificate's names.",
    "The server starts; clients that come under that name show an error.",
    "Get a certificate with all names, or correct ServerName and ServerAlias.",
)
CERT_CHOSEN = Message(
    229,
    Level.INFO,
    "certificate {nickname!r}: {key_type}, serial {serial}, SHA-256 {fingerprint}, until {date}, on token {token!r}",
    "Says which certificate is served: several may have one nickname.",
    "None.",
    "None.",
)
CERT_WRONG_TYPE = Message(
    230,
    Level.ERROR,
    "{directive} {nickname!r} has no elliptic curve certificate; those of that name are {types}; name it by "
    "NSSNickname, or make one with: {command}",
    "NSSECCNickname names a certificate whose key is not an elliptic curve one.",
    "The virtual host cannot serve TLS.",
    "Use NSSNickname for RSA certificates.",
)
CERT_KEY_LOCKED = Message(
    231,
    Level.ERROR,
    "private key of certificate {nickname!r} cannot be read; nobody is logged in to token {token!r}; give its "
    "PIN in the file of NSSPassPhraseDialog, as {token}:PIN {nss}",
    "The key lies on a token that wants a PIN, and none was given.",
    "The virtual host cannot serve TLS.",
    "Give the PIN, by a line of the PIN file or another dialogue.",
)
CERT_KEY_NOT_COPIED = Message(
    232,
    Level.INFO,
    "private key of certificate {nickname!r} stays on token {token!r}: it cannot be copied to memory; handshakes are"
    " slower {nss}",
    "The key is kept from being copied.",
    "The key is used where it is.",
    "None needed.",
)
CERT_NOT_ENFORCED = Message(
    233,
    Level.WARNING,
    "certificate {nickname!r} (serial {serial}) is served although {reason}, as NSSEnforceValidCerts off asks; clients"
    " will refuse it; replace it {nss}",
    "NSSEnforceValidCerts is off and the certificate does not verify.",
    "The server starts.",
    "Replace the certificate, then remove NSSEnforceValidCerts off.",
)
CERT_TOKEN_MISSING = Message(
    234,
    Level.ERROR,
    "certificate not found: {nickname!r} names the token {token!r}, which is not there; there are {present}; see the"
    " PKCS#11 modules with: {command}",
    "The part before the colon names a token that no module shows.",
    "The virtual host cannot serve TLS.",
    "Insert the token, start its service, or correct the name.",
)

CERT_KEY_UNUSABLE = Message(
    235,
    Level.ERROR,
    "private key of certificate {nickname!r} (serial {serial}) on token {token!r} does not sign; {reason}; see"
    " the token's rights and state with: {command} {nss}",
    "The key was found, and a trial signature failed.",
    "The virtual host cannot serve TLS.",
    "The key must be allowed to sign (CKA_SIGN); FIPS mode refuses short keys.",
)

# ---- tokens and PINs -------------------------------------------------------

PIN_FILE_UNREADABLE = Message(
    240,
    Level.ERROR,
    "PIN file {path} cannot be read; {reason}; make it readable for the user of httpd: chgrp its group and chmod 0640",
    "The file that NSSPassPhraseDialog names cannot be read.",
    "No TLS; the start and httpd -t fail.",
    "Correct the path or the permissions.",
)
PIN_LINE_MALFORMED = Message(
    241,
    Level.WARNING,
    "PIN file {path}: line {line} is skipped; it has no token name before a colon; write token:PIN",
    "A line of the PIN file has another form.",
    "The line is ignored.",
    "Write token:PIN, or # before a comment.",
)
PIN_NOT_IN_FILE = Message(
    242,
    Level.ERROR,
    "no PIN for token {token!r} of {spec}; the PIN file {path} has lines for {labels}; add the line {line}:PIN",
    "A token needs a login, and the PIN file has no line with its name.",
    "No TLS; the start and httpd -t fail.",
    "Add the line. The software token can be written internal.",
)
PIN_FILE_OPEN = Message(
    243,
    Level.WARNING,
    "PIN file {path} can be read by every user of this machine; its mode is {mode}; mend it with: chmod o-rwx {path}",
    "The file with the PINs is readable by others.",
    "The server starts.",
    "Take the permission away, and change the PIN.",
)
PIN_WRONG = Message(
    244,
    Level.ERROR,
    "wrong PIN for token {token!r} of {spec}: the one from {source} is refused; correct it; test with: {command} {nss}",
    "The token does not accept the PIN.",
    "No TLS; the start and httpd -t fail. The PIN is not tried a second time.",
    "Correct the PIN at the place that the message names.",
)
PIN_LOCKED = Message(
    245,
    Level.ERROR,
    "token {token!r} of {spec} has locked its PIN; too many wrong ones were tried; unlock it with the security"
    " officer's PIN and the tool of its vendor {nss}",
    "The token counts wrong PINs and has locked itself.",
    "No TLS; the start and httpd -t fail.",
    "Unlock the token, correct the PIN first.",
)
TOKEN_UNINITIALISED = Message(
    246,
    Level.ERROR,
    "token {token!r} of {spec} has no PIN yet; the token was never initialised; set one with: {command}",
    "The token or database was made without a PIN being set.",
    "No TLS; the start and httpd -t fail.",
    "Set a PIN.",
)
PIN_NO_TERMINAL = Message(
    247,
    Level.ERROR,
    "no PIN for token {token!r} of {spec}; there is no terminal to ask at, nothing on standard input, and "
    "{asked}; use NSSPassPhraseDialog file:PATH (a file with {line}:PIN), exec:PROGRAM, or pipe the PIN into "
    "httpd",
    "NSSPassPhraseDialog builtin asks at a terminal, and there is none.",
    "No TLS; the start and httpd -t fail.",
    "Use one of the three ways that the message names.",
)
PIN_PROGRAM_FAILED = Message(
    248,
    Level.ERROR,
    "no PIN for token {token!r} of {spec}; the program {path} {reason}; run it by hand: {command}",
    "The program of NSSPassPhraseDialog exec: did not give a PIN.",
    "No TLS; the start and httpd -t fail.",
    "Run the program as the message says; the first line of its output is the PIN, its exit status must be 0.",
)
PCACHE_FAILED = Message(
    249,
    Level.ERROR,
    "no PIN for token {token!r} of {spec}; {reason}; virtual hosts with keys on the token refuse TLS in this child;"
    " with NSSPassPhraseDialog file: or exec: restart httpd gracefully, with builtin stop and start it",
    "nss_pcache holds the PINs for httpd's children, and it has ended or does not answer.",
    "The child cannot log in; virtual hosts with keys on the token refuse TLS connections in it, and session tickets"
    " are not shared with other children. Children that are older go on.",
    "With NSSPassPhraseDialog file:, defer: or exec: a graceful restart starts nss_pcache anew and reads the PINs"
    " again. With builtin there is no terminal at a restart: stop and start httpd. Find out who ended nss_pcache.",
)
PCACHE_EMPTY = Message(
    250,
    Level.ERROR,
    "no PIN for token {token!r} of {spec}; nss_pcache has none, as the token wanted none at the start or has "
    "refused it since; with NSSPassPhraseDialog file: or exec: restart httpd gracefully, with builtin stop and "
    "start it",
    "A token wants a login in a child, and no PIN was kept for it.",
    "The child cannot log in; virtual hosts with keys on the token refuse TLS connections in it.",
    "Correct the PIN where it was refused; then a graceful restart with file:, defer: or exec:, stop and start with"
    " builtin.",
)
TOKEN_MISSING = Message(
    251,
    Level.ERROR,
    "token {token!r} is not there; there are {present}; see the PKCS#11 modules with: {command}",
    "No PKCS#11 module shows a token of this name.",
    "Certificates on it cannot be served.",
    "Insert the token, start its service, or correct the name; names are compared exactly.",
)
LOGIN_FAILED = Message(
    252,
    Level.ERROR,
    "login to token {token!r} of {spec} failed; {reason}; see whether the token is inserted and its service runs {nss}",
    "The token failed for another reason than a wrong PIN.",
    "No TLS; the start and httpd -t fail.",
    "See the reason; try with certutil -K -h TOKEN.",
)
PIN_UNUSABLE = Message(
    253,
    Level.ERROR,
    "PIN for token {token!r} of {spec} from {source} cannot be used; {reason}; correct it there",
    "A PIN holds a byte that no token accepts, or is empty where the token wants one.",
    "No TLS; the start and httpd -t fail.",
    "Correct the PIN.",
)
DIALOG_INVALID = Message(
    254,
    Level.ERROR,
    "NSSPassPhraseDialog {argument!r} is not understood; {reason}; write builtin, file:PATH, defer:PATH or exec:PATH",
    "The argument has none of the four forms, or its file does not exist.",
    "The start and httpd -t fail.",
    "Correct the directive.",
)
TOKEN_DEFERRED = Message(
    255,
    Level.INFO,
    "token {token!r} of {spec} is left without login: the PIN file {path} has no line for it and the dialogue is defer",
    "NSSPassPhraseDialog defer: skips tokens without a line.",
    "Certificates on that token cannot be served.",
    "Add the line if they are wanted.",
)
TOKEN_NO_PIN_PATH = Message(
    256,
    Level.ERROR,
    "token {token!r} of {spec} wants its PIN on its own key pad; a server cannot type there; switch the key "
    "pad off with the tool of its vendor, or move the key",
    "The token has a protected authentication path.",
    "The token stays logged out.",
    "Configure the token to take its PIN from the program.",
)

MESSAGES: tuple[Message, ...] = tuple(row for row in list(globals().values()) if isinstance(row, Message))
