"""The table of directives: the only place that knows them.

From it are made: the ``command_rec`` of the C shim (``tools/generate.py``), the reference pages under
``docs/directives``, and the checks that the planner runs over every record. A directive has one row; whoever adds one
writes the row, and its meaning in ``nsspy.conf.vhosts``.

The laws of the table:

* Contexts and overrides are those of mod_nss 1.0.x, so that whatever stood somewhere may go on standing there.
* A row without ``meanwhile`` is in force. A row with it is read, checked and kept, and says once, at start, what
  happens until it has a meaning. Nothing that narrows access may be ignored silently.
* Directives of the kind *global* change the whole process wherever they stand; the last one wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from nsspy.conf import arguments as read


class Arguments(Enum):
    """How httpd cuts the line. The values are (macro of ``http_config.h``, handler of ``cext/conf.c``)."""

    FLAG = ("AP_INIT_FLAG", "nss_conf_flag")
    TAKE1 = ("AP_INIT_TAKE1", "nss_conf_take1")
    RAW = ("AP_INIT_RAW_ARGS", "nss_conf_raw")
    TAKE23 = ("AP_INIT_TAKE23", "nss_conf_take23")
    NONE = ("AP_INIT_NO_ARGS", "nss_conf_no_args")


class Context(Enum):
    """Where a directive may stand: (httpd's ``req_override``, words for the manual, override for the manual)."""

    SERVER = ("RSRC_CONF", "server config, virtual host", "")
    EVERYWHERE = ("RSRC_CONF | OR_AUTHCFG", "server config, virtual host, directory, .htaccess", "AuthConfig")
    OPTIONS = ("OR_OPTIONS", "server config, virtual host, directory, .htaccess", "Options")
    AUTHCFG = ("OR_AUTHCFG", "server config, virtual host, directory, .htaccess", "AuthConfig")


class Scope(Enum):
    """What a directive changes."""

    GLOBAL = "the whole server"
    VHOST = "the virtual host; virtual hosts take it over from the main server"
    DIRECTORY = "the directory section"


@dataclass(frozen=True, slots=True)
class Directive:
    """One row.

    ``syntax`` are the arguments as the manual shows them, ``default`` what holds when nobody says anything, ``summary``
    one line (httpd shows it as help), ``text`` paragraphs of the manual page. ``meanwhile`` is empty for directives in
    force; otherwise it says what happens until the directive has a meaning, and ``risky`` is true where that leaves
    the server less strict than the administrator asked. ``handler`` names a C function of its own, ``reader`` the
    function of ``nsspy.conf.arguments`` that makes a value of the arguments, where it is not the kind's own.
    """

    name: str
    arguments: Arguments
    context: Context
    scope: Scope
    syntax: str
    default: str
    summary: str
    text: str
    meanwhile: str = ""
    risky: bool = False
    handler: str = ""
    reader: read.Parser | None = None

    @property
    def c_handler(self) -> str:
        """The function of ``cext/conf.c`` that httpd calls."""
        return self.handler or self.arguments.value[1]

    @property
    def in_force(self) -> bool:
        """True when the directive has its meaning in this version."""
        return not self.meanwhile

    @property
    def parse(self) -> read.Parser:
        """Makes a value of a record's arguments; raises NSSPyError for arguments that it cannot read."""
        return self.reader or _READERS[self.arguments]


_READERS: dict[Arguments, read.Parser] = {
    Arguments.FLAG: read.flag,
    Arguments.TAKE1: read.word,
    Arguments.RAW: read.line,
    Arguments.NONE: read.nothing,
}

_FLAG, _TAKE1, _RAW, _TAKE23, _NONE = (
    Arguments.FLAG,
    Arguments.TAKE1,
    Arguments.RAW,
    Arguments.TAKE23,
    Arguments.NONE,
)
_SERVER, _EVERYWHERE = Context.SERVER, Context.EVERYWHERE
_GLOBAL, _VHOST, _DIRECTORY = Scope.GLOBAL, Scope.VHOST, Scope.DIRECTORY

_NO_OCSP = "client certificates are not checked by OCSP"
_NO_PROXY = "connections to backends are not made by this module"
_CLOSED = "requests of such a section are refused"

TABLE: tuple[Directive, ...] = (
    # ---- the whole server --------------------------------------------------------------------------------------
    Directive(
        "NSSCertificateDatabase",
        _TAKE1,
        _SERVER,
        _GLOBAL,
        "[sql:|dbm:]directory",
        "none, required with NSSEngine on",
        "Directory of the NSS certificate database",
        """The directory that holds certificates, keys and the list of PKCS#11 modules. With `sql:` it holds
        `cert9.db`, `key4.db` and `pkcs11.txt`, with `dbm:` the older `cert8.db`, `key3.db` and `secmod.db`.
        Without a prefix the format is found out by looking at the files; when both are there, `sql` is taken,
        and it is said.

        A relative path is taken from ServerRoot. The database is opened read-only, by the children, as `User`; the
        files must be readable for that user (see NSSSkipPermissionCheck).""",
        reader=read.database,
    ),
    Directive(
        "NSSDBPrefix",
        _TAKE1,
        _SERVER,
        _GLOBAL,
        "prefix",
        "none",
        "Prefix of the file names of the certificate database",
        """The text before the file names of the certificate and key database: `NSSDBPrefix my-` stands for
        `my-cert9.db` and `my-key4.db`. The list of modules (`pkcs11.txt`, `secmod.db`) has no prefix.""",
    ),
    Directive(
        "NSSSessionCacheTimeout",
        _TAKE1,
        _SERVER,
        _GLOBAL,
        "seconds",
        "none",
        "Without effect: it belonged to SSLv2",
        """Kept so that old configurations start. It set the life time of SSLv2 sessions; a line in the error
        log says that it can go. NSSSession3CacheTimeout is the one that counts.""",
        reader=read.ignored_timeout,
    ),
    Directive(
        "NSSSession3CacheTimeout",
        _TAKE1,
        _SERVER,
        _GLOBAL,
        "seconds",
        "86400",
        "How long a TLS session can be resumed, in seconds",
        """The life time of entries of the session cache. NSS knows 5 to 86400 seconds; what lies outside is
        moved to the nearer end, 0 means 86400. The cache is shared by all children and lives until httpd stops.""",
        reader=read.session_timeout,
    ),
    Directive(
        "NSSSessionCacheSize",
        _TAKE1,
        _SERVER,
        _GLOBAL,
        "entries",
        "10000",
        "Number of sessions in the session cache",
        """The number of TLS sessions that all children share, 0 means 10000. About 3.8 KB of shared memory an
        entry. TLS 1.3 resumes by tickets alone and needs no entry, but the keys of the tickets are kept in the
        cache too.""",
        reader=read.session_size,
    ),
    Directive(
        "NSSSkipPermissionCheck",
        _FLAG,
        _SERVER,
        _GLOBAL,
        "on|off",
        "off",
        "Start without asking whether User can read the database",
        """At start, the directory and files of the certificate database are checked for being readable by the
        configured `User` and `Group` (its other groups count), because a child that cannot read them can only
        fail. Switch this on where access lists or file systems grant more than owner, group and mode show.""",
    ),
    Directive(
        "NSSPassPhraseDialog",
        _TAKE1,
        _SERVER,
        _GLOBAL,
        "builtin|file:path|defer:path|exec:path",
        "builtin",
        "Where the PINs of the tokens come from",
        """`builtin` asks on the terminal when httpd starts. `file:path` reads lines `token:pin`, where
        `internal` is the certificate database itself. `defer:path` does the same, and leaves a token without a
        line logged out instead of asking. `exec:path` runs the program with the token's name and the word `NSS`
        and takes the first line that it prints.

        The path is relative to ServerRoot and must be a regular file. The PINs are asked once, when httpd starts,
        and are kept in memory by `nss_pcache` for the children and for restarts. A PIN file is read again at every
        restart, and what it says counts; when it cannot be read then, or has no line for the token any more, a
        warning says so and the restart goes on with the PIN that `nss_pcache` has.

        `nss_pcache` answers on a socket that httpd's children inherit. The daemons of mod_cgid and mod_wsgi are
        forked by httpd without starting another program, so they inherit it as well: code that runs in a WSGI daemon
        process can ask for the PINs. Programs that are started (CGI, piped logs) cannot. Give applications that are
        not trusted a server of their own.""",
        reader=read.dialog,
    ),
    Directive(
        "NSSPassPhraseHelper",
        _TAKE1,
        _SERVER,
        _GLOBAL,
        "path",
        "the nss_pcache of this build",
        "Program that keeps the PINs while httpd runs",
        """Older versions needed it. This one brings its own `nss_pcache` and uses that; the directive may stay,
        also with a path that exists no more (a line in the error log says so).""",
        reader=read.helper,
    ),
    Directive(
        "NSSRandomSeed",
        _TAKE23,
        _SERVER,
        _GLOBAL,
        "startup builtin|file:path|exec:path|path [bytes]",
        "none",
        "Extra entropy for the random generator, at start",
        """Feeds NSS's random generator, which seeds itself from the operating system anyway, with more. Only
        `startup` is possible. `builtin` mixes in the time and the process; `file:path` (or a bare path) reads a
        file, `exec:path` runs a program with the number of bytes as its argument. `bytes` limits what is read;
        without it a regular file is read to its end and a device gives 1024 bytes. It must stand outside of
        virtual hosts; several lines add up.""",
        reader=read.random_seed,
    ),
    Directive(
        "NSSPythonHome",
        _TAKE1,
        _SERVER,
        _GLOBAL,
        "directory",
        "the Python that the module was built with",
        "Python installation or virtual environment that runs nsspy",
        """The prefix of a Python installation or a virtual environment that has `nsspy` installed. Needed only
        when the one that the module was built with has moved. It must have the version of Python that the
        module was built for; a change needs a stop and start of httpd.""",
        reader=read.python_home,
    ),
    # ---- virtual hosts -----------------------------------------------------------------------------------------
    Directive(
        "NSSEngine",
        _FLAG,
        _SERVER,
        _VHOST,
        "on|off",
        "off",
        "TLS by NSS for this virtual host",
        """Switches TLS on. A virtual host with it needs NSSCertificateDatabase and a nickname. While it is off
        everywhere, neither NSS nor Python is started. A virtual host has either NSSEngine or mod_ssl's
        SSLEngine.""",
    ),
    Directive(
        "NSSFIPS",
        _FLAG,
        _SERVER,
        _VHOST,
        "on|off",
        "off",
        "FIPS 140 mode of NSS",
        """Puts NSS into FIPS mode, also with a database that `modutil -fips true` has not prepared; where NSS does
        not go along, httpd does not start. That is a matter of the process, so one virtual host with it switches all of
        them. The database needs a PIN then, and only suites that NSS marks as FIPS and versions from TLS 1.0 on
        are used. Others are taken out of NSSCipherSuite and NSSProtocol with a warning.""",
    ),
    Directive(
        "NSSSNI",
        _FLAG,
        _SERVER,
        _VHOST,
        "on|off",
        "on",
        "Choose the virtual host by the name the client asks for",
        """On: the name in the ClientHello chooses the virtual host with all its settings (certificate, suites,
        versions), and a request whose Host belongs to a virtual host with other TLS settings is answered with
        421. Off, in the first virtual host of an address: the name chooses nothing, and every client is served
        by that virtual host. Host is compared all the same where the TLS settings differ; that protects a
        virtual host that demands client certificates.""",
    ),
    Directive(
        "NSSStrictSNIVHostCheck",
        _FLAG,
        _SERVER,
        _VHOST,
        "on|off",
        "off",
        "Refuse clients that send no server name",
        """On: a client that names no host in its handshake gets 403 from this virtual host. mod_nss 1.0.x had
        it on, which locked such clients out of the very first virtual host as well; an `on` that is written is
        honoured.""",
    ),
    Directive(
        "NSSCipherSuite",
        _RAW,
        _EVERYWHERE,
        _VHOST,
        "list",
        "AEAD and ECDHE suites",
        "Cipher suites that clients may use",
        """Two notations. mod_nss's: names with a sign, `+ecdhe_rsa_aes_128_gcm_sha_256,-rsa_rc4_128_md5`, read
        from left to right onto an empty list. OpenSSL's: words separated by colons, `HIGH:!aNULL:!3DES`, with
        `A+B` for both, `-` for off, `!` for off whatever follows. Names of suites may be mod_nss's, OpenSSL's
        or IANA's. Commas and blanks separate in both. The order is NSS's own and cannot be changed: `@STRENGTH`
        is accepted and has no effect.

        A list that names no suite of TLS 1.3, neither to have it nor to forbid it, keeps the suites of TLS 1.3. An
        unknown word is reported with the word that was probably meant; a list that leaves nothing stops the start.
        Without the directive: AES-GCM and ChaCha20 with ECDHE, and TLS 1.3.

        In a directory section it asks for other suites than the connection has. That needs renegotiation, which TLS
        1.3 and HTTP/2 do not have.""",
        handler="nss_conf_cipher_suite",
    ),
    Directive(
        "NSSProtocol",
        _RAW,
        _SERVER,
        _VHOST,
        "TLSv1.0|TLSv1.1|TLSv1.2|TLSv1.3|all ...",
        "TLSv1.2,TLSv1.3",
        "Versions of TLS that clients may use",
        """A list of versions, separated by commas or blanks, in any case; `TLSv1` is 1.0. `all` is every
        version from TLS 1.0 on, and may be reduced: `all -TLSv1 -TLSv1.1`. NSS knows only a range, so a hole is
        filled, with a warning. SSLv2 is gone and SSLv3 is served only where it is listed, NSS still has it and
        TLS 1.3 is not in the list. An unknown word stops the start.""",
    ),
    Directive(
        "NSSVerifyClient",
        _TAKE1,
        _EVERYWHERE,
        _VHOST,
        "none|optional|require|optional_no_ca",
        "none",
        "Whether clients must show a certificate",
        """`none` does not ask. `optional` asks, and goes on without. `require` asks, and without a certificate
        that chains up to a CA trusted for clients (trust flag `T`) the handshake fails. `off` and `on` are
        other words for `none` and `require`.

        `optional_no_ca`, which mod_ssl has, asks and takes any certificate whose private key the client holds; NSS
        judges it all the same. `SSL_CLIENT_VERIFY` is `SUCCESS` only where NSS vouches for it as a client's,
        `GENEROUS` where nobody trusted does, and `FAILED:` with NSS's reason otherwise (expired, of another
        purpose). What such a certificate says about itself is nobody's word: test `SSL_CLIENT_VERIFY` first.

        In a directory section it asks during the request.""",
        handler="nss_conf_verify_client",
        reader=read.verify_client,
    ),
    Directive(
        "NSSNickname",
        _TAKE1,
        _SERVER,
        _VHOST,
        "[token:]nickname",
        "none",
        "Nickname of the server certificate",
        """The certificate by its nickname in the database, with the name of the token in front when it is on
        another token. Quote names with blanks. When several certificates bear the nickname, one that is valid,
        has its key and fits a server is taken, the newest first. NSSNickname or NSSECCNickname must be there
        with NSSEngine on.""",
    ),
    Directive(
        "NSSECCNickname",
        _TAKE1,
        _SERVER,
        _VHOST,
        "[token:]nickname",
        "none",
        "Nickname of the server certificate with an elliptic curve key",
        """A second certificate, for clients that can do ECDSA. It may stand alone. The two may have the same
        nickname (NSS gives one to certificates with the same subject): the kind of key tells them apart.""",
    ),
    Directive(
        "NSSRenegotiation",
        _FLAG,
        _SERVER,
        _VHOST,
        "on|off",
        "off",
        "Allow secure renegotiation",
        """On: renegotiation by RFC 5746 is allowed where this server asks for it. Client authentication and suites of
        a directory section need it with TLS 1.2 and older; this version does not ask yet, so the directive changes
        nothing. Renegotiation without RFC 5746 is never allowed. TLS 1.3 has none.

        A client that starts a renegotiation on its own is refused whatever this directive says: the alert
        no_renegotiation is sent, the connection ends, and the log has one line (NSS0551). One client could otherwise
        make the server do handshake after handshake. mod_nss 1.0.x let clients start them with `on`.""",
    ),
    Directive(
        "NSSRequireSafeNegotiation",
        _FLAG,
        _SERVER,
        _VHOST,
        "on|off",
        "off",
        "Refuse clients without RFC 5746",
        """On: clients that do not speak RFC 5746 (secure renegotiation) are refused, even if they never
        renegotiate.""",
    ),
    Directive(
        "NSSEnforceValidCerts",
        _FLAG,
        _SERVER,
        _VHOST,
        "on|off",
        "on",
        "Serve only a certificate that NSS finds valid",
        """On: a certificate that NSS cannot verify for a server (expired, unknown CA, wrong usage) stops the
        start. Off: it is served all the same, and a warning at each start says what is wrong with it.""",
    ),
    Directive(
        "NSSSessionTickets",
        _FLAG,
        _SERVER,
        _VHOST,
        "on|off",
        "on with TLS 1.3, off otherwise",
        "Resumption of sessions by tickets",
        """Tickets let clients resume without an entry in the session cache. TLS 1.3 resumes by tickets alone,
        so `off` means no resumption there. The keys of the tickets are shared by all children and live until
        httpd stops.""",
    ),
    Directive(
        "NSSOCSP",
        _FLAG,
        _SERVER,
        _VHOST,
        "on|off",
        "off",
        "Check certificates of clients by OCSP",
        """Asks the OCSP responder named in a client's certificate, or the default responder, whether the
        certificate was revoked.""",
        meanwhile=_NO_OCSP,
        risky=True,
    ),
    Directive(
        "NSSOCSPDefaultResponder",
        _FLAG,
        _SERVER,
        _VHOST,
        "on|off",
        "off",
        "Ask one OCSP responder for all certificates",
        """On: NSSOCSPDefaultURL is asked about every certificate, whatever responder the certificate names.
        Needs NSSOCSPDefaultURL and NSSOCSPDefaultName.""",
        meanwhile=_NO_OCSP,
    ),
    Directive(
        "NSSOCSPDefaultURL",
        _TAKE1,
        _SERVER,
        _VHOST,
        "url",
        "none",
        "Address of the default OCSP responder",
        """The `http:` address of the responder that NSSOCSPDefaultResponder asks.""",
        meanwhile=_NO_OCSP,
    ),
    Directive(
        "NSSOCSPDefaultName",
        _TAKE1,
        _SERVER,
        _VHOST,
        "nickname",
        "none",
        "Nickname of the certificate that signs the default responder's answers",
        """The certificate in the database that the default responder signs with.""",
        meanwhile=_NO_OCSP,
    ),
    Directive(
        "NSSOCSPTimeout",
        _TAKE1,
        _SERVER,
        _VHOST,
        "seconds",
        "60",
        "How long to wait for an OCSP responder",
        """Seconds until an OCSP request counts as failed.""",
        meanwhile=_NO_OCSP,
        reader=read.number(0, 86400),
    ),
    Directive(
        "NSSOCSPCacheSize",
        _TAKE1,
        _SERVER,
        _VHOST,
        "entries",
        "1000",
        "Number of OCSP answers that are kept",
        """Entries of the cache of OCSP answers; -1 switches it off, 0 sets no limit.""",
        meanwhile=_NO_OCSP,
        reader=read.number(-1, 10_000_000),
    ),
    Directive(
        "NSSOCSPMinCacheEntryDuration",
        _TAKE1,
        _SERVER,
        _VHOST,
        "seconds",
        "3600",
        "Shortest time that an OCSP answer is kept",
        """An answer is not asked for again before this time has passed. Not more than
        NSSOCSPMaxCacheEntryDuration.""",
        meanwhile=_NO_OCSP,
        reader=read.number(0, 2**31 - 1),
    ),
    Directive(
        "NSSOCSPMaxCacheEntryDuration",
        _TAKE1,
        _SERVER,
        _VHOST,
        "seconds",
        "86400",
        "Longest time that an OCSP answer is kept",
        """An answer is asked for again after this time, even if it says that it is good for longer.""",
        meanwhile=_NO_OCSP,
        reader=read.number(0, 2**31 - 1),
    ),
    # ---- connections to backends -------------------------------------------------------------------------------
    Directive(
        "NSSProxyEngine",
        _FLAG,
        _SERVER,
        _VHOST,
        "on|off",
        "off",
        "TLS by NSS for connections of mod_proxy",
        """On: `https:` backends of this virtual host are reached by NSS.""",
        meanwhile=_NO_PROXY,
    ),
    Directive(
        "NSSProxyProtocol",
        _RAW,
        _SERVER,
        _VHOST,
        "TLSv1.0|TLSv1.1|TLSv1.2|TLSv1.3|all ...",
        "TLSv1.2,TLSv1.3",
        "Versions of TLS towards backends",
        """As NSSProtocol.""",
        meanwhile=_NO_PROXY,
    ),
    Directive(
        "NSSProxyCipherSuite",
        _RAW,
        _SERVER,
        _VHOST,
        "list",
        "AEAD and ECDHE suites",
        "Cipher suites towards backends",
        """As NSSCipherSuite.""",
        meanwhile=_NO_PROXY,
    ),
    Directive(
        "NSSProxyNickname",
        _TAKE1,
        _SERVER,
        _VHOST,
        "[token:]nickname",
        "none",
        "Nickname of the certificate to show to backends",
        """The client certificate for backends that ask for one.""",
        meanwhile=_NO_PROXY,
    ),
    Directive(
        "NSSProxyCheckPeerCN",
        _FLAG,
        _SERVER,
        _VHOST,
        "on|off",
        "on",
        "Compare the backend's certificate with its name",
        """On: a backend whose certificate does not name the host that was asked for is refused.""",
        meanwhile=_NO_PROXY,
    ),
    # ---- directory sections ------------------------------------------------------------------------------------
    Directive(
        "NSSOptions",
        _RAW,
        Context.OPTIONS,
        _DIRECTORY,
        "[+|-]option ...",
        "none",
        "Options of the request's environment and of access control",
        """`StdEnvVars` puts the `SSL_*` variables into the environment of scripts. `ExportCertData` adds the
        certificates in PEM. `FakeBasicAuth` makes the subject of the client's certificate a Basic user.
        `StrictRequire` lets NSSRequire and NSSRequireSSL win over `Satisfy any`. `OptRenegotiate` avoids
        renegotiation where it is not needed. `CompatEnvVars` has no effect.

        Words with a sign change what the outer section has; a line with an unsigned word starts from nothing, and
        all of its words count. Not in force in this version: `FakeBasicAuth`, `OptRenegotiate`.""",
        handler="nss_conf_options",
        reader=read.options,
    ),
    Directive(
        "NSSRequireSSL",
        _NONE,
        Context.AUTHCFG,
        _DIRECTORY,
        "",
        "off",
        "Refuse requests that do not come by TLS",
        """Requests that do not come over TLS get 403, whatever else allows them.""",
        handler="nss_conf_require_ssl",
    ),
    Directive(
        "NSSRequire",
        _RAW,
        Context.AUTHCFG,
        _DIRECTORY,
        "expression",
        "none",
        "Refuse requests for which an expression does not hold",
        """A condition over variables of the connection and its certificates, as mod_ssl's SSLRequire. All
        conditions of a section and of those around it must hold.""",
        meanwhile=_CLOSED,
        handler="nss_conf_require",
        reader=read.expression,
    ),
    Directive(
        "NSSUserName",
        _TAKE1,
        _EVERYWHERE,
        _DIRECTORY,
        "variable",
        "none",
        "Variable whose value becomes the user's name",
        """The name of an `SSL_*` variable, `SSL_CLIENT_S_DN_UID` for example. Its value becomes REMOTE_USER.""",
        handler="nss_conf_user_name",
    ),
    Directive(
        "NSSRenegBufferSize",
        _TAKE1,
        Context.AUTHCFG,
        _DIRECTORY,
        "bytes",
        "131072",
        "How much of a request's body is kept during renegotiation",
        """A request whose body is larger than this cannot be asked for a certificate in a directory section; 0
        keeps nothing.""",
        meanwhile="nothing is renegotiated for a directory section",
        handler="nss_conf_reneg_buffer_size",
        reader=read.number(0, 2**31 - 1),
    ),
)

BY_NAME: dict[str, Directive] = {row.name.lower(): row for row in TABLE}
