"""nss_pcache, the real program, over its real socket."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "build" / "nss_pcache"
T = TypeVar("T")
SECRET = b"correct horse battery staple"


def netstring(data: bytes) -> bytes:
    """*data* as the protocol writes it."""
    return b"%d:%s," % (len(data), data)


class Cache:
    """A running nss_pcache and the end of its socket that httpd's processes hold."""

    def __init__(self, *uids: int) -> None:
        self.socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        # bash moves the descriptor (sh knows one digit): 3 is where the program looks for it.
        command = ["bash", "-c", f'exec 3<&{other.fileno()}; exec "$0" "$@"', str(PROGRAM), *map(str, uids)]
        self.process = subprocess.Popen(command, pass_fds=[other.fileno()], stdin=subprocess.DEVNULL)
        other.close()

    def send(self, request: bytes, *, answers: int = 1) -> socket.socket:
        """Sends *request* with *answers* descriptors and returns the end to read the answer from."""
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            socket.send_fds(self.socket, [request], [theirs.fileno()] * answers)
        mine.settimeout(10)
        return mine

    def ask(self, request: bytes) -> bytes:
        """The answer to *request*; empty when it was dropped."""
        with self.send(request) as end:
            return end.recv(8192)

    def store(self, key: bytes, value: bytes) -> bytes:
        """The answer to a store."""
        return self.ask(b"S" + netstring(key) + netstring(value))

    def get(self, key: bytes) -> bytes:
        """The answer to a look-up."""
        return self.ask(b"G" + netstring(key))

    def close(self) -> int:
        """Closes the last end and returns the exit status."""
        self.socket.close()
        return self.process.wait(10)


@pytest.fixture
def cache() -> Iterator[Cache]:
    """One nss_pcache that hears root and this user."""
    one = Cache()
    yield one
    one.socket.close()
    if one.process.poll() is None:
        one.process.kill()
    one.process.wait(10)


def test_keeps_what_is_stored(cache: Cache) -> None:
    """A stored value is given back unchanged, bytes of every kind and NUL in the key included."""
    value = bytes(range(256)) * 16
    assert cache.store(b"\0ticket-key", value) == b"+0:,"
    assert cache.get(b"\0ticket-key") == b"+" + netstring(value)
    assert cache.store(b"empty", b"") == b"+0:,"
    assert cache.get(b"empty") == b"+0:,"
    assert cache.get(b"nobody") == b"-0:,"


def test_replaces_and_deletes(cache: Cache) -> None:
    """A second store replaces, a delete removes that key alone, a second delete finds nothing."""
    for number in range(5):
        cache.store(b"token %d" % number, b"old")
    cache.store(b"token 1", SECRET)
    assert cache.ask(b"D" + netstring(b"token 3")) == b"+0:,"
    assert cache.ask(b"D" + netstring(b"token 3")) == b"-0:,"
    assert cache.get(b"token 1") == b"+" + netstring(SECRET)
    assert cache.get(b"token 3") == b"-0:,"
    assert cache.get(b"token 4") == b"+3:old,"


def test_bounds(cache: Cache) -> None:
    """Keys end at 256 bytes, values at 4096, entries at 256; beyond is refused and changes nothing."""
    assert cache.store(b"k" * 256, b"v" * 4096) == b"+0:,"
    assert cache.store(b"k" * 257, b"v") == b"!0:,"
    assert cache.store(b"k", b"v" * 4097) == b"!0:,"
    assert cache.store(b"k" * 256, b"v" * 9000) == b"!0:,"
    for number in range(255):
        assert cache.store(b"%d" % number, b"v") == b"+0:,"
    assert cache.store(b"one too many", b"v") == b"!0:,"
    assert cache.store(b"17", b"replaced") == b"+0:,"
    assert cache.get(b"k" * 256) == b"+" + netstring(b"v" * 4096)
    cache.ask(b"D" + netstring(b"17"))
    assert cache.store(b"one too many", b"v") == b"+0:,"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"",
        b"G",
        b"X1:a,",
        b"G1:a",
        b"G2:a,",
        b"G1:a,x",
        b"G1:a,1:b,1:c,",
        b"G-1:a,",
        b"G:a,",
        b"G99999:a,",
        b"G18446744073709551615:a,",
        b"S1:a,99999999999999999999:b,",
    ],
)
def test_refuses_nonsense(cache: Cache, request_bytes: bytes) -> None:
    """Whatever is no request is refused, and the next request is served."""
    assert cache.ask(request_bytes) == b"!0:,"
    assert cache.ask(b"P0:,") == b"+0:,"


def test_needs_exactly_one_descriptor(cache: Cache) -> None:
    """Requests with no or several descriptors are dropped, and no descriptor stays open."""
    cache.socket.send(b"P0:,")
    cache.socket.send(b"")
    for answers in (2, 8, 20):
        with cache.send(b"P0:,", answers=answers) as end:
            assert end.recv(100) == b""
    cache.ask(b"P0:,")
    assert settled(lambda: sorted(map(int, os.listdir(f"/proc/{cache.process.pid}/fd"))), [0, 1, 2, 3]) == [0, 1, 2, 3]


def test_many_ask_at_once(cache: Cache) -> None:
    """Each asker gets its own answer over the one socket."""
    for number in range(32):
        cache.store(b"%d" % number, b"value %d" % number)
    wrong: list[bytes] = []

    def ask(number: int) -> None:
        for _ in range(50):
            answer = cache.get(b"%d" % number)
            if answer != b"+" + netstring(b"value %d" % number):
                wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_who_does_not_read_keeps_nobody_waiting(cache: Cache) -> None:
    """An answer nobody reads, or can read, does not stop the next one."""
    cache.store(b"k", b"v" * 4096)
    ends = [cache.send(b"G" + netstring(b"k")) for _ in range(20)]
    with cache.send(b"G" + netstring(b"k")) as gone:
        gone.shutdown(socket.SHUT_RD)
    read_only = os.open("/dev/null", os.O_RDONLY)
    socket.send_fds(cache.socket, [b"P0:,"], [read_only])
    os.close(read_only)
    assert cache.ask(b"P0:,") == b"+0:,"
    for end in ends:
        end.close()


def test_lives_until_the_last_end_is_closed(cache: Cache) -> None:
    """Signals of a terminal or of httpd's group leave it running; the end of all others ends it."""
    cache.store(b"k", SECRET)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGWINCH, signal.SIGTSTP):
        cache.process.send_signal(number)
    assert cache.get(b"k") == b"+" + netstring(SECRET)
    second = cache.socket.dup()
    cache.socket.close()
    cache.socket = second
    assert cache.get(b"k") == b"+" + netstring(SECRET)
    assert cache.close() == 0


def test_ends_on_sigterm(cache: Cache) -> None:
    """SIGTERM ends it with status 0."""
    cache.ask(b"P0:,")
    cache.process.terminate()
    assert cache.process.wait(10) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to ask as another user")
@pytest.mark.parametrize(("named", "heard"), [((), False), ((65534,), True)])
def test_hears_root_and_the_named_users(named: tuple[int, ...], heard: bool) -> None:
    """Another user is refused unless it was named; the kernel says who asks."""
    one = Cache(*named)
    one.store(b"k", SECRET)
    try:
        assert ask_as_nobody(one, b"G" + netstring(b"k")) == (b"+" + netstring(SECRET) if heard else b"!0:,")
        assert ask_as_nobody(one, b"U" + netstring(b"65534")) == b"!0:,"
        assert one.ask(b"U" + netstring(b"65534")) == b"+0:,"
        assert ask_as_nobody(one, b"G" + netstring(b"k")) == b"+" + netstring(SECRET)
    finally:
        assert one.close() == 0


def ask_as_nobody(cache: Cache, request: bytes) -> bytes:
    """The answer to *request* when uid 65534 sends it."""
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    mine.settimeout(10)
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        socket.send_fds(cache.socket, [request], [theirs.fileno()])
        os._exit(0)
    os.waitpid(child, 0)
    theirs.close()
    with mine:
        return mine.recv(8192)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to look into the memory of another process")
def test_overwrites_what_goes(cache: Cache) -> None:
    """After a delete the secret stands nowhere in its memory: neither in the entry nor in a buffer."""
    secret = b"a secret of this very test"
    cache.store(b"k", secret)
    cache.get(b"k")
    assert settled(lambda: occurrences(cache.process.pid, secret), 1) == 1
    cache.ask(b"D" + netstring(b"k"))
    assert settled(lambda: occurrences(cache.process.pid, secret), 0) == 0


def settled(look: Callable[[], T], wanted: T) -> T:
    """What *look* sees at last: the program answers first and cleans up then."""
    deadline = time.monotonic() + 10
    while (seen := look()) != wanted and time.monotonic() < deadline:
        time.sleep(0.01)
    return seen


def occurrences(pid: int, secret: bytes) -> int:
    """How often *secret* stands in the writable memory of *pid*."""
    count = 0
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            area, rights = line.split()[:2]
            if rights.startswith("rw"):
                start, end = (int(part, 16) for part in area.split("-"))
                memory.seek(start)
                count += memory.read(end - start).count(secret)
    return count


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to read the state of a protected process")
def test_protects_its_memory(cache: Cache) -> None:
    """No core file, nothing left of descriptors 0 to 2, and the memory is locked where that is allowed."""
    cache.ask(b"P0:,")
    process = Path(f"/proc/{cache.process.pid}")
    limits = {line[:26].strip(): line[26:].split()[:2] for line in (process / "limits").read_text().splitlines()}
    assert limits["Max core file size"] == ["0", "0"]
    for number in range(3):
        assert os.readlink(process / "fd" / str(number)) == "/dev/null"
    locked = next(line for line in (process / "status").read_text().splitlines() if line.startswith("VmLck"))
    assert int(locked.split()[1]) > 0


def test_says_what_it_is_when_started_by_hand() -> None:
    """Without its socket it explains itself and ends."""
    done = subprocess.run([PROGRAM], capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 2
    assert "started by mod_nss" in done.stderr
