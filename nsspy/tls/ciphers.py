"""NSSCipherSuite: a list of words as the set of suites that NSS is given.

Two notations, told apart by their words, with commas, colons and blanks as separators in both:

* mod_nss's: every word is the name of a suite with a sign, ``+`` on, ``-`` off, read from left to right onto an empty
  set. A word without a sign among signed ones is an error. It is this notation when a name of mod_nss has a ``+`` in
  front and no colon is there, and when all words are signed and a comma or a name of mod_nss is among them.
* OpenSSL's, in everything else: a word is a suite or a group of suites; none in front: on; ``-``: off, may come back;
  ``!``: off for good; ``+``: nothing (it sorts, and NSS has an order of its own). ``A+B`` is what is in both.

In either, the names of mod_nss, OpenSSL and IANA are understood, in any case. The rules beyond:

* **TLS 1.3.** Its suites are chosen when they are named (by a name or by ``TLSv1.3``). A list that switches none of
  them on keeps the default ones, less what it forbids by name or by any group with ``!``. So ``HIGH:!aNULL`` has all
  of them and ``HIGH:!CHACHA20`` has no ChaCha20 whatsoever.
* **Suites that mod_nss did not have** (DSS, SEED) are switched on by their names or ``aDSS`` and ``SEED`` only, so that
  ``ALL`` means what it meant. Forbidding works on all.
* ``DEFAULT`` is NSS's own default, TLS 1.3 aside. As the first word it forbids aNULL and eNULL for good, as it does in
  OpenSSL.
* A word that nobody knows is an error, whatever its sign: ``!aNUL`` forbids nothing. Words that are known and name
  nothing that NSS has (suites of other libraries, of forgotten hardware, of SSLv2) are known words to no effect.

What is known, and on by default, in the NSS at run time is told by the caller.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from nsspy.errors import Finding, Level, Message, Place, finding
from nsspy.errors import configuration as rows
from nsspy.tls.elsewhere import ELSEWHERE
from nsspy.tls.protocols import TLS12, TLS13
from nsspy.tls.suites import ALIASES, BY_CODE, FORGOTTEN, OPENSSL_ALIASES, SUITES, Suite

_TLS13 = frozenset(suite.code for suite in SUITES if suite.tls13)
_SSL3_SUITES = frozenset(suite.code for suite in SUITES if suite.protocol == "SSLv3")
_EXTRA = frozenset(suite.code for suite in SUITES if not suite.nss)

Test = Callable[[Suite], bool]


def _in(attribute: str, *values: str) -> Test:
    return lambda suite: getattr(suite, attribute) in values


def _ecdhe(suite: Suite) -> bool:
    return suite.key_exchange == "ECDHE" and suite.authentication != "NULL"


def _aecdh(suite: Suite) -> bool:
    return suite.key_exchange == "ECDHE" and suite.authentication == "NULL"


_KRSA, _DHE = _in("key_exchange", "RSA"), _in("key_exchange", "DHE")
_SSL3_ERA = _in("protocol", "SSLv3")

#: OpenSSL's groups, as mod_nss understood them, and the later ones. Names are compared without regard to case.
_GROUPS: dict[str, Test] = {
    "RSA": _KRSA,
    "kRSA": _KRSA,
    "aRSA": _in("authentication", "RSA"),
    "EDH": _DHE,
    "DH": _DHE,
    "DHE": _DHE,
    "kEDH": _DHE,
    "kDHE": _DHE,
    "ECDH": _in("key_exchange", "ECDHE", "ECDH_ECDSA", "ECDH_RSA"),
    "EECDH": _ecdhe,
    "ECDHE": _ecdhe,
    "AECDH": _aecdh,
    "kEECDH": _in("key_exchange", "ECDHE"),
    "kECDHE": _in("key_exchange", "ECDHE"),
    "kECDH": _in("key_exchange", "ECDH_ECDSA", "ECDH_RSA"),
    "kECDHe": _in("key_exchange", "ECDH_ECDSA"),
    "kECDHr": _in("key_exchange", "ECDH_RSA"),
    "aECDH": _in("authentication", "ECDH"),
    "ECDSA": _in("authentication", "ECDSA"),
    "aECDSA": _in("authentication", "ECDSA"),
    "DSS": _in("authentication", "DSS"),
    "aDSS": _in("authentication", "DSS"),
    "NULL": _in("encryption", "NULL"),
    "eNULL": _in("encryption", "NULL"),
    "aNULL": _in("authentication", "NULL"),
    "AES": _in("encryption", "AES128", "AES256", "AES128GCM", "AES256GCM"),
    "AES128": _in("encryption", "AES128", "AES128GCM"),
    "AES256": _in("encryption", "AES256", "AES256GCM"),
    "AESGCM": _in("encryption", "AES128GCM", "AES256GCM"),
    "CHACHA20": _in("encryption", "CHACHA20"),
    "CAMELLIA": _in("encryption", "CAMELLIA128", "CAMELLIA256"),
    "CAMELLIA128": _in("encryption", "CAMELLIA128"),
    "CAMELLIA256": _in("encryption", "CAMELLIA256"),
    "3DES": _in("encryption", "3DES"),
    "DES": _in("encryption", "DES"),
    "RC4": _in("encryption", "RC4"),
    "RC2": _in("encryption", "RC2"),
    "SEED": _in("encryption", "SEED"),
    "MD5": _in("mac", "MD5"),
    "SHA": _in("mac", "SHA1"),
    "SHA1": _in("mac", "SHA1"),
    "SHA256": _in("mac", "SHA256"),
    "SHA384": _in("mac", "SHA384"),
    "AEAD": _in("mac", "AEAD"),
    "SSLv3": _SSL3_ERA,
    "TLSv1": _SSL3_ERA,
    "TLSv1.0": _SSL3_ERA,
    "TLSv1.2": _in("protocol", "TLSv1.2"),
    "TLSv1.3": _in("protocol", "TLSv1.3"),
    "HIGH": _in("strength", "HIGH"),
    "MEDIUM": _in("strength", "MEDIUM"),
    "LOW": _in("strength", "LOW"),
    "EXP": _in("strength", "EXP40", "EXP56"),
    "EXPORT": _in("strength", "EXP40", "EXP56"),
    "EXPORT40": _in("strength", "EXP40"),
    "EXPORT56": _in("strength", "EXP56"),
    "ALL": lambda suite: suite.encryption != "NULL",
    "COMPLEMENTOFALL": _in("encryption", "NULL"),
}

#: Groups of OpenSSL of which NSS has no suite at all. Forbidding them is a matter of course.
_EMPTY = (
    *("ADH", "SSLv2", "PSK", "kPSK", "aPSK", "kRSAPSK", "kDHEPSK", "kECDHEPSK", "SRP", "kSRP", "aSRP", "KRB5", "IDEA"),
    *(
        "kDH",
        "kDHr",
        "kDHd",
        "aDH",
        "AESCCM",
        "AESCCM8",
        "ARIA",
        "ARIA128",
        "ARIA256",
        "ARIAGCM",
        *("GOST", "GOST94", "GOST89MAC", "GOST12", "GOST2012", "KUZNYECHIK", "MAGMA"),
    ),
    *(
        *("kGOST", "kGOST18", "aGOST", "aGOST01", "aGOST12", "aGOST94", "kKRB5", "aKRB5"),
        "kFZA",
        "aFZA",
        "eFZA",
        "FZA",
        "CBC3",
        "SHA224",
        *("SHA512", "SUITEB128", "SUITEB128ONLY", "SUITEB128C2", "SUITEB192", "TLSv1.1"),
    ),
)
#: Words whose members the run-time NSS decides.
_AT_RUN_TIME = ("DEFAULT", "COMPLEMENTOFDEFAULT", "FIPS")
_KNOWN_WORDS: dict[str, str] = {word.lower(): word for word in (*_GROUPS, *_EMPTY, *_AT_RUN_TIME)}
#: kECDHe and kECDHE differ in case alone: the group of OpenSSL today is reached by its exact spelling only.
_KNOWN_WORDS["kecdhe"] = "kECDHE"
_MEMBERS: dict[str, frozenset[int]] = {
    word: frozenset(suite.code for suite in SUITES if test(suite)) for word, test in _GROUPS.items()
}
#: Groups that reach suites which others leave alone, see the essay above.
_REACHING = frozenset({"TLSv1.3", "DSS", "aDSS", "SEED"})

_NSS_NAMES: dict[str, int] = {suite.nss: suite.code for suite in SUITES if suite.nss}
_NAMES: dict[str, int] = {
    **{suite.iana.lower(): suite.code for suite in SUITES},
    **{suite.openssl.lower(): suite.code for suite in SUITES},
    **{name.lower(): code for name, code in OPENSSL_ALIASES.items()},
    **{alias: _NSS_NAMES[name] for alias, name in ALIASES.items()},
    **_NSS_NAMES,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One word's effect on one suite: on, off, or off for good."""

    code: int
    word: str
    on: bool
    final: bool = False

    def __str__(self) -> str:
        effect = "on" if self.on else "off for good" if self.final else "off"
        return f"{self.word}: {effect}"


@dataclass(frozen=True, slots=True)
class Selection:
    """The suites that are on, sorted by code point, what is to be said, and how it came about.

    ``trail`` has every effect of every word in order, for suites that NSS has as well as for those it has not. With an
    ERROR among the findings the suites are not to be used.
    """

    suites: tuple[int, ...]
    findings: tuple[Finding, ...]
    trail: tuple[Step, ...]

    def explain(self, code: int) -> tuple[str, ...]:
        """Which words turned a suite on or off, in order; empty when none touched it."""
        return tuple(str(step) for step in self.trail if step.code == code)

    @property
    def failed(self) -> bool:
        """True when a finding stops the start."""
        return any(one.level is Level.ERROR for one in self.findings)


def default(*, tls13: bool = True, minimum: int = TLS12) -> frozenset[int]:
    """The suites that are on when nobody says anything: AEAD with ECDHE, and TLS 1.3's.

    Where versions before TLS 1.2 were asked for (*minimum*, a number of ``nsspy.tls.protocols``), which know no AEAD,
    AES in CBC mode with ECDHE is added. Never suites without authentication or encryption.
    """
    chosen = {suite.code for suite in SUITES if _ecdhe(suite) and suite.mac == "AEAD"}
    if minimum < TLS12:
        chosen |= {
            suite.code
            for suite in SUITES
            if _ecdhe(suite) and suite.mac == "SHA1" and suite.encryption in ("AES128", "AES256")
        }
    return frozenset(chosen | _TLS13 if tls13 else chosen)


def evaluate(
    text: str | None,
    *,
    implemented: frozenset[int],
    defaults_on: frozenset[int],
    fips_suites: frozenset[int],
    tls13: bool,
    minimum: int = TLS12,
    maximum: int | None = None,
    fips: bool = False,
    place: Place | None = None,
    server: int = -1,
) -> Selection:
    """The suites for the argument of NSSCipherSuite; *text* None: the directive was not written.

    *implemented* are NSS's suites (``SSL_GetImplementedCiphers``), *defaults_on* those that are on by NSS's own choice
    (``SSL_CipherPrefGetDefault``), *fips_suites* those that it marks ``isFIPS``. *tls13* says whether the range of
    versions reaches TLS 1.3, *minimum* where it starts, *maximum*, when given, where it ends: suites of TLS 1.2 are of
    no use before TLS 1.2. With *fips* only FIPS suites are left. *place* and *server* go
    into the findings.
    """
    reading = _Reading(defaults_on, fips_suites, default(tls13=tls13, minimum=minimum), place, server)
    if text is None:
        for code in sorted(reading.ours):
            reading.apply(frozenset({code}), "default", "", named=True)
    else:
        reading.read(text)
    older = maximum is not None and maximum < TLS12
    usable = _SSL3_SUITES if older else frozenset(BY_CODE) if tls13 else frozenset(BY_CODE) - _TLS13
    return reading.finish(text, implemented, usable, minimum, fips)


def mistakes(text: str, *, place: Place | None = None, server: int = -1) -> tuple[Finding, ...]:
    """The ERROR findings about single words of a list that is only stored: what it selects is not looked at."""
    reading = _Reading(frozenset(), frozenset(), frozenset(), place, server)
    reading.read(text)
    return tuple(one for one in reading.findings if one.level is Level.ERROR)


@dataclass(slots=True)
class _Reading:
    """The state while a list is read; lives as long as one call of ``evaluate``."""

    defaults_on: frozenset[int]
    fips_suites: frozenset[int]
    ours: frozenset[int]
    place: Place | None
    server: int
    on: set[int] = field(default_factory=set)
    dead: set[int] = field(default_factory=set)
    off13: set[int] = field(default_factory=set)
    named: dict[int, str] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    trail: list[Step] = field(default_factory=list)
    grouped: bool = False

    def say(self, row: Message, **fields: object) -> None:
        one = finding(row, server=self.server, place=self.place, **fields)
        if one not in self.findings:
            self.findings.append(one)

    # ---- words ---------------------------------------------------------------------------------------------

    def read(self, text: str) -> None:
        """All words of the list."""
        clean = re.sub(r"[\"']", "", text)
        words = [word for word in re.split(r"[\s,:;]+", clean) if word]
        if _is_nss(clean, words):
            for word in words:
                self.nss_word(word)
        else:
            for word in words:
                self.openssl_word(word)

    def nss_word(self, word: str) -> None:
        """``+name`` or ``-name``."""
        sign, name = (word[0], word[1:].lower()) if word[0] in "+-!" else ("", word.lower())
        if not sign:
            self.say(rows.NO_SIGN, word=word)
        elif name in FORGOTTEN or name in ELSEWHERE:
            self.nothing(word[1:], on=sign == "+")
        elif name in _NAMES:
            self.old_name(name)
            self.suite(_NAMES[name], word, "" if sign == "+" else sign)
        else:
            self.unknown(word, groups=False)

    def openssl_word(self, word: str) -> None:
        """A suite or a group with a prefix, or one of OpenSSL's commands."""
        body, at, command = word.partition("@")
        if at:
            self.command("@" + command)
        if not body:
            return
        prefix, name = (body[0], body[1:]) if body[0] in "+-!" else ("", body)
        if name.upper().startswith("PROFILE="):
            self.say(
                rows.EXPLAINED,
                word=name,
                explanation="NSS obeys the system's crypto policy by itself; the default suites are taken",
            )
            self.apply(self.ours, word, prefix, named=True)
        elif prefix == "+":
            if all(self.known(part) for part in name.split("+")):
                self.say(rows.NO_ORDER, word=word)
            else:
                self.unknown(word)
        elif name.lower() in _NAMES:
            self.old_name(name.lower())
            self.suite(_NAMES[name.lower()], word, prefix)
        elif name.lower() in ELSEWHERE or (name.lower() in FORGOTTEN and not self.known(name)):
            self.nothing(name, on=prefix == "")
        else:
            self.group(name, word, prefix)
        self.grouped = True

    def nothing(self, name: str, *, on: bool) -> None:
        """A suite that NSS does not have: worth a line only where it is wished for."""
        if on and name not in self.forgotten:
            self.forgotten.append(name)

    def command(self, command: str) -> None:
        """``@STRENGTH``, ``@SECLEVEL=n``."""
        if command.upper() == "@STRENGTH":
            self.say(rows.NO_ORDER, word=command)
        elif re.fullmatch(r"@SECLEVEL=[0-5]", command, re.IGNORECASE):
            self.say(
                rows.EXPLAINED,
                word=command,
                explanation="no effect; the least sizes of keys are a matter of NSS's policy",
            )
        else:
            self.unknown(command)

    def group(self, name: str, word: str, prefix: str) -> None:
        """``A``, or ``A+B``: what is in all of them."""
        members: frozenset[int] | None = None
        reaching = False
        for part in name.split("+"):
            canonical = self.canonical(part)
            if not canonical:
                self.unknown(part or word, within=word)
                return
            inner = self.members(canonical)
            members = inner if members is None else members & inner
            reaching = reaching or canonical in _REACHING or part.lower() in _NAMES
        if name.upper() == "DEFAULT" and prefix == "" and not self.grouped:
            self.apply(_MEMBERS["aNULL"] | _MEMBERS["eNULL"], word, "!", named=True)
        if name in _EMPTY and prefix == "":
            self.say(rows.EXPLAINED, word=word, explanation="NSS has no suites of that group")
        self.apply(members or frozenset(), word, prefix, named=reaching)

    def canonical(self, part: str) -> str:
        """A word as the tables spell it, empty when nobody knows it."""
        if part in _GROUPS:
            return part
        low = part.lower()
        return low if low in _NAMES or low in ELSEWHERE else _KNOWN_WORDS.get(low, "")

    def known(self, part: str) -> bool:
        return bool(self.canonical(part))

    def members(self, word: str) -> frozenset[int]:
        """The suites of a word in the spelling of ``canonical``."""
        if word in _NAMES:
            return frozenset({_NAMES[word]})
        if word == "FIPS":
            return self.fips_suites
        if word == "DEFAULT":
            return self.defaults_on - _TLS13
        if word == "COMPLEMENTOFDEFAULT":
            return _MEMBERS["ALL"] - self.defaults_on
        return _MEMBERS.get(word, frozenset())

    def old_name(self, name: str) -> None:
        if name in ALIASES:
            self.say(rows.OLD_NAME, word=name, name=ALIASES[name])

    def unknown(self, word: str, *, within: str = "", groups: bool = True) -> None:
        bare = word.lstrip("+-!").lower()
        if not groups and bare in _KNOWN_WORDS:
            hint = (
                "it is a group of OpenSSL's notation, which this list, with its signs and names of mod_nss, is not in"
            )
        else:
            shown = {
                **{name: name for name in _NSS_NAMES},
                **{suite.openssl.lower(): suite.openssl for suite in SUITES},
            }
            shown |= {suite.iana.lower(): suite.iana for suite in SUITES} | (_KNOWN_WORDS if groups else {})
            close = difflib.get_close_matches(bare, shown, n=1, cutoff=0.7)
            hint = f'"{shown[close[0]]}" was probably meant' if close else "nothing of a similar name exists"
        if within and within != word:
            hint = f'all of "{within}" is left out; {hint}'
        self.say(rows.UNKNOWN_CIPHER, word=word, hint=hint)

    # ---- effects -------------------------------------------------------------------------------------------

    def suite(self, code: int, word: str, prefix: str) -> None:
        """A suite by its name."""
        if prefix == "":
            self.named[code] = word.lstrip("+")
        self.apply(frozenset({code}), word, prefix, named=True)

    def apply(self, codes: frozenset[int], word: str, prefix: str, *, named: bool) -> None:
        """Switches suites. Not *named*: a group, which does not reach TLS 1.3 and the extra ones but to forbid."""
        reached = codes if named or prefix == "!" else codes - _TLS13 - _EXTRA
        for code in sorted(reached):
            if prefix == "!":
                self.dead.add(code)
            elif prefix == "-":
                self.on.discard(code)
                self.off13.add(code)
            elif code not in self.dead:
                self.on.add(code)
                self.off13.discard(code)
            if code not in self.dead or prefix == "!":
                self.trail.append(Step(code, word, prefix == "", prefix == "!"))
        self.on -= self.dead

    def finish(
        self, text: str | None, implemented: frozenset[int], usable: frozenset[int], minimum: int, fips: bool
    ) -> Selection:
        """The list has been read: what NSS and the versions can do of it, and what is to be said."""
        tls13 = bool(usable & _TLS13)
        if tls13 and not self.on & _TLS13:
            for code in sorted(_TLS13 - self.dead - self.off13):
                self.on.add(code)
                self.trail.append(Step(code, "default of TLS 1.3", True))
        missing = [name for code, name in self.named.items() if code in self.on and code not in implemented]
        if missing or self.forgotten:
            self.say(rows.NOT_IMPLEMENTED, names=", ".join([*missing, *self.forgotten]))
        chosen = self.on & implemented & usable
        if fips:
            gone = chosen - self.fips_suites
            chosen &= self.fips_suites
            if gone - _TLS13 and text is not None:
                self.say(rows.NOT_FIPS, names=_names(gone - _TLS13))
        self.complain(text, chosen, tls13, minimum)
        return Selection(tuple(sorted(chosen)), tuple(self.findings), tuple(self.trail))

    def complain(self, text: str | None, chosen: set[int], tls13: bool, minimum: int) -> None:
        """Says what is dangerous about the result, or missing from it."""
        for lack, weak in (
            ("encryption", chosen & _MEMBERS["eNULL"]),
            ("authentication of the server", chosen & _MEMBERS["aNULL"]),
        ):
            if weak:
                self.say(rows.WEAK_CIPHERS, lack=lack, names=_names(weak))
        old = chosen - _TLS13
        named13 = any(code in _TLS13 for code in self.asked())
        if not chosen or (minimum < TLS13 and not old and not (tls13 and named13)):
            self.say(rows.NO_CIPHER, text="the default" if text is None else text, why=self.why())
        elif minimum < TLS13 and not old:
            self.say(rows.NO_OLD_CIPHER)
        elif tls13 and not chosen & _TLS13:
            self.say(rows.NO_TLS13_CIPHER)

    def asked(self) -> Iterator[int]:
        """The suites that a word of the list switched on, and not the default of TLS 1.3."""
        return (
            step.code for step in self.trail if step.on and step.word != "default of TLS 1.3" and step.code in self.on
        )

    def why(self) -> str:
        """Why nothing is left."""
        if any(True for _ in self.asked()):
            return (
                "NSS at run time does not have the suites that are on, or they are of other versions than NSSProtocol"
            )
        if any(step.on and step.word != "default of TLS 1.3" for step in self.trail):
            return "what the list switches on, it switches off again"
        return "no word of the list switches a suite on"


def _is_nss(text: str, words: list[str]) -> bool:
    """True for mod_nss's notation, see the essay above."""
    signed = [word for word in words if word[0] in "+-"]
    all_signed = bool(words) and len(signed) == len(words)
    names = [word for word in signed if word[1:].lower() in _NSS_NAMES or word[1:].lower() in ALIASES]
    if ":" in text:
        return bool(names) and all_signed
    if any(word[0] == "+" for word in names):
        return True
    forgotten = any(word[1:].lower() in FORGOTTEN for word in signed)
    return all_signed and (bool(names) or forgotten or "," in text)


def _names(codes: set[int]) -> str:
    return ", ".join(BY_CODE[code].name for code in sorted(codes))
