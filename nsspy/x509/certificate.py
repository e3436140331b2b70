"""A certificate as values: what the variables and the checks need of RFC 5280.

Pure: bytes in, values out. The bytes are hostile; a part that does not decode is missing from
the result (and named in ``damaged``), it never takes the other parts with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from nsspy.x509 import der

_T = TypeVar("_T")

#: Attribute types (dotted OIDs as DER content) by the names that variables use.
ATTRIBUTES = {
    b"\x55\x04\x06": "C",
    b"\x55\x04\x08": "ST",
    b"\x55\x04\x07": "L",
    b"\x55\x04\x0a": "O",
    b"\x55\x04\x0b": "OU",
    b"\x55\x04\x03": "CN",
    b"\x55\x04\x0c": "T",
    b"\x55\x04\x2b": "I",
    b"\x55\x04\x2a": "G",
    b"\x55\x04\x04": "S",
    b"\x55\x04\x0d": "D",
    b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01": "UID",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01": "Email",
}

_SUBJECT_ALT_NAME = b"\x55\x1d\x11"
_OTHER_NAMES = {
    b"\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03": "OTHER_msUPN",
    b"\x2b\x06\x01\x05\x05\x07\x08\x07": "OTHER_dnsSRV",
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """The decoded parts. ``version`` counts from 1, None: not written; times are seconds since the epoch.

    ``subject`` and ``issuer`` hold (name, value) in the order of the encoding, for the attribute types
    of ATTRIBUTES. ``alt_names`` holds (kind, value); kinds are ``DNS Email IPaddr OTHER_msUPN OTHER_dnsSRV``.
    """

    version: int | None = None
    serial: int | None = None
    not_before: int | None = None
    not_after: int | None = None
    subject: tuple[tuple[str, str], ...] = ()
    issuer: tuple[tuple[str, str], ...] = ()
    alt_names: tuple[tuple[str, str], ...] = ()
    damaged: tuple[str, ...] = ()


def read(data: bytes) -> Certificate:
    """Decodes a DER certificate. Never raises on its content."""
    damaged: list[str] = []

    def part(name: str, decode: Callable[[], _T], otherwise: _T) -> _T:
        try:
            return decode()
        except der.DerError:
            damaged.append(name)
            return otherwise

    fields: list[tuple[int, bytes]] = part("certificate", lambda: _fields(data), [])
    version: int | None = None
    if fields and fields[0][0] == 0xA0:
        content = fields.pop(0)[1]
        version = part("version", lambda: der.integer(der.only(content, der.INTEGER)) + 1, None)
    if len(fields) < 6:
        return Certificate(version=version, damaged=tuple(damaged or ["certificate"]))
    serial, _, issuer, validity, subject = fields[:5]
    times: list[int] = part("validity", lambda: _times(validity[1]), [])
    if len(times) != 2:
        damaged.append("validity")
    extensions = next((content for tag, content in fields[6:] if tag == 0xA3), b"")
    return Certificate(
        version=version,
        serial=part("serial", lambda: der.integer(serial[1]), None),
        not_before=times[0] if len(times) == 2 else None,
        not_after=times[1] if len(times) == 2 else None,
        issuer=part("issuer", lambda: _name(issuer[1]), ()),
        subject=part("subject", lambda: _name(subject[1]), ()),
        alt_names=part("subjectAltName", lambda: _alt_names(extensions), ()) if extensions else (),
        damaged=tuple(dict.fromkeys(damaged)),
    )


def _fields(data: bytes) -> list[tuple[int, bytes]]:
    """The fields of the TBSCertificate."""
    return list(der.elements(der.only(der.only(data, der.SEQUENCE), der.SEQUENCE)))


def _times(data: bytes) -> list[int]:
    return [der.time(tag, content) for tag, content in der.elements(data)]


def _name(data: bytes) -> tuple[tuple[str, str], ...]:
    """The attributes of a Name (RFC 5280, 4.1.2.4)."""
    found: list[tuple[str, str]] = []
    for tag, rdn in der.elements(data):
        if tag != der.SET:
            raise der.DerError("RDN that is no SET")
        for _, attribute in der.elements(rdn):
            parts = list(der.elements(attribute))
            if len(parts) != 2 or parts[0][0] != der.OBJECT_IDENTIFIER:
                raise der.DerError("attribute that is no type and value")
            name = ATTRIBUTES.get(parts[0][1])
            if name is not None:
                found.append((name, der.text(*parts[1])))
    return tuple(found)


def _alt_names(data: bytes) -> tuple[tuple[str, str], ...]:
    """The GeneralNames of the subjectAltName extension (RFC 5280, 4.2.1.6) that have variables."""
    for _, extension in der.elements(der.only(data, der.SEQUENCE)):
        parts = list(der.elements(extension))
        if len(parts) >= 2 and parts[0] == (der.OBJECT_IDENTIFIER, _SUBJECT_ALT_NAME):
            if parts[-1][0] != der.OCTET_STRING:
                raise der.DerError("extension without a value")
            names = der.only(parts[-1][1], der.SEQUENCE)
            return tuple(name for tag, content in der.elements(names) if (name := _general_name(tag, content)))
    return ()


def _general_name(tag: int, content: bytes) -> tuple[str, str] | None:
    if tag == 0x81:
        return "Email", der.text(der.IA5_STRING, content)
    if tag == 0x82:
        return "DNS", der.text(der.IA5_STRING, content)
    if tag == 0x87:
        return "IPaddr", _address(content)
    if tag == 0xA0:
        parts = list(der.elements(content))
        kind = _OTHER_NAMES.get(parts[0][1]) if len(parts) == 2 else None
        if kind is not None:
            value = list(der.elements(parts[1][1]))
            if len(value) != 1:
                raise der.DerError("otherName without one value")
            return kind, der.text(*value[0])
    return None


def _address(content: bytes) -> str:
    import socket

    if len(content) not in (4, 16):
        raise der.DerError("address of another length than IPv4's or IPv6's")
    return socket.inet_ntop(socket.AF_INET if len(content) == 4 else socket.AF_INET6, content)
