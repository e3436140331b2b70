"""Decisions beyond the reference: what an administrator relies on because a page of docs/ says so."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from tests.conftest import Ready
from tests.support import clients
from tests.support.clients import V
from tests.support.database import PIN, hand_over

FIPS_PIN = "Secret-PIN-1"


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


@pytest.mark.parametrize("keys", ["NSSNickname Server-Cert", "NSSECCNickname Server-Cert-ecc"], ids=["rsa", "ecc"])
@pytest.mark.parametrize("by_modutil", [True, False], ids=["database", "directive"])
def test_fips(ready: Callable[..., Ready], keys: str, by_modutil: bool) -> None:
    """NSSFIPS on: children run in FIPS mode, serve FIPS suites only, resume, and restart without asking again."""
    made = ready(pin=FIPS_PIN)
    made.server.write("conf/pin", f"internal:{FIPS_PIN}\n", 0o600)
    if by_modutil:
        done = subprocess.run(
            ["modutil", "-fips", "true", "-dbdir", made.database.spec, "-force"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        hand_over(made.database)
    server = made.simple(nickname=keys, outer="NSSFIPS on\n")
    server.start()
    for options in ({"high": V.TLSv1_2}, {"low": V.TLSv1_3}):
        ctx = clients.context(**options)  # type: ignore[arg-type]
        assert clients.get(server.port, ctx=ctx).status == 200
    refused = clients.context(high=V.TLSv1_2, ciphers="ECDHE+CHACHA20")
    assert clients.refused(server.port, refused)
    server.graceful()
    assert clients.get(server.port).status == 200
    # What NSS says of itself in the plan's proof, not of the directive.
    assert server.log.count("NSS FIPS 140-2 Certificate DB")


@pytest.mark.parametrize("kind", ["file", "defer"])
@pytest.mark.parametrize("damage", ["gone", "unreadable", "other"])
def test_pin_file_of_no_use_at_a_restart(ready: Callable[..., Ready], kind: str, damage: str) -> None:
    """The running server goes on with the PIN that it has, and warns; httpd -t says that the next start fails."""
    made = ready()
    dialogue = f'"{kind}:{made.server.root}/conf/pin"'
    server = made.simple(NSSPassPhraseDialog=dialogue)
    server.start()
    path = server.root / "conf/pin"
    if damage == "gone":
        path.unlink()
    elif damage == "unreadable":
        path.unlink()
        path.mkdir()
    else:
        server.pin_file("other:x")
    server.expect("NSS0713")
    server.graceful()
    line = server.log.with_code("NSS0713")[-1].text
    assert str(path) in line and "next start" in line
    server.wait_children(3)
    assert clients.get(server.port).status == 200
    if (kind, damage) != ("defer", "other"):
        assert server.check().returncode != 0
    server.restart()
    assert clients.get(server.port).status == 200


def test_new_pin_in_the_file_wins_at_a_restart(ready: Callable[..., Ready]) -> None:
    """The database's PIN was changed and the file with it: the restart takes the new one and keeps it."""
    made = ready()
    server = made.simple()
    server.start()
    server.wait_children(2)
    made.database.certutil(
        "-W", "-f", server.write("old", PIN + "\n", 0o600), "-@", server.write("new", "fresh\n", 0o600)
    )
    hand_over(made.database)
    server.pin_file("internal:fresh")
    server.graceful()
    server.wait_children(4)
    assert clients.get(server.port).status == 200
    server.expect("NSS0713")
    (server.root / "conf/pin").unlink()
    server.restart()
    assert clients.get(server.port).status == 200
