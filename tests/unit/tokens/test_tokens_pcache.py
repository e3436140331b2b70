"""The client of nss_pcache, against the real program, and against what a sick one would do."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nsspy.certdb.database import open_database
from nsspy.certdb.slots import internal_token
from nsspy.errors import NSSPyError
from nsspy.tokens import login as logins
from nsspy.tokens import pcache
from tests.support.database import PIN, RSA, Store
from tests.unit.certdb.inside import inside

SOURCE = Path(__file__).resolve().parents[3] / "cext" / "pcache.c"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """nss_pcache, compiled from its one source."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler, "a C compiler builds everything here"
    target = tmp_path_factory.mktemp("pcache") / "nss_pcache"
    subprocess.run([compiler, "-std=gnu11", "-D_GNU_SOURCE", "-o", str(target), str(SOURCE)], check=True)
    return target


@pytest.fixture
def running(program: Path) -> Iterator[int]:
    """The descriptor of a running nss_pcache; it ends when this is closed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            # As the parent does: what is sent before the program has set it would have no sender.
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            child = os.posix_spawn(
                program,
                [str(program), str(os.getuid())],
                os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), 3)],
            )
        yield ours.fileno()
    _, status = os.waitpid(child, 0)
    assert status == 0


def test_what_is_stored_comes_back_until_it_is_deleted(running: int) -> None:
    """Store, get, replace, delete, with every byte a PIN can have."""
    client = pcache.Client(running)
    client.ping()
    assert client.get(b"internal") is None
    for value in (bytes(range(256)), b"", b"x", b"y" * 4096):
        client.store(b"internal", bytearray(value))
        assert client.get(b"internal") == value
    client.store(b"a:b,\tc", b"other")
    client.delete(b"internal")
    client.delete(b"internal")
    assert client.get(b"internal") is None and client.get(b"a:b,\tc") == b"other"


def test_what_is_too_large_is_refused_and_nothing_is_lost(running: int) -> None:
    """A value beyond the protocol is an error; what was kept stays."""
    client = pcache.Client(running)
    client.store(b"internal", b"kept")
    for size in (4097, 8192, 100_000):
        with pytest.raises(pcache.PcacheError):
            client.store(b"internal", b"z" * size)
    assert client.get(b"internal") == b"kept"


def test_many_askers_never_get_each_others_answers(running: int) -> None:
    """Threads over one socket: each reads its own value, every time."""
    for number in range(8):
        pcache.Client(running).store(b"token %d" % number, b"pin %d" % number * 50)
    wrong: list[int] = []

    def ask(number: int) -> None:
        client = pcache.Client(running)
        for _ in range(100):
            if client.get(b"token %d" % number) != b"pin %d" % number * 50:
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_no_descriptor_stays_open(running: int) -> None:
    """A thousand questions leave as many descriptors as before."""
    client = pcache.Client(running)
    client.store(b"k", b"v")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(1000):
        client.get(b"k")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_program_that_has_ended_is_an_error(program: Path) -> None:
    """Nobody at the other end: an error at once, for every request."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.close()
    with ours, pytest.raises(pcache.PcacheError, match="does not answer"):
        pcache.Client(ours.fileno()).get(b"internal")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (b"!0:,", "refused"),
        (b"", "has ended"),
        (b"?0:,", "that is none"),
        (b"+5:abc,", "wrong length"),
        (b"+3abc", "without a length"),
        (b"+-1:,", "without a length"),
        (b"+3:abcX", "wrong length"),
        (None, "no answer within"),
    ],
)
def test_a_sick_program_is_an_error(monkeypatch: pytest.MonkeyPatch, answer: bytes | None, text: str) -> None:
    """Refusal, silence, an end in the middle, answers that are none: each is told, none is taken for a PIN."""
    monkeypatch.setattr(pcache, "TIMEOUT_SECONDS", 0.3)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    done = threading.Event()

    def serve() -> None:
        _, descriptors, _, _ = socket.recv_fds(theirs, 8192, 4)
        with socket.socket(fileno=descriptors[0]) as back:
            if answer is None:
                done.wait(5)
            elif answer:
                back.send(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with pytest.raises(pcache.PcacheError, match=text):
            pcache.Client(ours.fileno()).get(b"internal")
    finally:
        done.set()
        thread.join()
        ours.close()
        theirs.close()


def _child(spec: str, descriptor: int) -> tuple[bool, str]:
    with open_database(spec):
        token = internal_token()
        try:
            logins.login_from_pcache(token, pcache.Client(descriptor), spec=spec)
        except NSSPyError as error:
            return token.logged_in, error.finding.text
        return token.logged_in, ""


def test_a_child_logs_in_with_the_pin_that_is_kept(running: int, store: Store, tmp_path: Path) -> None:
    """What the start stored opens the token in a child."""
    spec = store.copy(tmp_path / "alias", (RSA,)).spec
    pcache.Client(running).store(b"internal", PIN.encode())
    assert inside(_child, spec, running) == (True, "")


def test_a_child_that_is_refused_takes_the_pin_out(running: int, store: Store, tmp_path: Path) -> None:
    """The PIN was changed meanwhile: one child tries, the next ones do not."""
    spec = store.copy(tmp_path / "alias", (RSA,)).spec
    pcache.Client(running).store(b"internal", b"old PIN")
    logged_in, text = inside(_child, spec, running)
    assert not logged_in and text.startswith("NSS0244") and "nss_pcache" in text
    assert pcache.Client(running).get(b"internal") is None
    logged_in, text = inside(_child, spec, running)
    assert not logged_in and text.startswith("NSS0250")


def test_a_child_without_nss_pcache_says_so(store: Store, tmp_path: Path) -> None:
    """nss_pcache is gone: NSS0249 and what to do."""
    spec = store.copy(tmp_path / "alias", (RSA,)).spec
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.close()
    with ours:
        logged_in, text = inside(_child, spec, ours.fileno())
    assert not logged_in and text.startswith("NSS0249") and "restart httpd gracefully" in text
