"""Brings a newer NSS than the system's for the tests: ``python tools/newer_nss.py``, which ``make test`` calls.

Debian keeps one NSS for the life of a release; its ``firefox-esr`` follows Mozilla's and has NSS as separate libraries
with the same ABI. The package is downloaded, not installed; only these libraries are kept, in ``build/nss-newer``.
Whoever starts a program with that folder as LD_LIBRARY_PATH gets the newer NSS, the same build of the module included.

The folder also has ``state.json``: the version, or why there is none. With a version the next call does nothing;
without one it tries again. The exit status is 0 both ways: the tests that want a newer NSS are then skipped, and say
the reason.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "build" / "nss-newer"
PACKAGE = "firefox-esr"
LIBRARIES = frozenset(
    f"lib{name}.so" for name in ("nss3", "ssl3", "smime3", "nssutil3", "softokn3", "freeblpriv3", "mozsqlite3")
)
#: The first NSS with X25519MLKEM768. A system that has it needs no other.
WANTED = (3, 105)
#: For everything that uses the network, together.
SECONDS = 300
_VERSION = (
    "import ctypes; n = ctypes.CDLL('libnss3.so'); n.NSS_GetVersion.restype = ctypes.c_char_p;"
    "ctypes.CDLL('libssl3.so'); ctypes.CDLL('libsoftokn3.so'); ctypes.CDLL('libfreeblpriv3.so');"
    "print(n.NSS_GetVersion().decode())"
)


class Unavailable(Exception):
    """There is no newer NSS here. The text says why, and what would help."""


@dataclass(frozen=True, slots=True)
class State:
    """``version`` of the libraries in FOLDER, or (``system``) of the system's own; or ``reason`` why there is none."""

    version: str = ""
    system: bool = False
    reason: str = ""


def numbers(version: str) -> tuple[int, ...]:
    """``3.125.1`` or ``3.87.1 Basic ECC`` as numbers."""
    return tuple(int(part) for part in version.split()[0].split("."))


def state() -> State:
    """What the last call of ``provide`` found. Never uses the network."""
    try:
        return State(**json.loads((FOLDER / "state.json").read_text()))
    except FileNotFoundError:
        return State(reason="nobody has looked for one yet; run make test, or tools/newer_nss.py")


def provide() -> State:
    """Brings the libraries unless they are there. One process at a time, in SECONDS and a little."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = state()
        if found.version and (found.system or all((FOLDER / name).exists() for name in LIBRARIES)):
            return found
        try:
            found = _found()
        except Unavailable as error:
            found = State(reason=str(error))
        fresh = FOLDER / "state.json.new"
        fresh.write_text(json.dumps(asdict(found), indent=1) + "\n")
        fresh.replace(FOLDER / "state.json")  # whole, for a reader without the lock
        return found


def _found() -> State:
    name = ctypes.util.find_library("nss3")
    if name:
        library = ctypes.CDLL(name)
        library.NSS_GetVersion.restype = ctypes.c_char_p
        version = library.NSS_GetVersion().decode().split()[0]
        if numbers(version) >= WANTED:
            return State(version, system=True)
    for program in ("apt-get", "dpkg-deb"):
        if not shutil.which(program):
            raise Unavailable(f"{program} is not here: it comes from Debian's package {PACKAGE}, and this is no Debian")
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix="download-") as place:
        extracted = _extract(_download(Path(place)), Path(place))
        version = _version(extracted)
        if numbers(version) < WANTED:
            raise Unavailable(f"{PACKAGE} has NSS {version} only; {'.'.join(map(str, WANTED))} or later is wanted")
        for file in extracted.iterdir():
            file.replace(FOLDER / file.name)
    return State(version)


def _download(place: Path) -> Path:
    """The package; apt-get proves its signature. Root renews package lists that are missing or out of date."""
    end = time.monotonic() + SECONDS
    said = _apt(place, end, "download", PACKAGE)
    if said and os.geteuid() == 0:
        _apt(place, end, "update")
        said = _apt(place, end, "download", PACKAGE)
    packages = list(place.glob("*.deb"))
    if said or not packages:
        hint = "" if os.geteuid() == 0 else "; if the package lists are old or missing, let root run apt-get update"
        raise Unavailable(f"apt-get download {PACKAGE} failed: {said or 'it brought nothing'}{hint}")
    return packages[0]


def _apt(place: Path, end: float, *arguments: str) -> str:
    """Runs apt-get in *place*; what went wrong, as one line, or nothing."""
    options = (
        "Acquire::Retries=1",
        "Acquire::http::Timeout=15",
        "Acquire::https::Timeout=15",
        "APT::Sandbox::User=root",
    )
    command = ["apt-get", "-q", *(part for option in options for part in ("-o", option)), *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=place,
            env={**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=max(1.0, end - time.monotonic()),
        )
    except subprocess.TimeoutExpired:
        return f"no end within {SECONDS} s; is there a network?"
    errors = [line for line in done.stderr.splitlines() if line.startswith("E:")]
    return "" if done.returncode == 0 else (errors or [f"exit status {done.returncode}"])[0]


def _extract(package: Path, place: Path) -> Path:
    """The libraries of *package*, readable by all, in a folder below *place*."""
    folder = place / "libraries"
    folder.mkdir()
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as unpacking:
        assert unpacking.stdout is not None
        # A package that cannot be unpacked ends early: dpkg-deb's status and what is missing say so.
        with (
            contextlib.suppress(tarfile.ReadError),
            tarfile.open(fileobj=unpacking.stdout, mode="r|") as archive,
        ):
            for member in archive:
                name = Path(member.name).name
                source = archive.extractfile(member) if member.isfile() and name in LIBRARIES else None
                if source is not None:
                    (folder / name).write_bytes(source.read())
                    (folder / name).chmod(0o644)
        while unpacking.stdout.read(1 << 20):  # what follows the archive's end, so that dpkg-deb ends well
            pass
    missing = sorted(LIBRARIES - {path.name for path in folder.iterdir()})
    if unpacking.returncode or missing:
        raise Unavailable(f"{package.name} is not as expected: dpkg-deb ended with {unpacking.returncode}, "
                          f"missing are {', '.join(missing) or 'no libraries'}")  # fmt: skip
    return folder


def _version(folder: Path) -> str:
    """The version that a program gets from *folder*: proves that the libraries load with the system's NSPR."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", _VERSION],
        env={**os.environ, "LD_LIBRARY_PATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.returncode:
        raise Unavailable(f"the libraries of {PACKAGE} do not load here: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout.split()[0]


def main() -> int:
    """Says what there is."""
    if state().version == "":
        print(f"==> a newer NSS for the tests, out of Debian's {PACKAGE} (80 MB, not installed)", flush=True)
    found = provide()
    if found.reason:
        print(f"No newer NSS: {found.reason}. The tests that want one are skipped.", file=sys.stderr)
    elif found.system:
        print(f"The system's NSS {found.version} is new enough.")
    else:
        print(f"NSS {found.version} in {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
