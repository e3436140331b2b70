"""Names of suites that other libraries have, and NSS has not: known words, to no effect.

A list that was written for OpenSSL may forbid or wish for them; only a word that is nobody's is a mistake. The names
are those of OpenSSL's manual (ciphers(1), of 0.9.8 to 3) and of IANA's registry of TLS parameters, put together from
their parts, so that a slip of the pen between two parts (AES128-GCM-SHA384) is none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nsspy.tls.suites import OPENSSL_ALIASES, SUITES

_AES_GCM = ("AES128-GCM-SHA256", "AES256-GCM-SHA384")
_AES_SHA = ("AES128-SHA", "AES256-SHA")
_AES_SHA2 = ("AES128-SHA256", "AES256-SHA256")
_CAMELLIA = ("CAMELLIA128-SHA", "CAMELLIA256-SHA", "CAMELLIA128-SHA256", "CAMELLIA256-SHA256")
_CAMELLIA_384 = ("CAMELLIA128-SHA256", "CAMELLIA256-SHA384")
_CCM = ("AES128-CCM", "AES256-CCM", "AES128-CCM8", "AES256-CCM8")
_ARIA = ("ARIA128-GCM-SHA256", "ARIA256-GCM-SHA384")
_DES = ("DES-CBC-SHA", "DES-CBC3-SHA")
_PSK = (
    *(*_AES_GCM, *_CCM, *_ARIA, *_CAMELLIA_384, "CHACHA20-POLY1305", "AES128-CBC-SHA", "AES256-CBC-SHA"),
    *("AES128-CBC-SHA256", "AES256-CBC-SHA384", "3DES-EDE-CBC-SHA", "RC4-SHA", "NULL-SHA", "NULL-SHA256"),
    "NULL-SHA384",
)

#: OpenSSL: what stands before, and the ciphers that come with it.
_OPENSSL: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("", "DHE-RSA-", "ECDHE-ECDSA-"), _CCM),
    (("", "DHE-RSA-", "DHE-DSS-", "ECDHE-", "ECDHE-RSA-", "ECDHE-ECDSA-"), _ARIA),
    (("", "DHE-RSA-", "DHE-DSS-"), (*_CAMELLIA, "SEED-SHA")),
    (("ECDHE-RSA-", "ECDHE-ECDSA-", "ECDH-RSA-", "ECDH-ECDSA-"), _CAMELLIA_384),
    (("ECDH-RSA-", "ECDH-ECDSA-"), (*_AES_GCM, "AES128-SHA256", "AES256-SHA384")),
    (
        ("ADH-", "DH-RSA-", "DH-DSS-"),
        (*_AES_GCM, *_AES_SHA, *_AES_SHA2, *_CAMELLIA, *_DES, "SEED-SHA", "RC4-MD5"),
    ),
    (("PSK-", "DHE-PSK-", "RSA-PSK-", "ECDHE-PSK-"), _PSK),
    (("SRP-", "SRP-RSA-", "SRP-DSS-"), ("3DES-EDE-CBC-SHA", "AES-128-CBC-SHA", "AES-256-CBC-SHA")),
    (
        ("KRB5-",),
        (*_DES, "RC4-SHA", "IDEA-CBC-SHA", "DES-CBC-MD5", "DES-CBC3-MD5", "RC4-MD5", "IDEA-CBC-MD5"),
    ),
    (
        ("EXP-KRB5-",),
        ("RC2-CBC-SHA", "RC4-SHA", "DES-CBC-SHA", "RC2-CBC-MD5", "RC4-MD5", "DES-CBC-MD5"),
    ),
    (
        (
            "EXP-",
            "EXP-EDH-RSA-",
            "EXP-EDH-DSS-",
            "EXP-DHE-RSA-",
            "EXP-DHE-DSS-",
            "EXP-ADH-",
            "EXP-DH-RSA-",
            "EXP-DH-DSS-",
        ),
        ("DES-CBC-SHA",),
    ),
    (("EXP-ADH-", "EXP1024-"), ("RC4-MD5",)),
    (("EXP1024-",), ("RC2-CBC-MD5", "DHE-DSS-DES-CBC-SHA", "DHE-DSS-RC4-SHA")),
    (("ECDHE-RSA-", "ECDHE-ECDSA-", "DHE-RSA-"), ("CHACHA20-POLY1305-OLD",)),
    # SSLv2
    (("",), ("DES-CBC-MD5", "DES-CBC3-MD5", "IDEA-CBC-MD5", "RC2-CBC-MD5", "RC4-64-MD5", "IDEA-CBC-SHA")),
    (("GOST94-", "GOST2001-"), ("GOST89-GOST89", "NULL-GOST94")),
    (("GOST2012-", "LEGACY-GOST2012-", "IANA-GOST2012-"), ("GOST8912-GOST8912", "NULL-GOST12")),
    (("GOST2012-",), ("KUZNYECHIK-KUZNYECHIKOMAC", "MAGMA-MAGMAOMAC")),
    (("TLS13-",), ("AES-128-CCM-SHA256", "AES-128-CCM-8-SHA256")),
)

_IANA_KEY_EXCHANGES = (
    *("RSA", "DHE_RSA", "DHE_DSS", "DH_RSA", "DH_DSS", "DH_anon", "ECDHE_RSA", "ECDHE_ECDSA", "ECDH_RSA"),
    *("ECDH_ECDSA", "ECDH_anon", "PSK", "DHE_PSK", "RSA_PSK", "ECDHE_PSK", "PSK_DHE", "KRB5", "SRP_SHA"),
    *("SRP_SHA_RSA", "SRP_SHA_DSS"),
)
_IANA_CIPHERS = (
    *("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "AES_128_CCM", "AES_256_CCM", "AES_128_CCM_8", "AES_256_CCM_8"),
    *("AES_128_CBC_SHA", "AES_256_CBC_SHA", "AES_128_CBC_SHA256", "AES_256_CBC_SHA256", "AES_256_CBC_SHA384"),
    *("ARIA_128_GCM_SHA256", "ARIA_256_GCM_SHA384", "ARIA_128_CBC_SHA256", "ARIA_256_CBC_SHA384"),
    *("CAMELLIA_128_CBC_SHA", "CAMELLIA_256_CBC_SHA", "CAMELLIA_128_CBC_SHA256", "CAMELLIA_256_CBC_SHA256"),
    *("CAMELLIA_256_CBC_SHA384", "CAMELLIA_128_GCM_SHA256", "CAMELLIA_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256"),
    *("3DES_EDE_CBC_SHA", "3DES_EDE_CBC_MD5", "DES_CBC_SHA", "DES_CBC_MD5", "IDEA_CBC_SHA", "IDEA_CBC_MD5"),
    *("SEED_CBC_SHA", "RC4_128_SHA", "RC4_128_MD5", "NULL_SHA", "NULL_SHA256", "NULL_SHA384", "NULL_MD5"),
)
#: TLS 1.3, where IANA's names are OpenSSL's too.
_TLS13 = (
    *("TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256", "TLS_SM4_GCM_SM3", "TLS_SM4_CCM_SM3"),
    *("TLS_SHA256_SHA256", "TLS_SHA384_SHA384"),
)


def _put_together() -> Iterator[str]:
    for heads, ciphers in _OPENSSL:
        yield from (head + cipher for head in heads for cipher in ciphers)
    yield from (f"TLS_{kind}_WITH_{cipher}" for kind in _IANA_KEY_EXCHANGES for cipher in _IANA_CIPHERS)
    yield from _TLS13


def _lower(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


#: The names in lower case, without those of suites that NSS has.
ELSEWHERE: frozenset[str] = (
    _lower(_put_together())
    - _lower(suite.iana for suite in SUITES)
    - _lower(suite.openssl for suite in SUITES)
    - _lower(OPENSSL_ALIASES)
)
