"""Clients of other makes: OpenSSL (in process and as s_client), curl, GnuTLS, NSS's tstclnt. And a bare socket."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support import places
from tests.support.pki import Authority

V = ssl.TLSVersion


def context(
    authority: Authority | None = None,
    *,
    low: ssl.TLSVersion | None = None,
    high: ssl.TLSVersion | None = None,
    ciphers: str = "",
    alpn: list[str] | None = None,
    tickets: bool = True,
) -> ssl.SSLContext:
    """OpenSSL's client settings; without an authority nothing is verified."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authority is None:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    else:
        made.load_verify_locations(str(authority.ca_pem))
    old = low is not None and low < V.TLSv1_2
    if old:
        made.set_ciphers((ciphers or "ALL") + ":@SECLEVEL=0")
    elif ciphers:
        made.set_ciphers(ciphers)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the old versions are the point of some tests
        if low is not None:
            made.minimum_version = low
        if high is not None:
            made.maximum_version = high
    if alpn:
        made.set_alpn_protocols(alpn)
    if not tickets:
        made.options |= ssl.OP_NO_TICKET
    return made


def connect(
    port: int,
    ctx: ssl.SSLContext,
    name: str | None = "localhost",
    *,
    session: ssl.SSLSession | None = None,
    timeout: float = 20,
    address: str = "127.0.0.1",
) -> ssl.SSLSocket:
    """A TLS connection; *name* is sent as SNI (None: no SNI)."""
    plain = socket.create_connection((address, port), timeout)
    try:
        return ctx.wrap_socket(plain, server_hostname=name, session=session)
    except BaseException:
        plain.close()
        raise


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. Header names are lower-cased."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")


class Reader:
    """Reads HTTP answers off a socket, one after the other."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.buffer = b""

    def _more(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise EOFError(f"connection ended within an answer; so far {self.buffer[:200]!r}")
        self.buffer += data

    def answer(self, *, head: bool = False) -> Answer:
        """The next answer, by Content-Length, chunks or end of the connection."""
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        top, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = top.decode("latin-1").split("\r\n")
        headers = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        status = int(first.split()[1])
        if head or status in (204, 304):
            return Answer(status, headers, b"")
        if "chunked" in headers.get("transfer-encoding", ""):
            return Answer(status, headers, self._chunks())
        if "content-length" in headers:
            length = int(headers["content-length"])
            while len(self.buffer) < length:
                self._more()
            body, self.buffer = self.buffer[:length], self.buffer[length:]
            return Answer(status, headers, body)
        with contextlib.suppress(EOFError):
            while True:
                self._more()
        body, self.buffer = self.buffer, b""
        return Answer(status, headers, body)

    def _chunks(self) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in self.buffer:
                self._more()
            size, _, self.buffer = self.buffer.partition(b"\r\n")
            length = int(size.split(b";")[0], 16)
            while len(self.buffer) < length + 2:
                self._more()
            body += self.buffer[:length]
            self.buffer = self.buffer[length + 2 :]
            if length == 0:
                return body


def request(
    path: str = "/", host: str = "localhost", method: str = "GET", close: bool = False, extra: str = ""
) -> bytes:
    """The bytes of a request without a body."""
    ending = "Connection: close\r\n" if close else ""
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{ending}{extra}\r\n".encode()


def get(
    port: int,
    path: str = "/",
    *,
    ctx: ssl.SSLContext | None = None,
    sni: str | None = "localhost",
    host: str | None = None,
    extra: str = "",
) -> Answer:
    """One request on a connection of its own."""
    with connect(port, ctx or context(), sni) as sock:
        sock.sendall(request(path, host if host is not None else (sni or "localhost"), close=True, extra=extra))
        return Reader(sock).answer()


def refused(port: int, ctx: ssl.SSLContext, name: str | None = "localhost") -> str:
    """The reason OpenSSL gives for a handshake that must fail; AssertionError when it succeeds."""
    try:
        with connect(port, ctx, name) as sock:
            sock.sendall(request(close=True))
            Reader(sock).answer()
    except ssl.SSLError as error:
        return str(error.reason or error)
    except (ConnectionError, EOFError) as error:
        return type(error).__name__
    raise AssertionError("the handshake was accepted")


def curl(*arguments: str | Path, timeout: float = 60, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    """curl, silent but for errors."""
    done = subprocess.run(
        ["curl", "-sS", "--noproxy", "*", "--max-time", str(int(timeout)), *map(str, arguments)],
        capture_output=True,
        check=False,
        timeout=timeout + 10,
        stdin=subprocess.DEVNULL,
    )
    if check and done.returncode != 0:
        raise AssertionError(f"curl {arguments} ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done


@dataclass(frozen=True, slots=True)
class Handshake:
    """What s_client told of a handshake. ``group`` is the key exchange, ``status`` that of the program."""

    status: int
    protocol: str
    cipher: str
    group: str
    reused: bool
    output: str


def s_client(
    port: int, *arguments: str, name: str | None = "localhost", stdin: bytes = b"", timeout: float = 30
) -> Handshake:
    """``openssl s_client``, which ends when its standard input does."""
    done = subprocess.run(
        [
            places.tool("openssl"), "s_client", "-connect", f"127.0.0.1:{port}",
            *(["-servername", name] if name else ["-noservername"]), *arguments,
        ],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=timeout,
    )  # fmt: skip
    output = (done.stdout + done.stderr).decode(errors="replace")
    summary = re.search(r"^(New|Reused), (\S+), Cipher is (\S+)", output, re.MULTILINE)
    group = re.search(r"^Server Temp Key: ([^,\n]+)(?:, ([^,\n]+))?", output, re.MULTILINE)
    return Handshake(
        done.returncode,
        summary[2] if summary and summary[3] != "(NONE)" else "",
        summary[3] if summary and summary[3] != "(NONE)" else "",
        (group[2] if group and group[1] == "ECDH" and group[2] else group[1] if group else ""),
        bool(summary) and summary[1] == "Reused",  # type: ignore[index]
        output,
    )


def gnutls(
    port: int, authority: Authority, *arguments: str, name: str = "localhost"
) -> subprocess.CompletedProcess[str]:
    """``gnutls-cli`` with one GET."""
    return subprocess.run(
        [
            places.tool("gnutls-cli"), "--x509cafile", str(authority.ca_pem), "--sni-hostname", name,
            "--verify-hostname", name, "-p", str(port), *arguments, "127.0.0.1",
        ],
        input=request(host=name, close=True).decode(),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=30,
    )  # fmt: skip


def tstclnt(port: int, database: str, *arguments: str, name: str = "localhost") -> subprocess.CompletedProcess[str]:
    """NSS's own client with one GET, which it reads from a file: on a pipe it never ends."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(request(host=name, close=True))
        file.flush()
        return subprocess.run(
            [
                places.tool("tstclnt"), "-h", "127.0.0.1", "-p", str(port), "-d", database, "-a", name, "-A", file.name,
                *arguments,
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=30,
        )  # fmt: skip


def client_hello(port: int = 0, name: str = "localhost", high: ssl.TLSVersion | None = None) -> bytes:
    """The first flight of an OpenSSL client, as bytes, without any network."""
    ctx = context(high=high)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    half = ctx.wrap_bio(incoming, outgoing, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        half.do_handshake()
    return outgoing.read()


@contextlib.contextmanager
def raw(port: int, timeout: float = 10) -> Iterator[socket.socket]:
    """A bare TCP connection."""
    with socket.create_connection(("127.0.0.1", port), timeout) as sock:
        yield sock


def drain(sock: socket.socket) -> bytes:
    """Everything until the peer closes, or resets."""
    got = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := sock.recv(65536):
            got += chunk
    return got


class Pump:
    """A TLS client whose every byte passes through the test: pieces, pauses, damage.

    ``alter`` is given each flight before it is cut into pieces of ``piece`` bytes.
    """

    def __init__(
        self,
        sock: socket.socket,
        ctx: ssl.SSLContext,
        name: str = "localhost",
        *,
        piece: int = 0,
        alter: Callable[[bytes], bytes] = bytes,
    ) -> None:
        self.sock = sock
        self.piece = piece
        self.alter = alter
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = ctx.wrap_bio(self.incoming, self.outgoing, server_hostname=name)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def flush(self) -> None:
        """Sends what OpenSSL has produced, in pieces."""
        data = self.alter(self.outgoing.read())
        step = self.piece or len(data) or 1
        for at in range(0, len(data), step):
            self.sock.sendall(data[at : at + step])

    def _do(self, action: Callable[[], object]) -> object:
        while True:
            try:
                result = action()
            except ssl.SSLWantReadError:
                self.flush()
                data = self.sock.recv(65536)
                if data:
                    self.incoming.write(data)
                else:
                    self.incoming.write_eof()
                continue
            self.flush()
            return result

    def handshake(self) -> None:
        """Runs the handshake to its end."""
        self._do(self.tls.do_handshake)

    def sendall(self, data: bytes) -> None:
        """Sends application data."""
        self._do(lambda: self.tls.write(data))

    def recv(self, size: int) -> bytes:
        """Reads application data, empty at the end."""
        try:
            return bytes(self._do(lambda: self.tls.read(size)))  # type: ignore[arg-type, call-overload]
        except ssl.SSLZeroReturnError:
            return b""


def in_records(size: int) -> Callable[[bytes], bytes]:
    """Cuts every handshake record into records of at most *size* bytes of payload."""

    def cut(data: bytes) -> bytes:
        made = b""
        while len(data) >= 5:
            kind, version, length = data[0], data[1:3], int.from_bytes(data[3:5])
            payload, data = data[5 : 5 + length], data[5 + length :]
            step = size if kind == 22 else len(payload) or 1
            for at in range(0, len(payload), step):
                part = payload[at : at + step]
                made += bytes([kind]) + version + len(part).to_bytes(2) + part
        return made + data

    return cut
