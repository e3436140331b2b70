"""Model sockets over real handshakes: versions, suites, groups, certificates of both kinds, chains, old key usage."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from nsspy.plan.model import Profile
from nsspy.tls import groups
from tests.support import places
from tests.support.database import ECC, PIN, RSA, Database, Store, create, gencert_server
from tests.support.pki import Authority, Spec

DEFAULT = Profile(
    certificates=(),
    version_min=0x0303,
    version_max=0x0304,
    suites=(0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC030, 0xC02C, 0x009C),
    groups=(groups.X25519, groups.P256, groups.P384),
    session_tickets=True,
    verify_client=0,
    renegotiation=False,
    require_safe_negotiation=False,
    enforce_valid_certs=True,
)
Serving = Callable[..., int]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """Starts a server process with a database and a profile; gives its port."""
    running: list[subprocess.Popen[str]] = []

    def start(database: Database, certificates: dict[str, str], **changes: Any) -> int:
        port_file = tmp_path / f"port{len(running)}"
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.engine.serving", port_file],
            stdin=subprocess.PIPE,
            text=True,
            cwd=places.CHECKOUT,
        )
        running.append(process)
        assert process.stdin is not None
        profile = {**asdict(DEFAULT), **changes, "certificates": ()}
        job = {"spec": database.spec, "pin": PIN, "certificates": list(certificates.items()), "profile": profile}
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        deadline = time.monotonic() + 20
        while not (port_file.exists() and port_file.read_text()):
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return int(port_file.read_text())

    yield start
    for process in running:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=10) == 0


@pytest.fixture
def database(store: Store, tmp_path: Path) -> Iterator[Database]:
    """RSA and EC certificates."""
    yield store.copy(tmp_path / "db")
    shutil.rmtree(tmp_path / "db")


BOTH = {"NSSNickname": "Server-Cert", "NSSECCNickname": "Server-Cert-ecc"}


def context(version: ssl.TLSVersion | None = None, suites: str = "", ca: Path | None = None) -> ssl.SSLContext:
    """A client that speaks one version and these suites of TLS 1.2."""
    client = ssl.create_default_context(cafile=ca)
    if ca is None:
        client.check_hostname = False
        client.verify_mode = ssl.CERT_NONE
    if version:
        client.minimum_version = client.maximum_version = version
    if suites:
        client.set_ciphers(suites)
    return client


def connect(port: int, client: ssl.SSLContext, session: ssl.SSLSession | None = None) -> dict[str, Any]:
    """One connection: what the server says about it, and the certificate it showed."""
    with (
        socket.create_connection(("127.0.0.1", port), 10) as raw,
        client.wrap_socket(raw, server_hostname="localhost", session=session) as wrapped,
    ):
        data = b""
        while part := wrapped.recv(4096):
            data += part
        certificate = wrapped.getpeercert(binary_form=True)
        return {**json.loads(data), "certificate": certificate, "session": wrapped.session, "name": wrapped.cipher()[0]}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_kinds_of_certificates(
    serving: Serving, database: Database, store: Store, version: ssl.TLSVersion
) -> None:
    """Clients that can do ECDSA get that certificate, others RSA's; X25519; with locks: NSS sends no alert without."""
    port = serving(database, BOTH)
    modern = connect(port, context(version, ca=store.authority.ca_pem))
    assert modern["certificate"] == store.leaf(ECC).der
    assert modern["no_locks"] is False
    assert modern["group"] == groups.X25519
    if version is ssl.TLSVersion.TLSv1_2:
        old = connect(port, context(version, "ECDHE-RSA-AES128-GCM-SHA256", ca=store.authority.ca_pem))
        assert old["certificate"] == store.leaf(RSA).der
        assert old["suite"] == 0xC02F


def test_only_chosen_suites_and_versions(serving: Serving, database: Database) -> None:
    """What is not in the profile is refused, by alerts that the server survives: suites and versions."""
    port = serving(database, BOTH, suites=(0xC02F,), version_max=0x0303)
    assert connect(port, context())["suite"] == 0xC02F
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect(port, context(ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES256-GCM-SHA384"))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect(port, context(ssl.TLSVersion.TLSv1_3))
    assert connect(port, context())["suite"] == 0xC02F


@pytest.mark.parametrize(
    ("version", "suites", "suite"),
    [
        (ssl.TLSVersion.TLSv1_3, "", 0x1301),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES128-GCM-SHA256", 0xC02F),
        (ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256", 0x009C),
    ],
    ids=["tls1.3", "ecdhe", "rsa"],
)
def test_certificates_of_gencert(
    serving: Serving, tmp_path: Path, version: ssl.TLSVersion, suites: str, suite: int
) -> None:
    """keyEncipherment alone: TLS 1.3, ECDHE and RSA key transport, as the original served them."""
    database = create(tmp_path / "db")
    gencert_server(database, "Server-Cert", "localhost")
    port = serving(database, {"NSSNickname": "Server-Cert"}, suites=(0x1301, 0xC02F, 0x009C))
    assert connect(port, context(version, suites))["suite"] == suite


def test_the_chain_without_the_root(serving: Serving, store: Store, tmp_path: Path, authority: Authority) -> None:
    """The intermediate is sent, so that a client with the root alone verifies; the root is not."""
    database = store.copy(tmp_path / "db", [Spec("Server-Cert", signed_by="intermediate", organisation="Chained")])
    port = serving(database, {"NSSNickname": "Server-Cert"})
    connect(port, context(ca=authority.ca_pem))
    shown = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-showcerts"],
        input="",
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    ).stdout
    assert shown.count("BEGIN CERTIFICATE") == 2


def test_resumption(serving: Serving, database: Database) -> None:
    """By ticket with TLS 1.2 and 1.3; without tickets TLS 1.2 resumes by session id and TLS 1.3 does not."""
    with_tickets = serving(database, BOTH)
    without = serving(database, BOTH, session_tickets=False)
    for port, version, expected in (
        (with_tickets, ssl.TLSVersion.TLSv1_2, True),
        (with_tickets, ssl.TLSVersion.TLSv1_3, True),
        (without, ssl.TLSVersion.TLSv1_2, True),
        (without, ssl.TLSVersion.TLSv1_3, False),
    ):
        client = context(version)
        first = connect(port, client)
        assert not first["resumed"]
        assert connect(port, client, first["session"])["resumed"] is expected, (port, version)


def test_many_threads_share_a_model(serving: Serving, database: Database) -> None:
    """Connections of several threads at once, made from one model without locks."""
    port = serving(database, BOTH)
    client = context()
    seen: list[int] = []

    def hammer() -> None:
        for _ in range(10):
            seen.append(connect(port, client)["version"])

    threads = [threading.Thread(target=hammer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [0x0304] * 80


def test_client_certificates(serving: Serving, database: Database, store: Store) -> None:
    """require: no handshake without one; optional: asked for, and not needed."""
    own = store.leaf(Spec("client", client=True, names=("localhost",)))
    required = serving(database, BOTH, verify_client=2, version_max=0x0303)
    optional = serving(database, BOTH, verify_client=1, version_max=0x0303)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect(required, context())
    assert connect(optional, context())["version"] == 0x0303
    client = context()
    client.load_cert_chain(own.pem, own.key_pem)
    assert connect(required, client)["version"] == 0x0303


def test_a_refused_step_names_itself(database: Database, tmp_path: Path) -> None:
    """A range that NSS does not have is an error with step and symbol, and leaves no descriptor."""
    code = """
import os
from nsspy.certdb.database import open_none
from nsspy.engine import modelsocket
from nsspy.plan.model import Profile
from dataclasses import replace
profile = Profile((), 0x0304, 0x0303, (), (), True, 0, False, False, True)
with open_none():
    before = os.listdir("/proc/self/fd")
    try:
        modelsocket.build(profile, [])
    except modelsocket.ModelError as error:
        print(error)
    assert os.listdir("/proc/self/fd") == before
    good = modelsocket.build(replace(profile, version_min=0x0303), [])
    print(modelsocket.versions(good))
    modelsocket.close(good)
    assert os.listdir("/proc/self/fd") == before
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "versions 0x0304 to 0x0303 [SSL_ERROR_INVALID_VERSION_RANGE" in done.stdout
    assert "(771, 771)" in done.stdout
