"""NSSProtocol: a list of versions as the range that NSS is given.

The rules:

* Words are separated by commas or blanks, in any case, quotes do not matter. ``TLSv1`` is TLS 1.0, ``all`` every
  version from TLS 1.0 on.
* A word without a sign is listed. ``+word`` adds and ``-word`` takes away, read from left to right; a list that starts
  with a sign starts from the default.
* NSS knows only a range, so a hole between two listed versions is filled, with a warning.
* SSLv2 is gone. SSLv3 is served only where it is named, NSS has it, and TLS 1.3 is not in the list: NSS refuses a
  range with both (``SSL_ERROR_INVALID_VERSION_RANGE``). In FIPS mode it is never served.
* Nothing said: TLS 1.2 and 1.3. An unknown word, or nothing left, stops the start.

Numbers are NSS's ``SSL_LIBRARY_VERSION_*`` (``sslproto.h``), which are those of the wire.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from nsspy.errors import Finding, Message, Place, finding
from nsspy.errors import configuration as rows

SSL3, TLS10, TLS11, TLS12, TLS13 = 0x0300, 0x0301, 0x0302, 0x0303, 0x0304

#: Names to show, oldest first.
NAMES: dict[int, str] = {SSL3: "SSLv3", TLS10: "TLSv1.0", TLS11: "TLSv1.1", TLS12: "TLSv1.2", TLS13: "TLSv1.3"}
DEFAULT: frozenset[int] = frozenset({TLS12, TLS13})
_ALL: frozenset[int] = frozenset({TLS10, TLS11, TLS12, TLS13})
_SSL2 = 0x0002
_WORDS: dict[str, frozenset[int]] = {
    "all": _ALL,
    "sslv2": frozenset({_SSL2}),
    "tlsv1": frozenset({TLS10}),
    **{name.lower(): frozenset({number}) for number, name in NAMES.items()},
}
_SHOWN = "all, TLSv1.0, TLSv1.1, TLSv1.2, TLSv1.3"


@dataclass(frozen=True, slots=True)
class Versions:
    """The range, both ends included, and what is to be said about it.

    With an ERROR among the findings, the range is the default and is not to be used.
    """

    minimum: int
    maximum: int
    findings: tuple[Finding, ...] = ()

    @property
    def tls13(self) -> bool:
        """True when TLS 1.3 is in the range."""
        return self.maximum >= TLS13

    def __str__(self) -> str:
        low, high = NAMES[self.minimum], NAMES[self.maximum]
        return low if low == high else f"{low} to {high}"


def evaluate(
    text: str | None,
    *,
    supported: tuple[int, int] = (TLS10, TLS13),
    fips: bool = False,
    place: Place | None = None,
    server: int = -1,
) -> Versions:
    """The range for the argument of NSSProtocol; *text* None: the directive was not written.

    *supported* is what the NSS at run time allows (``SSL_VersionRangeGetSupported``, policy included). It also bounds
    the default. *place* and *server* go into the findings.
    """
    findings: list[Finding] = []

    def say(row: Message, **fields: object) -> None:
        findings.append(finding(row, server=server, place=place, **fields))

    wanted, unknown = _listed(text)
    for word in unknown:
        say(rows.UNKNOWN_VERSION, word=word, hint=_hint(word), words=_SHOWN)
    if unknown:
        return Versions(TLS12, TLS13, tuple(findings))
    low, high = supported
    if _SSL2 in wanted:
        say(rows.SSL2_DROPPED)
    if SSL3 in wanted and (why := _why_not_ssl3(wanted, low, high, fips)):
        say(rows.SSL3_DROPPED, why=why)
        wanted -= {SSL3}
    wanted -= {_SSL2}
    missing = {number for number in wanted if not low <= number <= high}
    if missing and text is not None and "all" not in re.split(r"[\s,+]+", text.lower()):
        say(rows.VERSION_MISSING, versions=", ".join(NAMES[number] for number in sorted(missing)))
    wanted -= missing
    if not wanted:
        say(rows.NO_VERSION, text=text or "")
        return Versions(TLS12, TLS13, tuple(findings))
    holes = [number for number in NAMES if min(wanted) < number < max(wanted) and number not in wanted]
    if holes:
        say(rows.VERSION_HOLE, versions=", ".join(NAMES[number] for number in holes))
    return Versions(min(wanted), max(wanted), tuple(findings))


def _listed(text: str | None) -> tuple[frozenset[int], list[str]]:
    """The versions of the list, and the words that are none."""
    if text is None:
        return DEFAULT, []
    words = [word for word in re.split(r"[\s,]+", re.sub(r"[\"']", "", text)) if word]
    wanted = DEFAULT if words and words[0][0] in "+-" else frozenset()
    unknown = []
    for word in words:
        versions = _WORDS.get(word.lstrip("+-").lower())
        if versions is None:
            unknown.append(word)
        elif word.startswith("-"):
            wanted -= versions
        else:
            wanted |= versions
    return wanted, unknown


def _why_not_ssl3(wanted: frozenset[int], low: int, high: int, fips: bool) -> str:
    """The reason for not serving SSLv3; empty when it can be served."""
    if fips:
        return "FIPS mode forbids it"
    if max(wanted) >= TLS13 and high >= TLS13:
        return "NSS cannot have it together with TLS 1.3"
    if low > SSL3:
        return "this NSS does not have it, or its policy forbids it"
    return ""


def _hint(word: str) -> str:
    bare = word.lstrip("+-").lower()
    digits = re.fullmatch(r"(?:tls|ssl|v)*[-_ ]?(?:v)?(1[.,_]?[0-3])", bare)
    shown = {name.lower(): name for name in (*NAMES.values(), "all")}
    close = [f"tlsv1.{digits[1][-1]}"] if digits else difflib.get_close_matches(bare, shown, n=1, cutoff=0.5)
    return f'"{shown[close[0]]}" was probably meant' if close else "it resembles none"
