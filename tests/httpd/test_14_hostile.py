"""Attacks: no crash, no hang, no plain text, no content of another virtual host, whatever is sent or taken away."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from nsspy.conf.directives import TABLE
from tests.conftest import Ready
from tests.fuzz.hellos import extension, hello, message, numbers, records, sni
from tests.support import clients, places, processes
from tests.support.clients import Answer, Reader, V, request
from tests.support.database import hand_over
from tests.support.httpd import Httpd
from tests.support.pki import Authority, Spec
from tests.support.processes import wait_until

BOTH = pytest.mark.parametrize("high", [V.TLSv1_2, V.TLSv1_3], ids=["1.2", "1.3"])
ONE_CHILD = (
    "StartServers 1\nServerLimit 2\nThreadLimit 16\nThreadsPerChild 16\nMinSpareThreads 1\nMaxSpareThreads 32\n"
    "MaxRequestWorkers 16\n"
)
CLIENT = Spec("client", names=("client.example",), client=True)
EXPIRED = Spec("expired", names=("expired.example",), client=True, started=-20, days=5)
SERVER_ONLY = Spec("server only", names=("server-only.example",))

#: open.example asks for nothing, three.example for a certificate if there is one, two.example demands one.
HOSTS = """
Listen 127.0.0.1:{port}
<VirtualHost *:{port}>
    ServerName localhost
    NSSEngine on
    NSSNickname Server-Cert
    NSSSessionTickets on
    DocumentRoot "{root}/one"
</VirtualHost>
<VirtualHost *:{port}>
    ServerName two.example
    NSSEngine on
    NSSNickname Server-Cert
    NSSSessionTickets on
    NSSVerifyClient require
    DocumentRoot "{root}/two"
</VirtualHost>
<VirtualHost *:{port}>
    ServerName three.example
    ServerAlias *.wild.example
    NSSEngine on
    NSSNickname Server-Cert
    NSSSessionTickets on
    NSSVerifyClient optional
    DocumentRoot "{root}/three"
</VirtualHost>
Listen 127.0.0.1:{other}
<VirtualHost *:{other}>
    ServerName localhost
    NSSEngine on
    NSSNickname Server-Cert
    NSSSessionTickets on
    NSSVerifyClient require
    DocumentRoot "{root}/four"
</VirtualHost>
"""


class Hosts:
    """Four virtual hosts that demand different things of clients, and two ports."""

    def __init__(self, made: Ready) -> None:
        self.server = made.server
        self.authority = made.store.authority
        self.other = places.free_port()
        for name in ("one", "two", "three", "four"):
            self.server.write(f"{name}/index.html", f"content of {name}")
        self.server.configure(made.globals() + HOSTS.replace("{other}", str(self.other)))
        self.server.expect("NSS0501", "NSS0502", "NSS0228")
        self.server.start()

    def context(self, high: ssl.TLSVersion, spec: Spec | None, *, tickets: bool = True) -> ssl.SSLContext:
        """A client with the certificate of *spec*."""
        return with_certificate(clients.context(high=high, tickets=tickets), self.authority, spec)

    def ask(
        self,
        name: str,
        ctx: ssl.SSLContext,
        *,
        port: int = 0,
        session: ssl.SSLSession | None = None,
        raw: bytes = b"",
    ) -> tuple[Answer | None, bool, ssl.SSLSession | None]:
        """The answer (None when the server refused), whether it was a resumed session, and the session."""
        try:
            with clients.connect(port or self.server.port, ctx, name, session=session, timeout=10) as sock:
                sock.sendall(raw or request(host=name, close=True))
                answer = Reader(sock).answer()
                return answer, bool(sock.session_reused), sock.session
        except TimeoutError:
            raise
        except (OSError, EOFError):
            return None, False, None


def with_certificate(ctx: ssl.SSLContext, authority: Authority, spec: Spec | None) -> ssl.SSLContext:
    """The context, with a client certificate when *spec* names one."""
    if spec is not None:
        leaf = authority.leaf(spec)
        ctx.load_cert_chain(leaf.pem, leaf.key_pem)
    return ctx


@pytest.fixture
def hosts(ready: Callable[..., Ready]) -> Hosts:
    """The four virtual hosts, running."""
    return Hosts(ready())


@pytest.fixture
def single(ready: Callable[..., Ready]) -> Httpd:
    """One virtual host in one child, running."""
    server = ready(modules=("reqtimeout",), sizes=ONE_CHILD).simple(
        "NSSSessionTickets on", outer="RequestReadTimeout handshake=5 header=20 body=20\nListenBacklog 500\n"
    )
    server.start()
    assert clients.get(server.port).status == 200
    return server


# ---- certificates of clients -----------------------------------------------------------------------------------


@BOTH
def test_client_certificates(hosts: Hosts, high: ssl.TLSVersion, tmp_path: Path) -> None:
    """A demanded certificate must be there, valid, trusted and made for clients; an optional one if it is there."""
    stranger = with_certificate(clients.context(high=high), Authority(tmp_path), CLIENT)
    for ctx, needed, optional in (
        (hosts.context(high, CLIENT), "content of two", "content of three"),
        (hosts.context(high, None), None, "content of three"),
        (hosts.context(high, EXPIRED), None, None),
        (hosts.context(high, SERVER_ONLY), None, None),
        (stranger, None, None),
    ):
        for name, wanted in (("two.example", needed), ("three.example", optional)):
            answer = hosts.ask(name, ctx)[0]
            assert (answer.text if answer else None) == wanted, name


@BOTH
@pytest.mark.parametrize("tickets", [True, False], ids=["ticket", "id"])
@pytest.mark.parametrize("spec", [None, CLIENT], ids=["nobody", "client"])
def test_session_opens_no_other_virtual_host(
    hosts: Hosts, high: ssl.TLSVersion, tickets: bool, spec: Spec | None
) -> None:
    """A session is good where it was made; another virtual host or port with other demands makes its own or refuses."""
    ctx = hosts.context(high, spec, tickets=tickets)
    _, _, session = hosts.ask("localhost", ctx)
    assert session is not None
    again, resumed, _ = hosts.ask("localhost", ctx, session=session)
    assert again is not None and again.text == "content of one" and resumed
    for name, port in (("two.example", 0), ("three.example", 0), ("localhost", hosts.other)):
        answer, resumed, _ = hosts.ask(name, ctx, port=port, session=session)
        assert not resumed, name
        assert answer is None or spec is not None, name
    crossed, _, _ = hosts.ask("localhost", ctx, session=session, raw=request(host="two.example", close=True))
    assert crossed is not None and crossed.status == 421 and "content" not in crossed.text


@BOTH
@pytest.mark.parametrize("tickets", [True, False], ids=["ticket", "id"])
def test_session_of_a_known_client_stays_at_home(hosts: Hosts, high: ssl.TLSVersion, tickets: bool) -> None:
    """A session with a client certificate is not resumed by virtual hosts that did not ask for it."""
    ctx = hosts.context(high, CLIENT, tickets=tickets)
    first, _, session = hosts.ask("two.example", ctx)
    assert first is not None and first.text == "content of two"
    for name in ("localhost", "three.example"):
        for host in (name, "two.example"):
            answer, resumed, _ = hosts.ask(name, ctx, session=session, raw=request(host=host, close=True))
            assert not resumed and (answer is None or answer.text != "content of two"), (name, host)


def test_refused_session_is_forgotten(hosts: Hosts) -> None:
    """A session that another virtual host refuses leaves the cache: the client's next try is a new handshake."""
    ctx = hosts.context(V.TLSv1_2, CLIENT, tickets=False)
    _, _, session = hosts.ask("localhost", ctx)
    assert hosts.ask("three.example", ctx, session=session)[0] is None
    assert hosts.server.log.with_code("NSS0554")
    answer, resumed, _ = hosts.ask("three.example", ctx, session=session)
    assert answer is not None and answer.text == "content of three" and not resumed


def test_session_under_an_odd_name(hosts: Hosts) -> None:
    """A name that is no host name chooses nothing: its session is none of the host it resembles."""
    file = hosts.server.root / "session"
    for first, resumes in (("a b.wild.example", False), ("a.wild.example", True)):
        for option in ("-sess_out", "-sess_in"):
            name = first if option == "-sess_out" else "a.wild.example"
            made = clients.s_client(
                hosts.server.port, "-tls1_2", "-no_ticket", "-ign_eof", option, str(file), name=name,
                stdin=request(host="a.wild.example", close=True),
            )  # fmt: skip
        assert ("content of three" in made.output) is resumes, first


# ---- names in requests -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: two.example\r\n\r\n", {400}),
        (b"GET https://two.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", {421}),
        (b"GET http://localhost/ HTTP/1.1\r\nHost: two.example\r\n\r\n", {200, 421}),
        (b"GET https://two.example/ HTTP/1.0\r\n\r\n", {421}),
        (b"GET / HTTP/1.0\r\n\r\n", {400}),
        (b"GET / HTTP/1.1\r\nHost: two.example.\r\n\r\n", {421}),
        (b"GET / HTTP/1.1\r\nHost: TWO.EXAMPLE:443\r\n\r\n", {421}),
        (b"GET / HTTP/1.1\r\nHost: localhost@two.example\r\n\r\n", {400}),
        (b"GET https://localhost@two.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", {400}),
        (b"GET / HTTP/1.1\r\nHost: two.example\0\r\n\r\n", {400}),
        (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", {400}),
        (b"CONNECT two.example:443 HTTP/1.1\r\nHost: two.example:443\r\n\r\n", {400, 405, 421}),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 421}),
        (
            b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
            {200},
        ),
    ],
)
def test_request_for_another_host(hosts: Hosts, raw: bytes, status: set[int]) -> None:
    """However the other name is written, a connection to one virtual host brings nothing of one that demands more."""
    ctx = hosts.context(V.TLSv1_3, None)
    answer = hosts.ask("localhost", ctx, raw=raw.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))[0]
    assert answer is not None and answer.status in status
    assert "content of two" not in answer.text


@pytest.mark.parametrize(
    "raw",
    [
        request(host="two.example"),
        request() + request(host="two.example"),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT two.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        request(extra="Connection: Upgrade\r\nUpgrade: h2c\r\n"),
        request(extra="Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n"),
        b"GET http://two.example/ HTTP/1.0\r\n\r\n",
        b"GET /\r\n",
    ],
)
def test_plain_http_brings_nothing(hosts: Hosts, raw: bytes) -> None:
    """Plain HTTP on the TLS port, in any form, brings one error page and the end of the connection."""
    with clients.raw(hosts.server.port) as sock:
        sock.sendall(raw)
        got = clients.drain(sock)
    assert b"content of" not in got and got.count(b"HTTP/1.1 ") <= 1
    assert b"400 Bad Request" in got and b"101 Switching" not in got


def test_requests_for_another_host_do_not_fill_the_log(hosts: Hosts) -> None:
    """Whatever number of requests for another host one client sends, a child writes ten lines in a second, at INFO."""
    ctx = hosts.context(V.TLSv1_3, None)
    for _ in range(80):
        answer = hosts.ask("localhost", ctx, raw=request(host="two.example", close=True))[0]
        assert answer is not None and answer.status == 421
    lines = hosts.server.log.with_code("NSS0502")
    assert len(lines) == 80 and {line.level for line in lines} <= {"info", "debug"}
    # [day month date HH:MM:SS.microseconds year] [nss:info] [pid N:tid N]
    loud = Counter(
        (line.text.split("]")[0].split(".")[0], line.text.split("[pid ")[1].split(":")[0])
        for line in lines
        if line.level == "info"
    )
    assert loud and max(loud.values()) <= 10


# ---- broken handshakes -----------------------------------------------------------------------------------------


def record(kind: int, payload: bytes) -> bytes:
    """One TLS record."""
    return bytes([kind]) + b"\3\3" + len(payload).to_bytes(2) + payload


def is_tls(data: bytes) -> bool:
    """True when *data* is TLS records, the last of them whole."""
    while data:
        if len(data) < 5 or not 20 <= data[0] <= 23 or data[1] != 3 or len(data) < 5 + int.from_bytes(data[3:5]):
            return False
        data = data[5 + int.from_bytes(data[3:5]) :]
    return True


def floods() -> dict[str, bytes]:
    """What no client sends."""
    old, new = clients.client_hello(high=V.TLSv1_2), clients.client_hello()
    warning, cipher_change = record(21, b"\1\x5a"), record(20, b"\1")
    return {
        "warnings": warning * 20_000,
        "warnings after 1.2": old + warning * 20_000,
        "warnings after 1.3": new + warning * 20_000,
        "no_renegotiation": old + record(21, b"\1\x64") * 20_000,
        "change_cipher_spec": cipher_change * 20_000,
        "change_cipher_spec after 1.2": old + cipher_change * 20_000,
        "change_cipher_spec after 1.3": new + cipher_change * 20_000,
        "empty handshake records": record(22, b"") * 50_000,
        "empty data records": new + record(23, b"") * 20_000,
        "two hellos": new + new,
        "two old hellos": old + old,
        "finished too early": old + record(22, b"\x14\0\0\x0c" + b"x" * 12),
        "warning within the hello": new[:3] + (40).to_bytes(2) + new[5:45] + warning + record(22, new[45:]),
        "http in a record": record(22, request()),
        "extension of 60 KB": hello(sni(b"localhost"), extension(0x5555, b"x" * 60_000)),
        "session id of 255": records(message(sni(b"localhost"), session=b"s" * 255)),
        "early data": records(message(sni(b"localhost"), numbers(43, 1, (0x304,)), extension(42)))
        + record(23, b"x" * 500) * 20,
        "message of 16 MB": b"\x16\3\1\x40\0\1\xff\xff\xff" + b"x" * 16380 + record(22, b"y" * 16384) * 100,
        "noise": os.urandom(100_000),
    }


@pytest.mark.parametrize("name", floods())
def test_flood(single: Httpd, name: str) -> None:
    """Floods of empty, needless and misplaced records are answered in TLS or not at all, and cost no child."""
    before = single.children()
    with clients.raw(single.port, 20) as sock:
        with contextlib.suppress(ConnectionError):
            sock.sendall(floods()[name])
            sock.shutdown(socket.SHUT_WR)
        got = clients.drain(sock)
    assert is_tls(got), got[:100]
    assert clients.get(single.port).status == 200
    assert single.children() == before


@BOTH
def test_damaged_tickets(single: Httpd, high: ssl.TLSVersion) -> None:
    """A ticket or session id with a damaged byte brings a new handshake or an alert."""
    ctx = clients.context(high=high)
    with clients.connect(single.port, ctx) as sock:
        sock.sendall(request(close=True))
        assert Reader(sock).answer().status == 200
        session = sock.session
    for place in range(1, 200, 9):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        half = ctx.wrap_bio(incoming, outgoing, server_hostname="localhost", session=session)
        with contextlib.suppress(ssl.SSLWantReadError):
            half.do_handshake()
        flight = bytearray(outgoing.read())
        flight[-place] ^= 0x55
        with clients.raw(single.port) as sock:
            sock.sendall(flight)
            sock.shutdown(socket.SHUT_WR)
            assert is_tls(clients.drain(sock)), place
    assert clients.get(single.port).status == 200


def typed(port: int, lines: list[bytes], *options: str) -> str:
    """What s_client says when *lines* are typed into it, half a second apart."""
    with subprocess.Popen(
        [places.tool("openssl"), "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost", "-crlf",
         *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0,
    ) as client:  # fmt: skip
        assert client.stdin is not None and client.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            for line in lines:
                time.sleep(0.5)
                client.stdin.write(line)
            time.sleep(1)
            client.stdin.close()
        return client.stdout.read().decode(errors="replace")


def test_key_updates_between_requests(single: Httpd) -> None:
    """TLS 1.3: many key updates, asked for and not, in between requests, and every request is answered."""
    ask = b"GET / HTTP/1.1\nHost: localhost\n\n"
    said = typed(single.port, [ask, *[b"K\n", b"k\n"] * 4, ask], "-tls1_3")
    assert said.count("HTTP/1.1 200") == 2, said


@pytest.mark.parametrize("switch", ["on", "off"])
def test_renegotiation_is_refused(ready: Callable[..., Ready], switch: str) -> None:
    """TLS 1.2: a client that starts a renegotiation is refused in one line, whatever NSSRenegotiation says."""
    server = ready(sizes=ONE_CHILD).simple(f"NSSRenegotiation {switch}")
    server.start()
    ask = b"GET / HTTP/1.1\nHost: localhost\n\n"
    said = typed(server.port, [ask, b"R\n", ask], "-tls1_2")
    assert said.count("HTTP/1.1 200") == 1 and "no renegotiation" in said, said
    wait_until(lambda: server.log.with_code("NSS0551"), "the refusal to be logged")
    (line,) = server.log.with_code("NSS0551")
    assert "no_renegotiation" in line.text and "always refused" in line.text


@pytest.mark.slow
def test_thousands_of_broken_connections(single: Httpd) -> None:
    """Connections that end at once, in the middle or in garbage leave no memory and no descriptor behind."""
    single.expect("AH00484")  # all threads busy for a moment
    (child,) = single.children()
    flight = clients.client_hello()

    def many(count: int) -> None:
        for number in range(count):
            with socket.create_connection(("127.0.0.1", single.port), 10) as sock:
                if number % 4 == 1:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if number % 4:
                    sock.sendall((b"", flight, flight + b"\x17\3\3\0\5xxxxx", b"\0" * 50)[number % 4])

    many(3000)
    wait_until(lambda: len(processes.open_files(child)) < 80, "the first connections to end", 30)
    before = processes.memory(child, "Private_Dirty")
    many(6000)
    wait_until(lambda: len(processes.open_files(child)) < 80, "the last connections to end", 30)
    grown = processes.memory(child, "Private_Dirty") - before
    # AddressSanitizer holds back what is freed, hundreds of megabytes of it: growth says nothing there.
    assert places.ASAN or grown < 1_500_000
    assert single.children() == [child]
    assert clients.get(single.port).status == 200


def test_htaccess_with_broken_directives(ready: Callable[..., Ready]) -> None:
    """Any NSS directive in any form in .htaccess brings a page or an error for this folder, and nothing worse."""
    server = ready(sizes=ONE_CHILD).simple('<Directory "{htdocs}">\nAllowOverride All\n</Directory>')
    server.expect("NSS05", "AH", "core:alert", "htaccess")
    server.start()
    assert clients.get(server.port).status == 200
    (child,) = server.children()
    for directive in TABLE:
        for arguments in ("", "on", "\xff\xfe", '"', "a " * 300, '"' + "x" * 4000 + '"'):
            server.write("htdocs/sub/.htaccess", f"{directive.name} {arguments}\n")
            server.write("htdocs/sub/index.html", "sub")
            assert clients.get(server.port, "/sub/").status in (200, 403, 500), (directive.name, arguments[:20])
    assert server.children() == [child]
    assert clients.get(server.port).status == 200


# ---- what is taken away from the server ------------------------------------------------------------------------


def replace_children(server: Httpd) -> None:
    """Kills all children and waits for new ones that have read their keys."""
    server.expect("exit signal Killed")
    old = server.children()
    for pid in old:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: set(server.children()) - set(old), "new children")


def test_certificate_deleted_under_a_running_server(ready: Callable[..., Ready]) -> None:
    """The running child goes on; a new one refuses in TLS, says which certificate is gone, and stays."""
    made = ready(sizes=ONE_CHILD)
    server = made.simple(nickname="NSSNickname Server-Cert")
    server.start()
    assert clients.get(server.port).status == 200
    made.database.certutil("-F", "-n", "Server-Cert")
    hand_over(made.database)
    assert clients.get(server.port).status == 200
    server.expect("NSS0752", "NSS0553")
    replace_children(server)
    wait_until(lambda: server.log.with_code("NSS0752"), "the child to say what is missing")
    assert "internal error" in clients.refused(server.port, clients.context()).lower().replace("_", " ")
    children = server.children()
    assert any("Server-Cert" in line.text for line in server.log.with_code("NSS0752"))
    time.sleep(1)
    assert server.children() == children


def test_database_gone_and_back(ready: Callable[..., Ready]) -> None:
    """Children without their database refuse in TLS and say why; when it is back, new children serve again."""
    made = ready(sizes=ONE_CHILD)
    server = made.simple()
    server.start()
    assert clients.get(server.port).status == 200
    away = made.database.folder.rename(server.root / "away")
    server.expect("NSS0200", "NSS0443", "NSS0553")
    replace_children(server)
    wait_until(lambda: server.log.with_code("NSS0200"), "the child to miss its database")
    clients.refused(server.port, clients.context())
    away.rename(made.database.folder)
    replace_children(server)
    assert clients.get(server.port).status == 200


def test_pcache_that_hangs_heals_at_a_graceful_restart(ready: Callable[..., Ready]) -> None:
    """nss_pcache answers no more: a graceful restart kills it, starts it anew and gets the PIN by the dialog."""
    server = ready(sizes=ONE_CHILD).simple()
    server.expect("NSS0421", "NSS0249", "AH00488")
    server.start()
    assert clients.get(server.port).status == 200
    (helper,) = server.helpers()
    os.kill(helper, signal.SIGSTOP)
    try:
        server.graceful(timeout=60)
        assert clients.get(server.port).status == 200
        assert not processes.alive(helper)
        assert helper not in server.helpers() and len(server.helpers()) == 1
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(helper, signal.SIGKILL)
    (said,) = server.log.with_code("NSS0421")
    assert "did not answer, was killed and was started again" in said.text
    replace_children(server)
    assert clients.get(server.port).status == 200


def kill_planners(stop: threading.Event, killed: list[int]) -> None:
    """Kills every planner that this process's servers start."""
    while not stop.wait(0.005):
        for pid in processes.descendants(os.getpid()):
            if "nsspy.plan" in processes.name(pid) and pid not in killed:
                killed.append(pid)
                os.kill(pid, signal.SIGKILL)


def test_planner_killed(ready: Callable[..., Ready]) -> None:
    """A planner that is killed fails the check, and at a restart leaves the plan in force that served before."""
    server = ready(sizes=ONE_CHILD).simple()
    server.expect("NSS0412", "NSS0415")
    server.start()
    assert clients.get(server.port).status == 200
    stop, killed = threading.Event(), list[int]()
    killer = threading.Thread(target=kill_planners, args=(stop, killed))
    killer.start()
    try:
        checked = server.check()
        server.graceful()
    finally:
        stop.set()
        killer.join()
    assert len(killed) >= 2
    assert checked.returncode != 0 and "NSS0412" in checked.stderr and "signal 9" in checked.stderr
    assert "not installed" not in checked.stderr
    assert server.log.with_code("NSS0415")
    assert clients.get(server.port).status == 200


def test_children_killed_again_and_again(ready: Callable[..., Ready]) -> None:
    """SIGKILL in the middle of handshakes, many times: the shared session cache stays usable, nothing hangs."""
    server = ready().simple()
    server.expect("exit signal Killed")
    server.start()
    stop = threading.Event()

    def load() -> None:
        ctx = clients.context(high=V.TLSv1_2, tickets=False)
        session = None
        while not stop.is_set():
            with (
                contextlib.suppress(OSError, EOFError),
                clients.connect(server.port, ctx, session=session, timeout=5) as sock,
            ):
                sock.sendall(request(close=True))
                Reader(sock).answer()
                session = sock.session

    workers = [threading.Thread(target=load) for _ in range(3)]
    for worker in workers:
        worker.start()
    for _ in range(20):
        for pid in server.children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
    stop.set()
    for worker in workers:
        worker.join(30)
        assert not worker.is_alive()
    time.sleep(1)
    ctx = clients.context(high=V.TLSv1_2, tickets=False)
    for _ in range(10):
        assert clients.get(server.port, ctx=ctx).status == 200
