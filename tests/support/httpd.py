"""A real httpd in a private ServerRoot, started and watched by a test.

As root the parent runs as root and the children as httpd's usual user, as on a server; otherwise everything
runs as whoever runs the tests. Server and children never outlive the test.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.support import places, processes
from tests.support.logs import ErrorLog
from tests.support.processes import wait_until

#: Modules that every server of the tests loads.
BASE_MODULES = ("unixd", "log_config", "authz_core", "mime", "dir", "alias", "env", "headers", "setenvif")

_THREADED = (
    "StartServers 2\nServerLimit 8\nThreadsPerChild 16\nMinSpareThreads 4\nMaxSpareThreads 48\nMaxRequestWorkers 64\n"
)
_SIZES = {
    "event": _THREADED,
    "worker": _THREADED,
    "prefork": "StartServers 3\nMinSpareServers 1\nMaxSpareServers 4\nServerLimit 8\nMaxRequestWorkers 8\n",
}


#: The event MPM closes its workers' connections under them when it is stopped, and then complains.
_AT_STOP = {"AH03092", "AH03093"}


class StartError(AssertionError):
    """httpd did not come up; the message has all it said."""


class Httpd:
    """One server: its files under ``root``, its configuration text, its process.

    ``expect`` declares what may stand in the error log: codes (``NSS0501``) or parts of a line. ``check_log``
    fails on any other warning or error.
    """

    def __init__(
        self,
        *,
        mpm: str = "event",
        modules: Iterable[str] = (),
        sizes: str | None = None,
        nss: bool = True,
        module: Path | None = None,
    ) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="nss-httpd-"))
        self.root.chmod(0o755)
        self.mpm = mpm
        self.modules = [*BASE_MODULES, *modules]
        self.sizes = _SIZES[mpm] if sizes is None else sizes
        self.nss = nss
        self.module = module or places.module()
        self.body = ""
        self.before_modules = ""
        self.log_level = "info nss:debug"
        self.expected: set[str] = set(_AT_STOP)
        self.env: dict[str, str] = {}
        self.port = places.free_port()
        self.log = ErrorLog(self.root / "logs" / "error.log")
        self.process: subprocess.Popen[bytes] | None = None
        self._daemon: int | None = None
        self._console = self.root / "console"
        for folder in ("logs", "htdocs", "conf", "run"):
            (self.root / folder).mkdir()
        self.own(self.root / "logs")
        self.htdocs = self.root / "htdocs"
        (self.htdocs / "index.html").write_text("It works, by NSS.\n")

    # ---- files ---------------------------------------------------------------------------

    def own(self, path: Path) -> Path:
        """Gives a file or a whole folder to the user of httpd's children, when that is another one."""
        if places.ROOT:
            user, group = places.run_user()
            shutil.chown(path, user, group)
            if path.is_dir():
                for below in path.rglob("*"):
                    shutil.chown(below, user, group)
        return path

    def write(self, name: str, text: str | bytes, mode: int = 0o644) -> Path:
        """Writes a file below the ServerRoot."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return path

    def pin_file(self, *lines: str, name: str = "conf/pin", mode: int = 0o600) -> Path:
        """A PIN file with these lines."""
        return self.write(name, "".join(line + "\n" for line in lines), mode)

    @property
    def conf(self) -> Path:
        """The configuration file."""
        return self.root / "conf" / "httpd.conf"

    def configure(self, body: str, *, write: bool = True) -> None:
        """Sets the configuration after the preamble; ``{port}``, ``{root}``, ``{htdocs}`` are filled in."""
        for key in ("port", "root", "htdocs"):
            body = body.replace("{" + key + "}", str(getattr(self, key)))
        self.body = body
        if write:
            self.conf.write_text(self.preamble() + "# body\n" + body)

    def preamble(self) -> str:
        """ServerRoot, modules, MPM: everything before the subject of the test."""
        lines = [
            f'ServerRoot "{self.root}"',
            f'DefaultRuntimeDir "{self.root}/run"',
            f'PidFile "{self.root}/run/httpd.pid"',
            f'Mutex "file:{self.root}/run" default',
            f'ErrorLog "{self.log.path}"',
            f"LogLevel {self.log_level}",
            "ServerName localhost",
            "GracefulShutdownTimeout 5",
        ]
        folder = places.modules_dir()
        for name in (f"mpm_{self.mpm}", *self.modules):
            if f"mod_{name}" not in places.built_in() and f"mpm_{name}" not in places.built_in():
                lines.append(f'LoadModule {name}_module "{folder}/mod_{name}.so"')
                if name == self.modules[0] and self.before_modules:
                    lines.append(self.before_modules)
        if self.nss:
            lines.append(f'LoadModule nss_module "{self.module}"')
            if places.staged().python_home:
                lines.append(f'NSSPythonHome "{places.staged().python_home}"')
        if places.ROOT:
            user, group = places.run_user()
            lines += [f"User {user}", f"Group {group}"]
        types = Path("/etc/mime.types")
        lines.append(f"TypesConfig {types if types.exists() else '/dev/null'}")
        lines.append(self.sizes)
        lines.append(f'DocumentRoot "{self.htdocs}"')
        lines.append(f'<Directory "{self.root}">\n    Require all granted\n    Options +ExecCGI\n</Directory>')
        return "\n".join(lines) + "\n"

    def line_of(self, part: str) -> int:
        """The number of the first line of the configuration file that contains *part*."""
        for number, line in enumerate(self.conf.read_text().splitlines(), 1):
            if part in line:
                return number
        raise LookupError(part)

    # ---- running -------------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        """What httpd is started with: a server's environment, not the test runner's."""
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **self.env}
        if places.ASAN:
            runtime = subprocess.run(
                ["gcc", "-print-file-name=libasan.so"], check=True, capture_output=True, text=True
            ).stdout.strip()
            env["LD_PRELOAD"] = runtime
            env["ASAN_OPTIONS"] = f"detect_leaks=0:abort_on_error=1:log_path={self.root}/logs/asan"
            env["UBSAN_OPTIONS"] = f"print_stacktrace=1:halt_on_error=1:log_path={self.root}/logs/ubsan"
        return env

    def command(self, *arguments: str) -> list[str]:
        """The command line of this server."""
        return [places.httpd(), "-d", str(self.root), "-f", str(self.conf), *arguments]

    def check(
        self, *arguments: str, stdin: bytes | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """``httpd -t``: exit status and all that was said, as ``stderr``."""
        return subprocess.run(
            self.command("-t", *arguments),
            input=stdin.decode() if stdin is not None else None,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env=self.environment(),
        )

    def start(self, *, stdin: object = subprocess.DEVNULL, wait: bool = True, timeout: float = 60) -> None:
        """Starts the server in the foreground and waits until it listens and its children run."""
        with self._console.open("ab") as console:
            self.process = subprocess.Popen(
                self.command("-DFOREGROUND"),
                stdin=stdin,  # type: ignore[arg-type]
                stdout=console,
                stderr=console,
                env=self.environment(),
                start_new_session=True,
            )
        if wait:
            self.wait_started(timeout)

    def wait_started(self, timeout: float = 60) -> None:
        """Waits until the server of ``start(wait=False)`` is up. Raises StartError when it ends instead."""
        assert self.process is not None
        end = time.monotonic() + timeout
        while not self.log.count("resuming normal operations"):
            if self.process.poll() is not None:
                raise StartError(
                    f"httpd ended with status {self.process.returncode}\n{self.console()}\n{self.log.text()}"
                )
            if time.monotonic() > end:
                raise StartError(f"httpd is not up after {timeout:g} s\n{self.console()}\n{self.log.text()}")
            time.sleep(0.02)

    def wait_children(self, count: int = 1, timeout: float = 60) -> None:
        """Waits until so many children of this start have opened their keys."""
        wait_until(lambda: self.log.count("NSS0757") >= count, f"{count} children with open keys", timeout)

    def start_fails(self, *, stdin: object = subprocess.DEVNULL, timeout: float = 60) -> str:
        """Starts a server that must refuse to; returns console and error log. Fails when it comes up."""
        self.start(stdin=stdin, wait=False)
        assert self.process is not None
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"httpd neither came up nor ended\n{self.console()}\n{self.log.text()}") from None
        assert status != 0, "httpd ended with status 0"
        return self.console() + self.log.text()

    def start_daemon(self, timeout: float = 60) -> None:
        """Starts the server detached, as a service script does."""
        with self._console.open("ab") as console:
            subprocess.run(
                self.command("-k", "start"),
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                timeout=timeout,
                env=self.environment(),
            )
        pid_file = self.root / "run" / "httpd.pid"
        wait_until(
            lambda: self.log.count("resuming normal operations") and pid_file.exists(), "httpd to be up", timeout
        )
        self._daemon = int(pid_file.read_text())

    @property
    def pid(self) -> int:
        """Process id of the parent."""
        if self._daemon is not None:
            return self._daemon
        assert self.process is not None
        return self.process.pid

    def running(self) -> bool:
        """True while the parent lives."""
        return (self._daemon is not None or self.process is not None) and processes.alive(self.pid)

    def helpers(self) -> list[int]:
        """nss_pcache of this server."""
        return [pid for pid in processes.descendants(self.pid) if "pcache" in processes.name(pid)]

    def children(self) -> list[int]:
        """httpd's children that serve requests."""
        return [pid for pid in processes.descendants(self.pid) if places.httpd() in processes.name(pid).split()[:1]]

    def console(self) -> str:
        """What httpd said on standard output and error."""
        return self._console.read_text(errors="replace") if self._console.exists() else ""

    def signal(self, number: int) -> None:
        """A signal to the parent. One that ends children at once waits for their last connections (``settle``)."""
        if number in (signal.SIGTERM, signal.SIGHUP):
            self.settle()
        os.kill(self.pid, number)

    def graceful(self, timeout: float = 60) -> None:
        """A graceful restart, waited for."""
        self._restart(signal.SIGUSR1, timeout)

    def restart(self, timeout: float = 60) -> None:
        """A hard restart, waited for."""
        self._restart(signal.SIGHUP, timeout)

    def _restart(self, number: int, timeout: float) -> None:
        before = self.log.count("resuming normal operations")
        self.signal(number)
        end = time.monotonic() + timeout
        while self.log.count("resuming normal operations") <= before:
            if self.process is not None and self.process.poll() is not None:
                raise StartError(f"httpd ended at the restart, status {self.process.returncode}\n{self.log.text()}")
            if time.monotonic() > end:
                raise StartError(f"no restart within {timeout:g} s\n{self.log.text()}")
            time.sleep(0.02)

    def stop(self, *, graceful: bool = False, timeout: float = 30) -> None:
        """Stops the server and waits until it and all its children are gone."""
        if not self.running():
            return
        family = processes.descendants(self.pid)
        self.signal(signal.SIGWINCH if graceful else signal.SIGTERM)
        if self.process is not None:
            try:
                self._wait_or_look(timeout)
            except subprocess.TimeoutExpired:
                raise AssertionError(f"httpd does not stop\n{self.log.text()}") from None
        else:
            wait_until(lambda: not processes.alive(self.pid), "httpd to stop", timeout)
        wait_until(
            lambda: not [pid for pid in family if processes.alive(pid)],
            "the last of " + ", ".join(f"{pid} ({processes.name(pid)})" for pid in family),
        )

    def settle(self, seconds: float = 1.5) -> None:
        """Waits a little for the connections to the first port to end.

        A stop that meets a connection while it ends makes the event MPM read a socket that its worker has freed:
        a race of httpd's own, with any TLS module, that a test which is over need not provoke.
        """
        if self.running() and self.mpm == "event":
            end = time.monotonic() + seconds
            while processes.connections(self.port) and time.monotonic() < end:
                time.sleep(0.02)
            time.sleep(0.1)

    def _wait_or_look(self, timeout: float) -> None:
        """Waits for the end. When children let httpd wait, and there is gdb, the console is told where they stand."""
        assert self.process is not None
        try:
            self.process.wait(4)
        except subprocess.TimeoutExpired:
            gdb = shutil.which("gdb")
            for pid in self.children() if gdb else ():
                stacks = subprocess.run(
                    [str(gdb), "-p", str(pid), "-batch", "-ex", "thread apply all bt 30"],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                with self._console.open("a") as console:
                    console.write(f"child {pid} does not end:\n{stacks.stdout}\n")
            self.process.wait(timeout)

    def kill(self) -> None:
        """Ends whatever of this server still runs, without asking."""
        if self.process is None and self._daemon is None:
            return
        for pid in [self.pid, *processes.descendants(self.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait(10)

    # ---- verdict -------------------------------------------------------------------------

    def expect(self, *what: str) -> None:
        """Declares codes or parts of lines that may stand in the error log."""
        self.expected.update(what)

    def check_log(self) -> None:
        """Fails when the error log, or a sanitizer, says something that no test expects."""
        reports = [path.read_text(errors="replace") for path in (self.root / "logs").glob("*san.*")]
        unexpected = self.log.unexpected(self.expected)
        assert not reports, "sanitizer:\n" + "\n".join(reports)
        assert not unexpected, "unexpected in the error log:\n" + "\n".join(unexpected)

    def clean(self) -> None:
        """Removes the ServerRoot."""
        shutil.rmtree(self.root, ignore_errors=True)

    @contextlib.contextmanager
    def running_server(self) -> Iterator[Httpd]:
        """Started on entry, stopped and its log checked on exit."""
        self.start()
        yield self
        self.stop()
        self.check_log()

    def connect(self, timeout: float = 10) -> socket.socket:
        """A plain TCP connection to the first port."""
        return socket.create_connection(("127.0.0.1", self.port), timeout)
