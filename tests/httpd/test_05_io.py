"""Bytes through the filters: much, little, torn, early, late, and none at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import socket
import ssl
import struct
import time
from collections.abc import Callable

import pytest

from tests.conftest import Ready
from tests.support import clients, processes
from tests.support.clients import Pump, Reader, V, in_records, request
from tests.support.httpd import Httpd
from tests.support.processes import wait_until

GIGABYTE = 1 << 30
BLOCK = 1 << 20
BOTH = pytest.mark.parametrize("high", [V.TLSv1_2, V.TLSv1_3], ids=["1.2", "1.3"])


@pytest.fixture
def plain_server(ready: Callable[..., Ready]) -> Httpd:
    """One vhost with the usual certificates, running."""
    server = ready(modules=("reqtimeout",)).simple(outer="KeepAliveTimeout 60\nMaxKeepAliveRequests 0\n")
    server.start()
    return server


def block(number: int, base: bytes) -> bytes:
    """Block *number* of the big body: no two are alike, so a lost or doubled one shows."""
    return struct.pack(">Q", number) + base[8:]


# ---- much ------------------------------------------------------------------------------------------------------


@BOTH
def test_download_of_a_gigabyte(plain_server: Httpd, high: ssl.TLSVersion) -> None:
    """A file of 1 GB arrives byte for byte."""
    base = os.urandom(BLOCK)
    expected = hashlib.sha256()
    with (plain_server.htdocs / "big").open("wb") as file:
        for number in range(GIGABYTE // BLOCK):
            data = block(number, base)
            file.write(data)
            expected.update(data)
    got, digest = 0, hashlib.sha256()
    buffer = bytearray(BLOCK)
    with clients.connect(plain_server.port, clients.context(high=high)) as sock:
        sock.sendall(request("/big", close=True))
        head = b""
        while b"\r\n\r\n" not in head:
            head += sock.recv(1024)
        head, _, rest = head.partition(b"\r\n\r\n")
        assert b"Content-Length: %d" % GIGABYTE in head
        digest.update(rest)
        got += len(rest)
        while size := sock.recv_into(buffer):
            digest.update(memoryview(buffer)[:size])
            got += size
    assert got == GIGABYTE
    assert digest.digest() == expected.digest()


@BOTH
def test_upload_of_a_gigabyte(ready: Callable[..., Ready], high: ssl.TLSVersion) -> None:
    """A POST of 1 GB reaches the program byte for byte."""
    server = ready(modules=("cgid",)).simple(outer='ScriptSock "{root}/run/cgid"\nAddHandler cgi-script .cgi\n')
    server.write("htdocs/sum.cgi", "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nexec sha256sum\n", 0o755)
    server.start()
    base = os.urandom(BLOCK)
    expected = hashlib.sha256()
    with clients.connect(server.port, clients.context(high=high), timeout=60) as sock:
        sock.sendall(request("/sum.cgi", method="POST", close=True, extra=f"Content-Length: {GIGABYTE}\r\n"))
        for number in range(GIGABYTE // BLOCK):
            data = block(number, base)
            sock.sendall(data)
            expected.update(data)
        answer = Reader(sock).answer()
    assert answer.status == 200
    assert answer.text.split()[0] == expected.hexdigest()


def test_chunked_upload_in_odd_pieces(ready: Callable[..., Ready]) -> None:
    """Pieces of every size around the record limit arrive in order."""
    server = ready(modules=("cgid",)).simple(outer='ScriptSock "{root}/run/cgid"\nAddHandler cgi-script .cgi\n')
    server.write("htdocs/sum.cgi", "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nexec sha256sum\n", 0o755)
    server.start()
    expected = hashlib.sha256()
    with clients.connect(server.port, clients.context()) as sock:
        sock.sendall(request("/sum.cgi", method="POST", close=True, extra="Transfer-Encoding: chunked\r\n"))
        for size in [1, 2, 16383, 16384, 16385, 8191, 40000, 1, 65536, 5]:
            data = os.urandom(size)
            expected.update(data)
            sock.sendall(b"%x\r\n" % size)
            sock.sendall(data + b"\r\n")
        sock.sendall(b"0\r\n\r\n")
        assert Reader(sock).answer().text.split()[0] == expected.hexdigest()


@pytest.mark.parametrize("size", [0, 1, 16383, 16384, 16385, 32768, 100_001])
def test_sizes_around_the_record(plain_server: Httpd, size: int) -> None:
    """Bodies around the size of a record arrive whole."""
    data = os.urandom(size)
    (plain_server.htdocs / "file").write_bytes(data)
    assert clients.get(plain_server.port, "/file").body == data


def test_slow_reader_gets_everything(plain_server: Httpd) -> None:
    """A client that reads late and little (write completion in the event MPM) gets every byte."""
    data = os.urandom(8 * BLOCK)
    (plain_server.htdocs / "file").write_bytes(data)
    with clients.connect(plain_server.port, clients.context()) as sock:
        sock.sendall(request("/file", close=True))
        time.sleep(1)
        got = bytearray()
        while chunk := sock.recv(30_000):
            got += chunk
            if len(got) < BLOCK:
                time.sleep(0.01)
    assert bytes(got).partition(b"\r\n\r\n")[2] == data


# ---- keep-alive, pipelining, speculative reads -----------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_pipelined_in_one_record(ready: Callable[..., Ready], mpm: str, high: ssl.TLSVersion) -> None:
    """Thirty requests in one TLS record are answered at once, though nothing more comes from the network."""
    server = ready(mpm=mpm).simple(outer="KeepAliveTimeout 60\nMaxKeepAliveRequests 0\n")
    server.start()
    with clients.connect(server.port, clients.context(high=high), timeout=10) as sock:
        sock.sendall(b"".join(request(extra=f"X-Number: {number}\r\n") for number in range(30)))
        reader = Reader(sock)
        for _ in range(30):
            assert reader.answer().text == "It works, by NSS.\n"


def test_second_request_ends_in_the_next_record(plain_server: Httpd) -> None:
    """One and a half requests in a record, the other half later."""
    whole = request() + request()
    cut = len(request()) + 9
    with clients.connect(plain_server.port, clients.context(), timeout=10) as sock:
        reader = Reader(sock)
        sock.sendall(whole[:cut])
        assert reader.answer().status == 200
        sock.sendall(whole[cut:])
        assert reader.answer().status == 200


def test_hundred_requests_on_one_connection(plain_server: Httpd) -> None:
    """Keep-alive goes on."""
    with clients.connect(plain_server.port, clients.context()) as sock:
        reader = Reader(sock)
        for _ in range(100):
            sock.sendall(request())
            assert reader.answer().status == 200


def test_request_torn_into_bytes(plain_server: Httpd) -> None:
    """A request in records of one byte is one request."""
    with clients.connect(plain_server.port, clients.context()) as sock:
        for byte in request(close=True):
            sock.sendall(bytes([byte]))
        assert Reader(sock).answer().status == 200


def test_expect_continue(plain_server: Httpd) -> None:
    """100-continue comes before the body is sent."""
    with clients.connect(plain_server.port, clients.context(), timeout=10) as sock:
        sock.sendall(request(method="POST", extra="Content-Length: 3\r\nExpect: 100-continue\r\n"))
        reader = Reader(sock)
        while b"\r\n\r\n" not in reader.buffer:
            reader._more()
        first = reader.buffer.split(b"\r\n")[0]
        assert b" 100 " in first or b" 405 " in first or b" 200 " in first


# ---- the end of a connection -----------------------------------------------------------------------------------


@BOTH
def test_server_says_close_notify(plain_server: Httpd, high: ssl.TLSVersion) -> None:
    """After the last answer the server sends close_notify before it closes."""
    ctx = clients.context(high=high)
    plain = socket.create_connection(("127.0.0.1", plain_server.port), 10)
    with ctx.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as sock:
        sock.sendall(request(close=True))
        while sock.recv(65536):
            pass


@BOTH
def test_client_says_close_notify(plain_server: Httpd, high: ssl.TLSVersion) -> None:
    """A close_notify of the client on an idle connection is answered with one, and the connection ends."""
    sock = clients.connect(plain_server.port, clients.context(high=high), timeout=10)
    sock.sendall(request())
    assert Reader(sock).answer().status == 200
    plain = sock.unwrap()
    assert clients.drain(plain) == b""
    plain.close()


@BOTH
def test_half_closed_peer_gets_its_answer(plain_server: Httpd, high: ssl.TLSVersion) -> None:
    """A client that closes its sending side right after the request still gets the whole answer."""
    data = os.urandom(300_000)
    (plain_server.htdocs / "file").write_bytes(data)
    with clients.raw(plain_server.port) as raw:
        pump = Pump(raw, clients.context(high=high))
        pump.handshake()
        pump.sendall(request("/file", close=True))
        raw.shutdown(socket.SHUT_WR)
        assert Reader(pump).answer().body == data  # type: ignore[arg-type]


def test_vanished_peer_does_no_harm(plain_server: Httpd) -> None:
    """Clients that reset the connection in the middle of a handshake, a request or an answer."""
    (plain_server.htdocs / "file").write_bytes(os.urandom(4 * BLOCK))
    linger = struct.pack("ii", 1, 0)
    for _ in range(5):
        with clients.raw(plain_server.port) as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            raw.sendall(clients.client_hello())
        sock = clients.connect(plain_server.port, clients.context())
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        sock.sendall(request("/file")[:20])
        sock.close()
        sock = clients.connect(plain_server.port, clients.context())
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        sock.sendall(request("/file"))
        sock.recv(1000)
        sock.close()
    assert clients.get(plain_server.port).status == 200


def test_truncated_post_is_no_whole_post(ready: Callable[..., Ready]) -> None:
    """A body that ends early (connection cut without close_notify) is never taken for a whole one."""
    server = ready(modules=("cgid",)).simple(outer='ScriptSock "{root}/run/cgid"\nAddHandler cgi-script .cgi\n')
    server.write(
        "htdocs/keep.cgi",
        '#!/bin/sh\nprintf \'Content-Type: text/plain\\r\\n\\r\\n\'\nwc -c > "$(dirname "$0")/../logs/got"\n',
        0o755,
    )
    server.expect("AH01225", "AH02550", "AH01221", "AH01215", "AH01270")
    server.start()
    sock = clients.connect(server.port, clients.context())
    sock.sendall(request("/keep.cgi", method="POST", extra="Content-Length: 1000\r\n") + b"x" * 100)
    raw = socket.socket(fileno=sock.detach())
    raw.close()
    time.sleep(0.5)
    access = server.root / "logs" / "got"
    assert not access.exists() or int(access.read_text() or 0) < 1000
    assert clients.get(server.port).status == 200


# ---- torn, dripped, oversized and garbage handshakes -----------------------------------------------------------


@BOTH
@pytest.mark.parametrize("piece", [1, 7, 100])
def test_dripped_handshake(plain_server: Httpd, high: ssl.TLSVersion, piece: int) -> None:
    """A handshake in pieces of a few bytes succeeds."""
    with clients.raw(plain_server.port, 30) as raw:
        pump = Pump(raw, clients.context(high=high), piece=piece)
        pump.handshake()
        pump.sendall(request(close=True))
        assert Reader(pump).answer().status == 200  # type: ignore[arg-type]


@BOTH
@pytest.mark.parametrize("size", [1, 4, 50])
def test_hello_over_many_records(plain_server: Httpd, high: ssl.TLSVersion, size: int) -> None:
    """A ClientHello cut into many small records is put together, by us and by NSS."""
    with clients.raw(plain_server.port, 30) as raw:
        first = True

        def alter(data: bytes) -> bytes:
            nonlocal first
            if first and data:
                first = False
                return in_records(size)(data)
            return data

        pump = Pump(raw, clients.context(high=high), alter=alter)
        pump.handshake()
        pump.sendall(request(close=True))
        assert Reader(pump).answer().status == 200  # type: ignore[arg-type]


def test_truncations_of_a_hello(plain_server: Httpd) -> None:
    """A ClientHello that ends anywhere, followed by the end of the connection: no answer but an alert, no harm."""
    hello = clients.client_hello()
    for length in [*range(0, min(len(hello), 120), 3), *range(120, len(hello), 37)]:
        with clients.raw(plain_server.port) as raw:
            raw.sendall(hello[:length])
            raw.shutdown(socket.SHUT_WR)
            assert only_alerts(clients.drain(raw)), length
    assert clients.get(plain_server.port).status == 200


def only_alerts(data: bytes) -> bool:
    """True when *data* is nothing but TLS alert records."""
    while data:
        if len(data) < 5 or data[0] != 21 or len(data) < 5 + int.from_bytes(data[3:5]):
            return False
        data = data[5 + int.from_bytes(data[3:5]) :]
    return True


def _with_sni(name: bytes) -> bytes:
    """A ClientHello whose server_name extension has this very host name."""
    hello = bytearray(clients.client_hello(name="localhost"))
    old = struct.pack(">HHHBH", 0, 14, 12, 0, 9) + b"localhost"
    at = hello.index(old)
    new = struct.pack(">HHHBH", 0, len(name) + 5, len(name) + 3, 0, len(name)) + name
    grown = len(new) - len(old)
    hello[at : at + len(old)] = new
    hello[3:5] = (int.from_bytes(hello[3:5]) + grown).to_bytes(2)
    hello[6:9] = (int.from_bytes(hello[6:9]) + grown).to_bytes(3)
    sessions = 5 + 4 + 2 + 32
    position = sessions + 1 + hello[sessions]
    position += 2 + int.from_bytes(hello[position : position + 2])
    position += 1 + hello[position]
    hello[position : position + 2] = (int.from_bytes(hello[position : position + 2]) + grown).to_bytes(2)
    return bytes(hello)


@pytest.mark.parametrize(
    "name",
    [b"", b"a" * 256, b"a" * 4000, b"nul\0inside", b"\xff\xfe\xfd", b"trailing.dot.", b"127.0.0.1", b"-x-", b"a b"],
    ids=["empty", "256", "4000", "nul", "binary", "dot", "address", "dashes", "blank"],
)
def test_odd_server_names(plain_server: Httpd, name: bytes) -> None:
    """Odd names in the SNI extension (an empty one killed the original) end in a handshake or an alert, not a crash."""
    with clients.raw(plain_server.port) as raw:
        raw.sendall(_with_sni(name))
        answer = raw.recv(65536)
    assert answer == b"" or answer[0] in (21, 22)
    assert clients.get(plain_server.port).status == 200
    assert "exit signal" not in plain_server.log.text()


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00" * 500,
        b"\xff" * 20_000,
        b"\x16\x03\x01\xff\xff" + b"\x01" * 70_000,
        b"\x16\x03\x01\x40\x01" + b"\x01" * 0x4001,
        b"\x16\x03\x01\x00\x00" * 2000,
        b"\x16\x03\x01\x00\x04\x01\xff\xff\xff" + b"\x16\x03\x01\x40\x00" + b"A" * 0x4000,
        b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10\x01\x00\x80" + b"\x03" * 40,
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"\x14\x03\x01\x00\x01\x01",
        b"\x17\x03\x03\x00\x20" + b"x" * 32,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00",
    ],
    ids=[
        "zeros", "ones", "oversized", "record-too-long", "empty-records", "huge-message", "sslv2", "alert", "ccs",
        "data", "ssh", "server-hello",
    ],
)  # fmt: skip
def test_garbage(plain_server: Httpd, garbage: bytes) -> None:
    """Garbage instead of a ClientHello is answered with nothing or an alert, never with plain text, and soon."""
    with clients.raw(plain_server.port, 20) as raw:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            raw.sendall(garbage)
            raw.shutdown(socket.SHUT_WR)
        answer = clients.drain(raw)
    assert only_alerts(answer), answer[:200]
    assert b"HTTP/" not in answer and b"It works" not in answer
    assert clients.get(plain_server.port).status == 200


@BOTH
def test_damaged_record_ends_the_connection(plain_server: Httpd, high: ssl.TLSVersion) -> None:
    """A record whose MAC is wrong: alert, end, and no answer to what was in it."""
    with clients.raw(plain_server.port) as raw:
        pump = Pump(raw, clients.context(high=high))
        pump.handshake()
        pump.alter = lambda data: data[:-1] + bytes([data[-1] ^ 1]) if data else data
        pump.sendall(request())
        got = b""
        with contextlib.suppress(ssl.SSLError, ConnectionError, EOFError):
            while chunk := pump.recv(65536):
                got += chunk
    assert b"HTTP/1.1 200" not in got
    assert clients.get(plain_server.port).status == 200


def test_plain_text_after_the_hello(plain_server: Httpd) -> None:
    """A ClientHello followed by plain HTTP never brings plain text back."""
    with clients.raw(plain_server.port) as raw:
        raw.sendall(clients.client_hello() + request(close=True))
        with contextlib.suppress(ConnectionError):
            raw.shutdown(socket.SHUT_WR)
        answer = clients.drain(raw)
    assert b"HTTP/1" not in answer and b"It works" not in answer


def test_slow_client_is_cut(ready: Callable[..., Ready]) -> None:
    """mod_reqtimeout's handshake stage ends a client that does not get on with its handshake, or never begins."""
    server = ready(modules=("reqtimeout",)).simple(
        outer="AcceptFilter http none\nAcceptFilter https none\nRequestReadTimeout handshake=2 header=60 body=60\n"
    )
    server.start()
    hello = clients.client_hello()
    for sent in (b"", hello[:50], hello):
        with clients.raw(server.port, 20) as raw:
            raw.sendall(sent)
            started = time.monotonic()
            clients.drain(raw)
            assert time.monotonic() - started < 15, len(sent)


# ---- idle connections ------------------------------------------------------------------------------------------


#: 66 KB of it are live blocks of libssl and softoken, 25 KB httpd's own (docs/guides/performance.md); the rest is room
#: for other builds. A connection that kept one more record buffer would not fit.
IDLE_BYTES = 125 * 1024


@pytest.mark.slow
def test_five_thousand_idle_connections(ready: Callable[..., Ready]) -> None:
    """The event MPM holds 5,000 idle keep-alive connections, each in the memory NSS needs, and goes on answering."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 5000
    if soft < wanted + 500:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, wanted + 500), hard))
        soft = min(hard, wanted + 500)
    count = min(wanted, soft - 500)
    assert count >= 500, f"the limit of open files, {soft}, leaves no room for this test"
    sizes = (
        "StartServers 1\nServerLimit 1\nThreadLimit 25\nThreadsPerChild 25\nMinSpareThreads 1\nMaxSpareThreads 25\n"
        "MaxRequestWorkers 25\nAsyncRequestWorkerFactor 400\nListenBacklog 1000\n"
    )
    server = ready(sizes=sizes).simple(outer="KeepAliveTimeout 300\nMaxKeepAliveRequests 0\nTimeout 300\n")
    server.log_level = "info nss:info"
    server.expect("AH00484")  # all threads busy for a moment is what this test is about
    server.configure(server.body)
    server.start()
    (child,) = server.children()
    ctx = clients.context(high=V.TLSv1_3)
    held: list[ssl.SSLSocket] = []
    try:
        for _ in range(100):
            held.append(clients.connect(server.port, ctx))
            held[-1].sendall(request())
            assert Reader(held[-1]).answer().status == 200
        before = processes.memory(child, "Pss")
        while len(held) < count + 100:
            held.append(clients.connect(server.port, ctx, timeout=60))
            held[-1].sendall(request())
            assert Reader(held[-1]).answer().status == 200
        grown = (processes.memory(child, "Pss") - before) / count
        assert server.children() == [child]
        assert grown <= IDLE_BYTES, f"{grown / 1024:.1f} KB for an idle connection"
        for sock in held[:: len(held) // 50]:
            sock.sendall(request())
            assert Reader(sock).answer().status == 200
    finally:
        for sock in held:
            sock.close()
    wait_until(lambda: len(processes.open_files(child)) < 200, "the child to let go of the connections", 60)
