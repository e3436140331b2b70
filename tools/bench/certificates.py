"""The certificates of the benchmark: the same keys as PEM files for mod_ssl and in an NSS database.

Two chains (root, intermediate, leaf), one RSA-2048, one P-256, so that a client that offers
one signature scheme can verify each of them from end to end.
"""

from __future__ import annotations

import datetime
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

#: The PIN of the database; the benchmark's keys live for minutes.
PIN = "bench-PIN-1"
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """One leaf: its nickname in the database, and the PEM files for mod_ssl."""

    nickname: str
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Store:
    """Everything that a server needs. ``database`` carries the ``sql:`` prefix."""

    rsa: Identity
    ecdsa: Identity
    database: str
    pin_file: Path
    dialog_file: Path


def make(folder: Path, names: tuple[str, ...]) -> Store:
    """Makes keys, certificates and database under *folder*, for the DNS names *names*.

    Raises OSError without certutil and pk12util, CalledProcessError when they fail.
    """
    database = folder / "nssdb"
    database.mkdir(parents=True)
    pin_file, dialog_file = folder / "pin", folder / "pin.dialog"
    pin_file.write_text(f"{PIN}\n")
    dialog_file.write_text(f"internal:{PIN}\n")
    for path in (pin_file, dialog_file):
        path.chmod(0o600)
    where = f"sql:{database}"
    _run("certutil", "-N", "-d", where, "-f", str(pin_file))
    rsa_id = _chain(folder, where, pin_file, "rsa", names)
    ecdsa_id = _chain(folder, where, pin_file, "ecdsa", names)
    return Store(rsa_id, ecdsa_id, where, pin_file, dialog_file)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed ({done.returncode}): {done.stderr.strip() or done.stdout.strip()}")


def _new_key(kind: str) -> Key:
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _certificate(
    subject: str, key: Key, issuer: str, issuer_key: Key, *, ca: bool, names: tuple[str, ...] = ()
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + 30 * DAY)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(_usage(ca=ca), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Benchmark"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_encipherment=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _chain(folder: Path, database: str, pin_file: Path, kind: str, names: tuple[str, ...]) -> Identity:
    root_key, middle_key, leaf_key = _new_key(kind), _new_key(kind), _new_key(kind)
    root_name, middle_name = f"Root {kind}", f"Intermediate {kind}"
    root = _certificate(root_name, root_key, root_name, root_key, ca=True)
    middle = _certificate(middle_name, middle_key, root_name, root_key, ca=True)
    leaf = _certificate(f"{names[0]} {kind}", leaf_key, middle_name, middle_key, ca=False, names=names)

    identity = Identity(f"bench-{kind}", folder / f"{kind}.pem", folder / f"{kind}.key")
    identity.certificate.write_bytes(leaf.public_bytes(Encoding.PEM) + middle.public_bytes(Encoding.PEM))
    identity.key.write_bytes(leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    identity.key.chmod(0o600)
    for label, trust, certificate in ((root_name, "C,,", root), (middle_name, ",,", middle)):
        pem = folder / f"{label.replace(' ', '-')}.pem"
        pem.write_bytes(certificate.public_bytes(Encoding.PEM))
        _run("certutil", "-A", "-d", database, "-n", label, "-t", trust, "-i", str(pem), "-f", str(pin_file))
    bundle = folder / f"{kind}.p12"
    bundle.write_bytes(
        pkcs12.serialize_key_and_certificates(
            identity.nickname.encode(), leaf_key, leaf, None, BestAvailableEncryption(PIN.encode())
        )
    )
    bundle.chmod(0o600)
    _run("pk12util", "-i", str(bundle), "-d", database, "-k", str(pin_file), "-w", str(pin_file))
    bundle.unlink()
    return identity
