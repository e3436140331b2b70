"""Messages of the area *process*; see ``nsspy.errors``.

All of them are said by the C shim: by httpd's parent, by its children before Python runs, and by the
directives that httpd may meet in a ``.htaccess`` file.
"""

from __future__ import annotations

from nsspy.errors import Level, Message

MESSAGES: tuple[Message, ...] = (
    # ---- directives that the shim judges itself ------------------------------------------------------------
    Message(
        400,
        Level.ERROR,
        "NSSOptions: unknown word '%s'; likely a spelling mistake; the words are StdEnvVars, CompatEnvVars, "
        "ExportCertData, FakeBasicAuth, StrictRequire and OptRenegotiate, each with + or - or neither",
        "A word of NSSOptions is none of the six.",
        "httpd does not start; in a .htaccess file the request is answered with 500.",
        "Correct or remove the word.",
        in_c=True,
    ),
    Message(
        401,
        Level.ERROR,
        "NSSVerifyClient: '%s' is no mode; likely a spelling mistake; write none (off), optional, require (on) or "
        "optional_no_ca",
        "The argument of NSSVerifyClient is none of the known words.",
        "httpd does not start; in a .htaccess file the request is answered with 500.",
        "Correct the word.",
        in_c=True,
    ),
    Message(
        402,
        Level.ERROR,
        "NSSRenegBufferSize: '%s' is no size; it must be a number of bytes from 0 to 2147483647; write for example "
        "131072",
        "The argument is not a whole number, is negative or is too large.",
        "httpd does not start; in a .htaccess file the request is answered with 500.",
        "Write the number of bytes without a unit.",
        in_c=True,
    ),
    Message(
        403,
        Level.ERROR,
        "%s: the line has no argument; likely it was cut; complete or remove it",
        "The directive stands alone on its line.",
        "httpd does not start; in a .htaccess file the request is answered with 500.",
        "Complete or remove the line.",
        in_c=True,
    ),
    # ---- the planner ---------------------------------------------------------------------------------------
    Message(
        410,
        Level.ERROR,
        "no Python for mod_nss: %s; likely the virtual environment was moved or removed; name it with NSSPythonHome, "
        "or build the module again",
        "None of the places where the module looks for its Python holds a program that may be run.",
        "The configuration cannot be checked, httpd does not start.",
        "Set NSSPythonHome to the virtual environment that has nsspy installed, or run make build.",
        in_c=True,
    ),
    Message(
        411,
        Level.ERROR,
        "the planner cannot be started: %s; likely a limit on processes or memory; see the system's reason on this "
        "line and raise the limit",
        "The system refused a pipe, a socket or a process.",
        "The configuration cannot be checked, httpd does not start.",
        "Free or raise what the reason names.",
        in_c=True,
    ),
    Message(
        412,
        Level.ERROR,
        "the planner ended without a verdict: %s, %s; likely %s; %s",
        "The short-lived Python process that checks the configuration died: it could not be loaded, somebody killed "
        "it (signal 9, 15: an administrator, the out-of-memory killer), or it crashed (signal 11, 6).",
        "The configuration counts as wrong, httpd does not start; at a restart see NSS0415.",
        "An exit status: look at the traceback above this line, install nsspy into the Python named. A signal: look "
        "into the kernel's log, try again.",
        in_c=True,
    ),
    Message(
        413,
        Level.ERROR,
        "the planner was ended after %d seconds: %s; likely a token, a PIN program or the file system does not answer; "
        "run httpd -t in a terminal to see where it waits",
        "The check of the configuration took too long.",
        "The configuration counts as wrong, httpd does not start.",
        "Find what does not answer: a network token, the program of NSSPassPhraseDialog exec:, a file system.",
        in_c=True,
    ),
    Message(
        414,
        Level.ERROR,
        "the planner's answer is unreadable: %s; likely module and nsspy are of different versions; install both from "
        "one build",
        "The bytes that the planner wrote are no sequence of records, or a part is missing.",
        "The configuration counts as wrong, httpd does not start.",
        "Build and install module and nsspy together.",
        in_c=True,
    ),
    Message(
        415,
        Level.ERROR,
        "the plan of the last start is kept: %d virtual host(s); the same configuration failed its check at this "
        "restart for the reasons above; mend them and restart again",
        "At a restart with an unchanged configuration, something it names has become unusable.",
        "httpd goes on with the settings of the last good start; hosts whose keys cannot be opened refuse TLS.",
        "Run httpd -t, mend what it says, restart.",
        in_c=True,
    ),
    # ---- nss_pcache ----------------------------------------------------------------------------------------
    Message(
        420,
        Level.ERROR,
        "nss_pcache cannot be started: %s; likely it is missing beside the module or may not be run; install it in the "
        "module's directory with mode 0755",
        "The program that keeps the PINs could not be started.",
        "httpd does not start, because its children could not log in to their tokens.",
        "Install nss_pcache beside mod_nss.so, on a file system that allows programs.",
        in_c=True,
    ),
    Message(
        421,
        Level.WARNING,
        "nss_pcache %s and was started again: %s; likely somebody or the out-of-memory killer ended or stopped it; the "
        "PINs must be asked for again, which a dialog of the kind builtin cannot do without a terminal: use file: or "
        "exec:, or stop and start httpd",
        "The program that keeps the PINs was gone at a restart, or gave no answer within five seconds.",
        "One that still lives is killed, so that its PINs do not stay in memory. The PINs are obtained anew from "
        "NSSPassPhraseDialog; sessions from before the restart cannot be resumed.",
        "Find out who ended or stopped it (the out-of-memory killer, an administrator, a debugger).",
        in_c=True,
    ),
    # ---- session cache -------------------------------------------------------------------------------------
    Message(
        430,
        Level.ERROR,
        "the TLS session cache cannot be made: %ld entries in %s; likely not enough memory or descriptors; "
        "lower NSSSessionCacheSize or raise the limit [NSS %d]",
        "NSS could not create the shared memory or the locks of the session cache.",
        "httpd does not start.",
        "Lower NSSSessionCacheSize (about 3.8 KB an entry), raise the limit of open files, free space there.",
        in_c=True,
    ),
    Message(
        431,
        Level.INFO,
        "TLS session cache made: %ld entries, %ld seconds",
        "httpd started, or the measures of the cache were changed.",
        "Sessions are shared by all children until httpd stops.",
        "None.",
        in_c=True,
    ),
    Message(
        432,
        Level.INFO,
        "TLS session cache given up: its measures were changed; clients do one full handshake",
        "NSSSessionCacheSize or NSSSession3CacheTimeout was changed before a restart.",
        "Sessions from before the restart cannot be resumed.",
        "None.",
        in_c=True,
    ),
    Message(
        433,
        Level.ERROR,
        "the TLS session cache cannot be made: %ld entries need %ld MB in /dev/shm or /tmp; likely both are full or "
        "too small; free space there or lower NSSSessionCacheSize",
        "Neither directory is writable and has room for the session cache.",
        "httpd does not start.",
        "Free space, make /dev/shm larger (in a container: its shm size), or lower NSSSessionCacheSize.",
        in_c=True,
    ),
    # ---- Python in a child ---------------------------------------------------------------------------------
    Message(
        440,
        Level.ERROR,
        "Python of another version: the module was built for %s, this process runs %s; likely Python was upgraded, or "
        "mod_wsgi brings another one; build the module again, then stop and start httpd (a restart is not enough)",
        "Module and libpython do not fit together.",
        "This child refuses TLS connections; everything else works.",
        "Build module and virtual environment with the Python that is installed; stop and start httpd.",
        in_c=True,
    ),
    Message(
        441,
        Level.ERROR,
        "Python cannot be started: %s, %s; likely its installation is damaged or not readable for the run user; check "
        "that 'User' may read it, or name another with NSSPythonHome",
        "CPython refused to initialise in an httpd child.",
        "This child refuses TLS connections; everything else works.",
        "Run the Python named as the run user; check the modes of all directories above it.",
        in_c=True,
    ),
    Message(
        442,
        Level.ERROR,
        "the engine cannot be loaded: %s; likely nsspy or cffi is missing in it or not readable for the run user, see "
        "the lines above; install nsspy there",
        "Importing nsspy.bridge in an httpd child failed.",
        "This child refuses TLS connections; everything else works.",
        "Look at the traceback above; run 'PYTHON -I -c \"import nsspy.bridge\"' with the Python named.",
        in_c=True,
    ),
    Message(
        443,
        Level.ERROR,
        "the engine did not open the keys: result %d; the reason stands in the lines above; mend it and restart httpd",
        "The first snapshot of a child could not be built, or Python did not run (result 0).",
        "This child refuses TLS connections; everything else works.",
        "Mend what the lines above name.",
        in_c=True,
    ),
    Message(
        444,
        Level.ERROR,
        "there is no plan for this child; likely the parent met an error at start; see the lines above, restart httpd",
        "A child was started although no plan exists.",
        "This child refuses TLS connections; everything else works.",
        "Look at the lines before this one.",
        in_c=True,
    ),
    # ---- start ---------------------------------------------------------------------------------------------
    Message(
        450,
        Level.INFO,
        "mod_nss %s: NSS %s, NSPR %s, Python %s (%s)",
        "httpd started or restarted with TLS by NSS.",
        "None.",
        "None.",
        in_c=True,
    ),
)
