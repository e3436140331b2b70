"""The table of cipher suites, and that NSS agrees with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nsspy.tls.suites import ALIASES, BY_CODE, OPENSSL_ALIASES, SUITES

#: Names of mod_nss that look like mistakes and are to stay.
ODD = {
    "ecdh_rsa_128_sha": 0xC00C,
    "ecdhe_rsa_null": 0xC010,
    "ecdh_anon_rc4_128sha": 0xC016,
    "aes_128_sha_256": 0x003C,
    "aes_256_sha_256": 0x003D,
    "null_sha_256": 0x003B,
    "camellia_128_sha": 0x0041,
    "camellia_256_sha": 0x0084,
    "fips_3des_sha": 0xFEFF,
    "rsa_rc4_56_sha": 0x0064,
    "aes_128_gcm_sha_256": 0x1301,
    "aes_256_gcm_sha_384": 0x1302,
    "chacha20_poly1305_sha_256": 0x1303,
}


def test_67_suites_of_mod_nss_and_three_of_tls_13() -> None:
    """mod_nss 1.0.14 has 67 names; TLS 1.3 adds three."""
    assert len([suite for suite in SUITES if suite.nss]) == 70


@pytest.mark.parametrize("column", ["code", "iana", "openssl"])
def test_no_name_stands_twice(column: str) -> None:
    """Each code point and each name belongs to one suite."""
    values = [getattr(suite, column) for suite in SUITES]
    assert len(values) == len(set(values))


def test_names_of_mod_nss_are_unique_and_kept() -> None:
    """The odd names are kept byte for byte."""
    names = [suite.nss for suite in SUITES if suite.nss]
    assert len(names) == len(set(names))
    assert {suite.nss: suite.code for suite in SUITES if suite.nss in ODD} == ODD


def test_sorted_by_code_point() -> None:
    """The shim searches the table that is generated from it."""
    codes = [suite.code for suite in SUITES]
    assert codes == sorted(codes)


def test_aliases_lead_to_suites_and_hide_none() -> None:
    """An alias is the name of no suite, and its target is one."""
    names = {suite.nss for suite in SUITES}
    assert set(ALIASES.values()) <= names
    assert not set(ALIASES) & names
    assert set(OPENSSL_ALIASES.values()) <= set(BY_CODE)


def header() -> str:
    """NSS's list of suites, as installed for building."""
    for folder in ("/usr/include/nss", "/usr/include/nss3"):
        path = Path(folder, "sslproto.h")
        if path.is_file():
            return path.read_text(encoding="utf-8")
    pytest.skip("needs sslproto.h of NSS's development package")


def test_iana_names_and_code_points_are_those_of_nss() -> None:
    """sslproto.h has the same code point for every name that both have, and both have nearly all."""
    pairs = re.findall(r"#define ((?:TLS|SSL)_\w+)\s+0x([0-9a-fA-F]{4})\b", header())
    theirs = {name: int(number, 16) for name, number in pairs}
    both = {suite.iana: suite.code for suite in SUITES if suite.iana in theirs}
    assert {name: theirs[name] for name in both} == both
    missing = {suite.iana for suite in SUITES} - set(theirs)
    assert len(both) > 75, missing


def test_every_implemented_suite_is_in_the_table() -> None:
    """The NSS of this machine implements no suite that we have no row for, and agrees about bits and protocol."""
    nss = pytest.importorskip("nsspy._nss", reason="needs the compiled binding: make build")
    lib, ffi = nss.lib, nss.ffi
    info = ffi.new("SSLCipherSuiteInfo *")
    count = lib.SSL_GetNumImplementedCiphers()
    implemented = [lib.SSL_GetImplementedCiphers()[i] for i in range(count)]
    assert set(implemented) <= set(BY_CODE)
    for code in implemented:
        assert lib.SSL_GetCipherSuiteInfo(code, info, ffi.sizeof("SSLCipherSuiteInfo")) == 0
        suite = BY_CODE[code]
        assert ffi.string(info.cipherSuiteName).decode() == suite.iana
        # NSS counts 3DES as 112 of 168 bits in some suites and 168 in others; mod_nss's figures are kept there.
        if suite.encryption != "3DES":
            assert (info.effectiveKeyBits, suite.code) == (suite.bits, suite.code)
