"""Makes module and engine reachable for httpd's children.

Started by root, httpd runs its children as another user (www-data, apache). They load ``nsspy`` out of the checkout's
virtual environment, and cannot when the checkout lies below a private directory. Then a copy of what they read is
placed in a folder of its own; it is removed with ``Staged.remove``.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
#: Parts of the development environment that no server needs.
_LEFT_OUT = (
    "pip", "pip-*", "setuptools*", "pkg_resources", "_distutils_hack", "mypy*", "*__mypyc*", "ruff*", "pytest*",
    "_pytest", "hypothesis*", "werkzeug*", "pygments*", "*.pth", "*.egg-link", "__editable__*", "__pycache__",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Staged:
    """Folder of the builds, and what NSSPythonHome must name (None: the module finds it itself)."""

    builds: Path
    python_home: Path | None

    def remove(self) -> None:
        """Removes the copy, if there is one."""
        if self.python_home is not None:
            shutil.rmtree(self.python_home.parent, ignore_errors=True)


def run_user() -> tuple[str, str]:
    """User and group for httpd's children when root starts it. Raises LookupError."""
    for name in ("www-data", "apache", "daemon", "nobody"):
        with contextlib.suppress(KeyError):
            return name, grp.getgrgid(pwd.getpwnam(name).pw_gid).gr_name
    raise LookupError("there is no user for httpd's children: none of www-data, apache, daemon, nobody exists")


def barrier(path: Path, user: str) -> Path | None:
    """The first directory on the way to *path*, itself included, that *user* may not enter; None: the way is free."""
    who = pwd.getpwnam(user)
    groups = set(os.getgrouplist(user, who.pw_gid))
    for folder in [*reversed(path.resolve().parents), path.resolve()]:
        state = folder.stat()
        bit = 0o100 if state.st_uid == who.pw_uid else 0o010 if state.st_gid in groups else 0o001
        if folder.is_dir() and not state.st_mode & bit:
            return folder
    return None


def reachable(user: str | None) -> Staged:
    """The builds as *user* can read them: in place, or as a copy. None means whoever runs this."""
    builds = CHECKOUT / "build"
    if user is None or (barrier(CHECKOUT, user) is None and barrier(Path(sys.prefix), user) is None):
        return Staged(builds, None)
    folder = Path(tempfile.mkdtemp(prefix="mod_nss-"))
    folder.chmod(0o755)
    home = folder / ".venv"
    base = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    subprocess.run([base, "-I", "-m", "venv", "--without-pip", home], check=True)
    site = next((home / "lib").glob("python*/site-packages"))
    ours = next((Path(sys.prefix) / "lib").glob("python*/site-packages"))
    shutil.copytree(ours, site, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    shutil.copytree(CHECKOUT / "nsspy", site / "nsspy", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("build", "build/asan"):
        for file in (CHECKOUT / name).glob("*"):
            if file.is_file():
                (folder / name).mkdir(exist_ok=True)
                shutil.copy2(file, folder / name / file.name)
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    return Staged(folder / "build", home)
