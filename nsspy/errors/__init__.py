"""The one table of messages: number, level, text, cause, outcome, action.

Everything that mod_nss or nsspy says at WARNING or above, and every INFO line of the
server, has a number here. C constants (``build/generated/nss_messages.h``) and
``docs/errors.md`` are generated from this table; a number is never used again.

The rows stand in one module per area: ``configuration`` (1-199), ``database`` (200-399),
``process`` (400-499), ``connection`` (500-699), ``engine`` (planner and engine, 700-799).
``text`` is one line: *what failed: object; likely cause; what to do*. Rows of the C shim have
printf conversions in it (they become format strings), rows of Python have ``str.format`` fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """Severity, numbered as syslog and httpd's APLOG_* number it."""

    ERROR = 3
    WARNING = 4
    INFO = 6
    DEBUG = 7


@dataclass(frozen=True, slots=True)
class Message:
    """One row of the table.

    ``in_c`` is true for rows that the C shim emits. ``cause``, ``outcome`` and ``action``
    are sentences for ``docs/errors.md``.
    """

    number: int
    level: Level
    text: str
    cause: str
    outcome: str
    action: str
    in_c: bool = False

    @property
    def code(self) -> str:
        """The code as logged, ``NSS0123``."""
        return f"NSS{self.number:04d}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a directive stands: its name, absolute file and line."""

    directive: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.directive} ({self.file}:{self.line})"


@dataclass(frozen=True, slots=True)
class Finding:
    """One message about one object, ready to be shown or logged.

    ``server`` is the place of the virtual host in httpd's server list, -1 for the whole
    server. ``text`` is the whole line, code included.
    """

    message: Message
    text: str
    server: int = -1
    place: Place | None = None

    @property
    def level(self) -> Level:
        """Severity of the message."""
        return self.message.level


class NSSPyError(Exception):
    """Carries one ERROR finding up to whoever can report it."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text)
        self.finding = finding


def messages() -> dict[int, Message]:
    """All rows by number.

    Raises ValueError when two rows share a number: the table itself is wrong then.
    """
    from nsspy.errors import configuration, connection, database, engine, process

    table: dict[int, Message] = {}
    for area in (configuration, database, process, connection, engine):
        for row in area.MESSAGES:
            if row.number in table:
                raise ValueError(f"{row.code} stands twice in the table")
            table[row.number] = row
    return table


def finding(message: Message, *, server: int = -1, place: Place | None = None, **fields: object) -> Finding:
    """Fills in a row of the table.

    The text becomes ``NSS0123: <text>``; with a *place*, ``; NSSEngine (file:line)`` follows.
    """
    text = f"{message.code}: {message.text.format(**fields)}"
    if place is not None:
        text += f"; {place}"
    return Finding(message, " ".join(text.split()), server, place)
