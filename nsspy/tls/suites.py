"""The table of cipher suites: every suite that mod_nss or NSS knows, by all its names.

One row a suite, in the order of code points. The names of mod_nss are kept byte for byte, odd ones too
(``ecdhe_rsa_null``, ``ecdh_rsa_128_sha``). Whether the NSS at run time implements a suite is not said here: it is
asked when the table is used. Code points and IANA names: the TLS Cipher Suites registry; NSS: ``sslproto.h``.
"""

# ruff: noqa: E501 -- a table is read by its columns

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suite:
    """One cipher suite.

    ``nss`` is mod_nss's name, empty where it had none. ``key_exchange`` is RSA, DHE, ECDHE, ECDH_ECDSA, ECDH_RSA or
    ANY (TLS 1.3); ``authentication`` RSA, DSS, ECDSA, ECDH, NULL or ANY; ``mac`` MD5, SHA1, SHA256, SHA384 or AEAD;
    ``protocol`` the first version that has it (SSLv3, TLSv1.2, TLSv1.3); ``strength`` OpenSSL's class (NONE, LOW,
    EXP40, EXP56, MEDIUM, HIGH) as mod_nss assigned it; ``bits`` the secret ones, ``algorithm_bits`` the key's.
    """

    code: int
    iana: str
    openssl: str
    nss: str
    key_exchange: str
    authentication: str
    encryption: str
    mac: str
    protocol: str
    strength: str
    bits: int
    algorithm_bits: int

    @property
    def tls13(self) -> bool:
        """True for the suites of TLS 1.3, which no older version can use."""
        return self.protocol == "TLSv1.3"

    @property
    def name(self) -> str:
        """The name to show: mod_nss's where there is one, IANA's otherwise."""
        return self.nss or self.iana


# fmt: off
SUITES: tuple[Suite, ...] = (
    Suite(0x0001, "TLS_RSA_WITH_NULL_MD5", "NULL-MD5", "rsa_null_md5", "RSA", "RSA", "NULL", "MD5", "SSLv3", "NONE", 0, 0),
    Suite(0x0002, "TLS_RSA_WITH_NULL_SHA", "NULL-SHA", "rsa_null_sha", "RSA", "RSA", "NULL", "SHA1", "SSLv3", "NONE", 0, 0),
    Suite(0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", "EXP-RC4-MD5", "rsa_rc4_40_md5", "RSA", "RSA", "RC4", "MD5", "SSLv3", "EXP40", 40, 128),
    Suite(0x0004, "TLS_RSA_WITH_RC4_128_MD5", "RC4-MD5", "rsa_rc4_128_md5", "RSA", "RSA", "RC4", "MD5", "SSLv3", "MEDIUM", 128, 128),
    Suite(0x0005, "TLS_RSA_WITH_RC4_128_SHA", "RC4-SHA", "rsa_rc4_128_sha", "RSA", "RSA", "RC4", "SHA1", "SSLv3", "MEDIUM", 128, 128),
    Suite(0x0006, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", "EXP-RC2-CBC-MD5", "rsa_rc2_40_md5", "RSA", "RSA", "RC2", "MD5", "SSLv3", "EXP40", 40, 128),
    Suite(0x0009, "TLS_RSA_WITH_DES_CBC_SHA", "DES-CBC-SHA", "rsa_des_sha", "RSA", "RSA", "DES", "SHA1", "SSLv3", "LOW", 56, 56),
    Suite(0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "DES-CBC3-SHA", "rsa_3des_sha", "RSA", "RSA", "3DES", "SHA1", "SSLv3", "HIGH", 168, 168),
    Suite(0x0012, "TLS_DHE_DSS_WITH_DES_CBC_SHA", "EDH-DSS-DES-CBC-SHA", "", "DHE", "DSS", "DES", "SHA1", "SSLv3", "LOW", 56, 56),
    Suite(0x0013, "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA", "EDH-DSS-DES-CBC3-SHA", "", "DHE", "DSS", "3DES", "SHA1", "SSLv3", "HIGH", 112, 168),
    Suite(0x0015, "TLS_DHE_RSA_WITH_DES_CBC_SHA", "EDH-RSA-DES-CBC-SHA", "dhe_rsa_des_sha", "DHE", "RSA", "DES", "SHA1", "SSLv3", "LOW", 56, 56),
    Suite(0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", "EDH-RSA-DES-CBC3-SHA", "dhe_rsa_3des_sha", "DHE", "RSA", "3DES", "SHA1", "SSLv3", "HIGH", 112, 168),
    Suite(0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA", "rsa_aes_128_sha", "RSA", "RSA", "AES128", "SHA1", "SSLv3", "HIGH", 128, 128),
    Suite(0x0032, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA", "DHE-DSS-AES128-SHA", "", "DHE", "DSS", "AES128", "SHA1", "SSLv3", "HIGH", 128, 128),
    Suite(0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", "DHE-RSA-AES128-SHA", "dhe_rsa_aes_128_sha", "DHE", "RSA", "AES128", "SHA1", "SSLv3", "HIGH", 128, 128),
    Suite(0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA", "rsa_aes_256_sha", "RSA", "RSA", "AES256", "SHA1", "SSLv3", "HIGH", 256, 256),
    Suite(0x0038, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA", "DHE-DSS-AES256-SHA", "", "DHE", "DSS", "AES256", "SHA1", "SSLv3", "HIGH", 256, 256),
    Suite(0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", "DHE-RSA-AES256-SHA", "dhe_rsa_aes_256_sha", "DHE", "RSA", "AES256", "SHA1", "SSLv3", "HIGH", 256, 256),
    Suite(0x003B, "TLS_RSA_WITH_NULL_SHA256", "NULL-SHA256", "null_sha_256", "RSA", "RSA", "NULL", "SHA256", "TLSv1.2", "NONE", 0, 0),
    Suite(0x003C, "TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256", "aes_128_sha_256", "RSA", "RSA", "AES128", "SHA256", "TLSv1.2", "HIGH", 128, 128),
    Suite(0x003D, "TLS_RSA_WITH_AES_256_CBC_SHA256", "AES256-SHA256", "aes_256_sha_256", "RSA", "RSA", "AES256", "SHA256", "TLSv1.2", "HIGH", 256, 256),
    Suite(0x0040, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256", "DHE-DSS-AES128-SHA256", "", "DHE", "DSS", "AES128", "SHA256", "TLSv1.2", "HIGH", 128, 128),
    Suite(0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA", "CAMELLIA128-SHA", "camellia_128_sha", "RSA", "RSA", "CAMELLIA128", "SHA1", "SSLv3", "HIGH", 128, 128),
    Suite(0x0044, "TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA", "DHE-DSS-CAMELLIA128-SHA", "", "DHE", "DSS", "CAMELLIA128", "SHA1", "SSLv3", "HIGH", 128, 128),
    Suite(0x0045, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA", "DHE-RSA-CAMELLIA128-SHA", "dhe_rsa_camellia_128_sha", "DHE", "RSA", "CAMELLIA128", "SHA1", "SSLv3", "HIGH", 128, 128),
    Suite(0x0062, "TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA", "EXP1024-DES-CBC-SHA", "rsa_des_56_sha", "RSA", "RSA", "DES", "SHA1", "SSLv3", "EXP56", 56, 56),
    Suite(0x0064, "TLS_RSA_EXPORT1024_WITH_RC4_56_SHA", "EXP1024-RC4-SHA", "rsa_rc4_56_sha", "RSA", "RSA", "RC4", "SHA1", "SSLv3", "EXP56", 56, 128),
    Suite(0x0066, "TLS_DHE_DSS_WITH_RC4_128_SHA", "DHE-DSS-RC4-SHA", "", "DHE", "DSS", "RC4", "SHA1", "SSLv3", "MEDIUM", 128, 128),
    Suite(0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", "DHE-RSA-AES128-SHA256", "dhe_rsa_aes_128_sha_256", "DHE", "RSA", "AES128", "SHA256", "TLSv1.2", "HIGH", 128, 128),
    Suite(0x006A, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256", "DHE-DSS-AES256-SHA256", "", "DHE", "DSS", "AES256", "SHA256", "TLSv1.2", "HIGH", 256, 256),
    Suite(0x006B, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", "DHE-RSA-AES256-SHA256", "dhe_rsa_aes_256_sha_256", "DHE", "RSA", "AES256", "SHA256", "TLSv1.2", "HIGH", 256, 256),
    Suite(0x0084, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA", "CAMELLIA256-SHA", "camellia_256_sha", "RSA", "RSA", "CAMELLIA256", "SHA1", "SSLv3", "HIGH", 256, 256),
    Suite(0x0087, "TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA", "DHE-DSS-CAMELLIA256-SHA", "", "DHE", "DSS", "CAMELLIA256", "SHA1", "SSLv3", "HIGH", 256, 256),
    Suite(0x0088, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA", "DHE-RSA-CAMELLIA256-SHA", "dhe_rsa_camellia_256_sha", "DHE", "RSA", "CAMELLIA256", "SHA1", "SSLv3", "HIGH", 256, 256),
    Suite(0x0096, "TLS_RSA_WITH_SEED_CBC_SHA", "SEED-SHA", "", "RSA", "RSA", "SEED", "SHA1", "SSLv3", "MEDIUM", 128, 128),
    Suite(0x009C, "TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256", "rsa_aes_128_gcm_sha_256", "RSA", "RSA", "AES128GCM", "AEAD", "TLSv1.2", "HIGH", 128, 128),
    Suite(0x009D, "TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384", "rsa_aes_256_gcm_sha_384", "RSA", "RSA", "AES256GCM", "AEAD", "TLSv1.2", "HIGH", 256, 256),
    Suite(0x009E, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "DHE-RSA-AES128-GCM-SHA256", "dhe_rsa_aes_128_gcm_sha_256", "DHE", "RSA", "AES128GCM", "AEAD", "TLSv1.2", "HIGH", 128, 128),
    Suite(0x009F, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "DHE-RSA-AES256-GCM-SHA384", "dhe_rsa_aes_256_gcm_sha_384", "DHE", "RSA", "AES256GCM", "AEAD", "TLSv1.2", "HIGH", 256, 256),
    Suite(0x00A2, "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256", "DHE-DSS-AES128-GCM-SHA256", "", "DHE", "DSS", "AES128GCM", "AEAD", "TLSv1.2", "HIGH", 128, 128),
    Suite(0x00A3, "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384", "DHE-DSS-AES256-GCM-SHA384", "", "DHE", "DSS", "AES256GCM", "AEAD", "TLSv1.2", "HIGH", 256, 256),
    Suite(0x1301, "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", "aes_128_gcm_sha_256", "ANY", "ANY", "AES128GCM", "AEAD", "TLSv1.3", "HIGH", 128, 128),
    Suite(0x1302, "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", "aes_256_gcm_sha_384", "ANY", "ANY", "AES256GCM", "AEAD", "TLSv1.3", "HIGH", 256, 256),
    Suite(0x1303, "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256", "chacha20_poly1305_sha_256", "ANY", "ANY", "CHACHA20", "AEAD", "TLSv1.3", "HIGH", 256, 256),
    Suite(0xC001, "TLS_ECDH_ECDSA_WITH_NULL_SHA", "ECDH-ECDSA-NULL-SHA", "ecdh_ecdsa_null_sha", "ECDH_ECDSA", "ECDH", "NULL", "SHA1", "SSLv3", "NONE", 0, 0),
    Suite(0xC002, "TLS_ECDH_ECDSA_WITH_RC4_128_SHA", "ECDH-ECDSA-RC4-SHA", "ecdh_ecdsa_rc4_128_sha", "ECDH_ECDSA", "ECDH", "RC4", "SHA1", "SSLv3", "MEDIUM", 128, 128),
    Suite(0xC003, "TLS_ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA", "ECDH-ECDSA-DES-CBC3-SHA", "ecdh_ecdsa_3des_sha", "ECDH_ECDSA", "ECDH", "3DES", "SHA1", "SSLv3", "HIGH", 112, 168),
    Suite(0xC004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA", "ECDH-ECDSA-AES128-SHA", "ecdh_ecdsa_aes_128_sha", "ECDH_ECDSA", "ECDH", "AES128", "SHA1", "SSLv3", "HIGH", 128, 128),
    Suite(0xC005, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA", "ECDH-ECDSA-AES256-SHA", "ecdh_ecdsa_aes_256_sha", "ECDH_ECDSA", "ECDH", "AES256", "SHA1", "SSLv3", "HIGH", 256, 256),
    Suite(0xC006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA", "ECDHE-ECDSA-NULL-SHA", "ecdhe_ecdsa_null_sha", "ECDHE", "ECDSA", "NULL", "SHA1", "SSLv3", "NONE", 0, 0),
    Suite(0xC007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", "ECDHE-ECDSA-RC4-SHA", "ecdhe_ecdsa_rc4_128_sha", "ECDHE", "ECDSA", "RC4", "SHA1", "SSLv3", "MEDIUM", 128, 128),
    Suite(0xC008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA", "ECDHE-ECDSA-DES-CBC3-SHA", "ecdhe_ecdsa_3des_sha", "ECDHE", "ECDSA", "3DES", "SHA1", "SSLv3", "HIGH", 112, 168),
    Suite(0xC009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA", "ecdhe_ecdsa_aes_128_sha", "ECDHE", "ECDSA", "AES128", "SHA1", "SSLv3", "HIGH", 128, 128),
    Suite(0xC00A, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA", "ecdhe_ecdsa_aes_256_sha", "ECDHE", "ECDSA", "AES256", "SHA1", "SSLv3", "HIGH", 256, 256),
    Suite(0xC00B, "TLS_ECDH_RSA_WITH_NULL_SHA", "ECDH-RSA-NULL-SHA", "ecdh_rsa_null_sha", "ECDH_RSA", "ECDH", "NULL", "SHA1", "SSLv3", "NONE", 0, 0),
    Suite(0xC00C, "TLS_ECDH_RSA_WITH_RC4_128_SHA", "ECDH-RSA-RC4-SHA", "ecdh_rsa_128_sha", "ECDH_RSA", "ECDH", "RC4", "SHA1", "SSLv3", "MEDIUM", 128, 128),
    Suite(0xC00D, "TLS_ECDH_RSA_WITH_3DES_EDE_CBC_SHA", "ECDH-RSA-DES-CBC3-SHA", "ecdh_rsa_3des_sha", "ECDH_RSA", "ECDH", "3DES", "SHA1", "SSLv3", "HIGH", 112, 168),
    Suite(0xC00E, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", "ECDH-RSA-AES128-SHA", "ecdh_rsa_aes_128_sha", "ECDH_RSA", "ECDH", "AES128", "SHA1", "SSLv3", "HIGH", 128, 128),
    Suite(0xC00F, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA", "ECDH-RSA-AES256-SHA", "ecdh_rsa_aes_256_sha", "ECDH_RSA", "ECDH", "AES256", "SHA1", "SSLv3", "HIGH", 256, 256),
    Suite(0xC010, "TLS_ECDHE_RSA_WITH_NULL_SHA", "ECDHE-RSA-NULL-SHA", "ecdhe_rsa_null", "ECDHE", "RSA", "NULL", "SHA1", "SSLv3", "NONE", 0, 0),
    Suite(0xC011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA", "ECDHE-RSA-RC4-SHA", "ecdhe_rsa_rc4_128_sha", "ECDHE", "RSA", "RC4", "SHA1", "SSLv3", "MEDIUM", 128, 128),
    Suite(0xC012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "ECDHE-RSA-DES-CBC3-SHA", "ecdhe_rsa_3des_sha", "ECDHE", "RSA", "3DES", "SHA1", "SSLv3", "HIGH", 112, 168),
    Suite(0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA", "ecdhe_rsa_aes_128_sha", "ECDHE", "RSA", "AES128", "SHA1", "SSLv3", "HIGH", 128, 128),
    Suite(0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA", "ecdhe_rsa_aes_256_sha", "ECDHE", "RSA", "AES256", "SHA1", "SSLv3", "HIGH", 256, 256),
    Suite(0xC015, "TLS_ECDH_anon_WITH_NULL_SHA", "AECDH-NULL-SHA", "ecdh_anon_null_sha", "ECDHE", "NULL", "NULL", "SHA1", "SSLv3", "NONE", 0, 0),
    Suite(0xC016, "TLS_ECDH_anon_WITH_RC4_128_SHA", "AECDH-RC4-SHA", "ecdh_anon_rc4_128sha", "ECDHE", "NULL", "RC4", "SHA1", "SSLv3", "MEDIUM", 128, 128),
    Suite(0xC017, "TLS_ECDH_anon_WITH_3DES_EDE_CBC_SHA", "AECDH-DES-CBC3-SHA", "ecdh_anon_3des_sha", "ECDHE", "NULL", "3DES", "SHA1", "SSLv3", "HIGH", 112, 168),
    Suite(0xC018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", "AECDH-AES128-SHA", "ecdh_anon_aes_128_sha", "ECDHE", "NULL", "AES128", "SHA1", "SSLv3", "HIGH", 128, 128),
    Suite(0xC019, "TLS_ECDH_anon_WITH_AES_256_CBC_SHA", "AECDH-AES256-SHA", "ecdh_anon_aes_256_sha", "ECDHE", "NULL", "AES256", "SHA1", "SSLv3", "HIGH", 256, 256),
    Suite(0xC023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256", "ecdhe_ecdsa_aes_128_sha_256", "ECDHE", "ECDSA", "AES128", "SHA256", "TLSv1.2", "HIGH", 128, 128),
    Suite(0xC024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "ECDHE-ECDSA-AES256-SHA384", "ecdhe_ecdsa_aes_256_sha_384", "ECDHE", "ECDSA", "AES256", "SHA384", "TLSv1.2", "HIGH", 256, 256),
    Suite(0xC027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256", "ecdhe_rsa_aes_128_sha_256", "ECDHE", "RSA", "AES128", "SHA256", "TLSv1.2", "HIGH", 128, 128),
    Suite(0xC028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "ECDHE-RSA-AES256-SHA384", "ecdhe_rsa_aes_256_sha_384", "ECDHE", "RSA", "AES256", "SHA384", "TLSv1.2", "HIGH", 256, 256),
    Suite(0xC02B, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", "ecdhe_ecdsa_aes_128_gcm_sha_256", "ECDHE", "ECDSA", "AES128GCM", "AEAD", "TLSv1.2", "HIGH", 128, 128),
    Suite(0xC02C, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", "ecdhe_ecdsa_aes_256_gcm_sha_384", "ECDHE", "ECDSA", "AES256GCM", "AEAD", "TLSv1.2", "HIGH", 256, 256),
    Suite(0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ecdhe_rsa_aes_128_gcm_sha_256", "ECDHE", "RSA", "AES128GCM", "AEAD", "TLSv1.2", "HIGH", 128, 128),
    Suite(0xC030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", "ecdhe_rsa_aes_256_gcm_sha_384", "ECDHE", "RSA", "AES256GCM", "AEAD", "TLSv1.2", "HIGH", 256, 256),
    Suite(0xCCA8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", "ecdhe_rsa_chacha20_poly1305_sha_256", "ECDHE", "RSA", "CHACHA20", "AEAD", "TLSv1.2", "HIGH", 256, 256),
    Suite(0xCCA9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", "ecdhe_ecdsa_chacha20_poly1305_sha_256", "ECDHE", "ECDSA", "CHACHA20", "AEAD", "TLSv1.2", "HIGH", 256, 256),
    Suite(0xCCAA, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "DHE-RSA-CHACHA20-POLY1305", "dhe_rsa_chacha20_poly1305_sha_256", "DHE", "RSA", "CHACHA20", "AEAD", "TLSv1.2", "HIGH", 256, 256),
    Suite(0xFEFE, "SSL_RSA_FIPS_WITH_DES_CBC_SHA", "FIPS-DES-CBC-SHA", "fips_des_sha", "RSA", "RSA", "DES", "SHA1", "SSLv3", "LOW", 56, 56),
    Suite(0xFEFF, "SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA", "FIPS-DES-CBC3-SHA", "fips_3des_sha", "RSA", "RSA", "3DES", "SHA1", "SSLv3", "HIGH", 112, 168),
)
# fmt: on

BY_CODE: dict[int, Suite] = {suite.code: suite for suite in SUITES}

#: Other spellings of mod_nss's names: those that the module itself took, and the errors of its manual.
ALIASES: dict[str, str] = {
    "camelia_128_sha": "camellia_128_sha",
    "camelia_256_sha": "camellia_256_sha",
    "dhe_rsa_aes_128_sha256": "dhe_rsa_aes_128_sha_256",
    "dhe_rsa_aes_256_sha256": "dhe_rsa_aes_256_sha_256",
    "echde_rsa_null": "ecdhe_rsa_null",
    "ecdhe_rsa_null_sha": "ecdhe_rsa_null",
    "ecdh_rsa_rc4_128_sha": "ecdh_rsa_128_sha",
    "ecdh_anon_rc4_128_sha": "ecdh_anon_rc4_128sha",
    "rsa_aes_128_sha_256": "aes_128_sha_256",
    "rsa_aes_256_sha_256": "aes_256_sha_256",
    "rsa_null_sha_256": "null_sha_256",
    "rsa_camellia_128_sha": "camellia_128_sha",
    "rsa_camellia_256_sha": "camellia_256_sha",
}

#: Spellings that OpenSSL and branches of mod_nss gave to suites besides the table's own.
OPENSSL_ALIASES: dict[str, int] = {
    "TLS13-AES-128-GCM-SHA256": 0x1301,
    "TLS13-AES-256-GCM-SHA384": 0x1302,
    "TLS13-CHACHA20-POLY1305": 0x1303,
    "TLS13-CHACHA20-POLY1305-SHA256": 0x1303,
    "TLS-AES-128-GCM-SHA256": 0x1301,
    "TLS-AES-256-GCM-SHA384": 0x1302,
    "TLS-CHACHA20-POLY1305_SHA256": 0x1303,
    "TLS-CHACHA20-POLY1305-SHA256": 0x1303,
    "DHE-RSA-DES-CBC3-SHA": 0x0016,
    "DHE-RSA-DES-CBC-SHA": 0x0015,
    "DHE-DSS-DES-CBC3-SHA": 0x0013,
    "DHE-DSS-DES-CBC-SHA": 0x0012,
    "ECDHE-RSA-CHACHA20-POLY1305-SHA256": 0xCCA8,
    "ECDHE-ECDSA-CHACHA20-POLY1305-SHA256": 0xCCA9,
    "DHE-RSA-CHACHA20-POLY1305-SHA256": 0xCCAA,
}

#: Suites of hardware that NSS has long forgotten; old configurations switch them off or on, to no effect.
FORGOTTEN: frozenset[str] = frozenset(
    {"fortezza", "fortezza_rc4_128_sha", "fortezza_null", "rc4", "rc4export", "rc2", "rc2export", "des", "desede3"}
)
