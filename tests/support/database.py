"""NSS certificate databases of the tests, made by NSS's own tools, each kind once and then copied."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.support import places
from tests.support.pki import Authority, Leaf, Spec

#: The PIN of every database that has one.
PIN = "sesame open"
RSA = Spec("Server-Cert")
ECC = Spec("Server-Cert-ecc", key="ec", organisation="Tests ECC")


def run(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """One of NSS's tools; a failure shows what it said."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL
    )
    if check and done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


@dataclass(frozen=True, slots=True)
class Database:
    """A certificate database in a folder; ``pin`` is empty when it has none."""

    folder: Path
    pin: str
    kind: str = "sql"

    @property
    def spec(self) -> str:
        """As NSS and NSSCertificateDatabase take it: ``sql:/path``."""
        return f"{self.kind}:{self.folder}"

    def certutil(self, *arguments: str | Path, check: bool = True) -> str:
        """certutil on this database; its output."""
        return run("certutil", "-d", self.spec, "-f", self._pin_file(), *arguments, check=check).stdout

    def add_authority(self, authority: Authority) -> None:
        """The test root, trusted for servers and clients."""
        self.certutil("-A", "-n", "test root", "-t", "CT,C,C", "-a", "-i", authority.ca_pem)

    def add(self, leaf: Leaf) -> None:
        """A certificate with its key."""
        run("pk12util", "-d", self.spec, "-k", self._pin_file(), "-i", leaf.p12, "-W", "p12")

    def _pin_file(self) -> Path:
        path = self.folder / ".pin"
        if not path.exists():
            path.write_text(self.pin + "\n")
            path.chmod(0o600)
        return path


def create(folder: Path, pin: str = PIN, kind: str = "sql") -> Database:
    """An empty database."""
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(folder, pin, kind)
    database.certutil("-N", *(["--empty-password"] if not pin else []))
    return database


class Store:
    """Makes databases by recipe; each recipe is carried out once per test run."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.folder = folder
        self.authority = authority
        self._made: dict[tuple[tuple[Spec, ...], str], Database] = {}

    def leaf(self, spec: Spec) -> Leaf:
        """The certificate of a spec."""
        return self.authority.leaf(spec)

    def copy(self, to: Path, specs: Iterable[Spec] = (RSA, ECC), pin: str = PIN) -> Database:
        """A database of its own in folder *to*, with these certificates, readable by httpd's children only."""
        recipe = (tuple(specs), pin)
        if recipe not in self._made:
            made = create(self.folder / f"db{len(self._made)}", pin)
            made.add_authority(self.authority)
            for spec in recipe[0]:
                made.add(self.leaf(spec))
            self._made[recipe] = made
        shutil.copytree(self._made[recipe].folder, to)
        return hand_over(Database(to, pin))


def hand_over(database: Database) -> Database:
    """Gives the database to httpd's children, and to nobody else."""
    database.folder.chmod(0o700)
    for path in [database.folder, *database.folder.iterdir()]:
        if path.is_file():
            path.chmod(0o600)
        if places.ROOT:
            shutil.chown(path, *places.run_user())
    return database


def gencert_server(database: Database, nickname: str, name: str) -> None:
    """A server certificate as the original gencert made it: RSA, keyEncipherment only, NS type SSL server."""
    noise = database.folder / ".noise"
    noise.write_bytes(bytes(range(256)))
    database.certutil(
        "-S", "-n", "cacert", "-s", "CN=Certificate Shack,O=example.com,C=US", "-x", "-t", "CTu,CTu,CTu",
        "-m", "1", "-v", "12", "-z", noise, "-k", "rsa", "-g", "2048", "--keyUsage", "certSigning",
    )  # fmt: skip
    database.certutil(
        "-S", "-n", nickname, "-s", f"CN={name},O=example.com,C=US", "-c", "cacert", "-t", "u,u,u", "-m", "5",
        "-v", "12", "-z", noise, "-k", "rsa", "-g", "2048", "--keyUsage", "keyEncipherment",
        "--nsCertType", "sslServer", "-8", name,
    )  # fmt: skip
    noise.unlink()
