"""Certificates in the database: names, choice, keys, verification."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from nsspy.certdb import certificates, keys, slots, verify
from nsspy.certdb.database import open_database, open_none
from nsspy.certdb.nsserror import NSSError
from nsspy.errors import NSSPyError, Place
from nsspy.tokens.login import login
from nsspy.tokens.pin import Pin
from tests.support.database import ECC, PIN, RSA, Database, Store, run
from tests.support.pki import Spec
from tests.unit.certdb.inside import inside

PLACE = Place("NSSNickname", "/etc/httpd/nss.conf", 12)
DAY = 86400


@pytest.fixture
def folder(shared_folder: Path) -> Path:
    """An empty folder."""
    return Path(tempfile.mkdtemp(dir=shared_folder))


@pytest.fixture
def database(store: Store, folder: Path) -> Database:
    """An RSA and an ECDSA certificate with different subjects, behind a PIN."""
    return store.copy(folder / "alias", (RSA, ECC))


def chosen(spec: str, nickname: str, directive: str = "NSSNickname", **options: Any) -> Any:
    """(nickname, key type, fingerprint) of what is chosen, or the finding's text."""
    with open_database(spec):
        login(slots.internal_token(), [Pin(bytearray(PIN.encode()), "test")], spec=spec)
        everyone = certificates.user_certificates()
        try:
            return [
                (one.full_name, one.key_type, one.fingerprint)
                for one in certificates.choose(everyone, nickname, directive, spec=spec, place=PLACE, **options)
            ]
        except NSSPyError as error:
            return error.finding.text


def facts(spec: str) -> list[dict[str, Any]]:
    """Every user certificate as plain values."""
    with open_database(spec):
        names = [one for one in certificates.Certificate.__slots__ if one != "handle"]
        return [{name: getattr(one, name) for name in names} for one in certificates.user_certificates()]


def test_a_certificate_is_read_as_another_library_reads_it(database: Database, store: Store) -> None:
    """Serial, times, key type and names agree with what cryptography says of the same certificate."""
    read = {one["nickname"]: one for one in inside(facts, database.spec)}
    assert set(read) == {"Server-Cert", "Server-Cert-ecc"}
    for spec in (RSA, ECC):
        one, leaf = read[spec.nickname], store.leaf(spec)
        assert one["der"] == leaf.der
        assert one["fingerprint"] == leaf.fingerprint
        assert int(one["serial"], 16) == leaf.certificate.serial_number
        assert one["not_before"] == leaf.certificate.not_valid_before_utc.timestamp()
        assert one["not_after"] == leaf.certificate.not_valid_after_utc.timestamp()
        assert one["key_type"] == spec.key
        assert one["dns_names"] == ("localhost",)
        assert one["server_use"] and one["internal"] and one["token"] == "NSS Certificate DB"


@pytest.mark.parametrize(
    "nickname",
    [
        "Server-Cert",
        "internal:Server-Cert",
        "NSS Certificate DB:Server-Cert",
        "NSS FIPS 140-2 Certificate DB:Server-Cert",
        "'Server-Cert'",
        '"Server-Cert"',
        "pkcs11:token=NSS%20Certificate%20DB;object=Server-Cert",
    ],
)
def test_every_way_to_write_a_nickname_finds_the_certificate(database: Database, store: Store, nickname: str) -> None:
    """With and without the software token's names, in quotes, as PKCS#11 URI."""
    assert inside(chosen, database.spec, nickname) == [("Server-Cert", "rsa", store.leaf(RSA).fingerprint)]


def test_a_nickname_may_hold_colons(store: Store, folder: Path) -> None:
    """A colon in the nickname of the software token is no token's name."""
    named = Spec("web: main: 2026", organisation="Colons")
    database = store.copy(folder / "alias", (named,))
    for nickname in ("web: main: 2026", "internal:web: main: 2026"):
        assert inside(chosen, database.spec, nickname)[0][0] == "web: main: 2026"


def test_one_nickname_serves_one_certificate_of_each_key_type(store: Store, folder: Path) -> None:
    """RSA and ECDSA with the same subject get one nickname from NSS: both are served, NSSECCNickname takes one."""
    both = (Spec("Server-Cert", organisation="Same"), Spec("Other-Name", key="ec", organisation="Same"))
    database = store.copy(folder / "alias", both)
    assert {one["nickname"] for one in inside(facts, database.spec)} == {"Server-Cert"}
    found = inside(chosen, database.spec, "Server-Cert")
    assert [(kind, print_) for _, kind, print_ in found] == [
        ("ec", store.leaf(both[1]).fingerprint),
        ("rsa", store.leaf(both[0]).fingerprint),
    ]
    assert [one[1] for one in inside(chosen, database.spec, "Server-Cert", "NSSECCNickname")] == ["ec"]


def test_the_newest_valid_certificate_of_a_nickname_is_chosen(store: Store, folder: Path) -> None:
    """After a renewal: newer before older, but never one that has expired or whose time has not come."""
    family = [
        Spec("Server-Cert", started=-20, days=60, organisation="Renewed"),
        Spec("Server-Cert", started=-5, days=60, organisation="Renewed"),
        Spec("Server-Cert", started=-3, days=1, organisation="Renewed"),
        Spec("Server-Cert", started=3, days=60, organisation="Renewed"),
    ]
    database = store.copy(folder / "alias", family)
    assert [one[2] for one in inside(chosen, database.spec, "Server-Cert")] == [store.leaf(family[1]).fingerprint]


def _at(spec: str, nickname: str, now: float) -> Any:
    return chosen(spec, nickname, now=now)


def _named(spec: str, nickname: str, name: str) -> Any:
    return chosen(spec, nickname, names=(name,))


def test_the_choice_follows_the_clock_and_the_name(store: Store, folder: Path) -> None:
    """Another moment or another server name makes another certificate the right one."""
    one = Spec("Site", names=("one.test",), common_name="Site", started=-9, days=60, organisation="Names")
    two = Spec("Site", names=("two.test",), common_name="Site", started=-2, days=60, organisation="Names")
    database = store.copy(folder / "alias", (one, two))
    assert inside(_named, database.spec, "Site", "one.test")[0][2] == store.leaf(one).fingerprint
    assert inside(_named, database.spec, "Site", "two.test")[0][2] == store.leaf(two).fingerprint
    assert inside(_at, database.spec, "Site", time.time() - 5 * DAY)[0][2] == store.leaf(one).fingerprint


def test_a_slip_of_the_pen_gets_the_near_names(database: Database) -> None:
    """An unknown nickname: NSS0220 with what is near, what there is, the command and the place."""
    text = inside(chosen, database.spec, "server-cert")
    assert text.startswith("NSS0220") and "did you mean 'Server-Cert'" in text
    assert f"certutil -L -d {database.spec} -h all" in text and text.endswith("NSSNickname (/etc/httpd/nss.conf:12)")
    assert "did you mean" not in inside(chosen, database.spec, "zzz")


def test_a_token_that_is_not_there_is_told_from_a_wrong_nickname(database: Database) -> None:
    """token:nickname with an unknown token: NSS0234 lists the tokens."""
    text = inside(chosen, database.spec, "LunaSA Slot1:Server-Cert")
    assert text.startswith("NSS0234") and "'LunaSA Slot1'" in text and "NSS Certificate DB" in text


def test_a_certificate_without_key_is_told_from_a_missing_one(database: Database) -> None:
    """A certificate of that name is there and its key is not: NSS0221."""
    text = inside(chosen, database.spec, "test root")
    assert text.startswith("NSS0221") and "pk12util -i" in text


def test_the_ecc_directive_refuses_an_rsa_certificate(database: Database) -> None:
    """NSSECCNickname with an RSA certificate: NSS0230."""
    text = inside(chosen, database.spec, "Server-Cert", "NSSECCNickname")
    assert text.startswith("NSS0230") and "those of that name are RSA" in text


# ---- keys ------------------------------------------------------------------


def _key(spec: str, nickname: str, pin: str) -> Any:
    with open_database(spec):
        if pin:
            login(slots.internal_token(), [Pin(bytearray(pin.encode()), "test")], spec=spec)
        everyone = certificates.user_certificates()
        [one] = certificates.choose(everyone, nickname, spec=spec)
        try:
            key = keys.open_key(one, spec=spec)
        except NSSPyError as error:
            return error.finding.text
        temporary = bool(key.pointer.pkcs11IsTemp)
        key.close()
        return temporary, [item.text for item in key.findings]


@pytest.mark.parametrize("nickname", ["Server-Cert", "Server-Cert-ecc"])
def test_a_key_of_the_software_token_is_copied_to_memory(database: Database, nickname: str) -> None:
    """The key that is handed out is a session object and signs for the certificate."""
    assert inside(_key, database.spec, nickname, PIN) == (True, [])


def test_a_key_behind_a_pin_that_was_not_given_is_named_so(database: Database) -> None:
    """Nobody logged in: NSS0231, not a missing key."""
    assert inside(_key, database.spec, "Server-Cert", "").startswith("NSS0231")


def _mismatch(spec: str) -> str:
    with open_database(spec):
        login(slots.internal_token(), [Pin(bytearray(PIN.encode()), "test")], spec=spec)
        everyone = certificates.user_certificates()
        [first] = certificates.choose(everyone, "Server-Cert", spec=spec)
        [second] = certificates.choose(everyone, "Second", spec=spec)
        key = keys.open_key(first, spec=spec)
        try:
            keys.prove_key(key, second, spec=spec)
        except NSSPyError as error:
            return error.finding.text
        finally:
            key.close()
        return "proved"


def test_a_key_that_does_not_fit_its_certificate_is_found(store: Store, folder: Path) -> None:
    """The trial signature of another key of the same type: NSS0222."""
    database = store.copy(folder / "alias", (RSA, Spec("Second", organisation="Second")))
    assert inside(_mismatch, database.spec).startswith("NSS0222")


def _ticket_key(pkcs8: bytes) -> int:
    from nsspy._nss import lib

    with open_none():
        private = keys.import_private_key(pkcs8)
        public = keys.public_key(private)
        status = lib.SSL_SetSessionTicketKeyPair(public.pointer, private.pointer)
        public.close()
        private.close()
        return int(status)


def test_a_key_from_outside_becomes_the_ticket_key() -> None:
    """PKCS#8 from another library is taken as the pair for session tickets."""
    pkcs8 = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert inside(_ticket_key, pkcs8) == 0


def _import(data: bytes) -> str:
    with open_none():
        try:
            keys.import_private_key(data)
        except NSSError as error:
            return error.bracket
        return "imported"


def test_bytes_that_are_no_key_are_an_error_of_nss() -> None:
    """Garbage is refused with NSS's symbol."""
    assert inside(_import, b"no key").startswith("[SEC_ERROR_")


# ---- verification ----------------------------------------------------------


def verdict(spec: str, nickname: str, enforce: bool = True, now: float | None = None) -> str:
    """The text of the finding, "" when there is none."""
    with open_database(spec):
        login(slots.internal_token(), [Pin(bytearray(PIN.encode()), "test")], spec=spec)
        [one] = certificates.choose(certificates.user_certificates(), nickname, spec=spec, now=now)
        found = verify.verify_server(one, spec=spec, enforce=enforce, now=now, place=PLACE)
        return found.text if found else ""


def test_a_good_certificate_verifies(database: Database) -> None:
    """Nothing to say about a certificate that is in order."""
    assert inside(verdict, database.spec, "Server-Cert") == ""
    assert inside(verdict, database.spec, "Server-Cert-ecc") == ""


def test_an_expired_certificate_is_told_with_days_and_command(database: Database, store: Store) -> None:
    """After its end: NSS0223 with the days since; NSSEnforceValidCerts off makes one warning of it."""
    later = store.leaf(RSA).certificate.not_valid_after_utc.timestamp() + 3 * DAY + 60
    text = inside(verdict, database.spec, "Server-Cert", True, later)
    assert text.startswith("NSS0223") and "expired 3 days ago" in text and "CN=mod_nss test root" in text
    assert text.index("pk12util") < text.index("NSSEnforceValidCerts off")
    assert "[SEC_ERROR_EXPIRED_CERTIFICATE -8181]" in text
    text = inside(verdict, database.spec, "Server-Cert", False, later)
    assert text.startswith("NSS0233") and "expired 3 days ago" in text


def test_a_certificate_before_its_time_points_to_the_clock(database: Database, store: Store) -> None:
    """Before its beginning: NSS0224 with both moments."""
    sooner = store.leaf(RSA).certificate.not_valid_before_utc.timestamp() - 3 * DAY
    text = inside(verdict, database.spec, "Server-Cert", True, sooner)
    assert text.startswith("NSS0224") and certificates.date_text(int(sooner)) in text


def test_a_missing_issuer_and_an_untrusted_one_are_told_apart(database: Database) -> None:
    """The CA without trust: NSS0226 and certutil -M; the CA gone: NSS0225 and certutil -A."""
    database.certutil("-M", "-n", "test root", "-t", ",,")
    text = inside(verdict, database.spec, "Server-Cert")
    assert text.startswith("NSS0226") and f"certutil -M -d {database.spec} -n 'test root' -t CT,," in text
    database.certutil("-D", "-n", "test root")
    text = inside(verdict, database.spec, "Server-Cert")
    assert text.startswith("NSS0225") and f"certutil -A -d {database.spec}" in text


def test_the_command_for_an_untrusted_issuer_mends_it(database: Database) -> None:
    """What the message proposes is what helps."""
    database.certutil("-M", "-n", "test root", "-t", ",,")
    text = inside(verdict, database.spec, "Server-Cert")
    command = text.split("trust it with: ")[1].split(";")[0]
    run("sh", "-c", f"{command} -f {database.folder}/.pin")
    assert inside(verdict, database.spec, "Server-Cert") == ""


def test_a_client_certificate_is_no_server_certificate(store: Store, folder: Path) -> None:
    """An extended key usage without serverAuth: NSS0227 says so."""
    database = store.copy(folder / "alias", (Spec("client", client=True, organisation="Client"),))
    text = inside(verdict, database.spec, "client")
    assert text.startswith("NSS0227") and "does not allow TLS servers" in text


def _names(spec: str, nickname: str, names: tuple[str, ...]) -> str:
    with open_database(spec):
        [one] = certificates.choose(certificates.user_certificates(), nickname, spec=spec)
        found = verify.check_names(one, names, place=PLACE)
        return found.text if found else ""


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (("www.example.test",), ""),
        (("WWW.Example.Test.", "127.0.0.1", "[::1]"), ""),
        (("a.wild.test", "*.wild.test", "pattern?.test"), ""),
        (("a.b.wild.test",), "a.b.wild.test"),
        (("www.example.test", "*.example.test", "127.0.0.2"), "*.example.test, 127.0.0.2"),
    ],
)
def test_names_that_the_certificate_lacks_are_a_warning(
    store: Store, folder: Path, names: tuple[str, ...], missing: str
) -> None:
    """ServerName and aliases are compared as clients will: wildcards one label deep, addresses as such."""
    made = Spec("Names", names=("www.example.test", "*.wild.test", "127.0.0.1", "::1"), organisation="Wild")
    database = store.copy(folder / "alias", (made,))
    text = inside(_names, database.spec, "Names", names)
    if missing:
        assert text.startswith("NSS0228") and f"not valid for {missing};" in text
        assert "www.example.test, *.wild.test, 127.0.0.1" in text
    else:
        assert text == ""
