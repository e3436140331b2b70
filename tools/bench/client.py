"""The load generator: built from ``loadgen.c`` on first need, run once for each batch."""

from __future__ import annotations

import json
import os
import select
import shlex
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

SOURCE = Path(__file__).with_name("loadgen.c")
REPOSITORY = SOURCE.parents[2]
PROGRAM = REPOSITORY / "build" / "bench" / "loadgen"


class ClientError(RuntimeError):
    """The load generator could not be built, hangs, or had operations that failed."""


@dataclass(frozen=True, slots=True)
class Load:
    """One kind of operation: the options of the program, in its words."""

    mode: str
    version: str = "1.3"
    suite: str = "TLS_AES_128_GCM_SHA256"
    group: str = "X25519"
    sigalg: str = "ecdsa_secp256r1_sha256"
    tickets: bool = True
    path: str = "/small"
    bytes: int = -1

    def options(self, port: int, name: str, parallel: int, count: int) -> list[str]:
        """The command line of one batch."""
        words = [
            *("--mode", self.mode, "--port", str(port), "--name", name, "--version", self.version),
            *("--suite", self.suite, "--group", self.group, "--sigalg", self.sigalg),
            *("--parallel", str(parallel), "--count", str(count), "--path", self.path, "--bytes", str(self.bytes)),
        ]
        return words if self.tickets else [*words, "--no-tickets"]


@dataclass(frozen=True, slots=True)
class Result:
    """What the client saw of one batch."""

    operations: int
    resumed: int
    bytes: int
    seconds: float


def build() -> Path:
    """The compiled load generator. Raises ClientError without a compiler or OpenSSL's headers."""
    if PROGRAM.exists() and PROGRAM.stat().st_mtime >= SOURCE.stat().st_mtime:
        return PROGRAM
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    made = PROGRAM.with_suffix(".new")
    command = ["cc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", str(SOURCE), "-o", str(made)]
    done = subprocess.run([*command, "-lssl", "-lcrypto", "-lpthread"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ClientError(f"cannot build {SOURCE.name} (a C compiler and libssl-dev are needed):\n{done.stderr}")
    made.rename(PROGRAM)
    return PROGRAM


class Batch:
    """A running load generator. Enter: prepared and waiting; ``go`` does the work."""

    def __init__(self, load: Load, port: int, name: str, parallel: int, count: int, limit: float = 120.0) -> None:
        self._command = [str(build()), *load.options(port, name, parallel, count)]
        self._end = time.monotonic() + limit

    def __enter__(self) -> Batch:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > 1:
            os.sched_setaffinity(self._process.pid, cores[1:])  # the first is the servers'
        try:
            line = self._line()
            if line != "ready":
                raise ClientError(f"the load generator says {line!r} instead of ready: {shlex.join(self._command)}")
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def go(self) -> Result:
        """Does the operations. Raises ClientError when one of them failed or was of another kind than asked for."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        line = self._line()
        try:
            raw = json.loads(line)
        except ValueError as error:
            raise ClientError(f"the load generator died ({line!r}): {shlex.join(self._command)}") from error
        if raw["failures"] or not raw["operations"]:
            raise ClientError(f"{raw['failures']} operations failed, {raw['operations']} worked; first: {raw['why']}")
        return Result(raw["operations"], raw["resumed"], raw["bytes"], raw["seconds"])

    def _line(self) -> str:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, self._end - time.monotonic()))
        if not ready:
            raise ClientError(f"the load generator hangs: {shlex.join(self._command)}")
        return self._process.stdout.readline().strip()
