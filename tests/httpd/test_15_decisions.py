"""Decisions beyond the reference: what an administrator relies on because a page of docs/ says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Ready
from tests.support import clients
from tests.support.clients import V


@pytest.mark.parametrize(
    ("directive", "section"),
    [
        ("NSSCipherSuite HIGH:!aNUL", ""),
        ("NSSProxyCipherSuite HIGH:!aNUL", ""),
        ("NSSCipherSuite HIGH:!aNUL", "/"),
    ],
)
def test_unknown_cipher_word_stops_the_start(ready: Callable[..., Ready], directive: str, section: str) -> None:
    """A word that forbids nothing is as wrong as one that switches nothing on, wherever the list stands."""
    inner = f"<Location {section}>\n{directive}\n</Location>" if section else directive
    server = ready().simple(inner)
    done = server.check()
    assert done.returncode != 0
    line = next(line for line in done.stderr.splitlines() if "NSS0040" in line)
    assert '"aNULL" was probably meant' in line and f"{server.conf}:{server.line_of(directive)}" in line


def test_words_of_other_libraries_are_no_mistake(ready: Callable[..., Ready]) -> None:
    """A list written for OpenSSL, with all that NSS never had, starts and serves."""
    server = ready().simple(
        'NSSCipherSuite "ECDHE+AESGCM:DEFAULT@SECLEVEL=1:KRB5-DES-CBC3-SHA:!PSK:!SRP:!aDSS:!ADH:!SEED:!IDEA:!ARIA'
        ':!AESCCM:!LOW:!EXP:!eNULL:!3DES:!RC4:!MD5:@STRENGTH"'
    )
    done = server.check()
    assert done.returncode == 0, done.stderr
    assert "NSS0040" not in done.stderr


@pytest.mark.parametrize("options", [{"high": V.TLSv1_2}, {"low": V.TLSv1_3}])
def test_sni_off_resumes_under_any_name(ready: Callable[..., Ready], options: dict[str, object]) -> None:
    """NSSSNI off: the name chooses nothing, so a session under the name of a later host is one of the first."""
    made = ready()
    later = made.vhost().replace("ServerName localhost", "ServerName later.example").partition("\n")[2]
    made.server.configure(made.globals() + "NSSSNI off\n" + made.vhost() + later)
    made.server.expect("NSS0228")
    made.server.start()
    ctx = clients.context(**options)  # type: ignore[arg-type]
    session = None
    for _ in range(2):
        with clients.connect(made.server.port, ctx, "later.example", session=session) as sock:
            assert sock.session_reused == (session is not None)
            sock.sendall(clients.request(close=True))
            assert clients.Reader(sock).answer().status == 200
            session = sock.session
