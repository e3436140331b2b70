"""What a server leaves in the system: its processes, their memory and files, shared memory and semaphores."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path


def wait_until(condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Polls until *condition* holds. Raises TimeoutError naming *what* otherwise."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:g} s for: {what}")
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """True when the process exists and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def name(pid: int) -> str:
    """The command line of a process, blanks between the arguments, empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def descendants(pid: int) -> list[int]:
    """All living children and children's children."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path(f"/proc/{entry}/stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            state, ppid = stat.rpartition(")")[2].split()[:2]
            if state != "Z":
                parents.setdefault(int(ppid), []).append(int(entry))
    found: list[int] = []
    todo = [pid]
    while todo:
        for child in parents.get(todo.pop(), []):
            found.append(child)
            todo.append(child)
    return found


def memory(pid: int, what: str = "Rss") -> int:
    """Bytes of memory: ``Rss``, ``Pss``, ``Private_Dirty`` … as ``smaps_rollup`` counts them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(what)


def open_files(pid: int) -> list[str]:
    """Targets of all open descriptors of a process."""
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            continue
    return found


def connections(port: int) -> int:
    """How many connections to a local port have a process at the server's end."""
    count = 0
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            local, _, state = line.split()[1:4]
            inode = line.split()[9]
            # 0A listens, 06 is TIME_WAIT; without an inode no process holds the socket any more.
            count += int(local.rpartition(":")[2], 16) == port and state not in ("0A", "06") and inode != "0"
    return count


def mapped(pid: int) -> set[str]:
    """Names (without folders) of all files mapped into a process."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {os.path.basename(line.split(None, 5)[5]) for line in lines if len(line.split(None, 5)) == 6}


def sysv_objects() -> dict[str, set[int]]:
    """Identifiers of the System V shared memory segments and semaphores of the whole machine."""
    return {
        kind: {int(line.split()[1]) for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]}
        for kind in ("shm", "sem")
    }


def shared_files() -> set[str]:
    """Names of POSIX shared memory."""
    return set(os.listdir("/dev/shm"))
