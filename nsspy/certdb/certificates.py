"""Server certificates in the open database, and the choice among them.

A nickname is not an identity: NSS gives certificates with the same subject the same nickname,
whatever the tools say. So a name gives candidates, and the choice is by key type, use, validity,
name and age; what was chosen is told by serial and fingerprint.
"""

from __future__ import annotations

import hashlib
import shlex
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from nsspy._nss import ffi, lib
from nsspy.certdb.handles import own
from nsspy.certdb.nsserror import check_pointer, ffi_bytes, ffi_text
from nsspy.certdb.slots import Token, tokens
from nsspy.errors import Finding, NSSPyError, Place, finding
from nsspy.errors import database as messages
from nsspy.x509 import certificate as x509

_INTERNAL_NAMES = ("internal", "NSS Certificate DB", "NSS FIPS 140-2 Certificate DB")
#: nsCertType bit that NSS sets for a certificate usable as TLS server.
_SSL_SERVER = 0x40
_MICROSECONDS = 1_000_000
_LISTED = 10


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate on one token. Times are seconds since the epoch.

    ``nickname`` is without the token, ``serial`` upper-case hex, ``fingerprint`` the SHA-256 of the
    DER in hex, ``key_type`` one of ``rsa ec rsapss other``. ``handle`` is NSS's CERTCertificate; it
    lives as long as the value, or until NSS is shut down.
    """

    nickname: str
    token: str
    internal: bool
    der: bytes = field(repr=False)
    serial: str
    fingerprint: str
    not_before: int
    not_after: int
    key_type: str
    subject: str
    issuer: str
    dns_names: tuple[str, ...]
    addresses: tuple[str, ...]
    server_use: bool
    handle: Any = field(repr=False, compare=False)

    @property
    def pointer(self) -> Any:
        """The CERTCertificate of NSS, for calls; it is the value's, not the caller's."""
        return self.handle

    @property
    def full_name(self) -> str:
        """The nickname as directives and certutil take it: with the token unless it is the software one."""
        return self.nickname if self.internal else f"{self.token}:{self.nickname}"

    def valid_at(self, now: float) -> bool:
        """True when *now* (seconds since the epoch) lies in its time."""
        return self.not_before <= now <= self.not_after


def user_certificates() -> tuple[Certificate, ...]:
    """All certificates with a private key, one value for each token that holds it.

    One walk through every token: call it once per snapshot, after the logins. Raises NSSError.
    """
    return _listed(lib.PK11CertListUser)


def all_certificates() -> tuple[Certificate, ...]:
    """All certificates, with and without key, authorities too. Raises NSSError."""
    return _listed(lib.PK11CertListAll)


def choose(
    everyone: tuple[Certificate, ...],
    nickname: str,
    directive: str = "NSSNickname",
    *,
    spec: str,
    names: tuple[str, ...] = (),
    now: float | None = None,
    server: int = -1,
    place: Place | None = None,
) -> tuple[Certificate, ...]:
    """The certificates to serve under a nickname: the best one of each key type, EC before RSA.

    *everyone* is what ``user_certificates`` gave. NSSECCNickname wants an elliptic curve
    certificate, NSSNickname takes every type. Among several of a type: usable as a server, valid
    at *now* (default: the clock), good for the first of *names*, newest. *spec* is for messages.
    Raises NSSPyError NSS0220, 0221, 0230 or 0234.
    """
    moment = time.time() if now is None else now
    found = candidates(everyone, nickname)
    if not found:
        raise NSSPyError(_not_found(everyone, nickname, spec, server, place))
    if directive == "NSSECCNickname":
        curves = [one for one in found if one.key_type == "ec"]
        if not curves:
            raise NSSPyError(
                finding(
                    messages.CERT_WRONG_TYPE,
                    server=server,
                    place=place,
                    directive=directive,
                    nickname=nickname,
                    types=" and ".join(sorted({one.key_type.upper() for one in found})),
                    command=f"certutil -R -k ec -q nistp256 -a -s {shlex.quote(found[0].subject)}"
                    f" -d {shlex.quote(spec)}",
                )
            )
        found = curves
    chosen = []
    for key_type in ("ec", "rsa", "rsapss", "other"):
        of_type = [one for one in found if one.key_type == key_type]
        if of_type:
            chosen.append(max(of_type, key=lambda one: _rank(one, moment, names)))
    return tuple(chosen)


def candidates(everyone: tuple[Certificate, ...], nickname: str) -> list[Certificate]:
    """All certificates that a configured name can mean.

    Forms: a nickname on the software token (colons and all), ``internal:nickname``,
    ``token:nickname``, a ``pkcs11:`` URI, and each of them in quotes.
    """
    if nickname.startswith("pkcs11:"):
        wanted = _by_uri(nickname)
        return [one for one in everyone if one.der in wanted]
    for name in _unquoted(nickname):
        found = [one for one in everyone if one.internal and one.nickname == name]
        if not found:
            found = [one for one in everyone if name in _long_names(one)]
        if found:
            return found
    return []


def chosen_finding(certificate: Certificate, *, server: int = -1) -> Finding:
    """The INFO line that tells which certificate is served (NSS0229)."""
    return finding(
        messages.CERT_CHOSEN,
        server=server,
        nickname=certificate.full_name,
        key_type=certificate.key_type.upper(),
        serial=certificate.serial,
        fingerprint=certificate.fingerprint,
        date=date_text(certificate.not_after),
        token=certificate.token,
    )


def date_text(seconds: int) -> str:
    """A moment as ``2027-01-31 12:00 UTC``."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError):
        return f"{seconds} seconds after 1970"


def name_fits(certificate: Certificate, name: str) -> bool:
    """True when NSS takes the certificate for a host of this name or address."""
    return bool(lib.CERT_VerifyCertName(certificate.pointer, ffi_bytes(name)) == 0)


def _rank(one: Certificate, now: float, names: tuple[str, ...]) -> tuple[bool, bool, bool, int, int]:
    fits = bool(names) and name_fits(one, names[0])
    return (one.server_use, one.valid_at(now), fits, one.not_before, one.not_after)


def _long_names(one: Certificate) -> tuple[str, ...]:
    if one.internal:
        return tuple(f"{token}:{one.nickname}" for token in (*_INTERNAL_NAMES, one.token))
    return (f"{one.token}:{one.nickname}",)


def _unquoted(nickname: str) -> list[str]:
    """The name as written, then without the quotes around it, if there are some."""
    names = [nickname]
    if len(nickname) > 2 and nickname[0] == nickname[-1] and nickname[0] in "'\"":
        names.append(nickname[1:-1])
    return names


def _by_uri(uri: str) -> set[bytes]:
    listing = lib.PK11_FindCertsFromURI(ffi_bytes(uri), ffi.NULL)
    if listing == ffi.NULL:
        return set()
    try:
        return {bytes(ffi.buffer(cert.derCert.data, cert.derCert.len)) for cert, _ in _walk(listing)}
    finally:
        lib.CERT_DestroyCertList(listing)


def _listed(kind: int) -> tuple[Certificate, ...]:
    everywhere = tokens()
    listing = check_pointer(lib.PK11_ListCerts(kind, ffi.NULL), "PK11_ListCerts")
    found: dict[tuple[bytes, str], Certificate] = {}
    try:
        for cert, name in _walk(listing):
            one = _certificate(cert, name or ffi_text(cert.nickname), everywhere)
            # NSS lists one certificate several times when an older copy is cached.
            found.setdefault((one.der, one.token), one)
    finally:
        lib.CERT_DestroyCertList(listing)
    return tuple(found.values())


def _walk(listing: Any) -> list[tuple[Any, str]]:
    """The nodes: certificate and the nickname it has on its token (with the token's name before it)."""
    nodes = []
    node = lib.CERT_LIST_HEAD(listing)
    while not lib.CERT_LIST_END(node, listing):
        nodes.append((node.cert, ffi_text(ffi.cast("char *", node.appData))))
        node = lib.CERT_LIST_NEXT(node)
    return nodes


def _certificate(cert: Any, name: str, everywhere: tuple[Token, ...]) -> Certificate:
    software = everywhere[0]
    token = software
    for other in sorted(everywhere, key=lambda one: len(one.label), reverse=True):
        if name.startswith(other.label + ":"):
            token, name = other, name[len(other.label) + 1 :]
            break
    der = bytes(ffi.buffer(cert.derCert.data, cert.derCert.len))
    times = ffi.new("PRTime[2]")
    if lib.CERT_GetCertTimes(cert, times, times + 1) != lib.SECSuccess:
        times[0] = times[1] = 0  # never valid: a broken certificate must not keep the others from being listed
    alternatives = x509.read(der).alt_names
    return Certificate(
        nickname=name,
        token=token.label,
        internal=token.internal,
        der=der,
        serial=_serial(cert),
        fingerprint=hashlib.sha256(der).hexdigest(),
        not_before=times[0] // _MICROSECONDS,
        not_after=times[1] // _MICROSECONDS,
        key_type=_key_type(cert),
        subject=ffi_text(cert.subjectName),
        issuer=ffi_text(cert.issuerName),
        dns_names=tuple(value for kind, value in alternatives if kind == "DNS"),
        addresses=tuple(value for kind, value in alternatives if kind == "IPaddr"),
        server_use=bool(cert.nsCertType & _SSL_SERVER),
        handle=own(lib.CERT_DupCertificate(cert), lib.CERT_DestroyCertificate),
    )


def _serial(cert: Any) -> str:
    text = bytes(ffi.buffer(cert.serialNumber.data, cert.serialNumber.len)).hex().upper()
    return text[2:] if len(text) > 2 and text.startswith("00") else text


def _key_type(cert: Any) -> str:
    tag = lib.SECOID_GetAlgorithmTag(ffi.addressof(cert, "subjectPublicKeyInfo", "algorithm"))
    return {
        lib.SEC_OID_PKCS1_RSA_ENCRYPTION: "rsa",
        lib.SEC_OID_ANSIX962_EC_PUBLIC_KEY: "ec",
        lib.SEC_OID_PKCS1_RSA_PSS_SIGNATURE: "rsapss",
    }.get(tag, "other")


def _not_found(
    everyone: tuple[Certificate, ...], nickname: str, spec: str, server: int, place: Place | None
) -> Finding:
    """Why no certificate has the name: a token that is away, a key that is missing, a slip of the pen."""
    bare = _unquoted(nickname)[-1]
    without_key = candidates(all_certificates(), nickname)
    command = f"certutil -L -d {shlex.quote(spec)} -h all"
    if without_key:
        one = without_key[0]
        return finding(
            messages.CERT_NO_KEY,
            server=server,
            place=place,
            nickname=nickname,
            serial=one.serial,
            token=one.token,
            command=f"pk12util -i FILE.p12 -d {shlex.quote(spec)}",
            nss="",
        )
    labels = [token.label for token in tokens()]
    head, colon, _ = bare.partition(":")
    known = {*labels, *_INTERNAL_NAMES}
    if colon and head not in known and not any(one.nickname.startswith(head + ":") for one in everyone):
        return finding(
            messages.CERT_TOKEN_MISSING,
            server=server,
            place=place,
            nickname=nickname,
            token=head,
            present=", ".join(labels),
            command=f"modutil -dbdir {shlex.quote(spec)} -list",
        )
    names = sorted({one.full_name for one in everyone})
    near = _near(bare, names)
    hidden = [token.label for token in tokens() if not token.logged_in]
    available = f"with a private key there are: {', '.join(names[:_LISTED])}" if names else "no certificate has a key"
    if len(names) > _LISTED:
        available += f" and {len(names) - _LISTED} more"
    if hidden:
        available += f"; nobody is logged in to {', '.join(hidden)}, which may hide more"
    return finding(
        messages.CERT_NOT_FOUND,
        server=server,
        place=place,
        nickname=nickname,
        spec=spec,
        near=f" (did you mean {' or '.join(repr(one) for one in near)}?)" if near else "",
        available=available,
        command=command,
    )


def _near(name: str, names: list[str]) -> list[str]:
    import difflib

    folded = {one.casefold(): one for one in names}
    by_token = [one for one in names if one.endswith(":" + name)]
    close = difflib.get_close_matches(name.casefold(), list(folded), n=2, cutoff=0.6)
    return [*by_token, *(folded[one] for one in close if folded[one] not in by_token)][:3]
