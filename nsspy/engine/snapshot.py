"""A snapshot: the plan with its keys opened, as the connections of one child will use it.

Building is separate from publishing: a reload builds a new one beside the old, and publishes it only
when it is whole. A virtual host whose certificate cannot be opened any more has no model socket in it
(its connections are refused), and says why; the others go on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from nsspy.certdb.keys import KeyLocked
from nsspy.certdb.nsserror import NSSError
from nsspy.engine import modelsocket
from nsspy.engine.keyring import KeyRing, Opened
from nsspy.errors import Finding, NSSPyError, finding
from nsspy.errors import engine as messages
from nsspy.plan.model import Plan, Profile, VirtualHost
from nsspy.x509.variables import Variable, variables


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """A certificate as C keeps it: DER, seconds since the epoch, variables."""

    der: bytes
    not_after: int
    variables: tuple[Variable, ...]


@dataclass(frozen=True, slots=True)
class Host:
    """One virtual host of a snapshot: ``nss_vhost_spec_t`` of bridge.h. ``model`` is a ``PRFileDesc *``
    of ``nsspy._nss``, shared by all hosts of one profile."""

    server: int
    model: Any
    policy: int
    sni: bool
    strict_sni: bool
    verify_client: int
    renegotiation: bool
    certificates: tuple[ServerCertificate, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is to be published. Its model sockets belong to it until then; see ``discard``."""

    servers: int
    hosts: tuple[Host, ...]

    def discard(self) -> None:
        """Closes the model sockets of a snapshot that is not published."""
        for model in {int(host.policy): host.model for host in self.hosts}.values():
            modelsocket.close(model)


class Shim(Protocol):
    """The C side, as the engine sees it (``nsspy.bridge``)."""

    def log(self, one: Finding) -> None:
        """Writes a finding to the error log of its server."""

    def publish(self, snapshot: Snapshot) -> None:
        """Takes the snapshot over; when that fails (RuntimeError) its model sockets are closed."""


def build(plan: Plan, shim: Shim, closed: Collection[str] = ()) -> Snapshot:
    """Opens certificates and keys and makes the model sockets. The database is open, the logins done.

    *closed* are the tokens whose login failed, which was logged with what it means for their virtual hosts: it is not
    said again for each of them.
    Raises NSSError when the certificates cannot be listed; a virtual host that fails is logged.
    """
    began = time.monotonic()
    ring = KeyRing(plan.database.spec) if plan.profiles else None
    known: dict[str, ServerCertificate] = {}
    hosts: list[Host] = []
    models = 0
    try:
        for number, profile in enumerate(plan.profiles):
            sharing = [vhost for vhost in plan.vhosts if vhost.profile == number]
            if ring is None or not sharing:
                continue
            made = _open(ring, profile, sharing, shim, closed)
            if made is not None:
                models += 1
                hosts += _hosts(number, profile, sharing, *made, known)
    finally:
        if ring is not None:
            ring.close()
    shim.log(
        finding(
            messages.SNAPSHOT_READY,
            pid=os.getpid(),
            hosts=len(hosts),
            models=models,
            milliseconds=round((time.monotonic() - began) * 1000),
        )
    )
    return Snapshot(plan.servers, tuple(hosts))


def _open(
    ring: KeyRing, profile: Profile, sharing: Sequence[VirtualHost], shim: Shim, closed: Collection[str]
) -> tuple[Any, tuple[Opened, ...]] | None:
    """The model socket of a profile and its certificates; None, and logged, when it cannot be made."""
    try:
        opened = ring.open(profile.certificates, server=sharing[0].server)
        return modelsocket.build(profile, opened), opened
    except NSSPyError as error:
        if isinstance(error, KeyLocked) and error.token in closed:
            return None
        why = error.finding.text
    except (modelsocket.ModelError, NSSError) as error:
        why = str(error)
    for vhost in sharing:
        host = vhost.names[0] if vhost.names else f"number {vhost.server}"
        shim.log(finding(messages.VHOST_WITHOUT_TLS, server=vhost.server, host=host, pid=os.getpid(), why=why))
    return None


def _hosts(
    number: int,
    profile: Profile,
    sharing: Sequence[VirtualHost],
    model: Any,
    opened: Sequence[Opened],
    known: dict[str, ServerCertificate],
) -> list[Host]:
    certificates = tuple(_certificate(one, known) for one in opened)
    return [
        Host(
            server=vhost.server,
            model=model,
            policy=number,
            sni=vhost.sni,
            strict_sni=vhost.strict_sni,
            verify_client=profile.verify_client,
            renegotiation=profile.renegotiation,
            certificates=certificates,
        )
        for vhost in sharing
    ]


def _certificate(one: Opened, known: dict[str, ServerCertificate]) -> ServerCertificate:
    certificate = one.certificate
    if certificate.fingerprint not in known:
        known[certificate.fingerprint] = ServerCertificate(
            der=certificate.der,
            not_after=certificate.not_after,
            variables=variables(
                certificate.der,
                subject=certificate.subject,
                issuer=certificate.issuer,
                chain=one.chain.served[1:],
            ),
        )
    return known[certificate.fingerprint]
