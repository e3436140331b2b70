"""The planner as a program, over pipes, with real databases: what is good, and what each fault is called."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nsspy.conf.wire import encode
from nsspy.plan.model import TICKET_KEY, from_bytes, to_bytes
from nsspy.tokens.pcache import Client
from tests.support import places
from tests.support.database import ECC, PIN, RSA, Database, Store, gencert_server, hand_over
from tests.support.pki import Spec
from tests.unit.plan.driver import Answer, Site, pin_file

TLS13, TLS12 = 0x0304, 0x0303


@pytest.fixture
def folder(shared_folder: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder that httpd's children can enter."""
    path = shared_folder / f"plan-{abs(hash(request.node.nodeid))}"
    path.mkdir(mode=0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def database(store: Store, folder: Path) -> Database:
    """RSA and EC certificates, behind a PIN, readable by the run user only."""
    return store.copy(folder / "db")


@pytest.fixture
def pcache() -> Iterator[int]:
    """A real nss_pcache; the descriptor is the planner's end of its socket."""
    program = places.module().parent / "nss_pcache"
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        yield from _running(program, ours, theirs)


def _running(program: Path, ours: socket.socket, theirs: socket.socket) -> Iterator[int]:
    """As the parent starts it: the socket on descriptor 3, the numbers of those who may ask as arguments."""
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    arguments = [str(program), str(os.getuid()), str(site_user())]
    child = os.posix_spawn(program, arguments, {}, file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), 3)])
    theirs.close()
    try:
        yield ours.fileno()
    finally:
        ours.close()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def site_user() -> int:
    """The number of httpd's run user."""
    return pwd.getpwnam(places.run_user()[0]).pw_uid if places.ROOT else os.getuid()


def good(database: Database, pins: Path, *more: str, mode: str = "start", **options: object) -> Site:
    """A main server with the database, and one virtual host with both certificates."""
    return (
        Site()
        .facts(mode)
        .server(0, f"NSSCertificateDatabase {database.folder}", f"NSSPassPhraseDialog file:{pins}")
        .server(1, "NSSEngine on", "NSSNickname Server-Cert", "NSSECCNickname Server-Cert-ecc", *more)
    )


def only(answer: Answer, number: int) -> str:
    """The text of the one error there is; the verdict is fail and says so by status as well."""
    assert answer.verdict == "fail", answer
    assert answer.status == 1
    assert answer.plan is None
    assert list(answer.errors) == [number], answer.errors
    line = answer.errors[number]
    assert "\n" not in line
    return line


def test_a_good_configuration_becomes_a_plan(database: Database, folder: Path) -> None:
    """Defaults of today, the PIN file read as root, everything else as the run user; two INFO lines."""
    answer = good(database, pin_file(folder, f"internal:{PIN}")).run()
    assert (answer.verdict, answer.status, answer.errors, answer.warnings) == ("ok", 0, {}, {}), answer
    assert answer.stderr == ""
    assert answer.plan is not None
    assert from_bytes(to_bytes(answer.plan)) == answer.plan
    (profile,) = answer.plan.profiles
    assert (profile.version_min, profile.version_max) == (TLS12, TLS13)
    assert profile.session_tickets
    assert profile.groups[0] in (29, 4588)
    assert {0x1301, 0xC02B, 0xC02F} <= set(profile.suites)
    assert [choice.nickname for choice in profile.certificates] == ["Server-Cert", "Server-Cert-ecc"]
    assert answer.plan.vhosts[0].names == ("localhost",)
    assert answer.plan.servers == 2
    assert answer.plan.tokens == ("NSS Certificate DB",)
    assert answer.plan.database.spec == f"sql:{database.folder}"
    assert answer.numbers == {"session_cache_size": 10000, "session_cache_timeout": 86400}
    assert sum(number == 229 for number, *_ in answer.messages) == 2


def test_equal_hosts_share_a_profile(database: Database, folder: Path) -> None:
    """Settings decide about profiles, names do not; different settings make another."""
    site = good(database, pin_file(folder, f"internal:{PIN}"))
    site.server(2, "NSSEngine on", "NSSNickname Server-Cert", "NSSECCNickname Server-Cert-ecc", aliases=["127.0.0.1"])
    site.server(3, "NSSEngine on", "NSSNickname Server-Cert", "NSSProtocol TLSv1.2")
    site.server(4, "NSSNickname nobody")
    answer = site.run()
    assert answer.verdict == "ok", answer
    assert answer.plan is not None
    assert [(vhost.server, vhost.profile) for vhost in answer.plan.vhosts] == [(1, 0), (2, 0), (3, 1)]
    assert answer.plan.profiles[-1].session_tickets is False
    assert answer.plan.profiles[-1].version_max == TLS12


def test_tickets_follow_the_directive(database: Database, folder: Path) -> None:
    """Unsaid: on with TLS 1.3. Said: as said, in both directions."""
    pins = pin_file(folder, f"internal:{PIN}")
    off = good(database, pins, "NSSSessionTickets off").run()
    on = good(database, pins, "NSSSessionTickets on", "NSSProtocol TLSv1.2").run()
    assert off.plan is not None
    assert on.plan is not None
    assert not off.plan.profiles[0].session_tickets
    assert on.plan.profiles[0].session_tickets


def test_nothing_is_opened_without_an_engine(folder: Path) -> None:
    """A database that does not exist is no error while TLS is off everywhere."""
    answer = Site().facts().server(0, f"NSSCertificateDatabase {folder}/nowhere").run()
    assert answer.verdict == "ok"
    assert answer.plan is not None
    assert answer.plan.vhosts == ()


def test_pins_and_ticket_key_reach_nss_pcache(database: Database, folder: Path, pcache: int) -> None:
    """The PIN that worked is kept under the token's key, and one RSA pair for tickets, made once."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    site = good(database, pin_file(folder, f"internal:{PIN}"))
    assert site.run(pcache=pcache).verdict == "ok"
    client = Client(pcache)
    assert client.get(b"internal") == PIN.encode()
    first = client.get(TICKET_KEY)
    assert first is not None
    key = load_der_private_key(bytes(first), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    assert site.run(pcache=pcache).verdict == "ok"
    assert client.get(TICKET_KEY) == first


def test_a_restart_takes_the_pin_from_nss_pcache(database: Database, pcache: int) -> None:
    """With the dialogue builtin a person types once; a restart without a terminal asks nss_pcache."""
    site = Site().facts("restart").server(0, f"NSSCertificateDatabase {database.folder}")
    site.server(1, "NSSEngine on", "NSSNickname Server-Cert")
    assert 247 in site.run(pcache=pcache).errors
    Client(pcache).store(b"internal", PIN.encode())
    assert site.run(pcache=pcache).verdict == "ok"


def test_a_pin_on_standard_input_serves_builtin(database: Database) -> None:
    """``echo PIN | httpd`` works."""
    site = Site().facts().server(0, f"NSSCertificateDatabase {database.folder}")
    site.server(1, "NSSEngine on", "NSSNickname Server-Cert")
    assert site.run(stdin=PIN.encode() + b"\n").verdict == "ok"
    assert 244 in site.run(stdin=b"wrong\n").errors


def test_check_never_prompts(database: Database) -> None:
    """httpd -t with the dialogue builtin reads no PIN, says what was not proved, and is content."""
    site = Site().facts("check").server(0, f"NSSCertificateDatabase {database.folder}")
    site.server(1, "NSSEngine on", "NSSNickname Server-Cert")
    answer = site.run(stdin=b"wrong\n")
    assert answer.verdict == "ok", answer
    assert "NSS Certificate DB" in answer.warnings[712]
    assert answer.plan is not None
    missing = Site().facts("check").server(0, f"NSSCertificateDatabase {database.folder}")
    missing.server(1, "NSSEngine on", "NSSNickname Nobody")
    assert "Nobody" in only(missing.run(), 220)


def test_a_program_gives_the_pin(database: Database, folder: Path, pcache: int) -> None:
    """exec: runs as the user that started httpd, with that one's group, once; later nss_pcache has it."""
    program = folder / "pin.sh"
    program.write_text(f'#!/bin/sh\necho $(id -u) $(id -g) >> {folder}/ran\necho "{PIN}"\n')
    program.chmod(0o700)
    site = Site().facts().server(0, f"NSSCertificateDatabase {database.folder}", f"NSSPassPhraseDialog exec:{program}")
    site.server(1, "NSSEngine on", "NSSNickname Server-Cert")
    assert site.run(pcache=pcache).verdict == "ok"
    assert site.run(pcache=pcache).verdict == "ok"
    assert (folder / "ran").read_text().split() == [str(os.getuid()), str(os.getgid())]


def test_every_fault_is_named_in_one_run(database: Database, folder: Path) -> None:
    """Several mistakes, several lines: each with file, line and directive."""
    site = good(database, pin_file(folder, f"internal:{PIN}"))
    site.server(2, "NSSEngine on", "NSSNickname Nobody", name="two")
    site.server(3, "NSSEngine on", "NSSNickname Server-Cert", "NSSProtocol TLSv9", name="localhost")
    site.server(4, "NSSEngine on", "NSSNickname Server-Cert", "NSSCipherSuite +nothing", name="localhost")
    site.server(5, "NSSEngine on", name="five")
    answer = site.run()
    assert answer.verdict == "fail"
    assert answer.plan is None
    for part in ("NSSNickname (/etc/httpd/nss.conf:7)", "NSSProtocol (", "NSSCipherSuite (", "NSSEngine ("):
        assert any(part in line for line in answer.errors.values()), (part, answer.errors)


@pytest.mark.parametrize(
    ("change", "number", "parts"),
    [
        (lambda db: db.rename(db.with_name("gone")), 200, ("does not exist",)),
        (lambda db: (db / "cert9.db").unlink(), 202, ("cert9.db",)),
        (lambda db: (db / "key4.db").write_bytes(b"x" * 5000), 204 + 1, ("key4.db",)),
    ],
    ids=["folder", "file", "content"],
)
def test_broken_databases(
    database: Database, folder: Path, change: Callable[[Path], object], number: int, parts: tuple[str, ...]
) -> None:
    """What is wrong with a database is called by its name."""
    change(database.folder)
    line = only(good(database, pin_file(folder, f"internal:{PIN}")).run(), number)
    assert all(part in line for part in parts)
    assert "NSSCertificateDatabase (/etc/httpd/nss.conf:1)" in line


@pytest.mark.skipif(not places.ROOT, reason="needs root, to become another user")
def test_permissions_are_those_of_the_run_user(database: Database, folder: Path) -> None:
    """A database that only root may read is refused, although root looks; the message names the file."""
    path = database.folder / "key4.db"
    shutil.chown(path, "root", "root")
    line = only(good(database, pin_file(folder, f"internal:{PIN}")).run(), 203)
    assert str(path) in line
    assert places.run_user()[0] in line


@pytest.mark.skipif(not places.ROOT, reason="needs root, to become another user")
def test_root_is_given_up_for_good(database: Database, folder: Path) -> None:
    """Libraries that the database names run in the planner: with a PIN file it has no way back to root by then."""
    seen = folder / "seen"
    seen.touch()
    seen.chmod(0o666)
    program = folder / "seed"
    program.write_text(f"#!/bin/sh\ngrep -E '^[UG]id:' /proc/$PPID/status >'{seen}'\necho seed\n")
    program.chmod(0o755)
    dialog = f"NSSPassPhraseDialog file:{pin_file(folder, f'internal:{PIN}')}"
    seed = f"NSSRandomSeed startup exec:{program}"
    site = Site().facts().server(0, f"NSSCertificateDatabase {database.folder}", dialog, seed)
    answer = site.server(1, "NSSEngine on", "NSSNickname Server-Cert").run()
    assert answer.verdict == "ok", answer
    numbers = {line.split()[0]: set(line.split()[1:]) for line in seen.read_text().splitlines()}
    account = pwd.getpwnam(places.run_user()[0])
    assert numbers == {"Uid:": {str(account.pw_uid)}, "Gid:": {str(account.pw_gid)}}


def test_wrong_pin(database: Database, folder: Path) -> None:
    """One line about the PIN with its source, no second one about keys that could not be opened for it."""
    pins = pin_file(folder, "internal:wrong")
    line = only(good(database, pins).run(), 244)
    assert f"{pins}:1" in line
    assert "wrong" not in line.replace("wrong PIN", "")


def test_no_pin_for_the_token(database: Database, folder: Path) -> None:
    """A PIN file without a line for the token."""
    only(good(database, pin_file(folder, "LunaSA:x")).run(), 242)


def test_a_database_without_pin_needs_none(store: Store, folder: Path) -> None:
    """No dialogue, no login in the children."""
    database = store.copy(folder / "db", pin="")
    site = Site().facts().server(0, f"NSSCertificateDatabase {database.folder}")
    answer = site.server(1, "NSSEngine on", "NSSNickname Server-Cert").run()
    assert answer.verdict == "ok", answer
    assert answer.plan is not None
    assert answer.plan.tokens == ()


def test_expired_certificate(store: Store, folder: Path) -> None:
    """Refused, or served with a warning when NSSEnforceValidCerts is off."""
    database = store.copy(folder / "db", [Spec("Server-Cert", started=-60, days=30)])
    pins = pin_file(folder, f"internal:{PIN}")
    site = Site().facts().server(
        0, f"NSSCertificateDatabase {database.folder}", f"NSSPassPhraseDialog file:{pins}", "NSSNickname Server-Cert"
    )  # fmt: skip
    assert "NSSNickname (/etc/httpd/nss.conf:3)" in only(site.server(1, "NSSEngine on").run(), 223)
    site.server(1, "NSSEngine on", "NSSEnforceValidCerts off")
    records = [one for one in site.records if b"NSSEnforce" in one]
    assert records
    relaxed = Site().facts().server(
        0, f"NSSCertificateDatabase {database.folder}", f"NSSPassPhraseDialog file:{pins}", "NSSNickname Server-Cert",
        "NSSEnforceValidCerts off",
    ).server(1, "NSSEngine on")  # fmt: skip
    answer = relaxed.run()
    assert answer.verdict == "ok", answer
    assert set(answer.warnings) == {233}


def test_a_certificate_that_ends_soon(store: Store, folder: Path) -> None:
    """A warning in the last third of a short life."""
    database = store.copy(folder / "db", [Spec("Server-Cert", started=-25, days=30)])
    pins = pin_file(folder, f"internal:{PIN}")
    site = Site().facts().server(0, f"NSSCertificateDatabase {database.folder}", f"NSSPassPhraseDialog file:{pins}")
    answer = site.server(1, "NSSEngine on", "NSSNickname Server-Cert").run()
    assert answer.verdict == "ok"
    assert "days from now" in answer.warnings[732]


def test_names_that_do_not_fit(database: Database, folder: Path) -> None:
    """ServerName is none of the certificate's names: a warning, no refusal."""
    pins = pin_file(folder, f"internal:{PIN}")
    site = Site().facts().server(0, f"NSSCertificateDatabase {database.folder}", f"NSSPassPhraseDialog file:{pins}")
    answer = site.server(1, "NSSEngine on", "NSSNickname Server-Cert", name="www.example.com").run()
    assert answer.verdict == "ok"
    assert "www.example.com" in answer.warnings[228]


def test_a_suite_for_every_key(database: Database, folder: Path) -> None:
    """An EC certificate with RSA suites only and no TLS 1.3 is never served: a warning."""
    pins = pin_file(folder, f"internal:{PIN}")
    answer = good(database, pins, "NSSProtocol TLSv1.2", "NSSCipherSuite +rsa_aes_128_gcm_sha_256").run()
    assert answer.verdict == "ok"
    assert "Server-Cert-ecc" in answer.warnings[722]


def test_gencert_certificates_are_served(folder: Path) -> None:
    """keyEncipherment alone is no obstacle; it is said once."""
    from tests.support.database import create

    database = create(folder / "db")
    gencert_server(database, "Server-Cert", "localhost")
    hand_over(database)
    pins = pin_file(folder, f"internal:{PIN}")
    site = Site().facts().server(0, f"NSSCertificateDatabase {database.folder}", f"NSSPassPhraseDialog file:{pins}")
    answer = site.server(1, "NSSEngine on", "NSSNickname Server-Cert").run()
    assert answer.verdict == "ok", answer
    assert 735 in answer.infos


def test_both_keys_under_one_nickname(store: Store, folder: Path) -> None:
    """RSA and EC certificates with one subject get one nickname; both directives may name it."""
    database = store.copy(folder / "db", [RSA, Spec("Server-Cert-2", key="ec")])
    pins = pin_file(folder, f"internal:{PIN}")
    site = Site().facts().server(0, f"NSSCertificateDatabase {database.folder}", f"NSSPassPhraseDialog file:{pins}")
    site.server(1, "NSSEngine on", "NSSNickname Server-Cert", "NSSECCNickname Server-Cert")
    answer = site.run()
    assert answer.verdict == "ok", answer
    assert sum(number == 229 for number, *_ in answer.messages) == 2


def test_two_ec_nicknames(store: Store, folder: Path) -> None:
    """Of two EC certificates NSSECCNickname's is served, and the other line is pointed out."""
    database = store.copy(folder / "db", [Spec("one", key="ec", organisation="One"), ECC])
    pins = pin_file(folder, f"internal:{PIN}")
    site = Site().facts().server(0, f"NSSCertificateDatabase {database.folder}", f"NSSPassPhraseDialog file:{pins}")
    answer = site.server(1, "NSSEngine on", "NSSNickname one", "NSSECCNickname Server-Cert-ecc").run()
    assert answer.verdict == "ok", answer
    assert "certificate one is never served" in answer.warnings[734]


def test_a_seed_that_cannot_be_read(database: Database, folder: Path) -> None:
    """NSSRandomSeed names a file that the run user cannot read: a warning."""
    seed = folder / "seed"
    seed.write_bytes(b"")
    pins = pin_file(folder, f"internal:{PIN}")
    site = Site().facts().server(
        0, f"NSSCertificateDatabase {database.folder}", f"NSSPassPhraseDialog file:{pins}",
        "NSSRandomSeed startup builtin", f"NSSRandomSeed startup file:{seed} 512",
    )  # fmt: skip
    answer = site.server(1, "NSSEngine on", "NSSNickname Server-Cert").run()
    assert answer.verdict == "ok", answer
    assert "it is empty" in answer.warnings[740]
    assert answer.plan is not None
    assert [one.kind for one in answer.plan.random] == ["builtin", "file"]


@pytest.mark.parametrize("raw", [b"nonsense", b"5:hello", b"", b"17:9:directive,1:x,,"])
def test_unreadable_records(raw: bytes) -> None:
    """Whatever the parent sends, there is a verdict; no record at all is a server without TLS."""
    answer = Site().run(raw=raw)
    if raw:
        only(answer, 702)
    else:
        assert answer.verdict == "ok"


def test_an_unexpected_error_is_a_message(database: Database, folder: Path) -> None:
    """A fact that is no number is nobody's expectation: one line with the traceback, verdict fail."""
    site = good(database, pin_file(folder, f"internal:{PIN}"))
    site.records.append(encode("httpd", "user_id", "no number"))
    line = only(site.run(), 700)
    assert "ValueError" in line
    assert "planner.py" in line


def test_the_plan_holds_no_secret(database: Database, folder: Path) -> None:
    """The PIN is not among the bytes that all children inherit."""
    answer = good(database, pin_file(folder, f"internal:{PIN}")).run()
    assert answer.plan is not None
    assert PIN.encode() not in to_bytes(answer.plan)
    assert not any(PIN in line for *_, line in answer.messages)


def test_a_hanging_program_does_not_hang_the_planner(database: Database, folder: Path) -> None:
    """NSSRandomSeed exec: of a program that never ends is a warning after its limit."""
    program = folder / "sleeper"
    program.write_text("#!/bin/sh\nexec sleep 100\n")
    program.chmod(0o755)
    pins = pin_file(folder, f"internal:{PIN}")
    site = Site().facts().server(
        0, f"NSSCertificateDatabase {database.folder}", f"NSSPassPhraseDialog file:{pins}",
        f"NSSRandomSeed startup exec:{program} 512",
    )  # fmt: skip
    answer = site.server(1, "NSSEngine on", "NSSNickname Server-Cert").run()
    assert answer.verdict == "ok"
    assert "has not ended" in answer.warnings[740]
    with contextlib.suppress(FileNotFoundError):
        assert str(program) not in Path("/proc/self/cmdline").read_text()
