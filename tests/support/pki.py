"""Certificates of the tests: a CA, and leaves of every kind the subject needs, made once per run.

Two makers, compared by the tests: ``Leaf`` values are made by cryptography and imported as PKCS#12; those of
``database.certutil_*`` are made by NSS's own tools, as administrators have made them for twenty years.
"""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
UTC = datetime.UTC


def new_key(kind: str) -> PrivateKey:
    """A key: ``rsa`` (2048 bits), ``ec`` (P-256), ``ec384``."""
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key({"ec": ec.SECP256R1(), "ec384": ec.SECP384R1()}[kind])


@dataclass(frozen=True, slots=True)
class Spec:
    """What a certificate shall be. ``names`` are DNS names or IP addresses; the first DNS name is the CN by default."""

    nickname: str
    key: str = "rsa"
    names: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    common_name: str = ""
    days: int = 30
    started: int = -1  # days from today
    key_encipherment_only: bool = False
    signed_by: str = "root"
    serial: int | None = None
    organisation: str = "Tests"
    client: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate with its key and its place on disk."""

    spec: Spec
    certificate: x509.Certificate
    key: PrivateKey
    p12: Path
    pem: Path
    key_pem: Path

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, lower-case hexadecimal."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def der(self) -> bytes:
        """The certificate's bytes."""
        return self.certificate.public_bytes(serialization.Encoding.DER)


@dataclass(slots=True)
class Authority:
    """A root, an intermediate below it, and the leaves made so far. PKCS#12 files have the password ``p12``."""

    folder: Path
    leaves: dict[Spec, Leaf] = field(default_factory=dict)
    _issuers: dict[str, tuple[x509.Certificate, PrivateKey]] = field(default_factory=dict)
    _keys: dict[str, list[PrivateKey]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        root_key = new_key("ec")
        name = _name("mod_nss test root", "Tests")
        self._issuers["root"] = (self._authority(name, name, root_key, root_key), root_key)
        self.ca_pem.write_bytes(self._issuers["root"][0].public_bytes(serialization.Encoding.PEM))

    @property
    def ca_pem(self) -> Path:
        """The root as PEM."""
        return self.folder / "ca.pem"

    @property
    def root(self) -> x509.Certificate:
        """The root certificate."""
        return self._issuers["root"][0]

    def issuer(self, name: str) -> tuple[x509.Certificate, PrivateKey]:
        """Certificate and key of ``root`` or ``intermediate``."""
        if name not in self._issuers:
            parent, parent_key = self._issuers["root"]
            key = new_key("ec")
            subject = _name("mod_nss test intermediate", "Tests")
            self._issuers[name] = (self._authority(subject, parent.subject, key, parent_key), key)
        return self._issuers[name]

    def leaf(self, spec: Spec) -> Leaf:
        """The certificate of a spec, made on first need."""
        if spec not in self.leaves:
            self.leaves[spec] = self._make(spec)
        return self.leaves[spec]

    @staticmethod
    def _authority(subject: x509.Name, issuer: x509.Name, key: PrivateKey, signer: PrivateKey) -> x509.Certificate:
        now = datetime.datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=400))
            .not_valid_after(now + datetime.timedelta(days=400))
            .add_extension(x509.BasicConstraints(True, None), True)
            .add_extension(_usage(key_cert_sign=True, crl_sign=True, digital_signature=True), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .sign(signer, hashes.SHA256())
        )

    def _make(self, spec: Spec) -> Leaf:
        key = new_key(spec.key)
        issuer, signer = self.issuer(spec.signed_by)
        now = datetime.datetime.now(UTC)
        dns = [name for name in spec.names if not _is_address(name)]
        start = now + datetime.timedelta(days=spec.started)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(spec.common_name or dns[0], spec.organisation))
            .issuer_name(issuer.subject)
            .public_key(key.public_key())
            .serial_number(spec.serial or x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + datetime.timedelta(days=spec.days))
            .add_extension(x509.BasicConstraints(False, None), True)
            .add_extension(
                _usage(
                    digital_signature=not spec.key_encipherment_only,
                    key_encipherment=spec.key == "rsa" or spec.key_encipherment_only,
                ),
                True,
            )
            .add_extension(
                x509.ExtendedKeyUsage(
                    [ExtendedKeyUsageOID.CLIENT_AUTH if spec.client else ExtendedKeyUsageOID.SERVER_AUTH]
                ),
                False,
            )
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False)
        )
        if spec.names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(
                    [
                        x509.IPAddress(ipaddress.ip_address(name)) if _is_address(name) else x509.DNSName(name)
                        for name in spec.names
                    ]
                ),
                False,
            )
        certificate = builder.sign(signer, hashes.SHA256())
        stem = f"{len(self.leaves):03d}"
        chain = [] if spec.signed_by == "root" else [issuer]
        p12, pem, key_pem = (self.folder / (stem + end) for end in (".p12", ".pem", ".key"))
        p12.write_bytes(
            pkcs12.serialize_key_and_certificates(
                spec.nickname.encode(), key, certificate, chain or None, BestAvailableEncryption(b"p12")
            )
        )
        pem.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in [certificate, *chain]))
        key_pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return Leaf(spec, certificate, key, p12, pem, key_pem)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _name(common: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _usage(**on: bool) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: on.get(name, False) for name in names})
