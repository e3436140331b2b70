"""Resumption: by session id and ticket, across children, for RSA and ECDSA-only servers, across restarts."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import Ready
from tests.support import clients
from tests.support.clients import Reader, V, request
from tests.support.database import RSA
from tests.support.httpd import Httpd
from tests.support.pki import Spec
from tests.support.processes import wait_until

CHILDREN = 6
SIZES = (
    f"StartServers {CHILDREN}\nMinSpareServers {CHILDREN}\nMaxSpareServers {CHILDREN + 2}\nServerLimit 12\n"
    "MaxRequestWorkers 12\n"
)
KEYS = {
    "rsa": "NSSNickname Server-Cert",
    "ecc": "NSSECCNickname Server-Cert-ecc",
    "both": "NSSNickname Server-Cert\nNSSECCNickname Server-Cert-ecc",
}
#: (client's settings, directives)
WAYS = {
    "1.2-id": ({"high": V.TLSv1_2, "tickets": False}, ""),
    "1.2-id-with-tickets-on": ({"high": V.TLSv1_2, "tickets": False}, "NSSSessionTickets on"),
    "1.2-ticket": ({"high": V.TLSv1_2}, "NSSSessionTickets on"),
    "1.3": ({"low": V.TLSv1_3}, ""),
    "1.3-tickets-on": ({"low": V.TLSv1_3}, "NSSSessionTickets on"),
}


def first_session(port: int, ctx: ssl.SSLContext) -> ssl.SSLSession:
    """A full handshake; its session."""
    with clients.connect(port, ctx) as sock:
        assert not sock.session_reused
        sock.sendall(request(close=True))
        assert Reader(sock).answer().status == 200
        session = sock.session
    assert session is not None
    return session


@contextlib.contextmanager
def everywhere(port: int, ctx: ssl.SSLContext, session: ssl.SSLSession, count: int) -> Iterator[list[ssl.SSLSocket]]:
    """*count* connections with one session, held at once: in prefork each has another child."""
    with contextlib.ExitStack() as stack:
        held = []
        for _ in range(count):
            sock = stack.enter_context(clients.connect(port, ctx, session=session))
            sock.sendall(request())
            assert Reader(sock).answer().status == 200
            held.append(sock)
        yield held


def children_used(server: Httpd) -> set[str]:
    """Process ids that answered requests."""
    return set((server.root / "logs" / "pids").read_text().split())


@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("way", WAYS)
def test_resumption_across_children(ready: Callable[..., Ready], keys: str, way: str) -> None:
    """A session of one child is resumed by every other child, every time."""
    options, directives = WAYS[way]
    server = ready(mpm="prefork", sizes=SIZES).simple(
        directives,
        nickname=KEYS[keys],
        outer='LogFormat "%P" pid\nCustomLog "{root}/logs/pids" pid\nKeepAliveTimeout 30\n',
    )
    server.start()
    ctx = clients.context(**options)  # type: ignore[arg-type]
    session = first_session(server.port, ctx)
    with everywhere(server.port, ctx, session, CHILDREN) as held:
        reused = [sock.session_reused for sock in held]
    assert reused == [True] * CHILDREN
    wait_until(lambda: len(children_used(server)) >= CHILDREN, "the answers of all children in the log")


@pytest.mark.parametrize("keys", ["rsa", "ecc"])
@pytest.mark.parametrize("way", ["1.2-id", "1.2-ticket", "1.3"])
@pytest.mark.parametrize("kind", ["graceful", "restart"])
def test_resumption_after_a_restart(ready: Callable[..., Ready], keys: str, way: str, kind: str) -> None:
    """Sessions from before a graceful or a hard restart are resumed after it."""
    options, directives = WAYS[way]
    server = ready().simple(directives, nickname=KEYS[keys])
    server.start()
    ctx = clients.context(**options)  # type: ignore[arg-type]
    session = first_session(server.port, ctx)
    for _ in range(2):
        getattr(server, kind)()
        with clients.connect(server.port, ctx, session=session) as sock:
            assert sock.session_reused
            sock.sendall(request(close=True))
            assert Reader(sock).answer().status == 200


def test_tickets_off_means_none(ready: Callable[..., Ready]) -> None:
    """NSSSessionTickets off: TLS 1.2 sends no ticket, TLS 1.3 is not resumed."""
    server = ready().simple("NSSSessionTickets off")
    server.start()
    ctx = clients.context(low=V.TLSv1_3)
    with clients.connect(server.port, ctx) as sock:
        sock.sendall(request(close=True))
        Reader(sock).answer()
        assert sock.session is None or not sock.session.has_ticket
    with clients.connect(server.port, clients.context(high=V.TLSv1_2)) as sock:
        sock.sendall(request(close=True))
        Reader(sock).answer()
        assert sock.session is not None and not sock.session.has_ticket


def test_session_is_not_shared_between_settings(ready: Callable[..., Ready]) -> None:
    """A session of one vhost is no ticket into another one with other settings."""
    made = ready(specs=(RSA, Spec("other", key="ec", names=("other.example",))))
    server = made.server
    server.configure(
        made.globals()
        + """
Listen 127.0.0.1:{port}
<VirtualHost *:{port}>
    ServerName localhost
    NSSEngine on
    NSSNickname Server-Cert
</VirtualHost>
<VirtualHost *:{port}>
    ServerName other.example
    NSSEngine on
    NSSECCNickname other
</VirtualHost>
"""
    )
    server.start()
    for options in ({"high": V.TLSv1_2}, {"low": V.TLSv1_3}):
        ctx = clients.context(**options)  # type: ignore[arg-type]
        session = first_session(server.port, ctx)
        try:
            with clients.connect(server.port, ctx, "other.example", session=session) as sock:
                assert not sock.session_reused
                sock.sendall(request(host="other.example", close=True))
                assert Reader(sock).answer().status == 200
        except ssl.SSLError:
            # NSS ends a TLS 1.3 resumption under another name with an alert: safe, too.
            continue


def test_resumed_shows_in_the_variables(ready: Callable[..., Ready]) -> None:
    """SSL_SESSION_RESUMED tells new and resumed sessions apart."""
    server = ready().simple('Header set X-Resumed "%{SSL_SESSION_RESUMED}s"')
    server.start()
    ctx = clients.context(high=V.TLSv1_2)
    with clients.connect(server.port, ctx) as sock:
        sock.sendall(request(close=True))
        assert Reader(sock).answer().headers["x-resumed"] == "Initial"
        session = sock.session
    with clients.connect(server.port, ctx, session=session) as sock:
        sock.sendall(request(close=True))
        assert Reader(sock).answer().headers["x-resumed"] == "Resumed"
