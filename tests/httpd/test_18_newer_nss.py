"""The same build of the module with a newer NSS: the ML-KEM hybrid, and what an update of NSS must leave as it is."""

from __future__ import annotations

import re
import shutil
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nsspy.tls import groups
from tests.conftest import Ready
from tests.httpd.test_04_ciphers import ALL_12, TODAY, suites
from tests.support import clients, nss_client, processes
from tests.support.clients import V
from tests.support.database import PIN, hand_over, run
from tests.support.httpd import Httpd
from tests.support.nss_client import TLS12, TLS13, Client
from tests.support.processes import wait_until
from tools import newer_nss

HYBRID, X25519, P256 = groups.X25519MLKEM768, groups.X25519, groups.P256
SHOW = """
    Header set X-Library "%{SSL_VERSION_LIBRARY}s"
    Header set X-Protocol "%{SSL_PROTOCOL}s"
    Header set X-Group "%{SSL_KEX_GROUP}s"
"""


@dataclass(frozen=True, slots=True)
class Newer:
    """The newer NSS. ``libraries`` is None where it is the system's own."""

    version: str
    libraries: Path | None


@pytest.fixture(scope="session")
def newer(shared_folder: Path) -> Newer:
    """The newer NSS, where httpd's children can read it."""
    found = newer_nss.state()
    if found.reason:
        pytest.skip(f"no newer NSS: {found.reason}")
    if found.system:
        return Newer(found.version, None)
    folder = shared_folder / "nss-newer"
    folder.mkdir(mode=0o755)
    for name in newer_nss.LIBRARIES:
        shutil.copy(newer_nss.FOLDER / name, folder / name)
        (folder / name).chmod(0o644)
    return Newer(found.version, folder)


@pytest.fixture
def made(ready: Callable[..., Ready], newer: Newer) -> Ready:
    """A server with a PIN-protected database, made by the system's certutil, that will run with the newer NSS."""
    found = ready()
    if newer.libraries:
        found.server.env["LD_LIBRARY_PATH"] = str(newer.libraries)
    return found


@pytest.fixture
def nss(made: Ready, newer: Newer) -> Iterator[Client]:
    """A client with the newer NSS, which trusts the test root."""
    with nss_client.client(made.port, made.database.spec, newer.libraries) as client:
        yield client


def libraries_of(pid: int) -> set[str]:
    """Folders from which a process has loaded NSS."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    return {str(Path(path).parent) for path in re.findall(r"(/\S*/lib(?:nss3|ssl3|softokn3|freeblpriv3)\.so)", maps)}


def started(made: Ready, inner: str = "") -> Httpd:
    """The one-vhost server with the variables of the connection as headers, running."""
    server = made.server
    made.simple(SHOW + inner)
    server.start()
    return server


def test_the_children_run_with_it(made: Ready, newer: Newer) -> None:
    """Parent and children have their NSS from the folder; SSL_VERSION_LIBRARY names the version that runs."""
    server = started(made)
    assert clients.get(server.port).headers["x-library"] == f"NSS/{newer.version}"
    if newer.libraries:
        for pid in (server.pid, *server.children()):
            assert libraries_of(pid) <= {str(newer.libraries)}, processes.name(pid)
        assert all(libraries_of(pid) for pid in server.children())


def test_the_check_runs_with_it(made: Ready) -> None:
    """``httpd -t`` finds nothing wrong."""
    done = made.simple().check()
    assert (done.returncode, done.stderr.strip()) == (0, "Syntax OK")


@pytest.mark.parametrize("version", [V.TLSv1_2, V.TLSv1_3], ids=lambda version: version.name)
def test_other_clients_are_served(made: Ready, version: ssl.TLSVersion) -> None:
    """OpenSSL's clients get the page with TLS 1.2 and 1.3 by X25519, or by P-256 when they have nothing else."""
    server = started(made)
    answer = clients.get(server.port, ctx=clients.context(made.store.authority, low=version, high=version))
    assert answer.text == "It works, by NSS.\n"
    assert answer.headers["x-protocol"] == version.name.replace("_", ".")
    way = "-tls1_2" if version is V.TLSv1_2 else "-tls1_3"
    assert clients.s_client(server.port, way, "-groups", "X25519").group == "X25519"
    assert "256" in clients.s_client(server.port, way, "-groups", "P-256").group


def test_suites_stay_todays(made: Ready) -> None:
    """A newer NSS brings in no suite that the defaults did not have."""
    server = started(made)
    assert suites(server.port, ALL_12) == TODAY


def test_a_client_of_the_newer_nss(made: Ready, nss: Client, newer: Newer) -> None:
    """With the hybrid first, both sides name X25519MLKEM768; the server in SSL_KEX_GROUP.

    The children switch on what the planner found, so this proves that the planner, too, runs with the newer NSS.
    """
    started(made)
    shake = nss.get(groups=[HYBRID, X25519, P256])
    assert (shake.library, shake.version, shake.group) == (newer.version, TLS13, HYBRID)
    assert "x-group: x25519mlkem768\r\n" in shake.answer.lower()
    assert shake.answer.endswith("It works, by NSS.\n")


def test_the_server_prefers_the_hybrid(made: Ready, nss: Client) -> None:
    """A client that likes X25519 better, and sends shares of both, gets the hybrid all the same."""
    started(made)
    assert nss.get(groups=[X25519, HYBRID], shares=1).group == HYBRID
    assert nss.get(groups=[P256, X25519, HYBRID], shares=2).group == HYBRID


def test_the_server_asks_for_the_hybrid(made: Ready, nss: Client) -> None:
    """A client that sends a share of P-256 alone, but has the hybrid, is asked for that by a HelloRetryRequest."""
    started(made)
    shake = nss.get(groups=[P256, HYBRID])
    assert shake.group == HYBRID and shake.answer.endswith("It works, by NSS.\n")


@pytest.mark.parametrize(
    ("wanted", "version", "group", "name"),
    [
        ([X25519], TLS13, X25519, "x25519"),
        ([P256], TLS13, P256, "secp256r1"),
        ([HYBRID, X25519], TLS12, X25519, "x25519"),
    ],
)
def test_clients_without_the_hybrid(
    made: Ready, nss: Client, wanted: list[int], version: int, group: int, name: str
) -> None:
    """X25519 or P-256 alone work, and so does TLS 1.2, which has no hybrids."""
    started(made)
    shake = nss.get(groups=wanted, high=version)
    assert (shake.version, shake.group) == (version, group)
    assert f"x-group: {name}\r\n" in shake.answer.lower()


def test_the_hybrid_alone(made: Ready, nss: Client) -> None:
    """A client that has nothing but the hybrid is served."""
    started(made)
    assert nss.get(groups=[HYBRID], low=TLS13).group == HYBRID


@pytest.mark.parametrize("kind", ["graceful", "restart"])
def test_sessions_survive_restarts(made: Ready, nss: Client, kind: str) -> None:
    """A ticket of a hybrid handshake is resumed after each of two restarts, and after them new ones are made."""
    server = started(made)
    first = nss.get(groups=[HYBRID, X25519])
    assert not first.resumed
    for _ in range(2):
        getattr(server, kind)()
        again = nss.get(groups=[HYBRID, X25519])
        assert again.resumed and again.group == HYBRID
    ctx = clients.context(low=V.TLSv1_3)
    with clients.connect(server.port, ctx) as sock:
        sock.sendall(clients.request(close=True))
        assert clients.Reader(sock).answer().status == 200
        session = sock.session
    getattr(server, kind)()
    with clients.connect(server.port, ctx, session=session) as sock:
        assert sock.session_reused


@pytest.mark.parametrize("way", ["id", "ticket"])
def test_sessions_of_tls12(made: Ready, way: str) -> None:
    """TLS 1.2 resumes by session id and by ticket over a graceful restart."""
    server = started(made, "NSSSessionTickets on")
    ctx = clients.context(high=V.TLSv1_2, tickets=way == "ticket")
    with clients.connect(server.port, ctx) as sock:
        sock.sendall(clients.request(close=True))
        assert clients.Reader(sock).answer().status == 200
        session = sock.session
    server.graceful()
    with clients.connect(server.port, ctx, session=session) as sock:
        assert sock.session_reused


def test_the_pin_goes_to_the_newer_children(made: Ready) -> None:
    """The PIN, held by nss_pcache, opens the older NSS's database in children after a graceful restart, file or no."""
    server = started(made)
    helpers = server.helpers()
    assert len(helpers) == 1
    (server.root / "conf" / "pin").unlink()
    server.expect("NSS0713")  # the file is missed, and the next start will fail
    server.wait_children(2)
    server.graceful()
    server.wait_children(4)
    assert server.helpers() == helpers
    assert clients.get(server.port).status == 200


def test_a_wrong_pin_is_told_apart(made: Ready) -> None:
    """With a wrong PIN the start is refused for that reason, as with the older NSS."""
    made.server.pin_file("internal:not " + PIN)
    said = made.simple().start_fails()
    assert "PIN" in said and "not " + PIN not in said, said
    made.server.expect("NSS")


@pytest.mark.parametrize("by_modutil", [True, False], ids=["database", "directive"])
def test_a_build_without_fips(ready: Callable[..., Ready], newer: Newer, by_modutil: bool) -> None:
    """Firefox's NSS is built without FIPS mode: a server that is to have it does not start, and says so."""
    if newer.libraries is None:
        pytest.skip("the system's own NSS is new enough, and has FIPS mode")
    made = ready(pin="Long enough 4 FIPS")
    made.server.env["LD_LIBRARY_PATH"] = str(newer.libraries)
    if by_modutil:
        run("modutil", "-fips", "true", "-dbdir", made.database.spec, "-force")
        hand_over(made.database)
    said = made.simple(outer="NSSFIPS on\n").start_fails()
    made.server.expect("NSS0214")
    assert "NSS0214: FIPS mode" in said and "this build of NSS has none" in said, said


def test_the_older_nss_still_opens_the_database(made: Ready) -> None:
    """Serving with the newer NSS changes nothing in the database: back with the older one, it starts and serves."""
    before = {path.name: path.read_bytes() for path in made.database.folder.glob("*.db")}
    server = started(made)
    assert clients.get(server.port).status == 200
    server.settle()
    server.stop()
    assert {path.name: path.read_bytes() for path in made.database.folder.glob("*.db")} == before
    server.env.pop("LD_LIBRARY_PATH", None)
    server.start(wait=False)
    wait_until(lambda: server.log.count("resuming normal operations") == 2, "the second start")
    assert clients.get(server.port).status == 200
