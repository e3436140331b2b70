"""Messages of the area *configuration*; see ``nsspy.errors``.

1-29 arguments of directives, 30-39 NSSProtocol, 40-59 NSSCipherSuite. Callers name the place of the directive, which
``finding`` puts at the end of the line.
"""

from __future__ import annotations

from nsspy.errors import Level, Message

_NO_START = "httpd does not start; at a restart it goes on with the configuration that it has."
_GOES_ON = "httpd starts."

UNKNOWN_DIRECTIVE = Message(
    1,
    Level.ERROR,
    "directive not known to nsspy: {name}; the module and the Python package nsspy are of different versions; "
    "install both from the same build",
    "The module read a directive that its Python half does not know.",
    _NO_START,
    "Build or install module and package together, then stop and start httpd.",
)
STORED = Message(
    2,
    Level.INFO,
    "{name}: accepted and stored, without effect in this version; for now, {meanwhile}",
    "The directive is part of mod_nss's language, and this version does not act on it.",
    "httpd starts; what holds in the meantime is in the line. It is said once for each directive.",
    "Nothing, if that is acceptable.",
)
STORED_RISKY = Message(
    3,
    Level.WARNING,
    "{name} on: accepted and stored, without effect in this version; for now, {meanwhile}; "
    "do not rely on it, or keep the service closed",
    "The directive asks for a check that this version does not make.",
    "httpd starts and is less strict than the configuration asks.",
    "Make the check in another way, or do not offer the service yet.",
)
BAD_FLAG = Message(
    4,
    Level.ERROR,
    'not on or off: "{value}"; the directive is a switch; write on or off',
    "A switch was given another word.",
    _NO_START,
    "Write `on` or `off`.",
)
NO_ARGUMENT = Message(
    5,
    Level.ERROR,
    "no argument given; the directive needs one; write {syntax}",
    "The directive stands alone, or its argument is an empty text.",
    _NO_START,
    "Give the argument, or delete the line.",
)
BAD_NUMBER = Message(
    6,
    Level.ERROR,
    'not a number from {low} to {high}: "{value}"; mistyped, or with a unit; write digits alone',
    "The directive counts seconds, entries or bytes.",
    _NO_START,
    "Write a number within the limits, without a unit.",
)
OUT_OF_RANGE = Message(
    7,
    Level.WARNING,
    "{value} seconds is moved to {used}; NSS keeps sessions from 5 to 86400 seconds; write a number within",
    "NSS has limits of its own for the life time of sessions.",
    "httpd starts with the nearest possible value.",
    "Write a number from 5 to 86400.",
)
WITHOUT_EFFECT = Message(
    8,
    Level.INFO,
    "the directive has no effect; it set the life time of SSLv2 sessions, which are gone; delete the line, "
    "NSSSession3CacheTimeout is the one that counts",
    "NSSSessionCacheTimeout belongs to SSLv2.",
    _GOES_ON,
    "Delete the line.",
)
BAD_WORD = Message(
    9,
    Level.ERROR,
    'unknown word: "{value}"; possible are {words}; {hint}',
    "The directive takes one of a few words.",
    _NO_START,
    "Write one of the words of the message.",
)
TWICE = Message(
    10,
    Level.WARNING,
    'stands twice: "{other}" is overruled by "{value}"; it holds for the whole server, and the last one counts; '
    "keep one of the two ({other_place})",
    "A directive that concerns the whole server was written more than once, with different arguments.",
    "httpd starts with the last one.",
    "Delete the one that is not meant.",
)
DATABASE_PREFIX = Message(
    11,
    Level.ERROR,
    'unknown kind of database: "{value}"; before the colon stands neither sql nor dbm; write sql:/path or /path',
    "NSS opens databases of the kinds `sql` and `dbm`.",
    _NO_START,
    "Write `sql:` (cert9.db, key4.db) or no prefix at all.",
)
NO_DATABASE = Message(
    12,
    Level.ERROR,
    "NSSEngine is on without a certificate database: {label}; NSSCertificateDatabase is missing; "
    "add NSSCertificateDatabase sql:/path/of/the/database",
    "A virtual host has NSSEngine on, and nothing says where the certificates are.",
    _NO_START,
    "Write NSSCertificateDatabase, outside of virtual hosts.",
)
NO_NICKNAME = Message(
    13,
    Level.ERROR,
    "NSSEngine is on without a certificate: {label}; neither NSSNickname nor NSSECCNickname is there; "
    "add NSSNickname with a nickname that certutil -L shows",
    "A virtual host with NSSEngine on has to serve a certificate.",
    _NO_START,
    "Write NSSNickname or NSSECCNickname, in the virtual host or in the main server.",
)
DIALOG_WORD = Message(
    14,
    Level.ERROR,
    'unknown way to get a PIN: "{value}"; {hint}; write builtin, file:/path, defer:/path or exec:/path',
    "NSSPassPhraseDialog knows four ways to get PINs.",
    _NO_START,
    "Write one of the four forms.",
)
PATH_MISSING = Message(
    15,
    Level.ERROR,
    "no such file: {path}; {why}; create it or correct the path",
    "A file that the configuration names cannot be found, or a directory on the way to it cannot be entered.",
    _NO_START,
    "Create the file or correct the path. Relative paths start at ServerRoot.",
)
PATH_NOT_REGULAR = Message(
    16,
    Level.ERROR,
    "not a regular file: {path}; it is a directory or a device; name a file",
    "The PIN file or PIN program is not a file.",
    _NO_START,
    "Name a file.",
)
NOT_EXECUTABLE = Message(
    17,
    Level.ERROR,
    "not executable: {path}; its mode lacks the x; run chmod +x {path}",
    "A program that the configuration names may not be run.",
    _NO_START,
    "Make it executable.",
)
HELPER_GONE = Message(
    18,
    Level.WARNING,
    "program is not there or cannot be run: {path}; it belonged to an older mod_nss; the one of this build is used, "
    "delete the line",
    "NSSPassPhraseHelper names the helper of an earlier installation.",
    "httpd starts with its own nss_pcache.",
    "Delete the line.",
)
SEED_CONTEXT = Message(
    19,
    Level.ERROR,
    'unknown moment: "{value}"; NSS is seeded when httpd starts, never for a connection; write NSSRandomSeed startup',
    "NSSRandomSeed takes the word `startup` only.",
    _NO_START,
    "Write `startup`, or delete the line.",
)
SEED_VHOST = Message(
    20,
    Level.ERROR,
    "not allowed within a virtual host; the random generator belongs to the whole server; move the line out",
    "NSSRandomSeed stands inside of `<VirtualHost>`.",
    _NO_START,
    "Move the line to the main server.",
)
SEED_BUILTIN = Message(
    21,
    Level.ERROR,
    "builtin takes no number of bytes: {value}; it is not a file; delete the number",
    "NSSRandomSeed startup builtin was given a number of bytes.",
    _NO_START,
    "Delete the number.",
)
NO_PYTHON_HOME = Message(
    23,
    Level.ERROR,
    "no such directory: {path}; the Python installation was moved or deleted; correct NSSPythonHome or delete it",
    "NSSPythonHome names a directory that is not there.",
    _NO_START,
    "Name the prefix of a Python installation or a virtual environment.",
)
BAD_OPTION = Message(
    24,
    Level.ERROR,
    'unknown option: "{value}"; possible are {words}; {hint}',
    "NSSOptions was given a word that it does not know.",
    _NO_START,
    "Write one of the words of the message, with or without a sign.",
)
OPTION_STORED = Message(
    25,
    Level.INFO,
    "option {value}: accepted and stored, without effect in this version; for now, {meanwhile}",
    "The option is part of mod_nss's language, and this version does not act on it.",
    _GOES_ON,
    "Nothing.",
)
WRONG_COUNT = Message(
    26,
    Level.ERROR,
    "{count} arguments given; too many or too few; write {syntax}",
    "The directive has a fixed number of arguments.",
    _NO_START,
    "Put arguments with blanks into quotes.",
)
DIRECTORY_STORED = Message(
    27,
    Level.INFO,
    "{name} in a directory section: accepted and stored, without effect in this version; for now, {meanwhile}",
    "In a directory section the directive asks for a change of the TLS connection during a request.",
    "httpd starts; what holds in the meantime is in the line.",
    "Move the directive to the virtual host, or wait for a version that acts on it.",
)

UNKNOWN_VERSION = Message(
    30,
    Level.ERROR,
    'unknown protocol version: "{word}"; {hint}; possible are {words}',
    "NSSProtocol names something that is no version of TLS.",
    _NO_START,
    "Write versions of the list, separated by commas or blanks.",
)
VERSION_HOLE = Message(
    31,
    Level.WARNING,
    "{versions} is on as well; NSS knows only a range from the oldest to the newest version; list it, or move an end",
    "NSSProtocol leaves out a version between two others.",
    "httpd starts with the versions of the message switched on.",
    "List the versions without a hole.",
)
SSL2_DROPPED = Message(
    32,
    Level.WARNING,
    "SSLv2 is not served; no NSS has it any more; delete the word",
    "NSSProtocol lists SSLv2.",
    "httpd starts without SSLv2.",
    "Delete the word.",
)
SSL3_DROPPED = Message(
    33,
    Level.WARNING,
    "SSLv3 is not served; {why}; delete the word",
    "NSSProtocol lists SSLv3 where it cannot be had.",
    "httpd starts without SSLv3.",
    "Delete the word, or list SSLv3 up to TLSv1.2 if old clients really need it and NSS still has it.",
)
NO_VERSION = Message(
    34,
    Level.ERROR,
    'no protocol version is left of "{text}"; everything listed is gone or was taken out again; '
    "write NSSProtocol TLSv1.2,TLSv1.3",
    "Nothing that NSSProtocol lists can be served.",
    _NO_START,
    "Write `TLSv1.2,TLSv1.3`, or delete the line: that is the default.",
)
VERSION_MISSING = Message(
    35,
    Level.WARNING,
    "{versions} is not served; this NSS does not have it, or its policy forbids it; delete the word",
    "NSSProtocol lists a version that the NSS at run time does not offer.",
    "httpd starts with the rest.",
    "Update NSS, change the system's policy, or delete the word.",
)

UNKNOWN_CIPHER = Message(
    40,
    Level.ERROR,
    'unknown word in the cipher list: "{word}"; {hint}; correct or delete it (nsspy ciphers shows all names)',
    "A word of the list is neither a suite nor a group of suites, of NSS, mod_nss, OpenSSL or IANA.",
    _NO_START,
    "Correct the word or delete it.",
)
NOT_IMPLEMENTED = Message(
    41,
    Level.INFO,
    "suites switched on without effect: {names}; this NSS does not have them; delete them from the list",
    "The list names suites that NSS has dropped or never had.",
    _GOES_ON,
    "Delete the names.",
)
NO_CIPHER = Message(
    42,
    Level.ERROR,
    'no cipher suite is left of "{text}"; {why}; write NSSCipherSuite HIGH:!aNULL:!3DES, or delete the line',
    "Nothing that the list switches on can be used.",
    _NO_START,
    "Correct the list, or delete the line: the default is AEAD and ECDHE suites.",
)
NO_ORDER = Message(
    43,
    Level.INFO,
    "{word} has no effect; NSS has an order of suites of its own; delete the word",
    "OpenSSL can sort suites, NSS cannot.",
    _GOES_ON,
    "Delete the word.",
)
EXPLAINED = Message(
    44,
    Level.INFO,
    "{word}: {explanation}",
    "The word belongs to OpenSSL or to the system's policy, and has no or another meaning with NSS.",
    "httpd starts; the meaning is in the line.",
    "Nothing, or delete the word.",
)
NOT_FIPS = Message(
    45,
    Level.WARNING,
    "suites taken out: {names}; NSSFIPS is on and NSS does not mark them as FIPS; delete them from the list",
    "In FIPS mode only FIPS suites are used.",
    "httpd starts without them.",
    "Delete the names.",
)
NO_SIGN = Message(
    46,
    Level.ERROR,
    'no sign before "{word}"; in a list with commas each name has + (on) or - (off) in front; write +{word}',
    "The list is in mod_nss's notation, where every name has a sign.",
    _NO_START,
    "Put `+` or `-` in front, or use OpenSSL's notation with colons.",
)
OLD_NAME = Message(
    47,
    Level.INFO,
    "{word} is another spelling of {name}; both are understood; write {name}",
    "The manual or an older version of mod_nss spelt the name in another way.",
    _GOES_ON,
    "Nothing.",
)
WEAK_CIPHERS = Message(
    48,
    Level.WARNING,
    "suites without {lack} are switched on: {names}; the list asks for them; delete them, or add !aNULL:!eNULL",
    "The list names suites that do not encrypt, or that do not prove who the server is.",
    "httpd starts, and clients may choose such a suite.",
    "Delete the suites unless this is a test.",
)
NO_OLD_CIPHER = Message(
    49,
    Level.WARNING,
    "no suite for TLS 1.2 and older is left; only TLS 1.3 can be spoken although NSSProtocol has older versions; "
    "add suites, or write NSSProtocol TLSv1.3",
    "The list leaves suites of TLS 1.3 only.",
    "httpd starts; clients without TLS 1.3 fail in the handshake.",
    "Add suites for TLS 1.2, or write NSSProtocol TLSv1.3.",
)
NO_TLS13_CIPHER = Message(
    50,
    Level.WARNING,
    "no suite of TLS 1.3 is left; the list forbids all of them although NSSProtocol has TLS 1.3; "
    "delete TLSv1.3 from NSSProtocol, or allow one",
    "The list switches all suites of TLS 1.3 off.",
    "httpd starts; clients that offer TLS 1.3 alone fail in the handshake.",
    "Allow a suite of TLS 1.3, or take TLS 1.3 out of NSSProtocol.",
)
ADDRESS_PLAIN = Message(
    51,
    Level.WARNING,
    "{address} does not speak TLS by NSS, although virtual hosts there have NSSEngine on: {others}; the first one of "
    "the address, {first}, has it off, and the first one decides for all of them, so the port serves plain HTTP; "
    "set NSSEngine on in the first one, or give it another address or port",
    "Virtual hosts of one address and port differ in NSSEngine, and the first one in the configuration has it off.",
    "httpd starts. Connections to the address are left as they are: plain HTTP, for the virtual hosts with NSSEngine "
    "on as well, unless another module speaks TLS there.",
    "Set NSSEngine on in the first virtual host of the address, or move one or the other.",
)
ADDRESS_TLS = Message(
    52,
    Level.WARNING,
    "{address} speaks TLS by NSS, although virtual hosts there have NSSEngine off: {others}; the first one of the "
    "address, {first}, has it on, and the first one decides for all of them, so requests for those are refused with "
    "421; set NSSEngine on in them, or give them another address or port",
    "Virtual hosts of one address and port differ in NSSEngine, and the first one in the configuration has it on.",
    "httpd starts. The virtual hosts with NSSEngine off cannot be reached at the address (NSS0503).",
    "Set NSSEngine on in all virtual hosts of the address, or move one or the other.",
)

MESSAGES: tuple[Message, ...] = tuple(row for row in tuple(globals().values()) if isinstance(row, Message))
