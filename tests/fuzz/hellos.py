"""ClientHellos: real ones of the clients that are installed, and ones put together by hand.

``python -m tests.fuzz.hellos FOLDER`` writes them as the seed corpus of the fuzzer.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

SERVER_NAME, GROUPS, ALPN, VERSIONS, POST_HANDSHAKE_AUTH = 0, 10, 16, 43, 49


def vector(width: int, content: bytes) -> bytes:
    """A vector of TLS: its length in *width* bytes, then its content."""
    return len(content).to_bytes(width, "big") + content


def extension(number: int, content: bytes = b"") -> bytes:
    """One extension."""
    return number.to_bytes(2, "big") + vector(2, content)


def sni(*names: bytes) -> bytes:
    """The server_name extension with these host names."""
    return extension(SERVER_NAME, vector(2, b"".join(b"\0" + vector(2, name) for name in names)))


def alpn(*names: bytes) -> bytes:
    """The ALPN extension with these protocols."""
    return extension(ALPN, vector(2, b"".join(vector(1, name) for name in names)))


def numbers(number: int, width: int, values: Iterable[int]) -> bytes:
    """An extension that is one vector of 16 bit numbers."""
    return extension(number, vector(width, b"".join(value.to_bytes(2, "big") for value in values)))


def message(*extensions: bytes, session: bytes = b"", version: int = 0x0303) -> bytes:
    """A ClientHello with its message header; without extensions it has no extension block."""
    body = version.to_bytes(2, "big") + bytes(range(32)) + vector(1, session)
    body += vector(2, bytes.fromhex("13011302c02bc02f")) + vector(1, b"\0")
    if extensions:
        body += vector(2, b"".join(extensions))
    return b"\1" + vector(3, body)


def records(content: bytes, size: int = 16384) -> bytes:
    """*content* in handshake records of at most *size* bytes."""
    parts = [content[at : at + size] for at in range(0, len(content), size)]
    return b"".join(b"\x16\3\1" + vector(2, part) for part in parts)


def hello(*extensions: bytes) -> bytes:
    """A ClientHello in one record."""
    return records(message(*extensions))


def full() -> bytes:
    """A ClientHello with everything that is read."""
    return hello(
        sni(b"www.Example.com"),
        alpn(b"h2", b"http/1.1"),
        numbers(VERSIONS, 1, (0x0304, 0x0303)),
        numbers(GROUPS, 2, (29, 23, 4588)),
        extension(POST_HANDSHAKE_AUTH),
        extension(0xFF01, b"\0"),
    )


def of_openssl(name: str | None, *, protocols: tuple[str, ...] = (), pha: bool = False, old: bool = False) -> bytes:
    """What Python's OpenSSL sends first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.post_handshake_auth = pha
    if old:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if protocols:
        context.set_alpn_protocols(list(protocols))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def of_program(command: list[str]) -> bytes:
    """The first bytes that *command* sends; ``{port}`` in it becomes the port to connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        port = str(server.getsockname()[1])
        with subprocess.Popen(
            [word.replace("{port}", port) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as client:
            try:
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(5)
                    return connection.recv(65536)
            finally:
                client.kill()


def programs() -> Iterator[tuple[str, list[str]]]:
    """Clients that may be installed."""
    yield "nss", ["tstclnt", "-h", "127.0.0.1", "-p", "{port}", "-a", "nss.example.com", "-D", "-o"]
    yield "nss-12", ["tstclnt", "-h", "127.0.0.1", "-p", "{port}", "-D", "-o", "-V", "tls1.0:tls1.2", "-u"]
    yield "gnutls", ["gnutls-cli", "--insecure", "--sni-hostname=gnutls.example.com", "-p", "{port}", "127.0.0.1"]
    yield "curl", ["curl", "-sk", "--connect-to", "::127.0.0.1:{port}", "https://curl.example.com:{port}/"]
    yield "plain", ["curl", "-s", "http://127.0.0.1:{port}/"]


def real() -> Iterator[tuple[str, bytes]]:
    """Real first flights, by name of the client. Clients that are missing are left out."""
    yield "openssl", of_openssl("www.example.com", protocols=("h2", "http/1.1"), pha=True)
    yield "openssl-12", of_openssl("www.example.com", old=True)
    yield "openssl-nameless", of_openssl(None)
    for name, command in programs():
        if shutil.which(command[0]):
            with contextlib.suppress(TimeoutError):
                yield name, of_program(command)


def seeds() -> Iterator[tuple[str, bytes]]:
    """The corpus: real ones, and one by hand for each thing that is read."""
    yield from real()
    yield "full", full()
    yield "full-cut", records(message(sni(b"cut.example.com"), alpn(b"h2")), 7)
    yield "bare", hello()
    yield "two-messages", records(message(sni(b"a.example")) + b"\x0b\0\0\1x")
    yield "empty-name", hello(sni(b""))
    yield "two-names", hello(sni(b"a", b"b"))
    yield "twice", hello(sni(b"a"), sni(b"b"))
    yield "long-name", hello(sni(b"a." * 127 + b"a"))
    yield "many", hello(alpn(*[b"p%d" % n for n in range(20)]), numbers(GROUPS, 2, range(40)))
    yield "ssl2", bytes.fromhex("802e0100020015000000100100800200800300800400800500800600400700c0") + bytes(16)
    yield "http2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    yield "http", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"


def main(folder: Path) -> None:
    """Writes the corpus; file names are digests, as libFuzzer's own are."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in seeds():
        path = folder / hashlib.sha1(data, usedforsecurity=False).hexdigest()
        path.write_bytes(data)
        print(f"{name}: {len(data)} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
