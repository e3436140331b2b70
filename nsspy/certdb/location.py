"""Where a certificate database is and which format it has, as found on the disk.

NSSCertificateDatabase may be ``sql:DIR``, ``dbm:DIR`` or a bare folder; for a bare one what
lies there decides. Nothing is opened here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from nsspy.certdb.explain import explain
from nsspy.certdb.layout import FILES, upgrade_command
from nsspy.errors import Finding, NSSPyError, Place, finding
from nsspy.errors import database as messages


@dataclass(frozen=True, slots=True)
class Location:
    """A database by format, absolute folder and prefix. ``findings`` are warnings about the choice."""

    kind: str
    path: str
    prefix: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def spec(self) -> str:
        """As NSS takes it: ``sql:/path``."""
        return f"{self.kind}:{self.path}"


def split(given: str) -> tuple[str, str]:
    """The format prefix in lower case ("" when there is none) and the path."""
    head, colon, rest = given.partition(":")
    if colon and head.lower() in ("sql", "dbm"):
        return head.lower(), rest
    return "", given


def locate(given: str, prefix: str = "", *, server_root: str = "/", place: Place | None = None) -> Location:
    """Decides format and folder of a database.

    A relative path counts from *server_root*. Raises NSSPyError with the true cause when nothing
    that could be opened is there.
    """
    asked, path = split(given)
    path = os.path.normpath(os.path.join(server_root, path))
    present = {kind for kind in FILES if _there(path, prefix, kind)}
    findings: list[Finding] = []
    if asked == "sql" and present == {"dbm"}:
        # NSS opens it by itself, read-only; the administrator ought to know.
        findings.append(finding(messages.DB_LEGACY_BY_SQL, place=place, path=path, command=upgrade_command(path)))
        return Location("dbm", path, prefix, tuple(findings))
    if asked and asked in present:
        return Location(asked, path, prefix)
    if asked or not present:
        raise NSSPyError(explain(asked or "sql", path, prefix, None, place=place))
    if len(present) == 2:
        findings.append(finding(messages.DB_BOTH_FORMATS, place=place, path=path, used="sql", spec=f"sql:{path}"))
    kind = "sql" if "sql" in present else "dbm"
    return Location(kind, path, prefix, tuple(findings))


def _there(path: str, prefix: str, kind: str) -> bool:
    """True when any of the files of a format is there; a part of a database is explained when it is opened."""
    return any(os.path.lexists(os.path.join(path, prefix + name)) for name in FILES[kind])
