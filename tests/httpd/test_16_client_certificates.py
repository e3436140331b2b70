"""Client certificates in the handshake: who is let in, as whom, and what a resumed session is worth."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ready
from tests.support import clients
from tests.support.clients import Answer, Reader, V, request
from tests.support.httpd import Httpd
from tests.support.pki import Authority, Leaf, Spec

MODES = ("none", "optional", "require", "optional_no_ca")
VERSIONS = [pytest.param({"high": V.TLSv1_2}, id="1.2"), pytest.param({"low": V.TLSv1_3}, id="1.3")]
WAYS = [
    pytest.param({"high": V.TLSv1_2, "tickets": False}, "", id="1.2-id"),
    pytest.param({"high": V.TLSv1_2}, "NSSSessionTickets on", id="1.2-ticket"),
    pytest.param({"low": V.TLSv1_3}, "", id="1.3"),
]
HOST = Spec("Server-Cert", names=tuple(mode.replace("_", "-") + ".example" for mode in MODES))
GOOD = Spec("alice", key="ec", names=("alice.example",), client=True)
EXPIRED = Spec("bob", key="ec", names=("bob.example",), client=True, started=-20, days=10)
SERVER = Spec("carol", key="ec", names=("carol.example",))


@pytest.fixture(scope="session")
def stranger(shared_folder: Path) -> Leaf:
    """A client certificate of a CA that the server does not know."""
    folder = shared_folder / "strangers"
    folder.mkdir()
    return Authority(folder).leaf(GOOD)


@pytest.fixture
def people(authority: Authority, stranger: Leaf) -> dict[str, Leaf | None]:
    """All kinds of clients by what is wrong with them."""
    return {
        "nobody": None,
        "good": authority.leaf(GOOD),
        "expired": authority.leaf(EXPIRED),
        "server": authority.leaf(SERVER),
        "stranger": stranger,
    }


def hosts(*modes: str, inner: str = "") -> str:
    """One virtual host for each mode, named after it."""
    return "Listen 127.0.0.1:{port}\n" + "".join(
        f"<VirtualHost *:{{port}}>\nServerName {mode.replace('_', '-')}.example\nNSSEngine on\n"
        f"NSSNickname Server-Cert\nNSSVerifyClient {mode}\n{inner}\n</VirtualHost>\n"
        for mode in modes
    )


SECRET = (
    'Header set X-Verify "%{SSL_CLIENT_VERIFY}s"\nHeader set X-Resumed "%{SSL_SESSION_RESUMED}s"\n'
    "<Location /secret>\nNSSVerifyClient require\n</Location>\n"
)


def serve(ready: Callable[..., Ready], *modes: str, inner: str = "") -> Httpd:
    """A running server with these hosts, a page, and a secret one."""
    made = ready(specs=(HOST,))
    made.server.write("htdocs/secret", "the secret\n")
    made.server.configure(made.globals() + SECRET + hosts(*modes, inner=inner))
    made.server.start()
    return made.server


def as_client(leaf: Leaf | None, options: dict[str, object]) -> ssl.SSLContext:
    """A client's settings, with its certificate."""
    ctx = clients.context(**options)  # type: ignore[arg-type]
    if leaf is not None:
        ctx.load_cert_chain(leaf.pem, leaf.key_pem)
    return ctx


def ask(
    port: int, ctx: ssl.SSLContext, name: str, path: str = "/", session: ssl.SSLSession | None = None
) -> tuple[Answer, ssl.SSLSession | None]:
    """One request; the answer, and the session for the next connection."""
    with clients.connect(port, ctx, name, session=session) as sock:
        sock.sendall(request(path, name, close=True))
        return Reader(sock).answer(), sock.session


def verdict(port: int, ctx: ssl.SSLContext, mode: str) -> str:
    """SSL_CLIENT_VERIFY at the host of a mode, or ``refused``."""
    try:
        answer, _ = ask(port, ctx, mode.replace("_", "-") + ".example")
    except (OSError, EOFError):
        return "refused"
    assert answer.status == 200
    return answer.headers["x-verify"]


@pytest.mark.parametrize("options", VERSIONS)
def test_who_is_let_in(ready: Callable[..., Ready], people: dict[str, Leaf | None], options: dict[str, object]) -> None:
    """Each kind of certificate at each mode: let in as what NSS thinks of it, or refused."""
    server = serve(ready, *MODES)
    seen = {
        (mode, who): verdict(server.port, as_client(leaf, options), mode)
        for mode in MODES
        for who, leaf in people.items()
    }
    bad = ("expired", "server", "stranger")
    assert {seen["none", who] for who in people} == {"NONE"}
    assert (seen["optional", "nobody"], seen["optional", "good"]) == ("NONE", "SUCCESS")
    assert (seen["require", "nobody"], seen["require", "good"]) == ("refused", "SUCCESS")
    assert {seen[mode, who] for mode in ("optional", "require") for who in bad} == {"refused"}
    assert {who: seen["optional_no_ca", who] for who in people} == {
        "nobody": "NONE",
        "good": "SUCCESS",
        "stranger": "GENEROUS",
        "expired": "FAILED:SEC_ERROR_EXPIRED_CERTIFICATE",
        "server": "FAILED:SEC_ERROR_INADEQUATE_CERT_TYPE",
    }


@pytest.mark.parametrize("options", VERSIONS)
def test_what_require_protects(
    ready: Callable[..., Ready], people: dict[str, Leaf | None], options: dict[str, object]
) -> None:
    """A section with NSSVerifyClient require opens to a verified certificate only, whatever the handshake let in."""
    server = serve(ready, "none", "optional", "optional_no_ca")
    server.expect("NSS0511")
    for mode in ("none", "optional", "optional-no-ca"):
        for who, leaf in people.items():
            if mode == "optional" and who in ("expired", "server", "stranger"):
                continue  # refused in the handshake
            answer, _ = ask(server.port, as_client(leaf, options), f"{mode}.example", "/secret")
            allowed = who == "good" and mode != "none"
            assert (answer.status, "secret" in answer.text) == ((200, True) if allowed else (403, False)), (mode, who)


@pytest.mark.parametrize(("options", "tickets"), WAYS)
def test_resumed_sessions_keep_their_verdict(
    ready: Callable[..., Ready], people: dict[str, Leaf | None], options: dict[str, object], tickets: str
) -> None:
    """A resumed session is worth what its certificate is worth now: no more than before, and no less."""
    server = serve(ready, "require", "optional_no_ca", inner=tickets)
    server.expect("NSS0511")
    for name, who, expected, status in (
        ("require.example", "good", "SUCCESS", 200),
        ("optional-no-ca.example", "good", "SUCCESS", 200),
        ("optional-no-ca.example", "stranger", "GENEROUS", 403),
        ("optional-no-ca.example", "expired", "FAILED:SEC_ERROR_EXPIRED_CERTIFICATE", 403),
    ):
        ctx = as_client(people[who], options)
        answer, session = ask(server.port, ctx, name)
        assert (answer.headers["x-verify"], answer.headers["x-resumed"]) == (expected, "Initial")
        answer, session = ask(server.port, ctx, name, session=session)
        assert (answer.headers["x-verify"], answer.headers["x-resumed"]) == (expected, "Resumed"), who
        answer, _ = ask(server.port, ctx, name, "/secret", session=session)
        assert answer.status == status, who


@pytest.mark.parametrize(("options", "tickets"), WAYS)
def test_session_of_another_host_lets_nobody_in(
    ready: Callable[..., Ready], people: dict[str, Leaf | None], options: dict[str, object], tickets: str
) -> None:
    """A session that optional_no_ca let in does not resume where a certificate must be verified."""
    server = serve(ready, "optional_no_ca", "optional", "require", "none", inner=tickets)
    server.expect("NSS0554", "NSS0555")
    ctx = as_client(people["stranger"], options)
    for name in ("require.example", "optional.example", "none.example"):
        _, session = ask(server.port, ctx, "optional-no-ca.example")
        try:
            answer, _ = ask(server.port, ctx, name, "/secret", session=session)
        except (OSError, EOFError):
            continue
        assert (answer.status, name) == (403, "none.example")
        server.expect("NSS0511")


@pytest.mark.parametrize(("options", "tickets"), WAYS)
def test_session_from_before_a_stricter_configuration(
    ready: Callable[..., Ready], people: dict[str, Leaf | None], options: dict[str, object], tickets: str
) -> None:
    """The host demands a verified certificate since the restart: the session from before it is refused."""
    server = serve(ready, "optional_no_ca", inner=tickets)
    ctx = as_client(people["stranger"], options)
    answer, session = ask(server.port, ctx, "optional-no-ca.example")
    assert answer.headers["x-verify"] == "GENEROUS"
    server.configure(server.body.replace("NSSVerifyClient optional_no_ca", "NSSVerifyClient optional"))
    server.wait_children(2)  # one that still starts would serve the old configuration after the restart
    server.graceful()
    with pytest.raises((OSError, EOFError)):
        ask(server.port, ctx, "optional-no-ca.example", session=session)
    server.configure(server.body.replace("NSSVerifyClient optional", "NSSVerifyClient none", 1))
    server.wait_children(4)
    server.graceful()
    server.expect("NSS0511")
    answer, _ = ask(server.port, ctx, "optional-no-ca.example", "/secret", session=session)
    assert answer.status == 403


def test_optional_no_ca_in_a_section_fails_closed(ready: Callable[..., Ready], people: dict[str, Leaf | None]) -> None:
    """Where the handshake did not ask, the section is shut; where it did, the section asks no more."""
    made = ready(specs=(HOST,))
    section = "<Location /any>\nNSSVerifyClient optional_no_ca\n</Location>\n"
    made.server.write("htdocs/any", "page\n")
    made.server.configure(made.globals() + SECRET + section + hosts("none", "optional_no_ca"))
    made.server.expect("NSS0517")
    made.server.start()
    ctx = as_client(people["stranger"], {})
    assert ask(made.server.port, ctx, "none.example", "/any")[0].status == 403
    assert ask(made.server.port, ctx, "optional-no-ca.example", "/any")[0].status == 200
