"""Why a certificate database cannot be opened: the true cause, probed for.

NSS says SEC_ERROR_BAD_DATABASE for a missing folder, a missing permission, a wrong format and
a damaged file alike. This asks the disk, in the order in which one cause hides the next.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import stat
from dataclasses import dataclass

from nsspy.certdb import permissions
from nsspy.certdb.layout import ALL_FILES, FILES, upgrade_command
from nsspy.certdb.nsserror import NSSError
from nsspy.errors import Finding, Message, Place, finding
from nsspy.errors import database as messages

_SQLITE_MAGIC = b"SQLite format 3\0"
_DBM_MAGIC = b"\x00\x06\x15\x61"


#: NSS's own module in pkcs11.txt, where modutil has put it into FIPS mode.
_FIPS_MODULE = re.compile(rb"^NSS=.*\bflags=[\w,]*\bFIPS\b", re.IGNORECASE | re.MULTILINE)
_LISTING_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class _Question:
    kind: str
    path: str
    prefix: str
    nss: str
    place: Place | None
    reader: permissions.Reader

    def answer(self, message: Message, **fields: object) -> Finding:
        """A finding with what every one of them says."""
        everything: dict[str, object] = {
            "path": self.path,
            "command": self.create_command(),
            "nss": self.nss,
            "hint": "",
            **fields,
        }
        return finding(message, server=-1, place=self.place, **everything)

    def create_command(self) -> str:
        """The command that makes a new database."""
        folder = shlex.quote(self.path)
        prefix = f" -P {shlex.quote(self.prefix)}" if self.prefix else ""
        make = "" if os.path.isdir(self.path) else f"mkdir -p -m 0750 {folder} && "
        return f"{make}certutil -N -d sql:{folder}{prefix}"


def explain(
    kind: str,
    path: str,
    prefix: str,
    error: NSSError | None,
    *,
    reader: permissions.Reader | None = None,
    place: Place | None = None,
) -> Finding:
    """The first true cause why *reader* (this process) cannot open a database.

    *kind* is ``sql`` or ``dbm``, *path* the absolute folder, *error* what NSS said if it was
    asked. Always gives a finding: NSS0211 when nothing is found.
    """
    nss = error.bracket if error is not None else ""
    question = _Question(kind, path, prefix, nss, place, reader or permissions.reader_of_process())
    for probe in (_missing, _no_folder, _unreadable_folder, _absent_files, _unreadable_files, _content, _modules):
        found = probe(question)
        if found is not None:
            return found
    return question.answer(messages.DB_UNEXPLAINED, command=f"certutil -L -d {kind}:{shlex.quote(path)}")


def _missing(question: _Question) -> Finding | None:
    try:
        os.stat(question.path)
    except FileNotFoundError:
        return question.answer(messages.DB_MISSING, hint=_nearest(question))
    except NotADirectoryError:
        return question.answer(messages.DB_MISSING, hint=", as a part of its path is a file")
    except PermissionError:
        return _blocked(question, question.path)
    except OSError as error:
        return question.answer(messages.DB_MISSING, hint=f" for this process ({error.strerror})")
    return None


def _nearest(question: _Question) -> str:
    """Names the last folder of the path that does exist."""
    if os.path.islink(question.path):
        return f" (it is a link to {os.readlink(question.path)}, which is missing)"
    folder = os.path.dirname(question.path)
    while folder != os.path.dirname(folder) and not os.path.exists(folder):
        folder = os.path.dirname(folder)
    return f" (the path exists as far as {folder})"


def _no_folder(question: _Question) -> Finding | None:
    if stat.S_ISDIR(os.stat(question.path).st_mode):
        return None
    kind = next((one for one, names in FILES.items() if question.path.endswith(names)), question.kind)
    return question.answer(messages.DB_IS_FILE, spec=f"{kind}:{os.path.dirname(question.path)}")


def _unreadable_folder(question: _Question) -> Finding | None:
    if not os.access(question.path, os.X_OK):
        return _blocked(question, question.path)
    if question.reader.uid != os.geteuid():
        return _blocked_for(question, question.path)
    return None


def _absent_files(question: _Question) -> Finding | None:
    present = _listing(question)
    files = [name for name in present if name.endswith(ALL_FILES)]
    has = {kind: [name for name in names if question.prefix + name in present] for kind, names in FILES.items()}
    wanted = FILES[question.kind]
    if len(has[question.kind]) == len(wanted):
        return None
    other = "dbm" if question.kind == "sql" else "sql"
    if has[question.kind]:
        missing = [question.prefix + name for name in wanted if name not in has[question.kind]]
        return question.answer(messages.DB_FILES_MISSING, missing=" and ".join(missing), present=", ".join(files))
    if has[other]:
        upgrade = f", or convert it with: {upgrade_command(question.path)}" if other == "dbm" else ""
        return question.answer(
            messages.DB_WRONG_FORMAT,
            found=other,
            asked=question.kind,
            present=", ".join(question.prefix + name for name in has[other]),
            spec=f"{other}:{question.path}",
            upgrade=upgrade,
        )
    if any(name.endswith((*FILES["sql"], *FILES["dbm"])) for name in files):
        return question.answer(messages.DB_PREFIX, prefix=question.prefix, present=", ".join(files))
    return question.answer(messages.DB_EMPTY_FOLDER, hint=_below(question, present))


def _listing(question: _Question) -> list[str]:
    """What lies in the folder. One that may be entered but not listed is asked for the names of databases."""
    try:
        return sorted(os.listdir(question.path))
    except PermissionError:
        names = [question.prefix + name for name in ALL_FILES]
        return [name for name in names if os.path.lexists(os.path.join(question.path, name))]


def _below(question: _Question, present: list[str]) -> str:
    """Names a folder one level down that does hold a database: a usual slip."""
    for name in present:
        for names in FILES.values():
            if os.path.exists(os.path.join(question.path, name, names[0])):
                return f" (there is one in {os.path.join(question.path, name)})"
    return ""


def _unreadable_files(question: _Question) -> Finding | None:
    for name in _files(question):
        try:
            with open(name, "rb"):
                pass
        except PermissionError:
            return _blocked(question, name)
        except IsADirectoryError:
            return question.answer(
                messages.DB_FILES_MISSING,
                missing=f"the file {os.path.basename(name)}",
                present=f"{os.path.basename(name)}, which is a folder",
            )
        except FileNotFoundError:
            return question.answer(
                messages.DB_FILES_MISSING,
                missing=os.path.basename(name),
                present=f"a link of that name to {os.readlink(name)}, which is missing",
            )
        except OSError as error:
            return question.answer(messages.DB_CORRUPT, path=name, report=error.strerror)
        if question.reader.uid != os.geteuid():
            found = _blocked_for(question, name)
            if found is not None:
                return found
    return None


def _content(question: _Question) -> Finding | None:
    for name in _files(question):
        with open(name, "rb") as stream:
            head = stream.read(16)
        if not head:
            return question.answer(messages.DB_EMPTY_FILE, path=name)
        if question.kind == "sql" and head != _SQLITE_MAGIC:
            return question.answer(messages.DB_NOT_SQLITE, path=name, head=_show(head))
        if question.kind == "dbm" and not head.startswith(_DBM_MAGIC):
            return question.answer(
                messages.DB_CORRUPT, path=name, report=f"it is no dbm file, it begins with {_show(head)}"
            )
        if question.kind == "sql":
            found = _check_sqlite(question, name)
            if found is not None:
                return found
    return None


def _check_sqlite(question: _Question, name: str) -> Finding | None:
    import sqlite3

    uri = "file:" + name.replace("%", "%25").replace("?", "%3f").replace("#", "%23") + "?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=2)) as connection:
            report = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
            tables = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return question.answer(messages.DB_LOCKED, path=name, holder=_holder(name))
        return question.answer(messages.DB_CORRUPT, path=name, report=str(error))
    except sqlite3.DatabaseError as error:
        return question.answer(messages.DB_CORRUPT, path=name, report=str(error))
    if report != ["ok"]:
        return question.answer(messages.DB_CORRUPT, path=name, report=" ".join(report))
    wanted = "nssPublic" if name.endswith("cert9.db") else "nssPrivate"
    if wanted not in tables:
        return question.answer(
            messages.DB_CORRUPT, path=name, report=f"intact, but NSS's table {wanted} is missing: no database of NSS"
        )
    return None


def _modules(question: _Question) -> Finding | None:
    """The list of modules is optional, but one that exists must be readable, and may ask for FIPS mode."""
    listing = "pkcs11.txt" if question.kind == "sql" else question.prefix + "secmod.db"
    name = os.path.join(question.path, listing)
    try:
        with open(name, "rb") as file:
            listed = file.read(_LISTING_BYTES)
    except PermissionError:
        return _blocked(question, name)
    except OSError:
        return None
    if question.nss and question.kind != "dbm" and _FIPS_MODULE.search(listed):
        return question.answer(messages.DB_FIPS, spec=f"sql:{shlex.quote(question.path)}")
    return None


def _files(question: _Question) -> list[str]:
    return [os.path.join(question.path, question.prefix + name) for name in FILES[question.kind]]


def _blocked(question: _Question, path: str) -> Finding:
    """The kernel has refused: says which mode did it, or that no mode explains it."""
    found = _blocked_for(question, path)
    if found is not None:
        return found
    return question.answer(
        messages.DB_REFUSED,
        user=f"user {question.reader.name}",
        path=path,
        command=f"restorecon -Rv {shlex.quote(question.path)}",
        acl=f"getfacl {shlex.quote(path)}",
    )


def _blocked_for(question: _Question, path: str) -> Finding | None:
    try:
        stands = permissions.obstacle(path, question.reader)
    except OSError:
        return None
    if stands is None:
        return None
    return question.answer(
        messages.DB_UNREADABLE,
        user=f"user {question.reader.name}",
        what=stands.what,
        path=stands.path,
        mode=f"mode {stands.mode}",
        owner=stands.owner,
        group=stands.group,
        command=stands.command,
    )


def _holder(path: str) -> str:
    """The process that holds a lock on the file, by the kernel's list; "" where that does not tell."""
    try:
        about = os.stat(path)
        with open("/proc/locks", encoding="ascii") as stream:
            lines = stream.read().splitlines()
    except OSError:
        return ""
    wanted = f"{os.major(about.st_dev):02x}:{os.minor(about.st_dev):02x}:{about.st_ino}"
    for line in lines:
        words = line.split()
        if wanted in words and "WRITE" in words:
            process = words[words.index(wanted) - 1]
            try:
                with open(f"/proc/{process}/comm", encoding="utf-8", errors="replace") as stream:
                    return f" ({stream.read().strip()}, process {process})"
            except OSError:
                return f" (process {process})"
    return ""


def _show(head: bytes) -> str:
    return repr(head)[1:] if head.isascii() else head.hex(" ")
