"""Is a server certificate one that clients will take? NSS's verdict, in words.

The same verification that the original made for NSSEnforceValidCerts, with every error that NSS
met on the chain, told as cause and remedy.
"""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from typing import Any

from nsspy._nss import ffi, lib
from nsspy.certdb.certificates import Certificate, date_text, name_fits
from nsspy.certdb.nsserror import NSSError, check_pointer, ffi_text, last_error, symbol
from nsspy.certdb.slots import internal_token
from nsspy.errors import Finding, Place, finding
from nsspy.errors import database as messages

_MICROSECONDS = 1_000_000
_DAY = 86400

#: Errors of a chain in words, by NSS's symbol.
_REASONS = {
    "SEC_ERROR_EXPIRED_ISSUER_CERTIFICATE": "the certificate of its issuer {issuer} has expired",
    "SEC_ERROR_CA_CERT_INVALID": "its issuer {issuer} is no certificate authority (basic constraints)",
    "SEC_ERROR_INADEQUATE_KEY_USAGE": "its key usage does not allow TLS servers",
    "SEC_ERROR_INADEQUATE_CERT_TYPE": "its extended key usage does not allow TLS servers (serverAuth)",
    "SEC_ERROR_REVOKED_CERTIFICATE": "it is revoked by its issuer",
    "SEC_ERROR_BAD_SIGNATURE": "its signature does not fit the key of its issuer {issuer}",
    "SEC_ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED": "it is signed by an algorithm that NSS refuses (MD5, SHA-1)",
    "SEC_ERROR_UNTRUSTED_CERT": "it is marked as distrusted in the database",
    "SEC_ERROR_UNKNOWN_CRITICAL_EXTENSION": "it has a critical extension that NSS does not know",
    "SEC_ERROR_PATH_LEN_CONSTRAINT_INVALID": "its chain is longer than an issuer allows",
    "SEC_ERROR_CERT_NOT_IN_NAME_SPACE": "its names are not among those its issuer {issuer} may certify",
    "SEC_ERROR_INVALID_KEY": "its key is too short or otherwise refused by NSS",
    "SEC_ERROR_OCSP_SERVER_ERROR": "the OCSP responder of its issuer gives no answer",
    "SEC_ERROR_EXPIRED_CERTIFICATE": "it expired {days} ago, on {date}",
}
_UNKNOWN_ISSUER = ("SEC_ERROR_UNKNOWN_ISSUER", "SEC_ERROR_UNTRUSTED_ISSUER")


@dataclass(frozen=True, slots=True)
class _Problem:
    """One error on the chain: which certificate, how far above the leaf."""

    error: NSSError
    depth: int
    nickname: str
    issuer: str
    subject: str


def verify_server(
    certificate: Certificate,
    *,
    spec: str,
    enforce: bool = True,
    now: float | None = None,
    server: int = -1,
    place: Place | None = None,
) -> Finding | None:
    """None when NSS would verify the certificate as a TLS server's at *now* (default: the clock).

    With *enforce* (NSSEnforceValidCerts on) an ERROR that says what is wrong (NSS0223 to 0227), else
    one WARNING that it is served all the same (NSS0233). *spec* is for the commands in the message.
    """
    moment = time.time() if now is None else now
    problems = _problems(certificate, moment)
    if not problems:
        return None
    problem = min(problems, key=_weight)
    if not enforce:
        return finding(
            messages.CERT_NOT_ENFORCED,
            server=server,
            place=place,
            nickname=certificate.full_name,
            serial=certificate.serial,
            reason=_reason(certificate, problem, moment),
            nss=problem.error.bracket,
        )
    return _error(certificate, problem, moment, spec, server, place)


def check_names(
    certificate: Certificate, names: tuple[str, ...], *, server: int = -1, place: Place | None = None
) -> Finding | None:
    """A WARNING (NSS0228) when ServerName or an alias is none of the certificate's names.

    A wildcard alias is tried with one label in the place of the asterisk; patterns that are no
    host names are left out.
    """
    missing = [name for name in names if not _fits(certificate, name)]
    if not missing:
        return None
    has = [*certificate.dns_names, *certificate.addresses]
    return finding(
        messages.CERT_NAME_MISMATCH,
        server=server,
        place=place,
        nickname=certificate.full_name,
        names=", ".join(missing),
        sans=", ".join(has[:20]) or f"no subjectAltName ({certificate.subject})",
    )


def _fits(certificate: Certificate, name: str) -> bool:
    host = name.rstrip(".").removeprefix("[").removesuffix("]")
    if host.startswith("*."):
        if host.lower() in (one.lower() for one in certificate.dns_names):
            return True
        host = "wildcard-alias" + host[1:]
    if not host or "*" in host or "?" in host:
        return True
    return name_fits(certificate, host)


def _problems(certificate: Certificate, now: float) -> list[_Problem]:
    arena = check_pointer(lib.PORT_NewArena(2048), "PORT_NewArena")
    log: Any = ffi.new("CERTVerifyLog *")
    log.arena = arena
    problems: list[_Problem] = []
    try:
        status = lib.CERT_VerifyCertificate(
            lib.CERT_GetDefaultCertDB(),
            certificate.pointer,
            lib.PR_TRUE,
            lib.certificateUsageSSLServer,
            int(now * _MICROSECONDS),
            ffi.NULL,
            log,
            ffi.NULL,
        )
        error = last_error("CERT_VerifyCertificate") if status != 0 else None
        node = log.head
        while node != ffi.NULL:
            problems.append(_problem(node))
            if node.cert != ffi.NULL:
                lib.CERT_DestroyCertificate(node.cert)
            node = node.next
        if error is not None and not problems:
            problems.append(_Problem(error, 0, certificate.full_name, certificate.issuer, certificate.subject))
    finally:
        lib.PORT_FreeArena(arena, lib.PR_FALSE)
    return problems


def _problem(node: Any) -> _Problem:
    number = int(node.error)
    error = NSSError("CERT_VerifyCertificate", symbol(number), number)
    cert = node.cert
    if cert == ffi.NULL:
        return _Problem(error, node.depth, "", "", "")
    return _Problem(error, node.depth, ffi_text(cert.nickname), ffi_text(cert.issuerName), ffi_text(cert.subjectName))


def _weight(problem: _Problem) -> tuple[int, int]:
    """Time first, as it explains itself; then what is wrong nearest to the leaf."""
    first = problem.depth == 0 and problem.error.symbol == "SEC_ERROR_EXPIRED_CERTIFICATE"
    return (0 if first else 1, problem.depth)


def _error(
    certificate: Certificate, problem: _Problem, now: float, spec: str, server: int, place: Place | None
) -> Finding:
    row, fields = messages.CERT_INVALID, {"reason": _reason(certificate, problem, now)}
    quoted = shlex.quote(spec)
    if problem.depth == 0 and not certificate.valid_at(now):
        if now < certificate.not_before:
            row = messages.CERT_NOT_YET_VALID
            fields = {"date": date_text(certificate.not_before), "now": date_text(int(now))}
        else:
            row = messages.CERT_EXPIRED
            fields = {
                "days": _days(now - certificate.not_after),
                "date": date_text(certificate.not_after),
                "issuer": certificate.issuer,
                "command": f"pk12util -i FILE.p12 -d {quoted}",
            }
    elif problem.error.symbol in _UNKNOWN_ISSUER and (authority := _authority(problem)) is None:
        row = messages.CERT_ISSUER_UNKNOWN
        fields = {
            "issuer": problem.issuer or certificate.issuer,
            "spec": spec,
            "command": f"certutil -A -d {quoted} -n CA -t CT,, -a -i CA.pem",
        }
    elif problem.error.symbol in _UNKNOWN_ISSUER:
        row = messages.CERT_ISSUER_UNTRUSTED
        fields = {
            "issuer": problem.issuer or certificate.issuer,
            "spec": spec,
            "command": f"certutil -M -d {quoted} -n {shlex.quote(authority or 'CA')} -t CT,,",
        }
    return finding(
        row,
        server=server,
        place=place,
        nickname=certificate.full_name,
        serial=certificate.serial,
        nss=problem.error.bracket,
        **fields,
    )


def _authority(problem: _Problem) -> str | None:
    """Nickname of the issuer's certificate in the database; None when it is not there."""
    from nsspy.certdb.certificates import all_certificates

    for one in all_certificates():
        if one.subject == problem.issuer:
            return one.full_name
    return None


def _reason(certificate: Certificate, problem: _Problem, now: float) -> str:
    token = internal_token()
    if problem.error.symbol == "SEC_ERROR_BAD_SIGNATURE" and not token.logged_in:
        return f"nobody is logged in to token {token.label!r}, without which NSS verifies no signature"
    if problem.error.symbol in _UNKNOWN_ISSUER:
        return f"its issuer {problem.issuer or certificate.issuer} is unknown or not trusted"
    if problem.depth == 0 and now < certificate.not_before:
        return f"it is not valid before {date_text(certificate.not_before)}"
    text = _REASONS.get(problem.error.symbol, "NSS refuses it")
    reason = text.format(
        issuer=problem.issuer or certificate.issuer,
        days=_days(now - certificate.not_after),
        date=date_text(certificate.not_after),
    )
    if problem.depth > 0 and problem.subject:
        reason += f" (found on the certificate {problem.subject} of its chain)"
    return reason


def _days(seconds: float) -> str:
    days = int(seconds // _DAY)
    return "1 day" if days == 1 else f"{days} days"
