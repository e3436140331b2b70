"""A client of NSS, through our binding, in a process of its own: with another NSS when LD_LIBRARY_PATH names one.

``python -m tests.support.nss_client PORT DATABASE`` reads a connection's wishes as a line of JSON on standard input
(groups, versions, path) and answers with one (Shake, or error). The process keeps NSS's session cache, so that a
later connection resumes an earlier one. The server's certificate is verified with the root in the database.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from tools.stage import CHECKOUT

TLS12, TLS13 = 0x0303, 0x0304


@dataclass(frozen=True, slots=True)
class Shake:
    """One connection: the client's NSS, libssl's numbers of version and group, and what the server answered."""

    library: str
    version: int
    group: int
    resumed: bool
    answer: str


class Client:
    """The process's other end."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._to: IO[str] = process.stdin
        self._from: IO[str] = process.stdout

    def get(
        self, path: str = "/", *, groups: Sequence[int] = (), low: int = TLS12, high: int = TLS13, shares: int = 0
    ) -> Shake:
        """One connection and request. *shares*: key shares beside the first group's. AssertionError when it fails."""
        wish = {"path": path, "groups": list(groups), "low": low, "high": high, "shares": shares}
        self._to.write(json.dumps(wish) + "\n")
        self._to.flush()
        line = self._from.readline()
        assert line, "the client of NSS ended"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return Shake(**answer)


@contextlib.contextmanager
def client(port: int, database: str, libraries: Path | None) -> Iterator[Client]:
    """A client for 127.0.0.1:*port* that trusts what *database* (``sql:/…``) does, with the NSS in *libraries*."""
    environment = {**os.environ, **({"LD_LIBRARY_PATH": str(libraries)} if libraries else {})}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.nss_client", str(port), database],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        env=environment,
    ) as process:
        try:
            yield Client(process)
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(timeout=20) == 0
        finally:
            if process.poll() is None:
                process.kill()


def _main(port: int, database: str) -> int:
    from cffi import FFI

    from nsspy._nss import ffi, lib
    from nsspy.certdb.database import nss_version, open_database
    from nsspy.certdb.nsserror import check

    nspr = FFI()
    nspr.cdef("void *PR_ImportTCPSocket(int osfd);")
    nspr_lib: Any = nspr.dlopen("libnspr4.so")

    def connection(wish: dict[str, Any]) -> Shake:
        descriptor = socket.create_connection(("127.0.0.1", port), 20).detach()
        os.set_blocking(descriptor, False)  # as NSPR wants it, which waits by itself
        plain = nspr_lib.PR_ImportTCPSocket(descriptor)
        fd = lib.SSL_ImportFD(ffi.NULL, ffi.cast("PRFileDesc *", int(nspr.cast("uintptr_t", plain))))
        try:
            check(lib.SSL_SetURL(fd, b"localhost"), "SSL_SetURL")
            versions = ffi.new("SSLVersionRange *", {"min": wish["low"], "max": wish["high"]})
            check(lib.SSL_VersionRangeSet(fd, versions), "SSL_VersionRangeSet")
            check(lib.SSL_OptionSet(fd, lib.SSL_ENABLE_SESSION_TICKETS, 1), "SSL_ENABLE_SESSION_TICKETS")
            if wish["groups"]:
                groups = ffi.new("SSLNamedGroup[]", wish["groups"])
                check(lib.SSL_NamedGroupConfig(fd, groups, len(groups)), "SSL_NamedGroupConfig")
            check(lib.SSL_SendAdditionalKeyShares(fd, wish["shares"]), "SSL_SendAdditionalKeyShares")
            check(lib.SSL_ResetHandshake(fd, 0), "SSL_ResetHandshake")
            check(lib.SSL_ForceHandshake(fd), "SSL_ForceHandshake")
            info: Any = ffi.new("SSLChannelInfo *")
            check(lib.SSL_GetChannelInfo(fd, info, ffi.sizeof(info[0])), "SSL_GetChannelInfo")
            request = f"GET {wish['path']} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
            if lib.PR_Write(fd, request, len(request)) != len(request):
                check(-1, "PR_Write")
            got, buffer = b"", ffi.new("char[]", 16384)
            while (size := lib.PR_Read(fd, buffer, 16384)) > 0:
                got += ffi.buffer(buffer, size)[:]
            check(size, "PR_Read")
        finally:
            lib.PR_Close(fd)
        return Shake(
            ".".join(str(part) for part in nss_version()),
            int(info.protocolVersion),
            int(info.keaGroup),
            bool(info.resumed),
            got.decode(),
        )

    with open_database(database):
        for line in sys.stdin:
            try:
                answer: dict[str, object] = asdict(connection(json.loads(line)))
            except Exception as error:  # told to the test, which fails with it
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)
        lib.SSL_ClearSessionCache()
    return 0


if __name__ == "__main__":
    sys.exit(_main(int(sys.argv[1]), sys.argv[2]))
