"""Decisions beyond the reference: what an administrator relies on because a page of docs/ says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Ready


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
