"""Certificates and keys of one snapshot: each opened once, whatever the number of virtual hosts.

In a database with a password every look-up of a private key costs 18 to 46 ms; the trial signature
and the copy into memory are made at that one moment too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nsspy._nss import ffi, lib
from nsspy.certdb.certificates import Certificate, candidates, choose, user_certificates
from nsspy.certdb.keys import PrivateKey, open_key
from nsspy.engine.chain import Chain
from nsspy.errors import NSSPyError, Place
from nsspy.plan.model import CertificateChoice


@dataclass(frozen=True, slots=True)
class Opened:
    """A certificate with its private key and its chain, and the directive that asked for it."""

    certificate: Certificate
    key: PrivateKey
    chain: Chain
    choice: CertificateChoice


def place(choice: CertificateChoice) -> Place:
    """Where the directive of a choice stands."""
    return Place(choice.directive, choice.file, choice.line)


def select(
    everyone: Sequence[Certificate], choices: Sequence[CertificateChoice], *, spec: str, server: int = -1
) -> tuple[tuple[Certificate, CertificateChoice], ...]:
    """The certificates of a virtual host: one for each kind of key.

    NSSECCNickname decides about elliptic curves; what NSSNickname finds besides its own best is taken
    where nothing else stands. Raises NSSPyError (``certdb.certificates.choose``).
    """
    found: dict[str, tuple[Certificate, CertificateChoice]] = {}
    for choice in sorted(choices, key=lambda one: one.directive != "NSSECCNickname"):
        chosen = choose(
            tuple(everyone),
            choice.nickname,
            choice.directive,
            spec=spec,
            names=choice.names,
            server=server,
            place=place(choice),
        )
        for one in chosen:
            found.setdefault(one.key_type, (one, choice))
    return tuple(found.values())


def is_ambiguous(everyone: Sequence[Certificate], nickname: str) -> bool:
    """True when a name stands for several certificates of one kind, so that host names must decide."""
    kinds = [one.key_type for one in candidates(tuple(everyone), nickname)]
    return len(set(kinds)) < len(kinds)


class KeyRing:
    """The keys that have been opened. The database must be open and the tokens logged in."""

    def __init__(self, spec: str) -> None:
        """Lists all certificates that have keys, once. Raises NSSError."""
        self.spec = spec
        # Held, so that NSS reads the trust of each authority once (see ``nsspy.engine.chain``).
        self._held: Any = lib.PK11_ListCerts(lib.PK11CertListAll, ffi.NULL)
        self.everyone = user_certificates()
        self._keys: dict[tuple[str, str], PrivateKey | NSSPyError] = {}
        self._chains: dict[str, Chain] = {}

    def open(self, choices: Sequence[CertificateChoice], *, server: int = -1) -> tuple[Opened, ...]:
        """The certificates of a virtual host with their keys, proved to belong together.

        Raises NSSPyError: not found, no key, key of another certificate, token without login.
        """
        selected = select(self.everyone, choices, spec=self.spec, server=server)
        return tuple(
            Opened(one, self.key(one, choice, server=server), self.chain(one), choice) for one, choice in selected
        )

    def chain(self, certificate: Certificate) -> Chain:
        """The chain of a certificate; it lives until ``close``."""
        if certificate.fingerprint not in self._chains:
            self._chains[certificate.fingerprint] = Chain(certificate)
        return self._chains[certificate.fingerprint]

    def key(self, certificate: Certificate, choice: CertificateChoice, *, server: int = -1) -> PrivateKey:
        """The private key of a certificate. Raises NSSPyError, every time again for a key that failed."""
        name = (certificate.token, certificate.fingerprint)
        if name not in self._keys:
            try:
                self._keys[name] = open_key(certificate, spec=self.spec, server=server, place=place(choice))
            except NSSPyError as error:
                self._keys[name] = error
        found = self._keys[name]
        if isinstance(found, NSSPyError):
            raise found
        return found

    def close(self) -> None:
        """Lets all keys, chains and certificates go; model sockets have taken copies of theirs."""
        for key in self._keys.values():
            if isinstance(key, PrivateKey):
                key.close()
        for chain in self._chains.values():
            chain.close()
        self._keys.clear()
        self._chains.clear()
        if self._held != ffi.NULL:
            lib.CERT_DestroyCertList(self._held)
            self._held = ffi.NULL
        self.everyone = ()
