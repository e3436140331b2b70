"""Arguments of directives as values: one function a form, each refusing what it cannot read.

A function takes the record and the ``Site``, returns the value, raises NSSPyError for what stops the start, and adds
what is only worth a line to ``site.notes``. Files that a directive names are looked for here, as httpd's parent sees
them; whether ``User`` may read them is the planner's business.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from nsspy.conf.record import Record
from nsspy.errors import Finding, Message, NSSPyError, finding
from nsspy.errors import configuration as rows

#: How many bytes a device gives when NSSRandomSeed names no number: it has no end.
DEVICE_BYTES = 1024

VERIFY_CLIENT = {"none": 0, "off": 0, "optional": 1, "require": 2, "on": 2, "optional_no_ca": 3}
OPTIONS = ("StdEnvVars", "CompatEnvVars", "ExportCertData", "FakeBasicAuth", "StrictRequire", "OptRenegotiate")
#: Options without a meaning yet, and what happens until they have one (``cext/access.c``, ``cext/vars.c``).
OPTIONS_STORED = {
    "FakeBasicAuth": "requests of such a section are refused",
    "OptRenegotiate": "nothing is renegotiated for a directory section",
}


@dataclass(frozen=True, slots=True)
class Database:
    """Where the certificate database is. ``kind`` is ``sql``, ``dbm``, or empty when nothing was said."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class PassPhraseDialog:
    """How PINs are got: ``builtin``, ``file``, ``defer`` or ``exec``, the latter three with an absolute path."""

    kind: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class RandomSeed:
    """One source of entropy: kind ``builtin``, ``file`` or ``exec``; bytes None: the whole file."""

    kind: str
    path: str
    bytes: int | None


@dataclass(slots=True)
class Site:
    """What arguments are read against: ServerRoot, the syntax of the directive, and the lines to be said.

    ``restart``: httpd runs already, and has what it asked for when it started.
    """

    server_root: str
    syntax: str = ""
    restart: bool = False
    notes: list[Finding] = field(default_factory=list)

    def absolute(self, path: str) -> str:
        """*path*, relative to ServerRoot, as a clean absolute path."""
        return os.path.normpath(os.path.join(self.server_root, path))

    def note(self, row: Message, record: Record, **fields: object) -> None:
        """Adds a line about the record."""
        self.notes.append(finding(row, server=record.server, place=record.place, **fields))


Parser = Callable[[Record, Site], object]


def refuse(row: Message, record: Record, **fields: object) -> NSSPyError:
    """The error that stops the start, to be raised."""
    return NSSPyError(finding(row, server=record.server, place=record.place, **fields))


def near(word: str, known: Iterable[str]) -> str:
    """A hint for a mistyped word: what was probably meant, or that nothing comes close."""
    by_lower = {one.lower(): one for one in known}
    close = difflib.get_close_matches(word.lower().lstrip("+-!"), by_lower, n=1, cutoff=0.6)
    return f'"{by_lower[close[0]]}" was probably meant' if close else "nothing of a similar name exists"


def without_quotes(text: str) -> str:
    """A raw line without quotes; blanks at both ends go too. httpd leaves quotes in raw arguments."""
    return text.replace('"', "").replace("'", "").strip()


def word(record: Record, site: Site) -> str:
    """One argument that is not empty."""
    if len(record.arguments) != 1:
        raise refuse(rows.WRONG_COUNT, record, count=len(record.arguments), syntax=site.syntax)
    if not record.arguments[0].strip():
        raise refuse(rows.NO_ARGUMENT, record, syntax=site.syntax)
    return record.arguments[0]


def line(record: Record, site: Site) -> str:
    """The rest of the line as a list, quotes removed, not empty."""
    text = without_quotes(record.text)
    if not text:
        raise refuse(rows.NO_ARGUMENT, record, syntax=site.syntax)
    return text


def expression(record: Record, site: Site) -> str:
    """The rest of the line as it stands, quotes included, not empty."""
    if not record.text.strip():
        raise refuse(rows.NO_ARGUMENT, record, syntax=site.syntax)
    return record.text.strip()


def nothing(record: Record, site: Site) -> bool:
    """No argument at all; the directive's presence is its value."""
    if record.arguments:
        raise refuse(rows.WRONG_COUNT, record, count=len(record.arguments), syntax=site.syntax)
    return True


def flag(record: Record, site: Site) -> bool:
    """On or off, in any case."""
    value = word(record, site).lower()
    if value not in ("on", "off"):
        raise refuse(rows.BAD_FLAG, record, value=value)
    return value == "on"


def number(low: int, high: int) -> Callable[[Record, Site], int]:
    """A reader of decimal numbers from *low* to *high*, both included."""

    def read(record: Record, site: Site) -> int:
        return _number(record, word(record, site), low, high)

    return read


def _number(record: Record, text: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,10}", text.strip()) or not low <= int(text) <= high:
        raise refuse(rows.BAD_NUMBER, record, value=text, low=low, high=high)
    return int(text)


def session_timeout(record: Record, site: Site) -> int:
    """Seconds as NSS's session cache will use them: 5 to 86400, 0 for 86400 (NSS ``sslsnce.c``)."""
    value = _number(record, word(record, site), 0, 2**31 - 1)
    used = min(max(value, 5), 86400) if value else 86400
    if value and used != value:
        site.note(rows.OUT_OF_RANGE, record, value=value, used=used)
    return used


def session_size(record: Record, site: Site) -> int:
    """Entries of the session cache, 0 for 10000. More than a million would need gigabytes of shared memory."""
    return _number(record, word(record, site), 0, 1_000_000) or 10000


def ignored_timeout(record: Record, site: Site) -> str:
    """NSSSessionCacheTimeout: whatever it says, it has no effect."""
    site.note(rows.WITHOUT_EFFECT, record)
    return record.text


def database(record: Record, site: Site) -> Database:
    """``sql:path``, ``dbm:path`` or a path; relative to ServerRoot."""
    text = word(record, site).strip()
    match = re.fullmatch(r"([A-Za-z]+):(.*)", text, re.DOTALL)
    kind, path = (match[1].lower(), match[2]) if match else ("", text)
    if kind not in ("", "sql", "dbm"):
        raise refuse(rows.DATABASE_PREFIX, record, value=text)
    if not path:
        raise refuse(rows.NO_ARGUMENT, record, syntax=site.syntax)
    return Database(kind, site.absolute(path))


def dialog(record: Record, site: Site) -> PassPhraseDialog:
    """``builtin``, ``file:path``, ``defer:path`` or ``exec:path``; the path must be a regular file.

    At a restart a PIN file may be gone: nss_pcache has the PINs, or it is said when the file is read.
    """
    text = word(record, site).strip()
    if text.lower() == "builtin":
        return PassPhraseDialog("builtin")
    kind, colon, path = text.partition(":")
    kind = kind.lower()
    if not colon or kind not in ("file", "defer", "exec") or not path:
        hint = (
            "a program is named by exec: here"
            if text.startswith("|")
            else near(kind, ("builtin", "file", "defer", "exec"))
        )
        raise refuse(rows.DIALOG_WORD, record, value=text, hint=hint)
    absolute = site.absolute(path)
    if site.restart and kind != "exec":
        return PassPhraseDialog(kind, absolute)
    if not stat.S_ISREG(_mode(record, absolute)):
        raise refuse(rows.PATH_NOT_REGULAR, record, path=absolute)
    if kind == "exec":
        _must_run(record, absolute)
    return PassPhraseDialog(kind, absolute)


def helper(record: Record, site: Site) -> str | None:
    """The path of a program that is there; None, with a line, when it is not."""
    path = site.absolute(word(record, site))
    if os.path.isfile(path) and os.access(path, os.X_OK):
        return path
    site.note(rows.HELPER_GONE, record, path=path)
    return None


def python_home(record: Record, site: Site) -> str:
    """A directory that exists."""
    path = site.absolute(word(record, site))
    if not os.path.isdir(path):
        raise refuse(rows.NO_PYTHON_HOME, record, path=path)
    return path


def random_seed(record: Record, site: Site) -> RandomSeed:
    """``startup``, a source and perhaps a number of bytes."""
    if record.server != 0:
        raise refuse(rows.SEED_VHOST, record)
    if len(record.arguments) not in (2, 3):
        raise refuse(rows.WRONG_COUNT, record, count=len(record.arguments), syntax=site.syntax)
    moment, source = record.arguments[:2]
    amount = _number(record, record.arguments[2], 1, 2**20) if len(record.arguments) == 3 else None
    if moment.lower() != "startup":
        raise refuse(rows.SEED_CONTEXT, record, value=moment)
    if source.lower() == "builtin":
        if amount is not None:
            raise refuse(rows.SEED_BUILTIN, record, value=amount)
        return RandomSeed("builtin", "", None)
    match = re.fullmatch(r"(file|exec|defer):(.+)", source, re.DOTALL | re.IGNORECASE)
    kind, path = (match[1].lower(), match[2]) if match else ("file", source)
    absolute = site.absolute(path)
    mode = _mode(record, absolute)
    if kind == "exec":
        _must_run(record, absolute)
        return RandomSeed("exec", absolute, amount)
    if stat.S_ISDIR(mode):
        raise refuse(rows.PATH_NOT_REGULAR, record, path=absolute)
    if amount is None and not stat.S_ISREG(mode):
        amount = DEVICE_BYTES
    return RandomSeed("file", absolute, amount)


def verify_client(record: Record, site: Site) -> int:
    """The NSS_VERIFY_* number of ``bridge.h``."""
    value = word(record, site).strip()
    if value.lower() not in VERIFY_CLIENT:
        raise refuse(
            rows.BAD_WORD, record, value=value, words=", ".join(VERIFY_CLIENT), hint=near(value, VERIFY_CLIENT)
        )
    return VERIFY_CLIENT[value.lower()]


def options(record: Record, site: Site) -> tuple[str, ...]:
    """The words of NSSOptions with their signs, as the table spells them. What has no effect yet is noted."""
    known = {one.lower(): one for one in OPTIONS}
    found = []
    for given in line(record, site).split():
        sign = given[0] if given[0] in "+-" else ""
        name = known.get(given[len(sign) :].lower())
        if name is None:
            raise refuse(rows.BAD_OPTION, record, value=given, words=", ".join(OPTIONS), hint=near(given, OPTIONS))
        if name in OPTIONS_STORED and sign != "-":
            site.note(rows.OPTION_STORED, record, value=name, meanwhile=OPTIONS_STORED[name])
        found.append(sign + name)
    return tuple(found)


def _mode(record: Record, path: str) -> int:
    """The mode of a file that must be there."""
    try:
        return os.stat(path).st_mode
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise refuse(rows.PATH_MISSING, record, path=path, why=why) from error


def _must_run(record: Record, path: str) -> None:
    if not os.path.isfile(path):
        raise refuse(rows.PATH_NOT_REGULAR, record, path=path)
    if not os.access(path, os.X_OK):
        raise refuse(rows.NOT_EXECUTABLE, record, path=path)
