"""Logging in to the software token, in each mode, with right and wrong PINs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from nsspy.certdb.database import open_database
from nsspy.certdb.slots import tokens
from nsspy.errors import NSSPyError, Place
from nsspy.tokens import login as logins
from nsspy.tokens.pin import Pin
from tests.support.database import PIN, RSA, Database, Store, create
from tests.unit.certdb.inside import inside

PLACE = Place("NSSPassPhraseDialog", "/etc/httpd/nss.conf", 3)


@pytest.fixture
def folder(shared_folder: Path) -> Path:
    """An empty folder."""
    return Path(tempfile.mkdtemp(dir=shared_folder))


@pytest.fixture
def database(store: Store, folder: Path) -> Database:
    """A database behind a PIN."""
    return store.copy(folder / "alias", (RSA,))


def attempt(spec: str, values: list[bytes], fips: bool = False, label: str = "internal") -> Any:
    """(source that worked, logged in, attempts that reached NSS), or the finding's text and the attempts."""
    with open_database(spec, fips=fips):
        count = 0
        real = logins._try

        def counting(*arguments: Any) -> Any:
            nonlocal count
            count += 1
            return real(*arguments)

        logins._try = counting
        offered = [Pin(bytearray(value), f"/etc/pin:{line}") for line, value in enumerate(values, 1)]
        try:
            token = logins.find(label, spec=spec, place=PLACE)
            worked = logins.login(token, offered, spec=spec, place=PLACE)
        except NSSPyError as error:
            return error.finding.text, count, [bytes(pin.value) for pin in offered]
        kept = [bytes(pin.value) for pin in offered if pin is not worked]
        return (worked.source if worked else None), token.logged_in, count, kept


@pytest.mark.parametrize("fips", [False, True])
def test_the_first_pin_that_fits_logs_in(database: Database, fips: bool) -> None:
    """Wrong ones before it do no harm and are wiped; FIPS mode is the same with another token name."""
    right = PIN.encode()
    assert inside(attempt, database.spec, [b"wrong", right, b"third"], fips) == (
        "/etc/pin:2",
        True,
        2,
        [b"", b"third"],
    )


@pytest.mark.parametrize("label", ["internal", "NSS Certificate DB", "NSS FIPS 140-2 Certificate DB"])
@pytest.mark.parametrize("fips", [False, True])
def test_every_name_of_the_software_token_finds_it(database: Database, label: str, fips: bool) -> None:
    """In either mode, under any of its names."""
    assert inside(attempt, database.spec, [PIN.encode()], fips, label)[0] == "/etc/pin:1"


def test_a_wrong_pin_names_token_database_and_source(database: Database) -> None:
    """NSS0244 says where the PIN came from, not what it is; PINs are wiped."""
    text, count, left = inside(attempt, database.spec, [b"hunter2"])
    assert text.startswith("NSS0244") and "'NSS Certificate DB'" in text and database.spec in text
    assert "the one from /etc/pin:1 is refused" in text and "[SEC_ERROR_BAD_PASSWORD -8177]" in text
    assert "hunter2" not in text and count == 1 and left == [b""]


def test_the_same_wrong_pin_is_tried_once(database: Database) -> None:
    """Three lines with the same wrong PIN are one attempt on the token."""
    text, count, _ = inside(attempt, database.spec, [b"wrong", b"wrong", b"wrong"])
    assert text.startswith("NSS0244") and count == 1


def _twice(spec: str) -> tuple[int, int]:
    first = attempt(spec, [b"wrong"])
    second = attempt(spec, [b"wrong"])
    return first[1], second[1]


def test_a_refused_pin_is_remembered_by_the_process(database: Database) -> None:
    """A second start in the same process does not try it again."""
    assert inside(_twice, database.spec) == (1, 0)


def test_a_database_without_pin_wants_none(store: Store, folder: Path) -> None:
    """An empty password: no login, no attempt."""
    database = store.copy(folder / "alias", (RSA,), "")
    assert inside(attempt, database.spec, [b"anything"]) == (None, True, 0, [b"anything"])


@pytest.mark.parametrize(("value", "reason"), [(b"", "it is empty"), (b"a\0b", "NUL byte")])
def test_a_pin_that_no_token_takes_is_refused_before(database: Database, value: bytes, reason: str) -> None:
    """NSS0253, and the token is left alone."""
    text, count, _ = inside(attempt, database.spec, [value])
    assert text.startswith("NSS0253") and reason in text and count == 0


def _uninitialised(folder: str) -> None:
    from nsspy._nss import lib

    assert lib.NSS_Initialize(f"sql:{folder}".encode(), b"", b"", b"secmod.db", 0) == 0
    assert lib.NSS_Shutdown() == 0


def test_a_token_without_pin_set_is_named(folder: Path) -> None:
    """A database that was made and never given a PIN: NSS0246 with the command that sets one."""
    inside(_uninitialised, str(folder))
    text, count, _ = inside(attempt, f"sql:{folder}", [b"any"])
    assert text.startswith("NSS0246") and f"certutil -W -d sql:{folder}" in text and count == 0


def test_an_unknown_token_lists_those_that_are_there(database: Database) -> None:
    """NSS0251 for a name that no module shows, and a prefix is no name."""
    text, _, _ = inside(attempt, database.spec, [b"any"], False, "NSS Certificate")
    assert text.startswith("NSS0251") and "there are NSS Certificate DB" in text


def _labels(spec: str, fips: bool) -> list[tuple[str, bool, bool, bool]]:
    with open_database(spec, fips=fips):
        return [(one.label, one.internal, one.fips, one.needs_login) for one in tokens()]


def test_the_software_token_is_listed_once(database: Database) -> None:
    """One entry, under the name that it has in the mode."""
    assert inside(_labels, database.spec, False) == [("NSS Certificate DB", True, False, True)]
    assert inside(_labels, database.spec, True) == [("NSS FIPS 140-2 Certificate DB", True, True, True)]


def test_the_old_format_takes_its_pin(folder: Path) -> None:
    """A dbm database is logged in to like any other."""
    old = create(folder / "old", PIN, "dbm")
    assert inside(attempt, old.spec, [PIN.encode()])[:2] == ("/etc/pin:1", True)
