"""What is measured, and the goal of each figure. Data only."""

from __future__ import annotations

from dataclasses import dataclass

from tools.bench.client import Load

ECDSA = "ecdsa_secp256r1_sha256"
RSA = "rsa_pkcs1_sha256:rsa_pss_rsae_sha256"
TLS13 = "TLS_AES_128_GCM_SHA256"
#: TLS 1.2 offers the certificate's curve too (RFC 8422 section 5.1); the key exchange must still use the first.
TLS12_GROUPS = "X25519:P-256"
BIG_BYTES = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the table.

    ``count`` operations make a batch, ``unit`` says what ``divisor`` operations' cost is given in.
    ``goal`` is the highest ratio of mod_nss to ``against`` that passes; None: for information.
    ``resumes``: every operation must be a resumed handshake.
    """

    name: str
    load: Load
    count: int
    against: str = "mod_ssl"
    goal: float | None = None
    parallel: int = 4
    resumes: bool = False
    floor: bool = False


def _full(version: str, kind: str, *, group: str = "X25519", mode: str = "handshake") -> Load:
    suite = TLS13 if version == "1.3" else f"ECDHE-{kind}-AES128-GCM-SHA256"
    groups = TLS12_GROUPS if version == "1.2" else group
    return Load(mode, version, suite, groups, RSA if kind == "RSA" else ECDSA)


def _resumed(version: str, *, tickets: bool = True) -> Load:
    suite = TLS13 if version == "1.3" else "ECDHE-ECDSA-AES128-GCM-SHA256"
    return Load("resume", version, suite, "X25519" if version == "1.3" else TLS12_GROUPS, tickets=tickets)


def _bulk(mode: str, suite: str) -> Load:
    path = "/big" if mode == "download" else "/small"
    return Load(mode, suite=suite, path=path, bytes=BIG_BYTES)


SCENARIOS = (
    Scenario("full-ecdsa-tls12", _full("1.2", "ECDSA"), 200, goal=1.0, floor=True),
    Scenario("full-ecdsa-tls13", _full("1.3", "ECDSA"), 200, goal=1.0, floor=True),
    Scenario("full-rsa-tls12", _full("1.2", "RSA"), 100, against="selfserv", goal=1.05, floor=True),
    Scenario("full-rsa-tls13", _full("1.3", "RSA"), 100, against="selfserv", goal=1.05, floor=True),
    Scenario("full-ecdsa-tls13-p256", _full("1.3", "ECDSA", group="P-256"), 80, floor=True),
    Scenario("full-ecdsa-tls13-get", _full("1.3", "ECDSA", mode="request"), 200),
    Scenario("resumed-id-tls12", _resumed("1.2", tickets=False), 400, goal=0.8, resumes=True, floor=True),
    Scenario("resumed-ticket-tls12", _resumed("1.2"), 400, goal=0.8, resumes=True, floor=True),
    Scenario("resumed-tls13", _resumed("1.3"), 300, goal=0.8, resumes=True, floor=True),
    Scenario("keepalive-1k", Load("keepalive", bytes=1024), 4000, goal=1.0, parallel=8),
    Scenario(
        "keepalive-1k-tls12",
        Load("keepalive", "1.2", "ECDHE-ECDSA-AES128-GCM-SHA256", TLS12_GROUPS, bytes=1024),
        4000,
        parallel=8,
    ),
    Scenario("download-aes128gcm", _bulk("download", TLS13), 3, goal=0.65, parallel=1),
    Scenario("download-aes256gcm", _bulk("download", "TLS_AES_256_GCM_SHA384"), 1, parallel=1),
    Scenario("download-chacha20", _bulk("download", "TLS_CHACHA20_POLY1305_SHA256"), 1, parallel=1),
    Scenario("upload-aes128gcm", _bulk("upload", TLS13), 3, goal=0.95, parallel=1),
)

#: Figures that are no ratio of CPU time: bytes for each idle connection, seconds to the first answer.
IDLE = "idle-memory"
IDLE_GOAL_BYTES = 70 * 1024
START = "start"
START_GOAL_MS = 400.0

NAMES = (*(one.name for one in SCENARIOS), IDLE, START)
