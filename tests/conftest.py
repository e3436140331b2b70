"""Fixtures of all tests: certificates and databases made once per run, a server per test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.support import places
from tests.support.database import ECC, PIN, RSA, Database, Store
from tests.support.httpd import Httpd
from tests.support.pki import Authority, Spec

Maker = Callable[..., Httpd]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips what this machine cannot run, and names what is missing."""
    for mark in item.iter_markers("requires_tool"):
        try:
            places.tool(mark.args[0])
        except FileNotFoundError as error:
            pytest.skip(str(error))


@pytest.fixture(scope="session")
def shared_folder() -> Iterator[Path]:
    """A folder for what is made once, reachable by httpd's children."""
    folder = Path(tempfile.mkdtemp(prefix="nss-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def authority(shared_folder: Path) -> Authority:
    """The CA of the tests."""
    folder = shared_folder / "pki"
    folder.mkdir()
    return Authority(folder)


@pytest.fixture(scope="session")
def store(shared_folder: Path, authority: Authority) -> Store:
    """Databases by recipe."""
    folder = shared_folder / "databases"
    folder.mkdir()
    return Store(folder, authority)


@pytest.fixture
def new_httpd(request: pytest.FixtureRequest) -> Iterator[Maker]:
    """Makes servers; each is stopped and its error log judged when the test ends."""
    made: list[Httpd] = []

    def make(**options: object) -> Httpd:
        mark = request.node.get_closest_marker("mpm")
        if mark:
            options.setdefault("mpm", mark.args[0])
        server = Httpd(**options)  # type: ignore[arg-type]
        made.append(server)
        return server

    before = request.session.testsfailed
    yield make
    problems: list[str] = []
    for server in made:
        try:
            server.stop()
            server.check_log()
        except AssertionError as error:
            problems.append(str(error))
        finally:
            server.kill()
        if problems or request.session.testsfailed > before:
            log = server.log.text().splitlines()[-60:]
            problems.append(
                f"--- end of {server.log.path.name} ---\n" + "\n".join(log) + "\n" + server.console()[-40000:]
            )
        server.clean()
    if problems and request.session.testsfailed == before:
        pytest.fail("\n".join(problems), pytrace=False)
    elif problems:
        print("\n".join(problems))


class Ready:
    """A server with a database of its own, and the usual directives to start from."""

    def __init__(self, server: Httpd, database: Database, store: Store) -> None:
        self.server = server
        self.database = database
        self.store = store

    @property
    def port(self) -> int:
        """Port of the server."""
        return self.server.port

    def globals(self, **changes: str | None) -> str:
        """The server-wide directives; ``NSSSessionCacheSize="100"`` replaces or adds, None leaves out."""
        directives: dict[str, str | None] = {
            "NSSCertificateDatabase": f'"{self.database.spec}"',
            "NSSPassPhraseDialog": f'"file:{self.server.root}/conf/pin"',
            **changes,
        }
        return "".join(f"{name} {value}\n" for name, value in directives.items() if value is not None)

    def vhost(
        self, inner: str = "", *, nickname: str = "NSSNickname Server-Cert\nNSSECCNickname Server-Cert-ecc"
    ) -> str:
        """The one virtual host of a simple server."""
        return (
            f"Listen 127.0.0.1:{self.port}\n<VirtualHost *:{self.port}>\nServerName localhost\n"
            f"NSSEngine on\n{nickname}\n{inner}\n</VirtualHost>\n"
        )

    def simple(self, inner: str = "", *, outer: str = "", nickname: str | None = None, **changes: str | None) -> Httpd:
        """Configures the one-vhost server; it is not started yet."""
        vhost = self.vhost(inner) if nickname is None else self.vhost(inner, nickname=nickname)
        self.server.configure(self.globals(**changes) + outer + vhost)
        return self.server


@pytest.fixture
def ready(new_httpd: Maker, store: Store) -> Callable[..., Ready]:
    """Makes a server with a database: ``ready(specs=(RSA,), pin=…, mpm=…, modules=…)``."""

    def make(specs: Iterable[Spec] = (RSA, ECC), pin: str = PIN, **options: object) -> Ready:
        server = new_httpd(**options)
        database = store.copy(server.root / "alias", specs, pin)
        server.pin_file(f"internal:{pin}")
        return Ready(server, database, store)

    return make
