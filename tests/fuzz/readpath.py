"""Fuzzes a connection's path: filters, NSPR layer and handshake over real libssl and APR.

``fuzz`` makes the certificates and the seeds, compiles ``fuzz_readpath.c`` and runs it. Seeds are scripts, as
``fuzz_readpath.c`` takes them: client, then what network and application do, one byte after the other.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.database import create

ROOT = Path(__file__).resolve().parents[2]
CEXT = ROOT / "cext"
HARNESS = [ROOT / "tests/fuzz" / name for name in ("fuzz_readpath.c", "readpath_httpd.c", "readpath_client.c")]
#: Compiled into a library, of which the linker takes what the path of a connection's bytes calls.
UNDER_TEST = [one for one in sorted(CEXT.glob("*.c")) if one.stem not in ("mod_nss", "pcache", "python_embed")]
SANITIZERS = ("-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all")
#: READPATH_DATABASE: where the harness finds the certificates "server" and "client".
DATABASE = "READPATH_DATABASE"

# Bytes of a script; see perform() and act() of the harness.
DELIVER, FLIP, DROP, RECORD, RAW, TIME_UP, RESET, DATA, KEY_UPDATE, RENEGOTIATE, CLOSE, AGAIN = (
    0, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15,
)  # fmt: skip
HOLD = 64
READ, LOOK, LINE, SKIP, WRITE_FLUSH = 0, 2, 3, 4, 6 | 1 << 3
#: who: name in bits 1 and 2, then TLS 1.2, session cache, ALPN, client certificate
CLIENTS = (0, 8, 16, 24, 32, 2, 2 | 8, 2 | 64, 2 | 8 | 64)


def read(mode: int, *, waits: bool, size: int = 3) -> int:
    """A reading of the application; *size* is a place in the harness's table of sizes."""
    return mode | ((not waits) | size << 1) << 3 & 0xFF


def seeds() -> Iterator[tuple[str, bytes]]:
    """Handshakes that go well after some reads of the network, and then what the harness can do."""
    look = read(READ, waits=False)
    wait = read(READ, waits=True)
    yield "http", bytes((1, 0, RAW, 0, 18)) + b"GET / HTTP/1.0\r\n\r\n"
    for client in CLIENTS:
        for reads in range(1, 9):
            start = bytes((client, 0)) + bytes(reads)
            for op in (KEY_UPDATE, RENEGOTIATE):
                tail = (look, op | HOLD, look, DATA, 1, 0, look, 0, WRITE_FLUSH, 1, 0, read(LINE, waits=True), 0)
                yield f"{op}-{client}-{reads}", start + bytes(tail)
            tail = (WRITE_FLUSH, 200, 0, read(LOOK, waits=False), DATA, 0, 200, look, 0, read(SKIP, waits=True), CLOSE)
            yield f"talk-{client}-{reads}", start + bytes((*tail, look, 0))
            for op in (FLIP, DROP, RECORD, RAW, TIME_UP, RESET, AGAIN):
                tail = (wait, op, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, wait, DATA, 0, 50, wait, 0)
                yield f"{op}-{client}-{reads}", start + bytes(tail)


def certificates(folder: Path) -> str:
    """A database with two self-signed certificates, made once; how NSS names it."""
    database = create(folder, pin="") if not (folder / "cert9.db").exists() else None
    if database is not None:
        noise = folder / "noise"
        noise.write_bytes(os.urandom(64))
        for serial, name in enumerate(("server", "client"), 1):
            database.certutil(
                "-S", "-n", name, "-s", f"CN={name}", "-x", "-t", "CTu,CTu,CTu", "-m", str(serial), "-v", "120",
                "-k", "ec", "-q", "nistp256", "-z", noise,
            )  # fmt: skip
    return f"sql:{folder}"


def flags() -> list[str]:
    """What the shim's own build asks the system for."""
    asked = subprocess.run(
        [sys.executable, "-c", "import build_shim as b, shlex; f = b.httpd_flags() + b.nss_flags();"
         "print(shlex.join([*f.compile, *f.link]))"],
        cwd=CEXT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return shlex.split(asked.stdout)


def compile_to(program: Path, compiler: str, *more: str) -> Path:
    """Compiles the harness. Raises CalledProcessError."""
    objects = program.parent / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    command = [
        compiler, "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers",
        "-g", "-O1", f"-I{CEXT}",
        f"-I{ROOT / 'build/generated'}", *more, *[word for word in flags() if not word.startswith("-l")],
    ]  # fmt: skip
    library = objects / "connection.a"
    library.unlink(missing_ok=True)
    subprocess.run([*command, '-DNSS_MODULE_VERSION="fuzz"', "-c", *UNDER_TEST], cwd=objects, check=True)
    subprocess.run(["ar", "rcs", library, *[objects / f"{one.stem}.o" for one in UNDER_TEST]], check=True)
    libraries = [word for word in flags() if word.startswith("-l")]
    subprocess.run([*command, *HARNESS, library, *libraries, "-lapr-1", "-laprutil-1", "-o", program], check=True)
    return program


def fuzz(folder: Path, seconds: int, compiler: str) -> int:
    """Runs the fuzzer for *seconds*; the exit status is libFuzzer's, 0 when nothing was found."""
    program = compile_to(folder / "fuzz_readpath", compiler, *SANITIZERS)
    for name in ("corpus", "seeds", "findings"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, data in seeds():
        (folder / "seeds" / name).write_bytes(data)
    environment = {
        **os.environ,
        DATABASE: certificates(folder / "database"),
        "ASAN_OPTIONS": "quarantine_size_mb=16",
    }
    options = [
        f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=1500", "-max_len=1024", "-len_control=0",
        "-print_final_stats=1", f"-artifact_prefix={folder}/findings/",
    ]  # fmt: skip
    command: list[str | Path] = [program, *options, folder / "corpus", folder / "seeds"]
    return subprocess.run(command, env=environment, check=False).returncode
