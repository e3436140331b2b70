"""``httpd -t`` tells the truth: one line with file, line, directive, cause and remedy; the same at start."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable

import pytest

from tests.conftest import Ready
from tests.support import places
from tests.support.database import ECC, PIN, RSA, create, hand_over
from tests.support.httpd import Httpd
from tests.support.pki import Spec


def told(server: Httpd, output: str, directive: str, *parts: str) -> str:
    """The one error line of *output*. It must have a number, cause and remedy, the directive's place, and *parts*."""
    errors = [line for line in output.splitlines() if re.search(r"NSS\d{4}: ", line)]
    place = f"{directive} ({server.conf}:{server.line_of(directive)})"
    line = next((line for line in errors if place in line), None)
    assert line is not None, f"no line names {place}:\n{output}"
    assert line.count(";") >= 2, f"cause or remedy is missing: {line}"
    for part in parts:
        assert part.lower() in line.lower(), f"{part!r} is not in: {line}"
    return line


def refused(server: Httpd, directive: str, *parts: str) -> str:
    """Both ``httpd -t`` and the start must fail with the same words."""
    done = server.check()
    assert done.returncode != 0, "httpd -t found nothing wrong"
    assert "Syntax OK" not in done.stderr
    line = told(server, done.stderr + done.stdout, directive, *parts)
    told(server, server.start_fails(), directive, *parts)
    server.expected.add("NSS")  # whatever was refused stands in the log, too
    return line


def test_a_good_configuration_is_ok(ready: Callable[..., Ready]) -> None:
    """A configuration that works passes, PIN and keys included, without a warning."""
    done = ready().simple().check()
    assert done.returncode == 0, done.stderr
    assert "Syntax OK" in done.stderr
    assert not re.search(r"\[nss:(warn|error)\]", done.stderr)


def test_missing_database(ready: Callable[..., Ready]) -> None:
    """A database folder that does not exist is named."""
    server = ready().simple(NSSCertificateDatabase="sql:/nonexistent/nss")
    refused(server, "NSSCertificateDatabase", "/nonexistent/nss", "does not exist")


def test_no_database_directive(ready: Callable[..., Ready]) -> None:
    """The engine on and no NSSCertificateDatabase: said, not a crash."""
    server = ready().simple(NSSCertificateDatabase=None)
    done = server.check()
    assert done.returncode > 0
    assert "NSSCertificateDatabase" in done.stderr
    assert "NSSCertificateDatabase" in server.start_fails()
    server.expect("NSS")


def test_empty_folder_is_no_database(ready: Callable[..., Ready]) -> None:
    """A folder without database files is told apart from a missing one."""
    made = ready()
    empty = made.server.root / "empty"
    empty.mkdir()
    made.server.own(empty)
    server = made.simple(NSSCertificateDatabase=f"sql:{empty}")
    refused(server, "NSSCertificateDatabase", str(empty), "holds no database", "certutil -N")


def test_file_given_instead_of_the_folder(ready: Callable[..., Ready]) -> None:
    """The path of cert9.db itself is recognised as the usual slip."""
    made = ready()
    server = made.simple(NSSCertificateDatabase=f"sql:{made.database.folder}/cert9.db")
    refused(server, "NSSCertificateDatabase", "cert9.db", "is a file", f"sql:{made.database.folder}")


def test_corrupt_database(ready: Callable[..., Ready]) -> None:
    """A database file with garbage in it is called damaged."""
    made = ready()
    (made.database.folder / "key4.db").write_bytes(b"this is no database" * 500)
    refused(made.simple(), "NSSCertificateDatabase", "key4.db")


def test_wrong_pin(ready: Callable[..., Ready]) -> None:
    """A wrong PIN in the PIN file is called wrong, with the token and the file."""
    made = ready()
    made.server.pin_file("internal:not the pin")
    line = refused(made.simple(), "NSSPassPhraseDialog", "PIN")
    assert "not the pin" not in line


def test_missing_pin_file(ready: Callable[..., Ready]) -> None:
    """A PIN file that does not exist is named."""
    server = ready().simple(NSSPassPhraseDialog="file:/nonexistent/pin")
    refused(server, "NSSPassPhraseDialog", "/nonexistent/pin")


def test_unknown_dialogue(ready: Callable[..., Ready]) -> None:
    """An unknown word for the dialogue is refused, where the original kept silent."""
    refused(ready().simple(NSSPassPhraseDialog="biultin"), "NSSPassPhraseDialog", "biultin")


def test_unknown_nickname(ready: Callable[..., Ready]) -> None:
    """A nickname that is not in the database is refused, and those that are there are named."""
    server = ready().simple(nickname="NSSNickname Sever-Cert")
    refused(server, "NSSNickname", "Sever-Cert", "Server-Cert")


def test_no_nickname(ready: Callable[..., Ready]) -> None:
    """The engine on without any nickname is refused at the place of the engine."""
    refused(ready().simple(nickname=""), "NSSEngine", "NSSNickname")


def test_certificate_without_its_key(ready: Callable[..., Ready], store_leaf: Callable[[Spec], str]) -> None:
    """A certificate whose key is not in the database is refused with the key as the reason."""
    made = ready()
    made.database.certutil("-A", "-n", "keyless", "-t", ",,", "-a", "-i", store_leaf(Spec("keyless", organisation="X")))
    hand_over(made.database)
    refused(made.simple(nickname="NSSNickname keyless"), "NSSNickname", "keyless", "key")


@pytest.fixture
def store_leaf(ready: Callable[..., Ready], store) -> Callable[[Spec], str]:  # type: ignore[no-untyped-def]
    """The PEM file of a certificate by its spec."""
    return lambda spec: str(store.leaf(spec).pem)


def test_expired_certificate(ready: Callable[..., Ready]) -> None:
    """An expired certificate is refused with its date, and NSSEnforceValidCerts off lets it in with a warning."""
    old = Spec("old", started=-40, days=30)
    made = ready(specs=(old,))
    server = made.simple(nickname="NSSNickname old")
    refused(server, "NSSNickname", "old", "expired")
    made.simple("NSSEnforceValidCerts off", nickname="NSSNickname old")
    assert server.check().returncode == 0


def test_empty_cipher_list(ready: Callable[..., Ready]) -> None:
    """A cipher list that leaves nothing is refused."""
    server = ready().simple("NSSProtocol TLSv1.2\nNSSCipherSuite !ALL")
    refused(server, "NSSCipherSuite")


def test_unknown_cipher(ready: Callable[..., Ready]) -> None:
    """An unknown cipher name stops the start, told with its place and the name that was meant."""
    server = ready().simple("NSSCipherSuite +ecdhe_rsa_aes_128_gcm_sha_256,+rsa_ase_256_sha")
    refused(server, "NSSCipherSuite", "rsa_ase_256_sha", "rsa_aes_256_sha")


def test_unknown_protocol(ready: Callable[..., Ready]) -> None:
    """An unknown protocol word is refused with the word."""
    refused(ready().simple("NSSProtocol TLSv1.2,TLSv1.4"), "NSSProtocol", "TLSv1.4")


@pytest.mark.parametrize("directive", ["NSSEngine maybe", "NSSOptions +StdEnvVar", "NSSVerifyClient sometimes"])
def test_unknown_word(ready: Callable[..., Ready], directive: str) -> None:
    """An unknown word of a switch, of NSSOptions or NSSVerifyClient stops the start, with file and line."""
    server = ready().simple(directive if not directive.startswith("NSSEngine") else "", outer="")
    if directive.startswith("NSSEngine"):
        server.configure(server.body.replace("NSSEngine on", directive))
    done = server.check()
    assert done.returncode != 0
    word = directive.split()[0]
    assert f"{server.conf}:" in done.stderr and f"line {server.line_of(word)}" in done.stderr, done.stderr
    assert word in done.stderr
    server.start_fails()


@pytest.mark.parametrize(
    "directive",
    [
        "NSSSessionCacheSize -1",
        "NSSSessionCacheSize many",
        "NSSSession3CacheTimeout -5",
        "NSSRandomSeed startup file:/nonexistent/random 512",
        "NSSRandomSeed connect builtin",
    ],
)
def test_bad_global_values(ready: Callable[..., Ready], directive: str) -> None:
    """Numbers that are none, and random sources that do not exist, are refused with file and line."""
    server = ready().simple(outer=directive + "\n")
    done = server.check()
    assert done.returncode != 0
    said = done.stderr
    name = directive.split()[0]
    line = server.line_of(name)
    assert name in said and (f"{server.conf}:{line}" in said or f"line {line}" in said), said


def test_all_findings_at_once(ready: Callable[..., Ready]) -> None:
    """Two mistakes are reported in one run, not one after the other."""
    server = ready().simple("NSSProtocol TLSv9\nNSSCipherSuite +no_such_suite")
    done = server.check()
    assert done.returncode != 0
    told(server, done.stderr, "NSSProtocol", "TLSv9")
    told(server, done.stderr, "NSSCipherSuite", "no_such_suite")


def test_missing_helper_is_a_warning(ready: Callable[..., Ready]) -> None:
    """NSSPassPhraseHelper with a path that no longer exists is a warning; the server starts."""
    server = ready().simple(outer="NSSPassPhraseHelper /usr/libexec/nss_pcache_gone\n")
    server.expect("NSSPassPhraseHelper")
    done = server.check()
    assert done.returncode == 0, done.stderr
    told(server, done.stderr, "NSSPassPhraseHelper", "/usr/libexec/nss_pcache_gone")
    server.start()


@pytest.mark.skipif(not places.ROOT, reason="httpd's children are another user only when root starts it")
def test_permissions_are_checked_as_the_run_user(ready: Callable[..., Ready]) -> None:
    """A key file that root may read and the children's user may not is refused, with file and user."""
    made = ready()
    shutil.chown(made.database.folder / "key4.db", "root", "root")
    refused(made.simple(), "NSSCertificateDatabase", "key4.db", places.run_user()[0])


@pytest.mark.skipif(not places.ROOT, reason="httpd's children are another user only when root starts it")
def test_folder_above_the_database_is_checked(ready: Callable[..., Ready]) -> None:
    """A private folder on the way to the database is found and named."""
    made = ready()
    private = made.server.root / "private"
    private.mkdir(mode=0o700)
    shutil.copytree(made.database.folder, private / "alias")
    for path in [private / "alias", *(private / "alias").iterdir()]:
        shutil.chown(path, *places.run_user())
    server = made.simple(NSSCertificateDatabase=f"sql:{private}/alias")
    refused(server, "NSSCertificateDatabase", str(private), places.run_user()[0])


@pytest.mark.skipif(not places.ROOT, reason="httpd's children are another user only when root starts it")
def test_world_and_group_rights_count(ready: Callable[..., Ready]) -> None:
    """A database that the children's user may read by its group is accepted, where the original looked at the owner."""
    made = ready()
    made.database.folder.chmod(0o750)
    shutil.chown(made.database.folder, "root", places.run_user()[1])
    for path in made.database.folder.iterdir():
        shutil.chown(path, "root", places.run_user()[1])
        path.chmod(0o640)
    server = made.simple()
    server.start()


def test_check_works_without_standard_input(ready: Callable[..., Ready]) -> None:
    """``httpd -t`` with the builtin dialogue and no terminal asks nobody and waits for nobody: it checks the rest."""
    made = ready()
    server = made.simple(NSSPassPhraseDialog="builtin")
    done = server.check(timeout=30)
    assert done.returncode == 0, done.stderr
    made.simple(NSSPassPhraseDialog="builtin", nickname="NSSNickname nobody")
    done = server.check(timeout=30)
    assert done.returncode != 0
    told(server, done.stderr, "NSSNickname", "nobody")


def test_database_with_another_pin_is_no_crash(ready: Callable[..., Ready]) -> None:
    """A key database that was exchanged for another one ends in a message."""
    made = ready()
    other = create(made.server.root / "other", pin="another pin")
    for name in ("key4.db", "cert9.db"):
        shutil.copy2(other.folder / name, made.database.folder / name)
    hand_over(made.database)
    refused(made.simple(), "NSSPassPhraseDialog", "PIN")


def test_wrong_type_for_ecc_nickname_is_accepted(ready: Callable[..., Ready]) -> None:
    """NSSECCNickname may stand alone, and either directive may hold either kind of key, as in the original."""
    made = ready(specs=(RSA, ECC), pin=PIN)
    server = made.simple(nickname="NSSECCNickname Server-Cert-ecc")
    assert server.check().returncode == 0
