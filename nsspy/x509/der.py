"""A bounded reader of DER (X.690): tags, lengths and the few types certificates are made of.

Small on purpose: every worker process pays for what it imports, and ``asn1crypto`` costs 26 ms
and some megabytes for what these functions do. They never recurse, never read past the end and
raise DerError on everything else.
"""

from __future__ import annotations

from collections.abc import Iterator

INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
UTF8_STRING = 0x0C
NUMERIC_STRING = 0x12
PRINTABLE_STRING = 0x13
T61_STRING = 0x14
IA5_STRING = 0x16
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
VISIBLE_STRING = 0x1A
UNIVERSAL_STRING = 0x1C
BMP_STRING = 0x1E
SEQUENCE = 0x30
SET = 0x31

#: RFC 5280 allows 20 octets of serial number; more than this is no number anybody compares.
_INTEGER_MAX = 256


class DerError(ValueError):
    """The bytes are not the DER that was expected."""


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of the elements that stand one after the other in *data*."""
    at, size = 0, len(data)
    while at < size:
        if size - at < 2:
            raise DerError("element cut short")
        tag, length = data[at], data[at + 1]
        if tag & 0x1F == 0x1F:
            raise DerError("tag number above 30")
        at += 2
        if length >= 0x80:
            octets = length & 0x7F
            if not 1 <= octets <= 4 or size - at < octets:
                raise DerError("length that is not definite or too long")
            length = int.from_bytes(data[at : at + octets], "big")
            at += octets
        if size - at < length:
            raise DerError("element cut short")
        yield tag, data[at : at + length]
        at += length


def only(data: bytes, tag: int) -> bytes:
    """The content of the first element of *data*, which must have this *tag*."""
    for found, content in elements(data):
        if found != tag:
            raise DerError(f"tag 0x{found:02x} where 0x{tag:02x} belongs")
        return content
    raise DerError("nothing where an element belongs")


def integer(content: bytes) -> int:
    """A signed INTEGER of any size that is sane."""
    if not 1 <= len(content) <= _INTEGER_MAX:
        raise DerError("integer without octets or beyond all measure")
    return int.from_bytes(content, "big", signed=True)


def time(tag: int, content: bytes) -> int:
    """UTCTime or GeneralizedTime as RFC 5280 (4.1.2.5) writes them, in seconds since the epoch."""
    if tag == UTC_TIME and len(content) == 13 and content.endswith(b"Z") and content[:-1].isdigit():
        year = int(content[:2])
        year += 1900 if year >= 50 else 2000
        rest = content[2:12]
    elif tag == GENERALIZED_TIME and len(content) == 15 and content.endswith(b"Z") and content[:-1].isdigit():
        year, rest = int(content[:4]), content[4:14]
    else:
        raise DerError("time of another form than RFC 5280 allows")
    month, day, hour, minute, second = (int(rest[at : at + 2]) for at in range(0, 10, 2))
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour <= 23 and minute <= 59 and second <= 60):
        raise DerError("time that no clock shows")
    return _days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second


def text(tag: int, content: bytes) -> str:
    """A character string of any of X.500's types; octets that fit no character become U+DCxx (surrogates)."""
    if tag == BMP_STRING:
        return content.decode("utf-16-be", "replace")
    if tag == UNIVERSAL_STRING:
        return content.decode("utf-32-be", "replace")
    if tag == T61_STRING:
        return content.decode("latin-1")
    if tag in (UTF8_STRING, PRINTABLE_STRING, IA5_STRING, NUMERIC_STRING, VISIBLE_STRING):
        return content.decode("utf-8", "surrogateescape")
    raise DerError(f"tag 0x{tag:02x} is no character string")


def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the proleptic Gregorian calendar, for any year from 0."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
