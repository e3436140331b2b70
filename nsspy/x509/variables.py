"""The SSL_SERVER_* and SSL_CLIENT_* variables that a certificate alone decides.

Computed once per certificate; ``V_REMAIN`` (time passes) and ``A_KEY``/``A_SIG`` (the suite decides)
are the shim's. Values are bytes without NUL: control characters, ``"`` and ``\\`` are escaped as NSS
escapes them in the parts of a name, so that no certificate can end or forge a value.
"""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from nsspy.x509.certificate import ATTRIBUTES, Certificate, read

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Export(IntEnum):
    """When a variable reaches the environment: NSS_EXPORT_* of bridge.h."""

    LOOKUP = 0
    ALWAYS = 1
    STD = 2
    CERTDATA = 3


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: its full name, its value (bytes without NUL), when it is exported."""

    name: str
    value: bytes
    exported: Export


def variables(
    data: bytes, *, subject: str, issuer: str, chain: Sequence[bytes] = (), prefix: str = "SSL_SERVER_"
) -> tuple[Variable, ...]:
    """All variables of the certificate with DER bytes *data*.

    *subject* and *issuer* are the names as NSS writes them (CERT_NameToAscii). *chain* holds the DER
    certificates that are served with it, the leaf not among them.
    """
    certificate = read(data)
    found: list[Variable] = []

    def add(name: str, value: str | bytes, exported: Export = Export.STD) -> None:
        raw = value if isinstance(value, bytes) else escape(value)
        if raw:
            found.append(Variable(prefix + name, raw, exported))

    add("M_VERSION", "UNKNOWN" if certificate.version is None else str(certificate.version))
    add("M_SERIAL", "" if certificate.serial is None else str(certificate.serial))
    add("V_START", _clock(certificate.not_before))
    add("V_END", _clock(certificate.not_after))
    add("S_DN", _plain(subject))
    add("I_DN", _plain(issuer))
    for which, attributes in (("S_DN_", certificate.subject), ("I_DN_", certificate.issuer)):
        for name, value, exported in _components(attributes):
            add(which + name, value, exported)
    for name, value in _numbered(certificate):
        add(name, value, Export.ALWAYS)
    add("CERT", pem(data), Export.CERTDATA)
    for number, one in enumerate((data, *chain)):
        add(f"CERT_CHAIN_{number}", pem(one), Export.LOOKUP)
    return tuple(found)


def pem(data: bytes) -> bytes:
    """RFC 7468 text of a DER certificate, lines of 64 characters ended by LF."""
    body = binascii.b2a_base64(data, newline=False)
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return b"\n".join([b"-----BEGIN CERTIFICATE-----", *lines, b"-----END CERTIFICATE-----", b""])


def escape(value: str) -> bytes:
    """*value* as UTF-8, with ``\\00`` for control characters and undecodable octets, ``\\\\`` and ``\\"``."""
    return "".join(_ESCAPES.get(one, one) for one in value).encode("utf-8", "backslashreplace")


_ESCAPES = {chr(code): f"\\{code:02x}" for code in (*range(0x20), 0x7F)}
_ESCAPES |= {chr(0xDC00 + code): f"\\{code:02x}" for code in range(0x80, 0x100)}
_ESCAPES |= {'"': '\\"', "\\": "\\\\"}


def _plain(name: str) -> bytes:
    """A name that NSS has written: escaped already; only what could end or break a line is cut out."""
    return "".join(one for one in name if one >= " " and one != "\x7f").encode("utf-8", "surrogateescape")


def _components(attributes: tuple[tuple[str, str], ...]) -> list[tuple[str, bytes, Export]]:
    """The parts of a name: plain ones as NSS chooses among several (CN: the last, most specific; else the
    first), then ``_0``, ``_1`` … in the order of the encoding, as mod_ssl counts."""
    found: list[tuple[str, bytes, Export]] = []
    for name in ATTRIBUTES.values():
        values = [escape(value) for kind, value in attributes if kind == name]
        if not values:
            continue
        if name == "Email":
            values = [value.lower() for value in values]
        first = values[-1] if name == "CN" else values[0]
        found.append((name, first, Export.STD))
        if name == "ST":
            found.append(("SP", first, Export.LOOKUP))
        for number, value in enumerate(values):
            found.append((f"{name}_{number}", value, Export.STD if number else Export.LOOKUP))
    return found


def _numbered(certificate: Certificate) -> list[tuple[str, bytes]]:
    """SAN_DNS_0, SAN_DNS_1, SAN_Email_0 … counted by kind."""
    counts: dict[str, int] = {}
    found: list[tuple[str, bytes]] = []
    for kind, value in certificate.alt_names:
        number = counts.get(kind, 0)
        counts[kind] = number + 1
        found.append((f"SAN_{kind}_{number}", _quoted(value) if kind == "DNS" else escape(value)))
    return found


def _quoted(value: str) -> bytes:
    """Escaped, and in quotes where RFC 1485 wants them: a host name never needs either."""
    raw = escape(value)
    if any(one in value for one in ",=+<>#;\r\n") or "  " in value or value != value.strip(" "):
        return b'"' + raw + b'"'
    return raw


def _clock(seconds: int | None) -> str:
    """``Nov 23 08:32:26 2030 GMT``, the day with two digits."""
    if seconds is None:
        return ""
    days, rest = divmod(seconds, 86400)
    year, month, day = _date(days)
    return f"{_MONTHS[month - 1]} {day:02d} {rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d} {year:04d} GMT"


def _date(days: int) -> tuple[int, int, int]:
    """Year, month and day of a number of days since 1970-01-01 (proleptic Gregorian)."""
    era, of_era = divmod(days + 719468, 146097)
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1
