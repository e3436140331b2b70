"""Where things are on this machine: httpd, its modules, our build. Names of Debian and of RHEL."""

from __future__ import annotations

import atexit
import functools
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

from tools import stage
from tools.stage import CHECKOUT, Staged, reachable

FIXTURES = CHECKOUT / "tests" / "fixtures"
#: Whoever runs the tests; as root httpd's children get another user.
ROOT = os.geteuid() == 0
ASAN = bool(os.environ.get("NSS_TEST_ASAN"))


def tool(*names: str) -> str:
    """The path of the first of *names* that exists, sbin folders included. Raises FileNotFoundError."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin"
    for name in names:
        found = shutil.which(name, path=path)
        if found:
            return found
    raise FileNotFoundError(f"none of {', '.join(names)} is installed; tools/install-deps installs it")


@functools.cache
def httpd() -> str:
    """httpd's program."""
    return tool("apache2", "httpd")


@functools.cache
def modules_dir() -> Path:
    """The folder of httpd's own modules."""
    asked = subprocess.run([tool("apxs", "apxs2"), "-q", "LIBEXECDIR"], check=True, capture_output=True, text=True)
    return Path(asked.stdout.strip())


@functools.cache
def built_in() -> frozenset[str]:
    """Names of the modules compiled into httpd, ``mod_so`` and the like."""
    listing = subprocess.run([httpd(), "-l"], check=True, capture_output=True, text=True).stdout
    return frozenset(re.findall(r"(\w+)\.c", listing))


@functools.cache
def staged() -> Staged:
    """The builds, where httpd's children can read them. A copy lives as long as the test run."""
    found = reachable(stage.run_user()[0] if ROOT else None)
    atexit.register(found.remove)
    return found


def module() -> Path:
    """Our module, or its sanitizer build when the run asks for it."""
    return staged().builds / ("asan/mod_nss.so" if ASAN else "mod_nss.so")


def run_user() -> tuple[str, str]:
    """User and group of httpd's children when the tests run as root."""
    return stage.run_user()


_given: set[int] = set()


def free_port(address: str = "127.0.0.1") -> int:
    """A TCP port nobody listens on, never given out twice by this process."""
    while True:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.bind((address, 0))
            port = int(probe.getsockname()[1])
        if port not in _given:
            _given.add(port)
            return port
