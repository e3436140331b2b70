"""The files of a certificate database, by format."""

from __future__ import annotations

#: The files of each format that hold certificates and keys.
FILES = {"sql": ("cert9.db", "key4.db"), "dbm": ("cert8.db", "key3.db")}
#: Every file name that belongs to a database, without prefix.
ALL_FILES = ("cert9.db", "key4.db", "pkcs11.txt", "cert8.db", "key3.db", "secmod.db")


def upgrade_command(path: str) -> str:
    """The command that converts a dbm database in place; the old files stay."""
    return f"certutil --upgrade-merge --source-dir {path} --upgrade-id old -d sql:{path}"
