"""The PIN file: ``token:PIN``, one a line.

The rules, with the original's traps mended:

* The token is compared whole. A prefix is no match; where a token's name holds colons, the
  longest name that fits the line wins.
* ``token=PIN`` and a leading ``hardware-`` are read too: Dogtag writes its files that way.
* Blank lines and lines that begin with ``#`` are skipped. Blanks around name and PIN do not
  count, nor does a carriage return, nor a missing newline at the end.
* ``internal``, ``NSS Certificate DB`` and ``NSS FIPS 140-2 Certificate DB`` are all the
  software token. Where several lines name it, the one that says what NSS calls it in this mode
  is tried first: in FIPS mode the FIPS name, else ``internal``.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from nsspy.errors import Finding, NSSPyError, Place, finding
from nsspy.errors import database as messages
from nsspy.tokens.pin import Pin

INTERNAL = "internal"
INTERNAL_LABEL = "NSS Certificate DB"
FIPS_LABEL = "NSS FIPS 140-2 Certificate DB"

#: Orders in which lines for the software token are tried.
_INTERNAL_ORDER = (INTERNAL, INTERNAL_LABEL, FIPS_LABEL)
_FIPS_ORDER = (FIPS_LABEL, INTERNAL, INTERNAL_LABEL)

#: More than this is no PIN file; it is not read into memory.
_MAX_BYTES = 1 << 20
_HARDWARE = b"hardware-"
_BLANKS = b" \t\r\n\v\f"


def is_internal(label: str) -> bool:
    """True for every name of the software token."""
    return label in _INTERNAL_ORDER


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: bytearray


class PinFile:
    """A PIN file as read. ``findings`` holds a WARNING for every line that is none.

    ``wipe`` overwrites the content; the PINs handed out are copies with an owner of their own.
    """

    def __init__(self, path: str, lines: list[_Line], findings: tuple[Finding, ...]) -> None:
        self.path = path
        self.findings = findings
        self._lines = lines

    def pins(self, label: str, *, internal: bool = False, fips: bool = False, known: tuple[str, ...] = ()) -> list[Pin]:
        """PINs for a token in the order to be tried; empty when the file has no line for it.

        *label* is the token's own; with *internal* every name of the software token counts.
        *known* are the labels of all tokens: a line belongs to the longest of them that fits.
        """
        names = [label]
        if internal or is_internal(label):
            order = _FIPS_ORDER if fips else _INTERNAL_ORDER
            names = [*order, *(one for one in names if one not in order)]
        found: list[Pin] = []
        for name in names:
            wanted = name.encode("utf-8", "surrogateescape")
            # The last line for a name wins, as it always has.
            for line in reversed(self._lines):
                value = _value(line.text, wanted)
                longest = _longest(line.text, (name, *known))
                if value is not None and longest == name:
                    found.append(Pin(value, f"{self.path}:{line.number}"))
                    break
        return found

    def labels(self, known: tuple[str, ...] = ()) -> list[str]:
        """Names at the head of the lines, for a message: never what follows them.

        A line of one of the *known* tokens gives that token's name, any other what stands before
        its first separator.
        """
        labels: list[str] = []
        for line in self._lines:
            name = _longest(line.text, known)
            if name is None:
                name = bytes(line.text[: _separator(line.text)]).strip(_BLANKS).decode("utf-8", "replace")
            if name not in labels:
                labels.append(name)
        return labels

    def wipe(self) -> None:
        """Overwrites the content."""
        for line in self._lines:
            for at in range(len(line.text)):
                line.text[at] = 0
        self._lines.clear()


def read(path: str, *, place: Place | None = None) -> PinFile:
    """Reads the PIN file at an absolute *path*.

    Raises NSSPyError (NSS0240) when it cannot be read. A line without a separator becomes a
    WARNING with its number, never its content.
    """
    content = _content(path, place)
    lines: list[_Line] = []
    findings: list[Finding] = []
    number = 0
    at = 0
    while at < len(content):
        number += 1
        end = content.find(b"\n", at)
        end = len(content) if end < 0 else end
        text = content[at:end].strip(_BLANKS)
        if number == 1 and text.startswith(b"\xef\xbb\xbf"):
            text = text[3:]
        at = end + 1
        if not text or text.startswith(b"#"):
            continue
        if _separator(text) <= 0:
            findings.append(finding(messages.PIN_LINE_MALFORMED, place=place, path=path, line=number))
            continue
        lines.append(_Line(number, text))
    for offset in range(len(content)):
        content[offset] = 0
    return PinFile(path, lines, tuple(findings))


def _content(path: str, place: Place | None) -> bytearray:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise _unreadable(path, "it is no regular file", place)
            if about.st_size > _MAX_BYTES:
                raise _unreadable(path, f"it has {about.st_size} bytes, which is no PIN file", place)
            buffer = bytearray(_MAX_BYTES if about.st_size == 0 else about.st_size + 1)
            with os.fdopen(os.dup(descriptor), "rb", buffering=0) as stream:
                got = stream.readinto(buffer) or 0
            del buffer[got:]
            return buffer
        finally:
            os.close(descriptor)
    except OSError as error:
        reason = error.strerror or str(error)
        raise _unreadable(path, f"{reason} as user id {os.geteuid()}", place) from error


def _unreadable(path: str, reason: str, place: Place | None) -> NSSPyError:
    return NSSPyError(finding(messages.PIN_FILE_UNREADABLE, place=place, path=path, reason=reason))


def _separator(text: bytearray) -> int:
    places = [at for at in (text.find(b":"), text.find(b"=")) if at >= 0]
    return min(places) if places else -1


def _value(text: bytearray, name: bytes) -> bytearray | None:
    """The PIN of a line that names this token, None for another's line."""
    for head in (name, _HARDWARE + name):
        if not text.startswith(head):
            continue
        rest = text[len(head) :].lstrip(_BLANKS)
        if rest.startswith((b":", b"=")):
            return rest[1:].strip(_BLANKS)
    return None


def _longest(text: bytearray, known: tuple[str, ...]) -> str | None:
    """The longest of the names that the line can belong to."""
    fitting = [name for name in known if _value(text, name.encode("utf-8", "surrogateescape")) is not None]
    return max(fitting, key=len) if fitting else None
