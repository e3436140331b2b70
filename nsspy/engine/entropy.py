"""NSSRandomSeed: more entropy for NSS's generator, which seeds itself from the operating system anyway."""

from __future__ import annotations

import os

from nsspy._nss import ffi, lib
from nsspy.certdb.nsserror import check
from nsspy.plan.model import RandomSource

#: No source gives more than this, however long its file is.
MAX_BYTES = 1 << 20
#: A program that has not finished by then is ended and gives nothing.
PROGRAM_SECONDS = 10.0


class SourceError(Exception):
    """A source gives nothing; the text says why."""


def feed(source: RandomSource) -> int:
    """Mixes one source into NSS's generator; returns the number of bytes.

    Raises SourceError (unreadable, empty), NSSError.
    """
    data = read(source)
    check(lib.PK11_RandomUpdate(ffi.from_buffer(data), len(data)), "PK11_RandomUpdate")
    return len(data)


def read(source: RandomSource) -> bytes:
    """The bytes of a source, at least one. Raises SourceError."""
    wanted = min(MAX_BYTES if source.bytes is None else source.bytes, MAX_BYTES)
    if source.kind == "builtin":
        return _moment()
    try:
        data = _program(source, wanted) if source.kind == "exec" else _file(source.path, wanted)
    except OSError as error:
        raise SourceError(f"{error.strerror or error} as user id {os.geteuid()}") from error
    if not data:
        raise SourceError("it is empty")
    return data


def _moment() -> bytes:
    """What differs from process to process and from start to start."""
    import time

    return b"%d %d %d %d" % (time.time_ns(), time.perf_counter_ns(), os.getpid(), id(object()))


def _file(path: str, wanted: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        data = b""
        while len(data) < wanted:
            part = os.read(descriptor, wanted - len(data))
            if not part:
                break
            data += part
        return data
    finally:
        os.close(descriptor)


def _program(source: RandomSource, wanted: int) -> bytes:
    """Runs the program with the number of bytes as its argument (0: as many as it likes), then ends it."""
    import select
    import subprocess
    import time

    deadline = time.monotonic() + PROGRAM_SECONDS
    data = b""
    with subprocess.Popen(
        [source.path, str(source.bytes or 0)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as program:
        assert program.stdout is not None
        output = program.stdout.fileno()
        try:
            while len(data) < wanted:
                if not select.select([output], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    raise SourceError(f"the program has not ended after {PROGRAM_SECONDS:.0f} seconds")
                part = os.read(output, wanted - len(data))
                if not part:
                    break
                data += part
        finally:
            program.kill()
    return data
