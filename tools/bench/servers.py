"""The servers under test: httpd with one TLS module each, and NSS's own ``selfserv``.

Both httpd instances differ in the lines of their TLS module only: same binary, same MPM
settings, same content, same names, no access log. Two children each, never recycled, so that
CPU clocks only grow and resumption crosses children.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from tools import stage
from tools.bench import measure
from tools.bench.certificates import Store

HTTPD_NAMES = ("/usr/sbin/apache2", "/usr/sbin/httpd")
MODULE_FOLDERS = ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/libexec/apache2")
#: The name that clients send; the virtual host that answers to it is not the address's first.
NAME = "www.bench.test"
OTHER_NAME = "other.bench.test"
CHILDREN = 2
THREADS = 32
SMALL_BYTES = 1024

_COMMON = """\
ServerRoot "{root}"
PidFile "{root}/httpd.pid"
DefaultRuntimeDir "{root}"
ServerName {other}
Listen 127.0.0.1:{port}
{user}
ErrorLog "{root}/error.log"
LogLevel warn
{modules}
ServerLimit {children}
StartServers {children}
ThreadsPerChild {threads}
ThreadLimit {threads}
MaxRequestWorkers {workers}
MinSpareThreads 1
MaxSpareThreads {workers}
MaxConnectionsPerChild 0
AsyncRequestWorkerFactor 40
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 120
Timeout 60
DocumentRoot "{content}"
<Directory />
    AllowOverride None
</Directory>
<Directory "{content}">
    Require all granted
</Directory>
{tls}
"""


class ServerError(RuntimeError):
    """A server did not start or did not answer."""


def first_existing(paths: tuple[str, ...]) -> Path:
    """The first of *paths* that exists. Raises ServerError otherwise."""
    for path in paths:
        if Path(path).exists():
            return Path(path)
    raise ServerError(f"none of these exists: {', '.join(paths)}")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_content(folder: Path, big_bytes: int) -> None:
    """The files to serve: ``small`` (1 KB) and ``big``, zeros without holes."""
    folder.mkdir()
    (folder / "small").write_bytes(b"x" * SMALL_BYTES)
    block = bytes(1024 * 1024)
    with (folder / "big").open("wb") as file:
        for _ in range(big_bytes // len(block)):
            file.write(block)


class Server(ABC):
    """A process that serves TLS on ``port`` of 127.0.0.1 while the context is entered."""

    label: str

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = free_port()
        self.processes: tuple[int, ...] = ()
        self._process: subprocess.Popen[bytes] | None = None
        root.mkdir()

    @abstractmethod
    def command(self) -> list[str]:
        """The command line; it stays in the foreground."""

    @property
    @abstractmethod
    def log(self) -> Path:
        """Where the server says what is wrong."""

    def launch(self) -> None:
        """Starts the process, in a process group of its own."""
        with (self.root / "console.log").open("ab") as console:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True
            )

    def __enter__(self) -> Server:
        try:
            self.launch()
            self._pin()
            self.first_answer()
            time.sleep(0.5)  # the second child may still be starting
            self.take_processes()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _pin(self) -> None:
        """Leaves the servers one core and the client the others.

        Where the scheduler puts listener, worker and client decides what a wake-up costs, and
        can double the cost of a short request from one batch to the next.
        """
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > 1:
            assert self._process is not None
            os.sched_setaffinity(self._process.pid, cores[:1])

    def first_answer(self, limit: float = 20.0) -> float:
        """Waits for the first HTTPS answer; the moment it came (monotonic seconds)."""
        assert self._process is not None
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise ServerError(f"{self.label} ended with {self._process.returncode}\n{self.complaints()}")
            try:
                with (
                    socket.create_connection(("127.0.0.1", self.port), timeout=5) as tcp,
                    context.wrap_socket(tcp, server_hostname=NAME) as tls,
                ):
                    tls.sendall(f"GET /small HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
                    if tls.recv(64).startswith(b"HTTP/1."):
                        return time.monotonic()
            except OSError:
                time.sleep(0.002)
        raise ServerError(f"{self.label} does not answer within {limit:.0f} s\n{self.complaints()}")

    def take_processes(self) -> None:
        """Takes note of the processes whose CPU time counts from now on."""
        assert self._process is not None
        self.processes = measure.process_tree(self._process.pid)

    def check_processes(self) -> None:
        """Refuses figures of a batch in which a process was replaced: its CPU time is lost."""
        assert self._process is not None
        if measure.process_tree(self._process.pid) != self.processes:
            raise ServerError(f"{self.label} replaced a process\n{self.complaints()}")

    def stop(self) -> None:
        """Ends the server and waits; its process group is killed when it does not end by itself."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def complaints(self) -> str:
        """The last lines of console and log."""
        lines: list[str] = []
        for path in (self.root / "console.log", self.log):
            if path.exists():
                lines += path.read_text(errors="replace").splitlines()[-15:]
        return "\n".join(lines)


class Httpd(Server):
    """httpd on the event MPM with one TLS module."""

    modules = (
        ("mpm_event_module", "mod_mpm_event.so"),
        ("authz_core_module", "mod_authz_core.so"),
        ("reqtimeout_module", "mod_reqtimeout.so"),
    )

    def __init__(self, root: Path, content: Path, store: Store, *, ecdsa_only: bool = False) -> None:
        super().__init__(root)
        self.store = store
        self.ecdsa_only = ecdsa_only
        self._write(content)

    @abstractmethod
    def tls_modules(self) -> tuple[tuple[str, str], ...]:
        """Name and path of the modules beside ``modules``."""

    @abstractmethod
    def tls_lines(self) -> str:
        """Server-wide directives of the TLS module."""

    @abstractmethod
    def vhost_lines(self) -> str:
        """Directives of each virtual host."""

    @property
    def log(self) -> Path:
        """httpd's error log."""
        return self.root / "error.log"

    def command(self) -> list[str]:
        """Foreground, and not a word of the system's own configuration."""
        return [
            str(first_existing(HTTPD_NAMES)),
            "-d",
            str(self.root),
            "-f",
            str(self.root / "httpd.conf"),
            "-DFOREGROUND",
        ]

    def _write(self, content: Path) -> None:
        folder = first_existing(MODULE_FOLDERS)
        modules = "\n".join(
            f'LoadModule {name} "{folder / file}"' for name, file in (*self.modules, *self.tls_modules())
        )
        vhosts = "".join(
            f"<VirtualHost 127.0.0.1:{self.port}>\n    ServerName {name}\n{self.vhost_lines()}</VirtualHost>\n"
            for name in (OTHER_NAME, NAME)
        )
        user = unprivileged_user()
        text = _COMMON.format(
            root=self.root,
            content=content,
            port=self.port,
            other=OTHER_NAME,
            user="User {}\nGroup {}".format(*user) if user else "",
            modules=modules,
            children=CHILDREN,
            threads=THREADS,
            workers=CHILDREN * THREADS,
            tls=f"{self.tls_lines()}{vhosts}",
        )
        (self.root / "httpd.conf").write_text(text)


class ModSsl(Httpd):
    """mod_ssl, with the session settings of its distributed configuration and tickets on."""

    label = "mod_ssl"

    def tls_modules(self) -> tuple[tuple[str, str], ...]:
        """mod_ssl and the shared-memory cache it keeps sessions in."""
        return (("socache_shmcb_module", "mod_socache_shmcb.so"), ("ssl_module", "mod_ssl.so"))

    def tls_lines(self) -> str:
        """Session cache and seeding as httpd ships them."""
        return (
            f'SSLSessionCache "shmcb:{self.root}/ssl_scache(512000)"\n'
            "SSLSessionCacheTimeout 300\n"
            "SSLRandomSeed startup builtin\n"
            "SSLRandomSeed connect builtin\n"
            "SSLCipherSuite HIGH:!aNULL\n"
            "SSLProtocol -all +TLSv1.2 +TLSv1.3\n"
        )

    def vhost_lines(self) -> str:
        """Engine, tickets, one or two certificates."""
        identities = (self.store.ecdsa,) if self.ecdsa_only else (self.store.rsa, self.store.ecdsa)
        files = "".join(
            f'    SSLCertificateFile "{one.certificate}"\n    SSLCertificateKeyFile "{one.key}"\n' for one in identities
        )
        return f"    SSLEngine on\n    SSLSessionTickets on\n{files}"


class ModNss(Httpd):
    """This project's module: the same certificates, from a database with a PIN."""

    label = "mod_nss"
    staged: stage.Staged | None = None

    @classmethod
    def built(cls) -> bool:
        """True when there is a module to measure."""
        return (stage.CHECKOUT / "build" / "mod_nss.so").exists()

    @classmethod
    def prepare(cls) -> Callable[[], None]:
        """Puts the module where httpd's children can read it; the answer takes it away again."""
        user = unprivileged_user()
        cls.staged = stage.reachable(user[0] if user else None)
        return cls.staged.remove

    def tls_modules(self) -> tuple[tuple[str, str], ...]:
        """The module alone."""
        assert self.staged is not None
        return (("nss_module", str(self.staged.builds / "mod_nss.so")),)

    def tls_lines(self) -> str:
        """Database, PIN file, session cache of the default size."""
        assert self.staged is not None
        home = f'NSSPythonHome "{self.staged.python_home}"\n' if self.staged.python_home else ""
        return (
            f"{home}NSSCertificateDatabase {self.store.database}\n"
            f'NSSPassPhraseDialog "file:{self.store.dialog_file}"\n'
            "NSSSessionCacheSize 10000\n"
            "NSSSession3CacheTimeout 86400\n"
        )

    def vhost_lines(self) -> str:
        """Engine, tickets, one or two nicknames; suites and groups as the module chooses them."""
        rsa = "" if self.ecdsa_only else f"    NSSNickname {self.store.rsa.nickname}\n"
        return (
            "    NSSEngine on\n    NSSProtocol TLSv1.2,TLSv1.3\n    NSSSessionTickets on\n"
            f"{rsa}    NSSECCNickname {self.store.ecdsa.nickname}\n"
        )


class SelfServ(Server):
    """NSS's test server: NSS's own floor, with the default key path and nothing of httpd around it."""

    label = "selfserv"
    program = "selfserv"

    def __init__(self, root: Path, store: Store) -> None:
        super().__init__(root)
        self.store = store

    @classmethod
    def available(cls) -> bool:
        """True when NSS's tools are installed with it."""
        return shutil.which(cls.program) is not None

    @property
    def log(self) -> Path:
        """It writes to the console only."""
        return self.root / "console.log"

    def command(self) -> list[str]:
        """One process with threads, no Nagle delay, model socket, tickets, both certificates."""
        return [
            *(self.program, "-D", "-m", "-u", "-t", str(THREADS), "-p", str(self.port), "-V", "tls1.2:tls1.3"),
            *("-d", self.store.database, "-f", str(self.store.pin_file), "-I", "x25519,P256,P384"),
            *("-n", self.store.rsa.nickname, "-e", self.store.ecdsa.nickname),
        ]


def unprivileged_user() -> tuple[str, str] | None:
    """User and group of httpd's children when the benchmark is started by root; None otherwise."""
    return stage.run_user() if os.geteuid() == 0 else None


def hand_over(folder: Path) -> None:
    """Gives *folder* and all below it to the user of httpd's children, when there is one."""
    user = unprivileged_user()
    if user is None:
        return
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, *user)
