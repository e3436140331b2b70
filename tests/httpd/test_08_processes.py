"""MPMs, restarts under load, killed children, and what is left behind: nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ready
from tests.support import clients, processes
from tests.support.clients import Reader, V, request
from tests.support.httpd import Httpd
from tests.support.processes import wait_until

MPMS = ["event", "worker", "prefork"]


class Load:
    """Clients that ask again and again, each time on a new connection, until told to stop."""

    def __init__(self, port: int, threads: int = 2) -> None:
        self.port = port
        self.failures: list[str] = []
        self.answers = 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(threads)]

    def _run(self, number: int) -> None:
        ctx = clients.context(high=V.TLSv1_2 if number % 2 else V.TLSv1_3)
        session = None
        while not self._stop.is_set():
            try:
                with clients.connect(self.port, ctx, session=session, timeout=30) as sock:
                    sock.sendall(request(close=True))
                    answer = Reader(sock).answer()
                    session = sock.session or session
                if answer.status != 200 or answer.text != "It works, by NSS.\n":
                    self.failures.append(f"{answer.status} {answer.text[:80]}")
                self.answers += 1
            except (OSError, EOFError) as error:
                self.failures.append(f"{type(error).__name__}: {error}")
            self._stop.wait(0.01)

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)


@pytest.mark.parametrize("mpm", MPMS)
def test_every_mpm_serves(ready: Callable[..., Ready], mpm: str) -> None:
    """event, worker and prefork serve new and kept connections, before and after restarts."""
    server = ready(mpm=mpm).simple()
    server.start()
    for kind in ("", "graceful", "restart"):
        if kind:
            getattr(server, kind)()
        for high in (V.TLSv1_2, V.TLSv1_3):
            with clients.connect(server.port, clients.context(high=high)) as sock:
                reader = Reader(sock)
                for _ in range(3):
                    sock.sendall(request())
                    assert reader.answer().status == 200


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("mpm", "times"), [("event", 200), ("worker", 15), ("prefork", 15)])
def test_graceful_restarts_under_load(ready: Callable[..., Ready], mpm: str, times: int) -> None:
    """Graceful restarts under load lose no request; memory, descriptors and processes stay what they were."""
    sizes = {
        "prefork": "StartServers 2\nMinSpareServers 1\nMaxSpareServers 2\nServerLimit 16\nMaxRequestWorkers 16\n",
    }.get(
        mpm,
        "StartServers 1\nServerLimit 16\nThreadsPerChild 8\nThreadLimit 8\nMinSpareThreads 4\nMaxSpareThreads 16\n"
        "MaxRequestWorkers 16\n",
    )
    server = ready(mpm=mpm, sizes=sizes).simple("NSSSessionTickets on", outer="ListenBacklog 500\n")
    server.start()
    assert clients.get(server.port).status == 200
    with Load(server.port) as load:
        for _ in range(5):
            server.graceful()
        settle(server)
        before = Figures(server)
        for _ in range(times):
            answers = load.answers
            server.graceful()
            wait_until(lambda answers=answers: load.answers > answers, "an answer after the restart")  # type: ignore[misc]
    settle(server)
    after = Figures(server)
    assert not load.failures, f"{len(load.failures)} of {load.answers}: {load.failures[:5]}"
    assert load.answers >= times
    assert after.parent - before.parent < 2_000_000, (before, after)
    assert after.helper - before.helper < 500_000, (before, after)
    assert after.child < before.child * 1.2 + 4_000_000, (before, after)
    assert after.files <= before.files + 1, (before, after)
    assert after.count <= before.count + 2, (before, after)


def settle(server: Httpd) -> None:
    """Waits until the children of older generations are gone and those of this one are there."""
    wait_until(lambda: 1 <= len(server.children()) <= 4, "old children to end", 60)
    assert clients.get(server.port).status == 200


class Figures:
    """What a server takes: private memory of parent, helper and one child, open files, processes."""

    def __init__(self, server: Httpd) -> None:
        self.parent = processes.memory(server.pid, "Private_Dirty")
        self.helper = sum(processes.memory(pid, "Private_Dirty") for pid in server.helpers())
        self.child = max(processes.memory(pid, "Private_Dirty") for pid in server.children())
        self.files = len(processes.open_files(server.pid))
        self.count = len(processes.descendants(server.pid))

    def __repr__(self) -> str:
        return str(vars(self))


@pytest.mark.parametrize("mpm", MPMS)
def test_killed_child_is_replaced(ready: Callable[..., Ready], mpm: str) -> None:
    """kill -9 of all children: new ones come, with keys and sessions, without anybody typing a PIN."""
    server = ready(mpm=mpm).simple()
    server.expect("exit signal Killed")
    server.start()
    ctx = clients.context(high=V.TLSv1_2, tickets=False)
    with clients.connect(server.port, ctx) as sock:
        sock.sendall(request(close=True))
        Reader(sock).answer()
        session = sock.session
    for _ in range(3):
        old = server.children()
        for pid in old:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda old=old: set(server.children()) - set(old), "new children")  # type: ignore[misc]
        with clients.connect(server.port, ctx, session=session, timeout=30) as sock:
            sock.sendall(request(close=True))
            assert Reader(sock).answer().status == 200
            assert sock.session_reused


@pytest.mark.parametrize("mpm", MPMS)
@pytest.mark.parametrize("how", ["stop", "graceful stop"])
def test_stop_leaves_nothing(ready: Callable[..., Ready], mpm: str, how: str) -> None:
    """After a stop there is no process, no semaphore, no shared memory and no file of the server."""
    server = ready(mpm=mpm).simple()
    server.start_daemon()
    assert clients.get(server.port).status == 200
    server.graceful()
    assert clients.get(server.port).status == 200
    family = {server.pid, *processes.descendants(server.pid)}
    server.stop(graceful=how != "stop")
    for kind in ("shm", "sem"):
        for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]:
            assert not family & {int(word) for word in line.split()[4:8] if word.isdigit() and kind == "shm"}, line
    assert os.listdir(server.root / "run") == []
    left = [name for folder in ("/tmp", "/dev/shm") for name in os.listdir(folder) if ".sslsvrcache" in name]
    assert not left


@pytest.mark.parametrize("mpm", MPMS)
@pytest.mark.parametrize("kind", ["stop", "restart"])
def test_open_connections_do_not_hold_up_a_stop(ready: Callable[..., Ready], mpm: str, kind: str) -> None:
    """Kept-alive connections, in prefork half-shaken ones as well, end with the server: no child must be killed for
    them. (Threads that wait for a client in a handshake hold up httpd's threaded MPMs with mod_ssl, too.)"""
    server = ready(mpm=mpm, sizes=FOUR if mpm == "prefork" else None).simple(outer="KeepAliveTimeout 60\n")
    server.start()
    with contextlib.ExitStack() as stack:
        for high in (V.TLSv1_2, V.TLSv1_3):
            sock = stack.enter_context(clients.connect(server.port, clients.context(high=high)))
            sock.sendall(request())
            assert Reader(sock).answer().status == 200
        if mpm == "prefork":
            half = stack.enter_context(clients.raw(server.port))
            half.sendall(clients.client_hello())
            assert half.recv(5)
            early = stack.enter_context(clients.raw(server.port))
            early.sendall(clients.client_hello()[:100])
        if kind == "restart":
            server.restart()
            assert clients.get(server.port).status == 200
        else:
            server.stop()


FOUR = "StartServers 6\nMinSpareServers 2\nMaxSpareServers 6\nServerLimit 12\nMaxRequestWorkers 12\n"


def test_semaphores_are_not_used_up(ready: Callable[..., Ready]) -> None:
    """Starts that fail leave no semaphore behind, where the original left one each."""
    server = ready().simple(nickname="NSSNickname nobody")
    before = processes.sysv_objects()["sem"]
    for _ in range(3):
        assert server.check().returncode != 0
    server.start_fails()
    server.expect("NSS")
    assert len(processes.sysv_objects()["sem"] - before) == 0


def test_random_bytes_differ_between_children(ready: Callable[..., Ready]) -> None:
    """Children do not repeat each other's random numbers: their server randoms all differ."""
    server = ready(mpm="prefork").simple()
    server.start()
    seen = set()
    for _ in range(24):
        with clients.raw(server.port) as raw:
            raw.sendall(clients.client_hello())
            head = raw.recv(4096)
            assert head[0] == 22
            seen.add(head[11:43])
    assert len(seen) == 24


def test_tls_switched_on_by_a_graceful_restart(ready: Callable[..., Ready]) -> None:
    """A server that started without TLS gets it by a graceful restart; the original could not."""
    made = ready()
    server = made.simple()
    body = server.body
    server.configure(f"Listen 127.0.0.1:{server.port}\n")
    server.start()
    assert not server.helpers()
    server.configure(body)
    server.graceful()
    assert clients.get(server.port).status == 200
    server.configure(f"Listen 127.0.0.1:{server.port}\n")
    server.graceful()
    assert clients.curl(f"http://127.0.0.1:{server.port}/").stdout == b"It works, by NSS.\n"


def test_new_settings_by_a_graceful_restart(ready: Callable[..., Ready]) -> None:
    """What the configuration says after a graceful restart holds after it."""
    made = ready()
    server = made.simple("NSSProtocol TLSv1.2")
    server.start()
    assert clients.s_client(server.port).protocol == "TLSv1.2"
    made.simple("NSSProtocol TLSv1.3")
    server.graceful()
    assert clients.s_client(server.port).protocol == "TLSv1.3"


def test_renewed_certificate_by_a_graceful_restart(ready: Callable[..., Ready]) -> None:
    """A certificate that was renewed in the database is served after a graceful restart."""
    from tests.support.database import RSA, hand_over
    from tests.support.pki import Spec

    made = ready(specs=(RSA,))
    server = made.simple(nickname="NSSNickname Server-Cert")
    server.start()
    renewed = made.store.leaf(Spec("Server-Cert", days=60, started=0))
    made.database.add(renewed)
    hand_over(made.database)
    server.graceful()
    with clients.connect(server.port, clients.context()) as sock:
        assert sock.getpeercert(binary_form=True) == renewed.der
