"""``nsspy ciphers``: a cipher list, judged as the planner would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nsspy.certdb.database import open_none
from nsspy.engine import capabilities
from nsspy.errors import Finding, Level
from nsspy.tls import ciphers, protocols
from nsspy.tls.suites import BY_CODE, Suite


@dataclass(frozen=True, slots=True)
class Judged:
    """Suites that are on, and for every suite that a word touched, what the words did."""

    version: str
    versions: str
    suites: tuple[Suite, ...]
    trail: tuple[tuple[Suite, tuple[str, ...]], ...]
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> bool:
        """True when httpd would not start with it."""
        return any(one.level is Level.ERROR for one in self.findings)


def judge(text: str | None, protocol: str | None, *, fips: bool) -> Judged:
    """Asks the NSS of this machine. Raises NSSPyError, NSSError."""
    with open_none():
        able = capabilities.ask()
    versions = protocols.evaluate(protocol, supported=able.versions, fips=fips)
    selection = ciphers.evaluate(
        text,
        implemented=able.implemented,
        defaults_on=able.default_on,
        fips_suites=able.fips,
        tls13=versions.tls13,
        minimum=versions.minimum,
        maximum=versions.maximum,
        fips=fips,
    )
    findings = (*versions.findings, *selection.findings)
    failed = any(one.level is Level.ERROR for one in findings)
    on = () if failed else tuple(BY_CODE[code] for code in selection.suites if code in able.suites)
    touched = dict.fromkeys(step.code for step in selection.trail)
    return Judged(
        version=able.version,
        versions=str(versions),
        suites=on,
        trail=tuple((BY_CODE[code], selection.explain(code)) for code in sorted(touched)),
        findings=findings,
    )


def as_data(judged: Judged) -> dict[str, object]:
    """For ``--json``."""
    return {
        "nss": judged.version,
        "versions": judged.versions,
        "suites": [_suite(suite) for suite in judged.suites],
        "words": {suite.iana: list(steps) for suite, steps in judged.trail},
        "failed": judged.failed,
        "findings": [
            {"code": one.message.code, "level": one.level.name.lower(), "text": one.text} for one in judged.findings
        ],
    }


def as_lines(judged: Judged) -> Iterator[str]:
    """For people: what is on, then what was switched off again, each with the words that did it."""
    steps = {suite.code: words for suite, words in judged.trail}
    on = {suite.code for suite in judged.suites}
    yield f"NSS {judged.version}, {judged.versions}: {len(on)} suites on"
    for suite in judged.suites:
        yield f"  0x{suite.code:04X} {suite.name:<38} {suite.openssl:<32} {'; '.join(steps.get(suite.code, ()))}"
    off = [(suite, words) for suite, words in judged.trail if suite.code not in on]
    if off:
        yield "off:"
        for suite, words in off:
            yield f"  0x{suite.code:04X} {suite.name:<38} {suite.openssl:<32} {'; '.join(words)}"


def _suite(suite: Suite) -> dict[str, object]:
    return {"code": f"0x{suite.code:04X}", "iana": suite.iana, "openssl": suite.openssl, "nss": suite.nss}
