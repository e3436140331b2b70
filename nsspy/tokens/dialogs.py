"""NSSPassPhraseDialog: where PINs come from at the start.

``builtin`` asks at the terminal; ``file:PATH`` and ``defer:PATH`` read the PIN file; ``exec:PATH``
runs a program. Runs in the planner only: it inherits httpd's standard input and terminal. A
source that gives nothing is an error with a number, never a prompt at a place where nobody sits.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from nsspy.certdb.slots import Token
from nsspy.errors import Finding, Message, NSSPyError, Place, finding
from nsspy.errors import database as messages
from nsspy.tokens import pinfile
from nsspy.tokens.pin import Pin

TIMEOUT_SECONDS = 60.0
#: The longest PIN that is read from a terminal, a pipe or a program.
MAX_PIN_BYTES = 1024
#: systemd's own sign that it runs the machine (sd_booted(3)).
SYSTEMD_RUNS = "/run/systemd/system"
_KINDS = ("file", "defer", "exec")


@dataclass(frozen=True, slots=True)
class Dialog:
    """The directive, parsed. ``kind`` is builtin, file, defer or exec; ``path`` absolute, "" for builtin."""

    kind: str
    path: str = ""


def parse(argument: str, *, server_root: str = "/", place: Place | None = None) -> Dialog:
    """Reads the argument of NSSPassPhraseDialog; a relative path counts from *server_root*.

    Raises NSSPyError (NSS0254). Whether the file can be read is found out when it is read.
    """

    def wrong(reason: str) -> NSSPyError:
        return NSSPyError(finding(messages.DIALOG_INVALID, place=place, argument=argument, reason=reason))

    if argument.lower() == "builtin":
        return Dialog("builtin")
    kind, colon, rest = argument.partition(":")
    kind = kind.lower()
    if not colon or kind not in _KINDS:
        raise wrong("it is none of them")
    if not rest:
        raise wrong("the path is missing")
    path = os.path.normpath(os.path.join(server_root, rest))
    try:
        about = os.stat(path)
    except PermissionError:
        # Judged by who reads it.
        return Dialog(kind, path)
    except OSError as error:
        raise wrong(f"{path}: {error.strerror}") from error
    if not stat.S_ISREG(about.st_mode):
        raise wrong(f"{path} is no regular file")
    return Dialog(kind, path)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A PIN file that was read before it was needed, with its permission bits; or why that failed."""

    content: pinfile.PinFile | NSSPyError
    mode: int = 0


def prepare(dialog: Dialog, *, place: Place | None = None) -> Prepared | None:
    """Reads the PIN file of a dialogue now, for a process that may not do so later. None: there is no file."""
    if dialog.kind not in ("file", "defer"):
        return None
    try:
        content = pinfile.read(dialog.path, place=place)
        return Prepared(content, stat.S_IMODE(os.stat(dialog.path).st_mode))
    except NSSPyError as error:
        return Prepared(error)


class Asker:
    """Gets PINs for tokens in the way a dialogue says. ``findings`` grows as files are read.

    One object serves one start: the PIN file is read once.
    """

    def __init__(
        self,
        dialog: Dialog,
        *,
        spec: str,
        known: tuple[str, ...] = (),
        place: Place | None = None,
        prepared: Prepared | None = None,
    ) -> None:
        """*spec* is the database in prompts and messages, *known* the labels of all tokens.

        *prepared* is the PIN file if it was read already; the asker wipes it.
        """
        self.findings: list[Finding] = []
        self._dialog = dialog
        self._spec = spec
        self._known = known
        self._place = place
        self._prepared = prepared
        self._file: pinfile.PinFile | None = None

    def pins(self, token: Token, reason: str = "") -> list[Pin]:
        """PINs for the token, in the order to be tried. *reason* says in a prompt what they are for.

        Empty only with ``defer``, where a token without a line is left alone (an INFO finding says
        so). Raises NSSPyError NSS0240, 0242, 0247 or 0248.
        """
        if self._dialog.kind in ("file", "defer"):
            return self._from_file(token)
        if self._dialog.kind == "exec":
            return [self._from_program(token)]
        return [self._from_person(token, reason)]

    def close(self) -> None:
        """Wipes what was read of the PIN file."""
        held = self._file or (self._prepared and self._prepared.content)
        if isinstance(held, pinfile.PinFile):
            held.wipe()
        self._file = self._prepared = None

    def _from_file(self, token: Token) -> list[Pin]:
        path = self._dialog.path
        if self._file is None:
            self._prepared = read = self._prepared or prepare(self._dialog, place=self._place)
            assert read is not None
            if isinstance(read.content, NSSPyError):
                raise read.content
            self._file = read.content
            self.findings.extend(self._file.findings)
            if read.mode & stat.S_IROTH:
                self.findings.append(
                    finding(messages.PIN_FILE_OPEN, place=self._place, path=path, mode=f"{read.mode:04o}")
                )
        found = self._file.pins(token.label, internal=token.internal, fips=token.fips, known=self._known)
        if found:
            return found
        if self._dialog.kind == "defer":
            self.findings.append(self._finding(messages.TOKEN_DEFERRED, token, path=path))
            return []
        labels = ", ".join(self._file.labels(self._known)) or "no token"
        raise NSSPyError(
            self._finding(messages.PIN_NOT_IN_FILE, token, path=path, labels=labels, line=_line_name(token))
        )

    def _from_program(self, token: Token) -> Pin:
        path = self._dialog.path
        command = [path, _line_name(token), "NSS"]
        try:
            value = _first_line_of(command)
        except _NoPin as error:
            raise NSSPyError(
                self._finding(
                    messages.PIN_PROGRAM_FAILED,
                    token,
                    path=path,
                    reason=str(error),
                    command=subprocess.list2cmdline(command),
                )
            ) from error
        return Pin(value, f"the program {path}")

    def _from_person(self, token: Token, reason: str) -> Pin:
        needed = f" (needed by {reason})" if reason else ""
        prompt = f'PIN for token "{token.label}" in {self._spec}{needed}: '
        standard_input = 0
        if os.isatty(standard_input):
            return Pin(_from_terminal(standard_input, prompt), "the terminal")
        piped = _from_pipe(standard_input)
        if piped is not None:
            return Pin(piped, "standard input")
        # Where systemd is installed but does not run nobody would ever answer.
        helper = shutil.which("systemd-ask-password") if os.path.isdir(SYSTEMD_RUNS) else None
        if helper is not None:
            # systemd-ask-password asks whoever is at the console, by way of its agents.
            command = [helper, f"--timeout={TIMEOUT_SECONDS:.0f}", "--id=mod_nss", prompt.rstrip(": ")]
            try:
                return Pin(_first_line_of(command, TIMEOUT_SECONDS + 5), "systemd-ask-password")
            except _NoPin as error:
                asked = f"{helper} {error}"
        else:
            asked = "systemd-ask-password is not installed or systemd does not run"
        raise NSSPyError(self._finding(messages.PIN_NO_TERMINAL, token, line=_line_name(token), asked=asked))

    def _finding(self, message: Message, token: Token, **fields: object) -> Finding:
        everything: dict[str, object] = {"token": token.label, "spec": self._spec, **fields}
        return finding(message, server=-1, place=self._place, **everything)


class _NoPin(Exception):
    """A source gave no PIN; the text continues "the program PATH …"."""


def _line_name(token: Token) -> str:
    """The name of a token in a PIN file and for a program: what the documentation says."""
    if not token.internal:
        return token.label
    return token.label if token.fips else pinfile.INTERNAL


def _first_line_of(command: list[str], limit: float | None = None) -> bytearray:
    """Runs a program in its own folder and takes the first line of its output.

    It has the terminal and the environment of httpd, and *limit* seconds (TIMEOUT_SECONDS). Raises _NoPin.
    """
    limit = TIMEOUT_SECONDS if limit is None else limit
    try:
        running = subprocess.Popen(
            command, stdin=None, stdout=subprocess.PIPE, cwd=os.path.dirname(command[0]) or "/", start_new_session=False
        )
    except OSError as error:
        raise _NoPin(f"cannot be started ({error.strerror})") from error
    deadline = time.monotonic() + limit
    try:
        output = _read_until_end(running, deadline, limit)
        status = running.wait(timeout=max(deadline - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired as error:
        _end(running.pid)
        running.wait()
        raise _NoPin(f"gave no answer within {limit:.0f} seconds and was ended") from error
    finally:
        if running.stdout is not None:
            running.stdout.close()
    if status < 0:
        raise _NoPin(f"was ended by signal {signal.Signals(-status).name}")
    if status != 0:
        raise _NoPin(f"ended with status {status}")
    line = _first_line(output)
    if not line:
        raise _NoPin("printed nothing on the first line of its output")
    return line


def _end(leader: int) -> None:
    """Kills a program of ours and what it started. It shares our process group, for the terminal's sake."""
    family = [leader]
    for one in family:
        # A process that has just ended has no list any more.
        with suppress(OSError), open(f"/proc/{one}/task/{one}/children", encoding="ascii") as stream:
            family.extend(int(word) for word in stream.read().split())
    for one in family:
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def _read_until_end(running: subprocess.Popen[bytes], deadline: float, limit: float) -> bytearray:
    """The output, at most the size of a PIN of it; raises TimeoutExpired."""
    assert running.stdout is not None
    descriptor = running.stdout.fileno()
    output = bytearray()
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            raise subprocess.TimeoutExpired(running.args, limit)
        chunk = os.read(descriptor, 4096)
        if not chunk:
            return output
        if len(output) <= MAX_PIN_BYTES:
            output += chunk


def _first_line(data: bytearray) -> bytearray:
    ends = [at for at in (data.find(b"\n"), data.find(b"\r")) if at >= 0]
    return data[: min(ends)] if ends else data


def _from_pipe(descriptor: int) -> bytearray | None:
    """One line of a pipe, file or socket on standard input, byte by byte so that the next PIN stays there.

    None at its end, when there is no such thing, or when nothing comes in time.
    """
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return None
    if stat.S_ISCHR(mode):
        # /dev/null: what a service manager gives.
        return None
    deadline = time.monotonic() + TIMEOUT_SECONDS
    line = bytearray()
    while len(line) < MAX_PIN_BYTES:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            return None
        byte = os.read(descriptor, 1)
        if not byte:
            return line or None
        if byte == b"\n":
            break
        line += byte
    return line.removesuffix(b"\r")


def _from_terminal(descriptor: int, prompt: str) -> bytearray:
    """Asks at the terminal of standard input, without echo."""
    with _no_echo(descriptor) as output:
        output.write(prompt)
        output.flush()
        line = bytearray()
        while len(line) < MAX_PIN_BYTES:
            byte = os.read(descriptor, 1)
            if not byte or byte in b"\r\n":
                break
            line += byte
        output.write("\n")
        output.flush()
    return line


@contextmanager
def _no_echo(descriptor: int) -> Iterator[_Screen]:
    import termios

    before = termios.tcgetattr(descriptor)
    silent = termios.tcgetattr(descriptor)
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSAFLUSH, silent)
    try:
        yield _Screen(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)


class _Screen:
    """Where a prompt appears: the terminal that standard input is, whatever became of standard error."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, text: str) -> None:
        """Writes to the terminal itself."""
        try:
            with open(os.ttyname(self._descriptor), "w", encoding="utf-8", errors="replace") as stream:
                stream.write(text)
        except OSError:
            sys.stderr.write(text)

    def flush(self) -> None:
        """Nothing is kept back on the terminal; standard error may be."""
        sys.stderr.flush()
