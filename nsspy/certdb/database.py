"""Opening NSS with a certificate database: once per process, read-only.

Runs in the planner, in httpd's children and in the command, never in httpd's parent: neither
NSS nor PKCS#11 modules survive a fork. NSS holds the database for the whole process; the
``Database`` value is the proof that it is open, and the way to close it where a process does
something after NSS (the command, tests). Children do not close: they end.
"""

from __future__ import annotations

import os
import shlex
from types import TracebackType

from nsspy._nss import ffi, lib
from nsspy.certdb import permissions
from nsspy.certdb.explain import explain
from nsspy.certdb.handles import release_all
from nsspy.certdb.location import Location, locate, split
from nsspy.certdb.nsserror import NSSError, ffi_bytes, ffi_text, last_error
from nsspy.errors import Finding, NSSPyError, Place, finding
from nsspy.errors import database as messages

__all__ = ["Database", "Location", "locate", "nss_version", "open_database", "open_none"]

#: The database this process has open, "" for none at all.
_open: list[str] = []


class Database:
    """An open NSS. ``findings`` are warnings met on the way (modules that do not load)."""

    __slots__ = ("_closed", "findings", "fips", "prefix", "spec")

    def __init__(self, spec: str, prefix: str, fips: bool, findings: tuple[Finding, ...]) -> None:
        self.spec = spec
        self.prefix = prefix
        self.fips = fips
        self.findings = findings
        self._closed = False

    @property
    def path(self) -> str:
        """The folder."""
        return split(self.spec)[1]

    def close(self) -> None:
        """Shuts NSS down. Certificates, keys and tokens become invalid; sockets must be closed before.

        Raises NSSError (SEC_ERROR_BUSY) when something of NSS is still held.
        """
        if self._closed:
            return
        self._closed = True
        _open.clear()
        release_all()
        lib.SSL_ClearSessionCache()
        if lib.NSS_Shutdown() != 0:
            raise last_error("NSS_Shutdown")

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except NSSError:
            # Not to hide what went wrong inside: a reference held by its traceback keeps NSS busy.
            if error is None:
                raise


def open_database(spec: str, prefix: str = "", *, fips: bool = False, place: Place | None = None) -> Database:
    """Opens NSS read-only with the database *spec* (``sql:/path``, ``dbm:/path``).

    *fips* puts NSS into FIPS mode, which changes the name of the software token. Raises NSSPyError
    with the true cause (NSS0200 to NSS0217).
    """
    if _open:
        raise NSSPyError(finding(messages.DB_IN_USE, place=place, spec=spec, other=_open[0] or "no database"))
    kind, path = split(spec)
    if kind == "dbm" and not _reads_dbm(path, prefix):
        raise NSSPyError(explain(kind, path, prefix, None, place=place))
    error = _initialise(spec, path, prefix)
    if error is not None:
        if error.number == lib.SEC_ERROR_LEGACY_DATABASE and kind == "dbm":
            raise NSSPyError(_no_dbm(path, prefix, error, place))
        raise NSSPyError(explain(kind or "sql", path, prefix, error, place=place))
    _open.append(spec)
    try:
        _after(spec, fips, place)
    except NSSPyError:
        _open.clear()
        lib.NSS_Shutdown()
        raise
    return Database(spec, prefix, fips or bool(lib.PK11_IsFIPS()), tuple(_dead_modules(spec, place)))


def open_none() -> Database:
    """Opens NSS without any database: for lists of cipher suites, random numbers, keys in memory.

    Raises NSSPyError (NSS0217) when NSS is open already, NSSError when it fails.
    """
    if _open:
        raise NSSPyError(finding(messages.DB_IN_USE, spec="(none)", other=_open[0] or "no database"))
    if lib.NSS_NoDB_Init(ffi.NULL) != 0:
        raise last_error("NSS_NoDB_Init")
    _open.append("")
    if lib.NSS_SetDomesticPolicy() != 0:
        raise last_error("NSS_SetDomesticPolicy")
    return Database("", "", bool(lib.PK11_IsFIPS()), ())


def nss_version() -> tuple[int, ...]:
    """Version of the NSS that runs: (3, 87, 1)."""
    words = ffi_text(lib.NSS_GetVersion()).split()
    return tuple(int(part) for part in words[0].split(".") if part.isdigit())


def _initialise(spec: str, path: str, prefix: str) -> NSSError | None:
    """NSS_Initialize, from inside the folder.

    Administrators put a link to libnssckbi.so beside the database, and its entry in the list of
    modules may be relative to it.
    """
    before = os.open(".", os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY) if os.access(".", os.R_OK) else -1
    try:
        if before >= 0 and os.access(path, os.X_OK):
            os.chdir(path)
        flags = lib.NSS_INIT_READONLY
        name = ffi_bytes(prefix)
        if lib.NSS_Initialize(ffi_bytes(spec), name, name, b"secmod.db", flags) != 0:
            return last_error("NSS_Initialize")
        return None
    finally:
        if before >= 0:
            os.chdir(before)
            os.close(before)


def _after(spec: str, fips: bool, place: Place | None) -> None:
    if lib.NSS_SetDomesticPolicy() != 0:
        raise NSSPyError(_unexplained(spec, last_error("NSS_SetDomesticPolicy"), place))
    if not fips or lib.PK11_IsFIPS():
        return
    # NSS has one internal module at a time: deleting the plain one brings the FIPS one up. The
    # change is kept in memory only, as the database is open read-only.
    module = lib.SECMOD_GetInternalModule()
    if module == ffi.NULL or lib.SECMOD_DeleteInternalModule(module.commonName) != 0:
        error = last_error("SECMOD_DeleteInternalModule")
        raise NSSPyError(finding(messages.DB_FIPS, place=place, spec=spec, nss=error.bracket))
    if not lib.PK11_IsFIPS():
        raise NSSPyError(finding(messages.DB_FIPS, place=place, spec=spec, nss=""))


def _unexplained(spec: str, error: NSSError, place: Place | None) -> Finding:
    return finding(
        messages.DB_UNEXPLAINED,
        place=place,
        path=spec,
        command=f"certutil -L -d {shlex.quote(spec)}",
        nss=f"{error.call} {error.bracket}",
    )


def _reads_dbm(path: str, prefix: str) -> bool:
    return os.path.exists(os.path.join(path, prefix + "cert8.db"))


def _no_dbm(path: str, prefix: str, error: NSSError, place: Place | None) -> Finding:
    found = explain("dbm", path, prefix, error, place=place)
    if found.message is not messages.DB_UNEXPLAINED:
        return found
    return finding(
        messages.DB_NO_DBM,
        place=place,
        path=path,
        present=f"{prefix}cert8.db, {prefix}key3.db",
        version=ffi_text(lib.NSS_GetVersion()).strip(),
        command=f"certutil -N -d sql:{path} && certutil --merge -d sql:{path} --source-dir dbm:{path}",
        nss=error.bracket,
    )


def _dead_modules(spec: str, place: Place | None) -> list[Finding]:
    findings: list[Finding] = []
    entry = lib.SECMOD_GetDeadModuleList()
    while entry != ffi.NULL:
        name = ffi_text(entry.module.commonName)
        findings.append(
            finding(
                messages.DB_MODULE_DEAD,
                place=place,
                name=name,
                quoted=shlex.quote(name),
                spec=spec,
                library=ffi_text(entry.module.dllName) or "no library is named",
                user=permissions.user_name(os.geteuid()),
            )
        )
        entry = entry.next
    return findings
