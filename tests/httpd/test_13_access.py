"""Demands of directories: what is not met, or cannot be met yet, is refused, and the log says why."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import pytest

from tests.conftest import Ready
from tests.support import clients, places
from tests.support.httpd import Httpd

SECRET = "the secret"


def with_section(ready: Callable[..., Ready], section: str, *, modules: tuple[str, ...] = ()) -> tuple[Httpd, int]:
    """A server with a TLS and a plain port, and a section around /secret; also the plain port."""
    made = ready(modules=modules)
    server = made.server
    plain = places.free_port()
    (server.htdocs / "secret").mkdir()
    (server.htdocs / "secret" / "index.html").write_text(SECRET)
    server.configure(
        made.globals()
        + made.vhost()
        + f"Listen 127.0.0.1:{plain}\n<VirtualHost *:{plain}>\nServerName localhost\n</VirtualHost>\n"
        + f'<Directory "{{htdocs}}/secret">\n{section}\n</Directory>\n'
    )
    server.start()
    return server, plain


def plain_get(port: int, path: str, extra: str = "") -> clients.Answer:
    """One request without TLS."""
    with clients.raw(port) as sock:
        sock.sendall(clients.request(path, close=True, extra=extra))
        return clients.Reader(sock).answer()


def test_require_ssl(ready: Callable[..., Ready]) -> None:
    """NSSRequireSSL: 403 without TLS, the page with it; what lies outside of the section stays open."""
    server, plain = with_section(ready, "NSSRequireSSL")
    server.expect("NSS0510")
    assert clients.get(server.port, "/secret/").text == SECRET
    answer = plain_get(plain, "/secret/")
    assert (answer.status, SECRET in answer.text) == (403, False)
    assert plain_get(plain, "/").status == 200
    assert len(server.log.with_code("NSS0510")) == 1


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ("NSSVerifyClient require", "NSS0511"),
        ('NSSRequire %{SSL_CLIENT_S_DN_CN} eq "alice"', "NSS0512"),
        ("NSSRequire true", "NSS0512"),
        ("NSSCipherSuite +rsa_aes_256_sha", "NSS0513"),
        ("NSSOptions +FakeBasicAuth", "NSS0514"),
    ],
)
def test_what_cannot_be_demanded_yet_is_refused(ready: Callable[..., Ready], section: str, code: str) -> None:
    """Nobody gets into a section whose demand is not enforced yet, by TLS or without."""
    server, plain = with_section(ready, section)
    server.expect(code)
    for answer in (clients.get(server.port, "/secret/"), plain_get(plain, "/secret/")):
        assert (answer.status, SECRET in answer.text) == (403, False)
    assert clients.get(server.port, "/").status == 200
    lines = server.log.with_code(code)
    assert len(lines) == 2 and all("/secret/" in line.text for line in lines)


@pytest.mark.parametrize("section", ["NSSVerifyClient none", "NSSVerifyClient optional", "NSSOptions +StdEnvVars"])
def test_what_demands_nothing_lets_in(ready: Callable[..., Ready], section: str) -> None:
    """Settings that refuse nobody refuse nobody."""
    server, plain = with_section(ready, section)
    assert clients.get(server.port, "/secret/").text == SECRET
    assert plain_get(plain, "/secret/").text == SECRET


@pytest.mark.parametrize(("options", "status"), [("", 200), ("NSSOptions +StrictRequire", 403)])
def test_strict_require(ready: Callable[..., Ready], options: str, status: int) -> None:
    """ "Satisfy any" lets a password replace NSSRequireSSL, unless StrictRequire is set."""
    server, plain = with_section(
        ready,
        f'NSSRequireSSL\n{options}\nAuthType Basic\nAuthName x\nAuthBasicProvider file\nAuthUserFile "{{root}}/users"\n'
        "Require valid-user\nSatisfy any",
        modules=("authn_core", "authn_file", "authz_user", "auth_basic", "access_compat"),
    )
    server.expect("NSS0510")
    server.write("users", "u:{SHA}" + base64.b64encode(hashlib.sha1(b"p").digest()).decode() + "\n")
    credentials = "Authorization: Basic " + base64.b64encode(b"u:p").decode() + "\r\n"
    assert plain_get(plain, "/secret/", credentials).status == status


def test_user_name(ready: Callable[..., Ready]) -> None:
    """NSSUserName makes the value of a variable the user; one with a colon is refused."""
    server, _ = with_section(
        ready, "NSSUserName SSL_PROTOCOL\nRequire user TLSv1.3", modules=("authn_core", "authz_user")
    )
    assert clients.get(server.port, "/secret/").text == SECRET


def test_user_name_with_a_colon(ready: Callable[..., Ready]) -> None:
    """A colon would end the name early, so the request is refused."""
    server, _ = with_section(ready, "NSSUserName SSL_SERVER_V_END")
    server.expect("NSS0516")
    assert clients.get(server.port, "/secret/").status == 403


def test_user_name_without_a_value_is_no_user(ready: Callable[..., Ready]) -> None:
    """A variable without a value makes nobody a user."""
    server, _ = with_section(
        ready,
        "NSSUserName SSL_CLIENT_S_DN_CN\nAuthType Basic\nAuthName x\nAuthBasicProvider file\nAuthUserFile /dev/null\n"
        "Require valid-user",
        modules=("authn_core", "authn_file", "authz_user", "auth_basic"),
    )
    assert clients.get(server.port, "/secret/").status == 401


def test_request_for_a_vhost_without_tls(ready: Callable[..., Ready]) -> None:
    """A Host that names a plain vhost of the same port is misdirected: TLS is no way into it."""
    made = ready()
    server = made.server
    (server.htdocs / "plain").mkdir()
    (server.htdocs / "plain" / "index.html").write_text(SECRET)
    server.configure(
        made.globals()
        + made.vhost()
        + f'<VirtualHost *:{server.port}>\nServerName plain.example\nDocumentRoot "{{htdocs}}/plain"\n</VirtualHost>\n'
    )
    server.expect("NSS0052", "NSS0503")
    server.start()
    for sni in ("localhost", "plain.example", None):
        answer = clients.get(server.port, sni=sni, host="plain.example")
        assert (answer.status, SECRET in answer.text) == (421, False)
    assert len(server.log.with_code("NSS0503")) == 3
