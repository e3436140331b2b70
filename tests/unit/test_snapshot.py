"""cext/snapshot.c under many threads: readers take no lock, and nothing is freed under them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
CEXT = CHECKOUT / "cext"
DRIVER = CHECKOUT / "tests" / "fixtures" / "snapshot_driver.c"


def flags() -> list[str]:
    """What the shim's own build asks the system for."""
    asked = subprocess.run(
        [sys.executable, "-c", "import build_shim as b, shlex; f = b.httpd_flags() + b.nss_flags();"
         "print(shlex.join([*f.compile, *f.link]))"],
        cwd=CEXT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return shlex.split(asked.stdout)


@pytest.mark.parametrize("sanitizer", ["thread", "address,undefined"])
def test_readers_and_a_publisher(tmp_path: Path, sanitizer: str) -> None:
    """3,000 snapshots swapped under six readers: each is destroyed once, none while it is held, and no race is seen."""
    program = tmp_path / "driver"
    words = flags()
    compile_words = [word for word in words if not word.startswith(("-l", "-L"))]
    link_words = [word for word in words if word.startswith(("-l", "-L"))]
    subprocess.run(
        ["gcc", "-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", f"-fsanitize={sanitizer}", f"-I{CEXT}",
         *compile_words, str(DRIVER), str(CEXT / "snapshot.c"), "-o", str(program),
         *link_words, "-lapr-1", "-lpthread"],
        check=True, timeout=120,
    )  # fmt: skip
    # APR maps its memory itself, where the leak detector does not look; the driver counts instead.
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run([program], capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "early 0" in done.stdout
