"""NSSPassPhraseDialog: terminal, pipe, file, program, and what is said when none of them gives a PIN."""

from __future__ import annotations

import os
import pty
import signal
import stat
from pathlib import Path
from typing import Any

import pytest

from nsspy.certdb.slots import Token
from nsspy.errors import NSSPyError, Place
from nsspy.tokens import dialogs
from tests.support.processes import alive, wait_until
from tests.unit.certdb.inside import inside

SPEC = "sql:/etc/httpd/alias"
PLACE = Place("NSSPassPhraseDialog", "/etc/httpd/nss.conf", 3)


def token(label: str = "NSS Certificate DB", *, internal: bool = True, fips: bool = False) -> Token:
    """A token that wants a login; nothing here asks NSS."""
    return Token(label, internal, fips, "module", True, True, False, None)


def program(folder: Path, body: str) -> dialogs.Dialog:
    """An executable shell script as exec: dialogue."""
    path = folder / "get pin.sh"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return dialogs.Dialog("exec", str(path))


def ask(dialog: dialogs.Dialog, who: Token, reason: str = "") -> Any:
    """(PINs, their sources, findings), or the finding's text."""
    asker = dialogs.Asker(dialog, spec=SPEC, known=(who.label,), place=PLACE)
    try:
        pins = asker.pins(who, reason)
    except NSSPyError as error:
        return error.finding.text
    return (
        [bytes(pin.value) for pin in pins],
        [pin.source for pin in pins],
        [one.text[:7] for one in asker.findings],
    )


# ---- the directive -----------------------------------------------------------


def test_the_four_forms_are_understood(tmp_path: Path) -> None:
    """Any case, paths relative to ServerRoot."""
    (tmp_path / "pin").write_text("")
    for argument, expected in (
        ("builtin", dialogs.Dialog("builtin")),
        ("BuiltIn", dialogs.Dialog("builtin")),
        (f"file:{tmp_path}/pin", dialogs.Dialog("file", f"{tmp_path}/pin")),
        ("defer:pin", dialogs.Dialog("defer", f"{tmp_path}/pin")),
        ("EXEC:./pin", dialogs.Dialog("exec", f"{tmp_path}/pin")),
    ):
        assert dialogs.parse(argument, server_root=str(tmp_path)) == expected


@pytest.mark.parametrize("argument", ["", "terminal", "file", "file:", "exec:missing", "file:.", "pipe:pin"])
def test_other_forms_are_refused(tmp_path: Path, argument: str) -> None:
    """NSS0254 shows the argument and the forms there are."""
    with pytest.raises(NSSPyError) as caught:
        dialogs.parse(argument, server_root=str(tmp_path), place=PLACE)
    text = caught.value.finding.text
    assert text.startswith("NSS0254") and repr(argument) in text and "exec:PATH" in text


# ---- file and defer ----------------------------------------------------------


def test_a_file_gives_the_line_of_the_token(tmp_path: Path) -> None:
    """The PIN with file and line as its source."""
    path = tmp_path / "pin"
    path.write_text("internal:secret12\n")
    path.chmod(0o640)
    assert ask(dialogs.Dialog("file", str(path)), token()) == ([b"secret12"], [f"{path}:1"], [])


@pytest.mark.parametrize(
    ("who", "line"),
    [
        (token(), "internal:PIN"),
        (token("NSS FIPS 140-2 Certificate DB", fips=True), "NSS FIPS 140-2 Certificate DB:PIN"),
        (token("LunaSA Slot1", internal=False), "LunaSA Slot1:PIN"),
    ],
)
def test_a_token_without_line_is_an_error_that_shows_the_line(tmp_path: Path, who: Token, line: str) -> None:
    """NSS0242 lists the names in the file, no PIN, and the exact line to add."""
    path = tmp_path / "pin"
    path.write_text("Other HSM:hidden\n")
    text = ask(dialogs.Dialog("file", str(path)), who)
    assert text.startswith("NSS0242") and "lines for Other HSM" in text and f"add the line {line}" in text
    assert "hidden" not in text


def test_defer_leaves_a_token_without_line_alone(tmp_path: Path) -> None:
    """No PIN, no error, one INFO."""
    path = tmp_path / "pin"
    path.write_text("internal:secret12\n")
    path.chmod(0o600)
    dialog = dialogs.Dialog("defer", str(path))
    assert ask(dialog, token("HSM", internal=False)) == ([], [], ["NSS0255"])
    assert ask(dialog, token()) == ([b"secret12"], [f"{path}:1"], [])


def test_a_file_that_all_may_read_is_a_warning(tmp_path: Path) -> None:
    """0644: NSS0243, and the start goes on."""
    path = tmp_path / "pin"
    path.write_text("internal:secret12\n")
    path.chmod(0o644)
    assert ask(dialogs.Dialog("file", str(path)), token())[2] == ["NSS0243"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


# ---- exec --------------------------------------------------------------------


def test_a_program_gets_token_and_nss_and_runs_in_its_folder(tmp_path: Path) -> None:
    """Arguments and working directory as the original has them; the first line of the output is the PIN."""
    dialog = program(tmp_path, 'printf "%s|%s|%s\\r\\nsecond line\\n" "$1" "$2" "$PWD"')
    pins, sources, _ = ask(dialog, token())
    assert pins == [f"internal|NSS|{tmp_path}".encode()]
    assert sources == [f"the program {dialog.path}"]
    assert ask(dialog, token("My HSM", internal=False))[0] == [f"My HSM|NSS|{tmp_path}".encode()]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("echo pin; exit 3", "ended with status 3"),
        ("kill -9 $$", "ended by signal SIGKILL"),
        ("true", "printed nothing"),
        ("echo; echo pin", "printed nothing"),
    ],
)
def test_a_program_that_fails_is_an_error(tmp_path: Path, body: str, reason: str) -> None:
    """An exit status other than 0, a signal, an empty first line: NSS0248, and what it printed is no PIN."""
    dialog = program(tmp_path, body)
    text = ask(dialog, token())
    assert text.startswith("NSS0248") and reason in text and f'"{dialog.path}" internal NSS' in text


def test_a_program_that_cannot_start_is_an_error(tmp_path: Path) -> None:
    """Not executable: NSS0248 with the system's reason."""
    dialog = program(tmp_path, "echo pin")
    Path(dialog.path).chmod(0o644)
    text = ask(dialog, token())
    assert text.startswith("NSS0248") and "Permission denied" in text


def test_a_program_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time it is killed, with what it started: NSS0248."""
    monkeypatch.setattr(dialogs, "TIMEOUT_SECONDS", 0.5)
    dialog = program(tmp_path, f"sleep 1000 & echo $! >'{tmp_path}/pid'; wait")
    text = ask(dialog, token())
    assert text.startswith("NSS0248") and "no answer within" in text
    started = int((tmp_path / "pid").read_text())
    wait_until(lambda: not alive(started), "what the program started has ended")


# ---- builtin -----------------------------------------------------------------


def _with_input(descriptor: int, count: int, path: str, limit: float) -> Any:
    os.dup2(descriptor, 0)
    dialogs.SYSTEMD_RUNS = path
    os.environ["PATH"] = path
    dialogs.TIMEOUT_SECONDS = limit
    return [ask(dialogs.Dialog("builtin"), token(), "NSSNickname Server-Cert") for _ in range(count)]


def test_a_pipe_gives_one_line_for_each_token() -> None:
    """echo PIN | httpd: each question takes one line and leaves the next."""
    read, write = os.pipe()
    os.write(write, b"first\r\nsecond\nthird")
    os.close(write)
    answers = inside(_with_input, read, 4, "/nonexistent", 60)
    os.close(read)
    assert [one[0] for one in answers[:3]] == [[b"first"], [b"second"], [b"third"]]
    assert answers[3].startswith("NSS0247")


def test_nobody_to_ask_is_an_error_with_the_ways_out() -> None:
    """/dev/null and no systemd: NSS0247 at once, naming file, exec and the pipe."""
    with open("/dev/null", "rb") as null:
        [text] = inside(_with_input, null.fileno(), 1, "/nonexistent", 60)
    assert text.startswith("NSS0247")
    assert "file:PATH (a file with internal:PIN), exec:PROGRAM, or pipe" in text


def test_a_pipe_that_says_nothing_is_not_waited_for_for_ever() -> None:
    """An open pipe without data: the time-out ends it."""
    read, write = os.pipe()
    [text] = inside(_with_input, read, 1, "/nonexistent", 0.3)
    os.close(read)
    os.close(write)
    assert text.startswith("NSS0247")


def test_systemd_is_asked_where_there_is_no_terminal(tmp_path: Path) -> None:
    """systemd-ask-password gets a question that names token, database and need."""
    helper = tmp_path / "systemd-ask-password"
    helper.write_text(f"#!/bin/sh\nfor one; do echo \"$one\"; done >'{tmp_path}/asked'\necho answer\n")
    helper.chmod(0o755)
    with open("/dev/null", "rb") as null:
        [answer] = inside(_with_input, null.fileno(), 1, str(tmp_path), 60)
    assert isinstance(answer, tuple), answer
    assert answer[:2] == ([b"answer"], ["systemd-ask-password"])
    asked = (tmp_path / "asked").read_text()
    assert f'PIN for token "NSS Certificate DB" in {SPEC} (needed by NSSNickname Server-Cert)' in asked


def test_at_a_terminal_the_prompt_says_what_for_and_shows_no_pin() -> None:
    """The prompt names token, database and need; what is typed is not echoed, and echo is back afterwards."""
    child, terminal = pty.fork()
    if child == 0:
        try:
            signal.alarm(30)
            pins, sources, _ = ask(dialogs.Dialog("builtin"), token(), "NSSNickname Server-Cert")
            os.write(1, b"GOT %d %s\n" % (len(pins[0]), sources[0].encode()))
            os.write(1, b"ECHO " + os.read(0, 100))
        finally:
            os._exit(0)
    seen = b""

    def until(end: bytes) -> None:
        nonlocal seen
        while end not in seen:
            seen += os.read(terminal, 1000)

    until(b"Server-Cert): ")
    os.write(terminal, b"hunter22\n")
    until(b"GOT 8 the terminal")
    os.write(terminal, b"visible\n")
    until(b"ECHO visible")
    os.close(terminal)
    os.waitpid(child, 0)
    assert f'PIN for token "NSS Certificate DB" in {SPEC} (needed by NSSNickname Server-Cert): '.encode() in seen
    assert b"hunter22" not in seen and seen.count(b"visible") == 2
