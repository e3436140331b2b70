"""NSSProtocol: lists of versions as ranges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsspy.errors import Level, Place
from nsspy.tls import protocols
from nsspy.tls.protocols import SSL3, TLS10, TLS11, TLS12, TLS13, evaluate

EVERYTHING = (SSL3, TLS13)


def codes(versions: protocols.Versions) -> list[int]:
    """The numbers of what was said."""
    return [one.message.number for one in versions.findings]


@pytest.mark.parametrize(
    ("text", "minimum", "maximum", "said"),
    [
        (None, TLS12, TLS13, []),
        ("TLSv1.2", TLS12, TLS12, []),
        ('"TLSv1.2"', TLS12, TLS12, []),
        ("'TLSv1.2,TLSv1.3'", TLS12, TLS13, []),
        ("TLSv1.1, TLSv1.2", TLS11, TLS12, []),
        ("TLSv1.1 TLSv1.2", TLS11, TLS12, []),
        ("TLSv1.1 ,TLSv1.2 ", TLS11, TLS12, []),
        ("tlsv1.0,TLSV1.1,TlsV1.2", TLS10, TLS12, []),
        ("TLSv1.0,TLSv1.1,TLSv1.2", TLS10, TLS12, []),
        ("TLSv1", TLS10, TLS10, []),
        ("TLSv1.0,TLSv1.1", TLS10, TLS11, []),
        ("all", TLS10, TLS13, []),
        ("ALL", TLS10, TLS13, []),
        ("TLSv1.0,TLSv1.2", TLS10, TLS12, [31]),
        ("TLSv1.1,TLSv1.3", TLS11, TLS13, [31]),
        ("SSLv2,TLSv1.2", TLS12, TLS12, [32]),
        ("SSLv3,TLSv1", SSL3, TLS10, []),
        ("SSLv3,TLSv1.0,TLSv1.1", SSL3, TLS11, []),
        ("SSLv3,TLSv1.1", SSL3, TLS11, [31]),
        ("SSLv3,TLSv1.2,TLSv1.3", TLS12, TLS13, [33]),
        ("all,SSLv3", TLS10, TLS13, [33]),
        ("all -SSLv3", TLS10, TLS13, []),
        ("all -SSLv2 -SSLv3 -TLSv1 -TLSv1.1", TLS12, TLS13, []),
        ("all,-TLSv1.3", TLS10, TLS12, []),
        ("-all +TLSv1.2", TLS12, TLS12, []),
        ("+TLSv1.1", TLS11, TLS13, []),
        ("-TLSv1.2", TLS13, TLS13, []),
        ("TLSv1.3", TLS13, TLS13, []),
    ],
)
def test_list_becomes_the_range_it_says(text: str | None, minimum: int, maximum: int, said: list[int]) -> None:
    """A list in any of the usual spellings gives its range and no more words than needed."""
    versions = evaluate(text, supported=EVERYTHING)
    assert (versions.minimum, versions.maximum, codes(versions)) == (minimum, maximum, said)


@pytest.mark.parametrize(
    "text", ["bogus", "allxyz", "TLSv1.2,TLS1.9", "TLSv1.2;TLSv1.3", "TLSv1.2 nothing", "+", "TLSv2"]
)
def test_unknown_word_stops_the_start(text: str) -> None:
    """A word that is no version is an error that names the word."""
    versions = evaluate(text, supported=EVERYTHING)
    assert [one.level for one in versions.findings] == [Level.ERROR]
    assert codes(versions) == [30]


@pytest.mark.parametrize(
    ("text", "meant"),
    [("TLS1.2", "TLSv1.2"), ("TLSv12", "TLSv1.2"), ("TLSv1_3", "TLSv1.3"), ("TLS-1.1", "TLSv1.1"), ("al", "all")],
)
def test_near_miss_is_named(text: str, meant: str) -> None:
    """The message says which version was probably meant."""
    assert f'"{meant}" was probably meant' in evaluate(text).findings[0].text


@pytest.mark.parametrize("text", ["SSLv2", "SSLv2,SSLv3", "all -all", "-all", "TLSv1.2,-TLSv1.2", '""', ","])
def test_nothing_left_stops_the_start(text: str) -> None:
    """A list of which nothing remains is an error, not a range of everything."""
    versions = evaluate(text)
    assert versions.findings[-1].message.number == 34
    assert versions.findings[-1].level is Level.ERROR


def test_ssl3_needs_an_nss_that_has_it() -> None:
    """SSLv3 is dropped with a line where the policy starts later, and the rest stays."""
    versions = evaluate("SSLv3,TLSv1.0", supported=(TLS10, TLS13))
    assert (versions.minimum, versions.maximum, codes(versions)) == (TLS10, TLS10, [33])


def test_fips_has_no_ssl3() -> None:
    """In FIPS mode SSLv3 is dropped although NSS has it."""
    versions = evaluate("SSLv3,TLSv1.0", supported=EVERYTHING, fips=True)
    assert (versions.minimum, codes(versions)) == (TLS10, [33])


def test_versions_that_nss_lacks_are_dropped() -> None:
    """What the NSS at run time does not offer is taken out with a warning; the default and all need none."""
    assert codes(evaluate("TLSv1.0,TLSv1.1,TLSv1.2", supported=(TLS12, TLS13))) == [35]
    assert codes(evaluate("TLSv1.0", supported=(TLS12, TLS13))) == [35, 34]
    assert codes(evaluate("all", supported=(TLS12, TLS13))) == []
    old = evaluate(None, supported=(TLS10, TLS12))
    assert (old.minimum, old.maximum, codes(old)) == (TLS12, TLS12, [])


def test_findings_name_the_place() -> None:
    """The directive's file and line end the message."""
    text = evaluate("bogus", place=Place("NSSProtocol", "/etc/httpd/nss.conf", 7), server=3).findings[0]
    assert text.text.endswith("NSSProtocol (/etc/httpd/nss.conf:7)")
    assert text.server == 3


@given(
    st.lists(
        st.sampled_from(["all", "SSLv2", "sslv3", "TLSv1", "TLSv1.1", "TLSv1.2", "+TLSv1.3", "-TLSv1.3", "-all", "x"])
    )
)
def test_no_list_gives_what_nss_refuses(words: list[str]) -> None:
    """Whatever is listed, SSLv3 never comes with TLS 1.3, the ends are in order, and errors say so."""
    versions = evaluate(",".join(words), supported=EVERYTHING)
    assert SSL3 <= versions.minimum <= versions.maximum <= TLS13
    assert not (versions.minimum == SSL3 and versions.maximum == TLS13)
    assert ("x" in words) == (30 in codes(versions))


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    """No text makes it crash."""
    assert evaluate(text).minimum in protocols.NAMES
