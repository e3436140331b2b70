"""PINs: every dialogue, every form of the file, and what happens when something is wrong with them."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ready
from tests.support import clients, places, processes
from tests.support.database import PIN
from tests.support.places import FIXTURES
from tests.support.processes import wait_until

FORMS = sorted(path.name for path in (FIXTURES / "realworld" / "password.conf.d").iterdir())


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_the_pin_file(ready: Callable[..., Ready], form: str) -> None:
    """Every form of PIN file met in the field opens the database."""
    made = ready()
    text = (FIXTURES / "realworld" / "password.conf.d" / form).read_text().replace("@PW@", PIN)
    made.server.write("conf/pin", text, 0o600)
    server = made.simple()
    server.start()
    assert clients.get(server.port).status == 200


@pytest.mark.parametrize("line", [f"internal={PIN}", f"NSS Certificate DB:{PIN}", f"internal:{PIN}\r"])
def test_other_forms(ready: Callable[..., Ready], line: str) -> None:
    """Dogtag's equals sign, the token's own name, and a file from Windows."""
    made = ready()
    made.server.pin_file("# PINs", line)
    server = made.simple()
    server.start()
    assert clients.get(server.port).status == 200


@pytest.mark.parametrize("pin", ["x", "with:colon", "tab\tinside", "ümlaut ☃", "p" * 200])
def test_odd_pins(ready: Callable[..., Ready], pin: str) -> None:
    """One character, a colon, a tab, other alphabets, two hundred characters: all reach the children."""
    made = ready(pin=pin)
    server = made.simple()
    server.start()
    assert clients.get(server.port).status == 200
    server.graceful()
    assert clients.get(server.port).status == 200


def test_defer(ready: Callable[..., Ready]) -> None:
    """defer: reads the same file."""
    server = ready().simple(NSSPassPhraseDialog='"defer:{root}/conf/pin"')
    server.start()
    assert clients.get(server.port).status == 200


def test_path_relative_to_server_root(ready: Callable[..., Ready]) -> None:
    """The path of the PIN file is taken from ServerRoot."""
    server = ready().simple(NSSPassPhraseDialog="file:conf/pin")
    server.start()
    assert clients.get(server.port).status == 200


def test_exec(ready: Callable[..., Ready]) -> None:
    """exec: runs the program with the token's name and the word NSS, and takes the first line."""
    made = ready()
    script = made.server.write(
        "conf/ask",
        f"#!/bin/sh\necho \"$# $1 $2\" >> '{made.server.root}/conf/asked'\necho '{PIN}'\necho 'second line'\n",
        0o755,
    )
    server = made.simple(NSSPassPhraseDialog=f'"exec:{script}"')
    server.start()
    assert clients.get(server.port).status == 200
    server.graceful()
    assert clients.get(server.port).status == 200
    asked = (server.root / "conf" / "asked").read_text().splitlines()
    assert asked == ["2 internal NSS"], asked


@pytest.mark.parametrize("script", ["#!/bin/sh\necho wrong\n", "#!/bin/sh\nexit 3\n", "#!/nonexistent/shell\n"])
def test_exec_that_fails(ready: Callable[..., Ready], script: str) -> None:
    """A program that gives a wrong PIN, none, or cannot run, stops the start with its name."""
    made = ready()
    path = made.server.write("conf/ask", script, 0o755)
    server = made.simple(NSSPassPhraseDialog=f'"exec:{path}"')
    said = server.start_fails()
    assert "NSSPassPhraseDialog" in said and ("PIN" in said or "conf/ask" in said)
    server.expect("NSS")


def test_builtin_from_a_pipe(ready: Callable[..., Ready]) -> None:
    """builtin without a terminal reads one line of standard input, as ``echo PIN | httpd`` did."""
    server = ready().simple(NSSPassPhraseDialog="builtin")
    with subprocess.Popen(["printf", "%s\\n", PIN], stdout=subprocess.PIPE) as source:
        server.start(stdin=source.stdout)
    assert clients.get(server.port).status == 200
    server.graceful()
    assert clients.get(server.port).status == 200


def test_builtin_on_a_terminal(ready: Callable[..., Ready]) -> None:
    """builtin on a terminal names the token, does not show the PIN, and asks again after a wrong one."""
    server = ready().simple(NSSPassPhraseDialog="builtin")
    master, slave = pty.openpty()
    program = (
        "import os, sys, fcntl, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, *server.command("-DFOREGROUND")],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=server.environment(),
    )
    os.close(slave)
    server.process = child
    seen = b""

    def read_until(word: bytes, times: int) -> None:
        nonlocal seen
        end = time.monotonic() + 30
        while seen.count(word) < times:
            assert time.monotonic() < end, seen
            seen += os.read(master, 1000)

    try:
        read_until(b"PIN for token", 1)
        assert str(server.root / "alias").encode() in seen or b"internal" in seen or b"NSS Certificate DB" in seen
        os.write(master, b"a wrong one\n")
        read_until(b"PIN for token", 2)
        os.write(master, PIN.encode() + b"\n")
        server.wait_started()
        assert clients.get(server.port).status == 200
        assert PIN.encode() not in seen and b"a wrong one" not in seen
        server.stop()
    finally:
        os.close(master)


def test_builtin_without_anybody(ready: Callable[..., Ready]) -> None:
    """builtin with no standard input ends at once, with the ways out."""
    server = ready().simple(NSSPassPhraseDialog="builtin")
    said = server.start_fails(timeout=30)
    assert "file:" in said and "NSSPassPhraseDialog" in said
    server.expect("NSS")


@pytest.mark.parametrize("line", ["internal", "internal:", "nonsense without end", ""])
def test_useless_lines(ready: Callable[..., Ready], line: str) -> None:
    """A line without colon, without PIN, for nobody, or no line at all: a message, no crash, no endless prompt."""
    made = ready()
    made.server.pin_file(line)
    server = made.simple()
    said = server.start_fails(timeout=30)
    assert "NSSPassPhraseDialog" in said and "conf/pin" in said
    server.expect("NSS")


def test_pin_is_never_logged(ready: Callable[..., Ready]) -> None:
    """Not even at trace level is the PIN written anywhere."""
    made = ready()
    server = made.server
    server.log_level = "trace8"
    made.simple()
    server.start()
    clients.get(server.port)
    server.graceful()
    clients.get(server.port)
    server.stop()
    assert PIN not in server.log.text() + server.console()


def test_pin_file_that_is_wrong_later(ready: Callable[..., Ready]) -> None:
    """A file that is wrong at a graceful restart is told, and the server goes on with the PIN that it has."""
    made = ready()
    server = made.simple()
    server.start()
    server.expect("NSS0244", "NSS0415")
    (server.root / "conf" / "pin").write_text("internal:changed\n")
    server.graceful()
    assert clients.get(server.port).status == 200
    assert server.log.with_code("NSS0244") and server.log.with_code("NSS0415")
    for pid in server.children():
        os.kill(pid, signal.SIGKILL)
    server.expect("exit signal Killed")
    wait_until(server.children, "new children")
    assert clients.get(server.port).status == 200


def test_dead_helper_is_started_again(ready: Callable[..., Ready]) -> None:
    """nss_pcache killed: the running children go on, the next restart starts it again and says so."""
    made = ready()
    server = made.simple()
    server.start()
    server.wait_children(2)
    (helper,) = server.helpers()
    os.kill(helper, signal.SIGKILL)
    assert clients.get(server.port).status == 200
    server.expect("NSS0421")
    server.graceful()
    assert clients.get(server.port).status == 200
    assert server.log.with_code("NSS0421")
    assert server.helpers() and server.helpers() != [helper]


def test_dead_helper_and_a_new_child(ready: Callable[..., Ready]) -> None:
    """nss_pcache killed, then all children: new children say what is wrong and serve nothing, no plain text either."""
    server = ready().simple()
    server.start()
    (helper,) = server.helpers()
    os.kill(helper, signal.SIGKILL)
    old = server.children()
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    server.expect("NSS", "exit signal Killed")
    wait_until(lambda: server.log.count("NSS0443") + server.log.count("NSS04") > 1, "the new child to say it")
    with clients.raw(server.port, 20) as raw:
        raw.sendall(clients.client_hello())
        answer = clients.drain(raw)
    assert b"HTTP" not in answer and answer[:1] in (b"", b"\x15")
    assert server.running()


def test_full_disk_under_the_log(ready: Callable[..., Ready]) -> None:
    """A log on a full disk stops neither the start nor the service."""
    server = ready().simple(outer='CustomLog "/dev/full" "%{SSL_PROTOCOL}x"\n')
    conf = server.conf.read_text().replace(f'ErrorLog "{server.log.path}"', 'ErrorLog "/dev/full"')
    server.conf.write_text(conf)
    server.start(wait=False)

    def answers() -> bool:
        try:
            return clients.get(server.port).status == 200
        except OSError:
            return False

    wait_until(answers, "the server to answer", 30)
    for _ in range(20):
        assert clients.get(server.port).status == 200
    assert server.running()


@pytest.mark.skipif(not places.ROOT, reason="httpd's children are another user only when root starts it")
def test_pin_file_needs_not_be_readable_for_children(ready: Callable[..., Ready]) -> None:
    """The PIN file belongs to root alone; the original needed it readable for the children."""
    made = ready()
    server = made.simple()
    assert Path(server.root / "conf" / "pin").stat().st_uid == 0
    server.start()
    assert clients.get(server.port).status == 200


def test_database_that_breaks_while_running(ready: Callable[..., Ready]) -> None:
    """The database is destroyed under a running server: the children serve on; mended, it serves after a restart."""
    made = ready()
    server = made.simple()
    server.start()
    server.wait_children(2)
    assert clients.get(server.port).status == 200
    saved = {path: path.read_bytes() for path in made.database.folder.iterdir() if path.name.endswith(".db")}
    for path in saved:
        path.write_bytes(b"broken")
    assert clients.get(server.port).status == 200
    for path, data in saved.items():
        path.write_bytes(data)
    server.graceful()
    assert clients.get(server.port).status == 200
    assert not [pid for pid in server.helpers() if not processes.alive(pid)]
