"""The plan: the compiled, validated configuration, and its bytes.

The planner writes it, the children's engine reads it; in between it is opaque. It holds no
secret: PINs and the key pair of session tickets stay with nss_pcache.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

#: Names under which nss_pcache keeps what is no token's PIN. A token label cannot contain NUL.
TICKET_KEY = b"\0ticket-key"


@dataclass(frozen=True, slots=True)
class CertificateChoice:
    """A certificate by the name the administrator gave; candidates are chosen when it is opened.

    ``directive`` is NSSNickname or NSSECCNickname, ``file`` and ``line`` where it stands. ``names`` are the
    host's names where several certificates of one kind bear the nickname, so that they must decide.
    """

    nickname: str
    directive: str
    # Where it was written is for messages: the same choice in two virtual hosts is one profile.
    file: str = field(compare=False)
    line: int = field(compare=False)
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """The TLS settings of one or more virtual hosts; equal profiles share one model socket.

    ``version_min`` and ``version_max`` are NSS's numbers (0x0303 TLS 1.2), ``suites`` code points
    that are on, ``groups`` NSS's SSLNamedGroup numbers in order of preference (empty: NSS's own).
    """

    certificates: tuple[CertificateChoice, ...]
    version_min: int
    version_max: int
    suites: tuple[int, ...]
    groups: tuple[int, ...]
    session_tickets: bool
    verify_client: int
    renegotiation: bool
    require_safe_negotiation: bool
    enforce_valid_certs: bool


@dataclass(frozen=True, slots=True)
class VirtualHost:
    """One virtual host with the engine on. ``names`` are ServerName, then the aliases."""

    server: int
    profile: int
    sni: bool
    strict_sni: bool
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Database:
    """The certificate database as NSS is to open it: ``sql:/path`` or ``dbm:/path``, and prefix."""

    spec: str
    prefix: str


@dataclass(frozen=True, slots=True)
class RandomSource:
    """One NSSRandomSeed line: kind ``builtin``, ``file`` or ``exec``; bytes None: the whole file."""

    kind: str
    path: str
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a child needs to know. ``tokens`` are the labels that need a login, in order."""

    database: Database
    fips: bool
    tokens: tuple[str, ...]
    random: tuple[RandomSource, ...]
    profiles: tuple[Profile, ...]
    vhosts: tuple[VirtualHost, ...]
    servers: int
    version: int = field(default=1)


def to_bytes(plan: Plan) -> bytes:
    """The plan as bytes for the children."""
    return json.dumps(asdict(plan), separators=(",", ":")).encode("ascii")


def from_bytes(data: bytes) -> Plan:
    """The plan out of ``to_bytes``'s bytes. Raises ValueError on anything else."""
    raw = json.loads(data)
    if not isinstance(raw, dict) or raw.get("version") != 1:
        raise ValueError("plan of another version: httpd must be stopped and started after an upgrade")
    try:
        return _plan(raw)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"plan with other fields than expected: {error}") from error


def _plan(raw: dict[str, Any]) -> Plan:
    return Plan(
        database=Database(**raw["database"]),
        fips=raw["fips"],
        tokens=tuple(raw["tokens"]),
        random=tuple(RandomSource(**one) for one in raw["random"]),
        profiles=tuple(
            Profile(
                **{
                    **one,
                    "certificates": tuple(
                        CertificateChoice(**{**choice, "names": tuple(choice["names"])})
                        for choice in one["certificates"]
                    ),
                    "suites": tuple(one["suites"]),
                    "groups": tuple(one["groups"]),
                }
            )
            for one in raw["profiles"]
        ),
        vhosts=tuple(VirtualHost(**{**one, "names": tuple(one["names"])}) for one in raw["vhosts"]),
        servers=raw["servers"],
    )
