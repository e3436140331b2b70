"""Who may read what, explained.

The kernel decides; this only says why. The planner has the identity of httpd's children when
it opens files, so what it cannot open they cannot either. What modes do not explain (SELinux,
AppArmor, ACLs) is left to the kernel's word.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shlex
import stat
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reader:
    """Who wants to read: numbers, all groups, and a name for messages."""

    uid: int
    gid: int
    groups: frozenset[int]
    name: str


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands in the way: the path, what may not be done (``read`` or ``enter``), and the command that mends it."""

    path: str
    what: str
    mode: str
    owner: str
    group: str
    command: str


def reader_of_process() -> Reader:
    """The identity of this process."""
    uid = os.geteuid()
    return Reader(uid, os.getegid(), frozenset([os.getegid(), *os.getgroups()]), user_name(uid))


def reader_of_ids(uid: int, gid: int) -> Reader:
    """A user as httpd's children run: the configured numbers and the supplementary groups of the account."""
    groups = {gid}
    # A number without an account has the one group.
    with contextlib.suppress(KeyError):
        groups.update(os.getgrouplist(pwd.getpwuid(uid).pw_name, gid))
    return Reader(uid, gid, frozenset(groups), user_name(uid))


def obstacle(path: str, reader: Reader) -> Obstacle | None:
    """The first thing between *reader* and the absolute *path*, from the root down; None when the modes allow it.

    A folder above must be enterable, a folder itself readable and enterable, a file readable.
    Raises FileNotFoundError when *path* does not exist.
    """
    path = os.path.abspath(path)
    above: list[str] = []
    parent = os.path.dirname(path)
    while True:
        above.append(parent)
        if parent == os.path.dirname(parent):
            break
        parent = os.path.dirname(parent)
    for folder in reversed(above):
        about = _stat(folder)
        if about is not None and not _allowed(about, reader, 0o1):
            return _obstacle(folder, about, "enter", reader)
    about = os.stat(path)
    if stat.S_ISDIR(about.st_mode):
        if not _allowed(about, reader, 0o5):
            return _obstacle(path, about, "enter", reader)
    elif not _allowed(about, reader, 0o4):
        return _obstacle(path, about, "read", reader)
    return None


def user_name(uid: int) -> str:
    """Name of a user, ``#uid`` for a number without an account."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def group_name(gid: int) -> str:
    """Name of a group, ``#gid`` for a number without one."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return f"#{gid}"


def _allowed(about: os.stat_result, reader: Reader, wanted: int) -> bool:
    if reader.uid == 0:
        return True
    if about.st_uid == reader.uid:
        granted = about.st_mode >> 6
    elif about.st_gid in reader.groups:
        granted = about.st_mode >> 3
    else:
        granted = about.st_mode
    return granted & wanted == wanted


def _obstacle(path: str, about: os.stat_result, what: str, reader: Reader) -> Obstacle:
    group = group_name(reader.gid).removeprefix("#")
    quoted = shlex.quote(path)
    if what == "enter":
        folder_rights = f"chmod g+x {quoted}" if path != "/" else "chmod 755 /"
        command = f"chgrp {group} {quoted} && {folder_rights}"
        if _is_shared_folder(about):
            command = f"chmod o+x {quoted}"
    else:
        command = f"chgrp {group} {quoted} && chmod g+r {quoted}"
    return Obstacle(
        path,
        what,
        f"{stat.S_IMODE(about.st_mode):04o}",
        user_name(about.st_uid),
        group_name(about.st_gid),
        command,
    )


def _is_shared_folder(about: os.stat_result) -> bool:
    """A folder of the system (root:root) belongs to many programs: its group is not for changing."""
    return about.st_uid == 0 and about.st_gid == 0 and bool(about.st_mode & 0o011)


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        # It lies below a folder that was already found, or will be, to be in the way.
        return None
