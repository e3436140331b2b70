"""The engine of a child, against real databases and a real nss_pcache; only C is missing."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nsspy.plan.model import TICKET_KEY, CertificateChoice, Plan, Profile, RandomSource, VirtualHost, to_bytes
from nsspy.plan.model import Database as Where
from nsspy.plan.ticketkey import make
from nsspy.tokens.pcache import Client
from tests.support import places
from tests.support.database import ECC, PIN, RSA, Database, Store
from tests.unit.engine.test_modelsocket import DEFAULT


@pytest.fixture
def database(store: Store, tmp_path: Path) -> Iterator[Database]:
    """RSA and EC certificates behind a PIN."""
    yield store.copy(tmp_path / "db")
    shutil.rmtree(tmp_path / "db")


@pytest.fixture
def pcache() -> Iterator[int]:
    """A real nss_pcache that holds the PIN and a key pair for tickets."""
    program = places.module().parent / "nss_pcache"
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    actions = [(os.POSIX_SPAWN_DUP2, theirs.fileno(), 3)]
    child = os.posix_spawn(program, [str(program), str(os.getuid())], {}, file_actions=actions)
    theirs.close()
    client = Client(ours.fileno())
    client.store(b"internal", PIN.encode())
    client.store(TICKET_KEY, make())
    yield ours.fileno()
    ours.close()
    os.waitpid(child, 0)


def choice(nickname: str, directive: str = "NSSNickname") -> CertificateChoice:
    """A certificate by name."""
    return CertificateChoice(nickname, directive, "nss.conf", 1)


def plan_of(database: Database, *profiles: Profile, **changes: Any) -> Plan:
    """One virtual host for each profile, from server 1 on."""
    plan = Plan(
        database=Where(database.spec, ""),
        fips=False,
        tokens=("NSS Certificate DB",),
        random=(RandomSource("builtin", "", None), RandomSource("file", "/dev/urandom", 64)),
        profiles=profiles,
        vhosts=tuple(VirtualHost(at + 1, at, True, False, ("localhost",)) for at in range(len(profiles))),
        servers=len(profiles) + 1,
    )
    return replace(plan, **changes)


BOTH = replace(DEFAULT, certificates=(choice("Server-Cert"), choice("Server-Cert-ecc", "NSSECCNickname")))


def run(plan: Plan | bytes, pcache: int = -1, command: list[str] | None = None, cache: bool = True) -> dict[str, Any]:
    """Starts a child and waits for its end."""
    data = plan if isinstance(plan, bytes) else to_bytes(plan)
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.engine.child"],
        input=json.dumps({"plan": data.decode(), "pcache": pcache, "command": command, "cache": cache}) + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=places.CHECKOUT,
        pass_fds=[pcache] if pcache >= 0 else [],
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def numbers(result: dict[str, Any]) -> list[int]:
    """The numbers of what was logged, without the DEBUG line of success."""
    return [number for number, *_ in result["findings"] if number != 757]


def test_a_child_publishes_its_hosts(database: Database, store: Store, pcache: int) -> None:
    """Both certificates with their variables; hosts of one profile share a policy; nothing to remark."""
    plan = plan_of(database, BOTH)
    plan = replace(plan, vhosts=(*plan.vhosts, VirtualHost(3, 0, False, True)), servers=4)
    result = run(plan, pcache)
    assert result["error"] == ""
    assert numbers(result) == []
    (hosts,) = result["published"]
    assert [(host["server"], host["policy"]) for host in hosts] == [(1, 0), (3, 0)]
    serials = {variables["SSL_SERVER_M_SERIAL"] for variables in hosts[0]["certificates"]}
    assert serials == {str(store.leaf(spec).certificate.serial_number) for spec in (RSA, ECC)}
    assert hosts[0]["certificates"][0]["SSL_SERVER_S_DN"].startswith("CN=localhost,O=Tests")
    assert hosts[0]["certificates"][0]["SSL_SERVER_S_DN_CN"] == "localhost"


def test_one_bad_profile_does_not_stop_the_others(database: Database, pcache: int) -> None:
    """A certificate that has gone since the planner looked: its host is missing, and the log says why."""
    gone = replace(DEFAULT, certificates=(choice("Gone"),))
    result = run(plan_of(database, gone, BOTH), pcache)
    assert result["error"] == ""
    assert numbers(result) == [752]
    assert "NSS0220" in result["findings"][0][2]
    assert result["findings"][0][1] == 1
    assert [host["server"] for host in result["published"][0]] == [2]


def test_a_refresh_sees_the_database_as_it_is_now(database: Database, pcache: int) -> None:
    """A certificate removed while the child runs is missing in the next snapshot, without reopening."""
    rsa = replace(DEFAULT, certificates=(choice("Server-Cert"),))
    ec = replace(DEFAULT, certificates=(choice("Server-Cert-ecc"),))
    remove = ["certutil", "-F", "-n", "Server-Cert-ecc", "-d", database.spec, "-f", str(database.folder / ".pin")]
    result = run(plan_of(database, rsa, ec), pcache, remove)
    first, second = result["published"]
    assert [host["server"] for host in first] == [1, 2]
    assert [host["server"] for host in second] == [1]
    assert numbers(result) == [752]


def test_without_nss_pcache_nobody_is_logged_in(database: Database) -> None:
    """The token's failure is named, once; nothing is published for the hosts that need it."""
    result = run(plan_of(database, BOTH))
    assert numbers(result) == [758]
    assert result["published"] == [[]]


def test_a_dead_nss_pcache_is_one_line(database: Database) -> None:
    """nss_pcache has ended: one line says so and what to do, and neither ticket key nor hosts say it again."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.close()
    with ours:
        result = run(plan_of(database, BOTH), ours.fileno())
    assert numbers(result) == [249]
    assert "restart httpd gracefully" in result["findings"][0][2] and "builtin" in result["findings"][0][2]
    assert result["published"] == [[]]


def test_a_wrong_pin_is_tried_once(database: Database, pcache: int) -> None:
    """The PIN that the token refuses is taken out of nss_pcache, so that the next child does not try it."""
    client = Client(pcache)
    client.store(b"internal", b"wrong")
    assert 244 in numbers(run(plan_of(database, BOTH), pcache))
    assert client.get(b"internal") is None
    assert 250 in numbers(run(plan_of(database, BOTH), pcache))


def test_without_ticket_key_a_warning(database: Database, pcache: int) -> None:
    """Tickets work within a child only; a plan without tickets does not care."""
    Client(pcache).delete(TICKET_KEY)
    assert numbers(run(plan_of(database, BOTH), pcache)) == [753]
    assert numbers(run(plan_of(database, replace(BOTH, session_tickets=False)), pcache)) == []


def test_without_the_parents_cache_a_warning(database: Database, pcache: int) -> None:
    """Sessions are resumed within the child only; it starts."""
    assert numbers(run(plan_of(database, BOTH), pcache, cache=False)) == [754]


def test_a_seed_that_has_gone(database: Database, pcache: int) -> None:
    """A warning, and the child starts."""
    plan = plan_of(database, BOTH, random=(RandomSource("file", "/nonexistent/seed", 10),))
    result = run(plan, pcache)
    assert numbers(result) == [740]
    assert "/nonexistent/seed" in result["findings"][0][2]


def test_a_database_that_has_gone(database: Database, pcache: int) -> None:
    """The true cause, once."""
    plan = replace(plan_of(database, BOTH), database=Where("sql:/nonexistent", ""))
    result = run(plan, pcache)
    assert result["error"].startswith("NSS0200")
    assert result["published"] == []


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"version":2}', b'{"version":1}'])
def test_an_unreadable_plan(data: bytes) -> None:
    """A plan of another version, or none, is one clear error."""
    assert run(data)["error"].startswith("NSS0751")


def test_nothing_is_opened_without_hosts(tmp_path: Path) -> None:
    """A plan without virtual hosts publishes an empty snapshot and looks at no database."""
    result = run(plan_of(Database(tmp_path / "nowhere", "")))
    assert result == {"error": "", "findings": result["findings"], "published": [[]]}


def test_fips_mode(database: Database, pcache: int) -> None:
    """The token has its other name and takes its PIN; the key pair of tickets, which it would refuse, is left alone."""
    plan = replace(plan_of(database, BOTH), fips=True, tokens=("NSS FIPS 140-2 Certificate DB",))
    result = run(plan, pcache)
    assert result["error"] == ""
    assert numbers(result) == []
    assert len(result["published"][0][0]["certificates"]) == 2
