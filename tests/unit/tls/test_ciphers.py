"""NSSCipherSuite: both notations, their traps, and what is kept of TLS 1.3."""

from __future__ import annotations

import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsspy.errors import Level, Place
from nsspy.tls import ciphers
from nsspy.tls.ciphers import Selection
from nsspy.tls.protocols import TLS10, TLS11, TLS12, TLS13
from nsspy.tls.suites import ALIASES, BY_CODE, FORGOTTEN, SUITES

#: As NSS 3.87 answers: everything but exports, the old FIPS ones and anonymous ECDH.
IMPLEMENTED = frozenset(BY_CODE) - {
    *(0x0003, 0x0006, 0x0062, 0x0064, 0xFEFE, 0xFEFF, 0xC015, 0xC016, 0xC017, 0xC018, 0xC019)
}
#: On by NSS 3.87's own choice.
DEFAULTS_ON = frozenset(
    {0x0004, 0x0005, 0x000A, 0x0016, 0x002F, 0x0033, 0x0035, 0x0039, 0x003C, 0x003D, 0x0067, 0x006B}
)
DEFAULTS_ON |= {0x009C, 0x009D, 0x009E, 0x009F, 0xC009, 0xC00A, 0xC013, 0xC014, 0xC023, 0xC027, 0xC02B, 0xC02C, 0xC02F}
DEFAULTS_ON |= {0xC030, 0xCCA8, 0xCCA9, 0xCCAA, 0x1301, 0x1302, 0x1303}
FIPS = frozenset({0x002F, 0x0035, 0x003C, 0x009C, 0x009D, 0x009E, 0x009F, 0xC013, 0xC02B, 0xC02C, 0xC02F, 0xC030})
FIPS |= {0x1301, 0x1302}
T13 = frozenset({0x1301, 0x1302, 0x1303})
ECDHE_GCM = frozenset({0xC02B, 0xC02C, 0xC02F, 0xC030})
DHE_GCM = frozenset({0x009E, 0x009F})
RSA_GCM = frozenset({0x009C, 0x009D})
CHACHA = frozenset({0xCCA8, 0xCCA9, 0xCCAA})
MOD_NSS = frozenset(suite.code for suite in SUITES if suite.nss) & IMPLEMENTED


def evaluate(text: str | None, **more: object) -> Selection:
    """The list as NSS 3.87 would have it, with TLS 1.2 and 1.3 unless said otherwise."""
    arguments = {"implemented": IMPLEMENTED, "defaults_on": DEFAULTS_ON, "fips_suites": FIPS, "tls13": True, **more}
    return ciphers.evaluate(text, **arguments)  # type: ignore[arg-type]


def old(text: str | None, **more: object) -> frozenset[int]:
    """The suites before TLS 1.3 that a list leaves on."""
    return frozenset(evaluate(text, **more).suites) - T13


def codes(selection: Selection) -> list[int]:
    """The numbers of what was said."""
    return sorted(one.message.number for one in selection.findings)


def having(**columns: object) -> frozenset[int]:
    """Implemented suites with mod_nss names whose columns have these values."""
    return frozenset(c for c in MOD_NSS if all(getattr(BY_CODE[c], key) == value for key, value in columns.items()))


# ---- nothing said ----------------------------------------------------------------------------------------------


def test_default_is_aead_with_ecdhe_and_tls_13() -> None:
    """Without the directive: ECDHE with GCM or ChaCha20, and TLS 1.3; nothing is said about it."""
    selection = evaluate(None)
    assert set(selection.suites) == ECDHE_GCM | {0xCCA8, 0xCCA9} | T13
    assert selection.findings == ()


def test_default_for_old_versions_has_suites_that_they_can_use() -> None:
    """Where TLS 1.0 was asked for and no list written, CBC with ECDHE is there, and nothing weaker."""
    chosen = old(None, tls13=False, minimum=TLS10, maximum=TLS11)
    assert chosen == {0xC009, 0xC00A, 0xC013, 0xC014}


@pytest.mark.parametrize("more", [{}, {"tls13": False}, {"minimum": TLS10}, {"minimum": TLS13}, {"fips": True}])
def test_default_never_lacks_encryption_or_authentication(more: dict[str, object]) -> None:
    """No default, whatever the versions, has a NULL or anonymous suite, or complains about itself."""
    selection = evaluate(None, **more)
    assert selection.suites
    assert all("NULL" not in (BY_CODE[c].encryption, BY_CODE[c].authentication) for c in selection.suites)
    assert selection.findings == ()


# ---- OpenSSL's notation ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EECDH+AESGCM:EDH+AESGCM", ECDHE_GCM | DHE_GCM),
        ("ECDHE+AESGCM:DHE+AESGCM", ECDHE_GCM | DHE_GCM),
        ("kECDHE+AESGCM", ECDHE_GCM),
        ("kEECDH+AESGCM:kDHE+AESGCM", ECDHE_GCM | DHE_GCM),
        ("EECDH+AESGCM,EDH+AESGCM", ECDHE_GCM | DHE_GCM),
        ("EECDH+AESGCM EDH+AESGCM", ECDHE_GCM | DHE_GCM),
        ("EECDH+AESGCM : EDH+AESGCM :", ECDHE_GCM | DHE_GCM),
        ('"EECDH+AESGCM"', ECDHE_GCM),
        ("eecdh+aesgcm", ECDHE_GCM),
        ("AESGCM", ECDHE_GCM | DHE_GCM | RSA_GCM),
        ("AESGCM:!kRSA:!EDH", ECDHE_GCM),
        ("AESGCM:-AESGCM:EECDH+AESGCM", ECDHE_GCM),
        ("CHACHA20", CHACHA),
        ("CHACHA20:!DHE", CHACHA - {0xCCAA}),
        ("AEAD:!CHACHA20", ECDHE_GCM | DHE_GCM | RSA_GCM),
        (
            "RSA:!AES:AES",
            having(key_exchange="RSA")
            - having(key_exchange="RSA", encryption="AES128")
            - having(key_exchange="RSA", encryption="AES256")
            - RSA_GCM,
        ),
        ("RSA+AES128", frozenset({0x002F, 0x003C, 0x009C})),
        ("ALL", MOD_NSS - T13 - having(encryption="NULL")),
        ("ALL:-RSA", MOD_NSS - T13 - having(encryption="NULL") - having(key_exchange="RSA")),
        ("COMPLEMENTOFALL", having(encryption="NULL")),
        ("HIGH:!aNULL:+SHA", having(strength="HIGH") - T13),
        ("HIGH:!aNULL:@STRENGTH", having(strength="HIGH") - T13),
        ("HIGH,MEDIUM", (having(strength="HIGH") | having(strength="MEDIUM")) - T13),
        ("MEDIUM", having(strength="MEDIUM")),
        ("SHA384", having(mac="SHA384")),
        ("kECDHr", having(key_exchange="ECDH_RSA")),
        ("kECDHe", having(key_exchange="ECDH_ECDSA")),
        ("aECDH", having(authentication="ECDH")),
        ("TLSv1.2+RSA", having(key_exchange="RSA", protocol="TLSv1.2")),
        ("FIPS", FIPS - T13),
        ("HIGH+FIPS", FIPS - T13),
        ("ALL:!FIPS", MOD_NSS - T13 - having(encryption="NULL") - FIPS),
        ("DEFAULT", DEFAULTS_ON - T13),
        ("DEFAULT:!RC4:!3DES", DEFAULTS_ON - T13 - {0x0004, 0x0005, 0x000A, 0x0016}),
        ("DEFAULT:eNULL", DEFAULTS_ON - T13),
        ("HIGH:!DEFAULT", having(strength="HIGH") - DEFAULTS_ON - T13),
        ("HIGH:-DEFAULT", having(strength="HIGH") - DEFAULTS_ON - T13),
        ("ALL:!COMPLEMENTOFDEFAULT", DEFAULTS_ON - T13),
        ("DEFAULT@SECLEVEL=1", DEFAULTS_ON - T13),
        ("PROFILE=SYSTEM", ECDHE_GCM | {0xCCA8, 0xCCA9}),
        ("ECDHE-RSA-AES128-GCM-SHA256", frozenset({0xC02F})),
        ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", frozenset({0xC02F})),
        ("ecdhe_rsa_aes_128_gcm_sha_256", frozenset({0xC02F})),
        ("rsa_3des_sha", frozenset({0x000A})),
        ("AES128-SHA:!3DES:DES-CBC3-SHA", frozenset({0x002F})),
        ("DHE-RSA-DES-CBC3-SHA", frozenset({0x0016})),
    ],
)
def test_openssl_list_selects(text: str, expected: frozenset[int]) -> None:
    """Each list leaves exactly these suites on, and no error."""
    selection = evaluate(text)
    assert not selection.failed, [one.text for one in selection.findings]
    assert old(text) == expected


MOZILLA = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305"
)


@pytest.mark.parametrize(
    "text",
    [
        MOZILLA,
        "HIGH:!aNULL:!MD5:!3DES",
        "ALL:!ADH:!EXPORT:!SSLv2:RC4+RSA:+HIGH:+MEDIUM:+LOW",
        "EECDH+ECDSA+AESGCM:EECDH+aRSA+AESGCM:EECDH+ECDSA+SHA384:EECDH:EDH+aRSA:!aNULL:!eNULL:!LOW:!3DES:!EXP:!SRP:!DSS",
        "HIGH:MEDIUM:!aNULL:!MD5:!SEED:!IDEA",
        "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:!aDSS:!kDH:!AESCCM:!ARIA:!CAMELLIA",
        "DEFAULT:!EXP:!SSLv2:!DES:!IDEA:!SEED:+3DES",
        "PROFILE=SYSTEM",
    ],
)
def test_lists_from_the_field_have_no_unknown_word(text: str) -> None:
    """Lists of manuals and packages are understood to the last word, and nothing is weak."""
    assert not set(codes(evaluate(text))) & {40, 42, 46, 48}


def test_mozillas_list_is_exactly_itself() -> None:
    """Nine names, nine suites."""
    assert len(old(MOZILLA)) == 9


@pytest.mark.parametrize(
    "text", ["!RSA:RSA", "+SHA", "bogus", "", ",", "!", "@STRENGTH", "DEFAULT:-DEFAULT", "PSK", "EXP"]
)
def test_nothing_left_is_an_error(text: str) -> None:
    """A list that leaves no suite stops the start, although TLS 1.3 would keep its own."""
    selection = evaluate(text)
    assert selection.failed
    assert 42 in codes(selection)


@pytest.mark.parametrize(
    ("text", "word", "meant"),
    [
        ("HIGH:!aNUL", "!aNUL", "aNULL"),
        ("HIGH:ECDHE-RSA-AES128-GCM-SHA25", "ECDHE-RSA-AES128-GCM-SHA25", "ECDHE-RSA-AES128-GCM-SHA256"),
        ("HIGH:CHACHA", "CHACHA", "CHACHA20"),
        (
            "+rsa_aes_128_sha,+ecdhe_rsa_aes_128_gcm_sha256",
            "+ecdhe_rsa_aes_128_gcm_sha256",
            "ecdhe_rsa_aes_128_gcm_sha_256",
        ),
    ],
)
def test_unknown_word_names_the_near_miss(text: str, word: str, meant: str) -> None:
    """A mistyped word stops the start, is quoted, and what was probably meant is said."""
    errors = [one for one in evaluate(text).findings if one.message.number == 40]
    assert [one.level for one in errors] == [Level.ERROR]
    assert f'"{meant}" was probably meant' in errors[0].text
    assert word.lstrip("!") in errors[0].text


@pytest.mark.parametrize("sign", ["", "+", "-", "!"])
@pytest.mark.parametrize("text", ["HIGH:{}nonsense", "HIGH:AES+{}nonsense", "HIGH@{}nonsense"])
def test_unknown_word_is_an_error_with_any_sign(text: str, sign: str) -> None:
    """A word that forbids nothing is as wrong as one that switches nothing on."""
    assert evaluate(text.format(sign)).failed


@pytest.mark.parametrize("sign", ["+", "-", "!"])
def test_unknown_name_is_an_error_in_mod_nss_notation(sign: str) -> None:
    """Also in a list that switches other suites on."""
    assert evaluate(f"+rsa_aes_128_sha,{sign}rsa_ase_256_sha").failed


#: Words of OpenSSL's manual, ciphers(1), of all its versions.
OPENSSL_WORDS = """
    PSK kPSK aPSK kRSAPSK kDHEPSK kECDHEPSK SRP kSRP aSRP aDSS DSS kRSA aRSA RSA ADH AECDH SEED IDEA CAMELLIA
    CAMELLIA128 CAMELLIA256 ARIA ARIA128 ARIA256 ARIAGCM AESCCM AESCCM8 AESGCM AES AES128 AES256 CHACHA20 GOST94
    GOST89MAC aGOST aGOST01 kGOST LOW MEDIUM HIGH EXP EXPORT EXPORT40 EXPORT56 eNULL aNULL NULL kEDH kDHE EDH DHE DH
    kDHr kDHd kDH aDH kECDHr kECDHe kECDH kEECDH kECDHE EECDH ECDHE ECDH aECDH aECDSA ECDSA KRB5 kFZA aFZA eFZA FZA
    SSLv2 SSLv3 TLSv1 TLSv1.0 TLSv1.2 ALL DEFAULT COMPLEMENTOFALL COMPLEMENTOFDEFAULT 3DES DES RC4 RC2 MD5 SHA SHA1
    SHA256 SHA384 AEAD SUITEB128 SUITEB128ONLY SUITEB128C2 SUITEB192 @STRENGTH @SECLEVEL=0 @SECLEVEL=2
    KRB5-DES-CBC3-SHA IDEA-CBC-SHA DES-CBC3-MD5 EXP-EDH-RSA-DES-CBC-SHA ADH-AES256-GCM-SHA384 PSK-AES256-CBC-SHA
    ECDHE-ECDSA-AES256-CCM8 ECDHE-ARIA256-GCM-SHA384 DH-RSA-AES128-SHA256 SRP-RSA-AES-256-CBC-SHA
    ECDH-ECDSA-AES128-GCM-SHA256 TLS_AES_128_CCM_SHA256 GOST2012-GOST8912-GOST8912 TLS_DHE_PSK_WITH_AES_256_CCM
    fortezza rc4export desede3
"""


@pytest.mark.parametrize("word", OPENSSL_WORDS.split())
def test_words_of_the_field_are_known(word: str) -> None:
    """Alone or forbidden, beside others: what OpenSSL or mod_nss ever knew is no unknown word."""
    for sign in ("", "-", "!"):
        text = f"AES128-SHA:{word}" if word.startswith("@") else f"AES128-SHA:{sign}{word}"
        assert 40 not in codes(evaluate(text)), text


def test_every_suite_of_this_openssl_is_known() -> None:
    """The names that the OpenSSL of this machine has, its own and IANA's."""
    command = ["openssl", "ciphers", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    names = {name for line in lines for name in (line.split()[0], line.split()[2])}
    assert len(names) > 50
    assert [name for name in sorted(names) if 40 in codes(evaluate(f"AES128-SHA:{name}"))] == []


def test_names_nearly_of_other_libraries_are_unknown() -> None:
    """A suite that nobody ever had is a mistake, however well it is made up."""
    for name in ("AES128-GCM-SHA384", "TLS_RSA_WITH_AES_128_GCM_SHA384", "ADH-CHACHA", "PSK-"):
        assert 40 in codes(evaluate(f"HIGH:!{name}")), name


def test_suites_of_other_libraries_are_told_where_they_are_wished_for() -> None:
    """Switched on: an INFO line with the names. Forbidden: nothing."""
    assert codes(evaluate("AES128-SHA:!PSK-AES256-CBC-SHA:-ADH-AES128-SHA")) == []
    findings = evaluate("AES128-SHA:ECDHE-ARIA256-GCM-SHA384").findings
    assert [(one.message.number, one.level) for one in findings] == [(41, Level.INFO)]
    assert "ECDHE-ARIA256-GCM-SHA384" in findings[0].text


def test_unknown_filter_does_not_widen_the_list() -> None:
    """kEECDH+AESG with a mistyped filter selects nothing; mod_nss dropped the filter and took all of kEECDH."""
    assert old("kEECDH+AESG:AES128-SHA") == {0x002F}
    assert 'all of "kEECDH+AESG" is left out' in evaluate("kEECDH+AESG:AES128-SHA").findings[0].text


def test_order_is_said_to_have_no_effect() -> None:
    """@STRENGTH and +WORD are one INFO line each."""
    selection = evaluate("HIGH:@STRENGTH:+SHA")
    assert [(one.message.number, one.level) for one in selection.findings] == [(43, Level.INFO), (43, Level.INFO)]


def test_forbidden_is_forbidden_for_good() -> None:
    """What ! took out comes back by no word, by no name."""
    assert 0x000A not in old("!3DES:HIGH:3DES:DES-CBC3-SHA:rsa_3des_sha:ALL")


def test_weak_suites_are_a_warning() -> None:
    """NULL suites that are asked for are there, and named."""
    selection = evaluate("HIGH:NULL-SHA256")
    assert codes(selection) == [48]
    assert "null_sha_256" in selection.findings[0].text


def test_anonymous_suites_are_a_warning_where_nss_has_them() -> None:
    """Suites without authentication are named when an NSS implements them."""
    selection = evaluate("AECDH:HIGH", implemented=frozenset(BY_CODE))
    assert any("authentication" in one.text for one in selection.findings)
    assert codes(evaluate("AECDH:HIGH:!aNULL", implemented=frozenset(BY_CODE))) == []


def test_suites_of_other_modules_come_by_name_only() -> None:
    """ALL means what it meant in mod_nss: DSS and SEED need their own words; forbidding reaches them."""
    extra = {suite.code for suite in SUITES if not suite.nss}
    assert not old("ALL") & extra
    assert old("DHE-DSS-AES128-SHA") == {0x0032}
    assert old("SEED-SHA:HIGH:!SEED") & extra == set()
    assert old("aDSS+AESGCM") == {0x00A2, 0x00A3}


# ---- mod_nss's notation ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+rsa_aes_128_sha", {0x002F}),
        ("+rsa_aes_128_sha,-rsa_3des_sha", {0x002F}),
        ("+rsa_aes_128_sha, +rsa_aes_256_sha", {0x002F, 0x0035}),
        ("+rsa_aes_128_sha ,+rsa_aes_256_sha ", {0x002F, 0x0035}),
        ("+rsa_aes_128_sha +rsa_aes_256_sha", {0x002F, 0x0035}),
        ("+rsa_aes_128_sha,+rsa_aes_256_sha:", {0x002F, 0x0035}),
        ("+rsa_aes_128_sha:+rsa_aes_256_sha", {0x002F, 0x0035}),
        ('"+rsa_aes_128_sha,+rsa_aes_256_sha"', {0x002F, 0x0035}),
        ("+RSA_AES_128_SHA,+Rsa_3des_Sha", {0x002F, 0x000A}),
        ("+rsa_aes_128_sha,-rsa_aes_128_sha,+rsa_3des_sha", {0x000A}),
        ("-rsa_aes_128_sha,+rsa_aes_128_sha", {0x002F}),
        ("+rsa_aes_128_sha,,+rsa_3des_sha,", {0x002F, 0x000A}),
        ("+camelia_128_sha,+dhe_rsa_aes_128_sha256", {0x0041, 0x0067}),
        ("+rsa_aes_128_sha,+ECDHE-RSA-AES128-GCM-SHA256", {0x002F, 0xC02F}),
        ("+rsa_aes_128_sha,!rsa_3des_sha,+rsa_3des_sha", {0x002F}),
    ],
)
def test_mod_nss_list_selects(text: str, expected: set[int]) -> None:
    """Signed names, with whatever blanks and separators, leave exactly these on."""
    selection = evaluate(text)
    assert not selection.failed
    assert old(text) == expected


@pytest.mark.parametrize("name", [suite.nss for suite in SUITES if suite.nss])
def test_every_name_works_in_both_notations(name: str) -> None:
    """A name switches exactly its suite on, or is said not to be implemented."""
    for text in (f"+{name},+rsa_aes_128_sha", f"{name}:rsa_aes_128_sha"):
        selection = evaluate(text)
        code = next(suite.code for suite in SUITES if suite.nss == name)
        assert (code in selection.suites) == (code in IMPLEMENTED)
        assert (41 in codes(selection)) == (code not in IMPLEMENTED)
        assert not selection.failed


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_aliases_are_understood_and_named(alias: str, name: str) -> None:
    """The manual's slips of the pen work, with a line that gives the right name."""
    selection = evaluate(f"+{alias},+rsa_aes_128_sha", implemented=frozenset(BY_CODE))
    assert any(BY_CODE[code].nss == name for code in selection.suites)
    assert any(one.message.number == 47 and name in one.text for one in selection.findings)


def test_name_without_sign_among_signed_ones_is_an_error() -> None:
    """Whether it was meant to be on or off cannot be known."""
    selection = evaluate("+rsa_aes_128_sha,rsa_3des_sha")
    assert selection.failed
    assert 46 in codes(selection)


def test_groups_are_no_words_of_this_notation() -> None:
    """+HIGH among mod_nss's names is unknown, and the message says why."""
    selection = evaluate("+rsa_aes_128_sha,+HIGH")
    assert set(selection.suites) - T13 == {0x002F}
    assert "OpenSSL's notation" in selection.findings[0].text


def test_forgotten_names_hurt_nobody() -> None:
    """Switching Fortezza off says nothing, switching it on says that it is not there."""
    off = ",".join(f"-{name}" for name in sorted(FORGOTTEN))
    assert codes(evaluate(f"+rsa_aes_128_sha,{off}")) == []
    selection = evaluate("+rsa_aes_128_sha,+fortezza,+rsa_rc4_56_sha")
    assert [one.level for one in selection.findings] == [Level.INFO]
    assert "fortezza" in selection.findings[0].text and "rsa_rc4_56_sha" in selection.findings[0].text


REALWORLD = {
    "rhel 7": "+aes_128_sha_256,+aes_256_sha_256,+ecdhe_ecdsa_aes_128_gcm_sha_256,+ecdhe_ecdsa_aes_128_sha,"
    "+ecdhe_ecdsa_aes_256_gcm_sha_384,+ecdhe_ecdsa_aes_256_sha,+ecdhe_rsa_aes_128_gcm_sha_256,+ecdhe_rsa_aes_128_sha,"
    "+ecdhe_rsa_aes_256_gcm_sha_384,+ecdhe_rsa_aes_256_sha,+rsa_aes_128_gcm_sha_256,+rsa_aes_128_sha,"
    "+rsa_aes_256_gcm_sha_384,+rsa_aes_256_sha",
    "puppet": "+rsa_rc4_128_md5,+rsa_rc4_128_sha,+rsa_3des_sha,-rsa_des_sha,-rsa_rc4_40_md5,-rsa_rc2_40_md5,"
    "-rsa_null_md5,-rsa_null_sha,+fips_3des_sha,-fips_des_sha,-fortezza,-fortezza_rc4_128_sha,-fortezza_null,"
    "-rsa_des_56_sha,-rsa_rc4_56_sha,+rsa_aes_128_sha,+rsa_aes_256_sha",
    "upstream": "+rsa_3des_sha,+rsa_aes_128_sha,+rsa_aes_256_sha,+ecdh_ecdsa_3des_sha,+ecdh_ecdsa_aes_256_sha,"
    "+ecdhe_ecdsa_3des_sha,+ecdhe_ecdsa_aes_256_sha,+ecdh_rsa_3des_sha,+ecdh_rsa_aes_256_sha,+ecdhe_rsa_3des_sha,"
    "+ecdhe_rsa_aes_128_sha,+ecdhe_rsa_aes_256_sha",
}


@pytest.mark.parametrize(
    ("text", "count"), [(REALWORLD["rhel 7"], 14), (REALWORLD["puppet"], 5), (REALWORLD["upstream"], 12)]
)
def test_lists_of_shipped_configurations(text: str, count: int) -> None:
    """The lists of RHEL, puppet and the original: every + that NSS has is on, no - is, TLS 1.3 stays."""
    selection = evaluate(text)
    names = {BY_CODE[code].nss for code in selection.suites if code not in T13}
    assert len(names) == count
    assert names == set(re.findall(r"\+(\w+)", text)) - {"fips_3des_sha"}
    assert set(selection.suites) >= T13
    assert not [one for one in selection.findings if one.level <= Level.WARNING]


# ---- TLS 1.3 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HIGH:!aNULL", T13),
        ("ECDHE+AESGCM", T13),
        ("+rsa_aes_128_sha", T13),
        ("DEFAULT", T13),
        ("HIGH:-ALL:ECDHE+AESGCM", T13),
        ("HIGH:!DEFAULT:ECDHE", T13),
        ("HIGH:TLS_AES_256_GCM_SHA384", {0x1302}),
        ("HIGH:TLS13-AES-256-GCM-SHA384", {0x1302}),
        ("HIGH:TLS-AES-256-GCM-SHA384", {0x1302}),
        ("+rsa_aes_128_sha,+aes_256_gcm_sha_384", {0x1302}),
        ("+rsa_aes_128_sha,+chacha20_poly1305_sha_256,+aes_128_gcm_sha_256", {0x1301, 0x1303}),
        ("HIGH:TLS-CHACHA20-POLY1305_SHA256", {0x1303}),
        ("HIGH:TLSv1.3", T13),
        ("HIGH:TLSv1.3+AESGCM", {0x1301, 0x1302}),
        ("HIGH:!TLS_CHACHA20_POLY1305_SHA256", {0x1301, 0x1302}),
        ("HIGH:-TLS_CHACHA20_POLY1305_SHA256", {0x1301, 0x1302}),
        ("+rsa_aes_128_sha,-aes_128_gcm_sha_256", {0x1302, 0x1303}),
        ("HIGH:!CHACHA20", {0x1301, 0x1302}),
        ("HIGH:!AES256", {0x1301, 0x1303}),
        ("HIGH:!TLSv1.3", set()),
    ],
)
def test_suites_of_tls_13(text: str, expected: set[int]) -> None:
    """A list that switches no suite of TLS 1.3 on keeps the default ones, less what it forbids."""
    selection = evaluate(text)
    assert set(selection.suites) & T13 == expected
    assert not selection.failed
    assert (50 in codes(selection)) == (not expected)


def test_no_tls_13_suite_without_tls_13() -> None:
    """Where the range of versions ends before, the suites are not there either, named or not."""
    assert not set(evaluate("HIGH", tls13=False).suites) & T13
    assert not set(evaluate("HIGH:TLSv1.3", tls13=False).suites) & T13


def test_tls_13_alone_while_older_versions_are_on_is_a_warning() -> None:
    """A list of nothing but TLS 1.3 starts, and says that TLS 1.2 cannot be spoken."""
    assert codes(evaluate("TLS_AES_128_GCM_SHA256")) == [49]
    assert codes(evaluate("TLS_AES_128_GCM_SHA256", minimum=TLS13)) == []
    assert 42 in codes(evaluate("TLS_AES_128_GCM_SHA256", tls13=False))


def test_aead_is_of_no_use_before_tls_12() -> None:
    """A list of GCM suites with NSSProtocol TLSv1.0,TLSv1.1 leaves nothing, which is an error at start."""
    assert 42 in codes(evaluate("ECDHE+AESGCM", tls13=False, minimum=TLS10, maximum=TLS11))
    assert old("HIGH", tls13=False, minimum=TLS10, maximum=TLS11) == having(strength="HIGH", protocol="SSLv3")
    assert not evaluate("ECDHE+AESGCM", tls13=False, minimum=TLS10, maximum=TLS12).failed


# ---- FIPS ------------------------------------------------------------------------------------------------------


def test_fips_takes_others_out_with_a_warning() -> None:
    """In FIPS mode suites without NSS's mark go, and those that were listed are named."""
    selection = evaluate("+rsa_aes_128_sha,+rsa_rc4_128_md5", fips=True)
    assert set(selection.suites) == {0x002F, 0x1301, 0x1302}
    assert codes(selection) == [45]
    assert "rsa_rc4_128_md5" in selection.findings[0].text
    assert 42 in codes(evaluate("+rsa_rc4_128_md5", fips=True))


# ---- explanations ----------------------------------------------------------------------------------------------


def test_trail_says_which_word_did_it() -> None:
    """Every effect is kept in order, with the word as written."""
    selection = evaluate("HIGH:-AES:!3DES:AES128-SHA:3DES")
    assert selection.explain(0x002F) == ("HIGH: on", "-AES: off", "AES128-SHA: on")
    assert selection.explain(0x000A) == ("HIGH: on", "!3DES: off for good")
    assert selection.explain(0x1301) == ("default of TLS 1.3: on",)
    assert selection.explain(0x0004) == ()
    assert evaluate(None).explain(0xC02F) == ("default: on",)


def test_findings_name_the_place() -> None:
    """Each line ends with the directive's file and line, and belongs to its virtual host."""
    place = Place("NSSCipherSuite", "/etc/httpd/conf.d/nss.conf", 12)
    for one in evaluate("bogus", place=place, server=2).findings:
        assert one.text.endswith("NSSCipherSuite (/etc/httpd/conf.d/nss.conf:12)")
        assert one.server == 2


# ---- whatever comes --------------------------------------------------------------------------------------------

WORDS = sorted(
    {
        *ciphers._GROUPS,
        *ciphers._EMPTY,
        *("DEFAULT", "COMPLEMENTOFDEFAULT", "FIPS", "@STRENGTH", "@SECLEVEL=2", "PROFILE=SYSTEM", "bogus", "fortezza"),
        *(suite.nss for suite in SUITES if suite.nss),
        *(suite.openssl for suite in SUITES),
        *(suite.iana for suite in SUITES),
    }
)
SIGNED = st.tuples(st.sampled_from(["", "+", "-", "!"]), st.lists(st.sampled_from(WORDS), min_size=1, max_size=3)).map(
    lambda pair: pair[0] + "+".join(pair[1])
)
LISTS = st.lists(SIGNED, max_size=12)


@given(LISTS, st.sampled_from([":", ",", " ", " : ", ", "]), st.booleans(), st.booleans())
def test_forbidden_suites_never_come_back(words: list[str], separator: str, tls13: bool, fips: bool) -> None:
    """No list, in any order, leaves a suite on that one of its ! words names."""
    selection = evaluate(separator.join(words), tls13=tls13, fips=fips)
    forbidden: set[int] = set()
    for word in words:
        if word.startswith("!") and "@" not in word:
            alone = evaluate(word, tls13=tls13)
            forbidden |= {step.code for step in alone.trail if step.final}
    assert not set(selection.suites) & forbidden


@given(LISTS, st.sampled_from([":", ",", " "]), st.booleans())
def test_result_is_a_set_that_nss_has(words: list[str], separator: str, tls13: bool) -> None:
    """Only implemented suites come out, sorted and once; nothing at all is an error; the trail knows them all."""
    selection = evaluate(separator.join(words), tls13=tls13)
    assert list(selection.suites) == sorted(set(selection.suites))
    assert set(selection.suites) <= IMPLEMENTED
    assert selection.suites or selection.failed
    for code in selection.suites:
        assert selection.explain(code)[-1].endswith(": on")


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    """No text makes it crash, and no text without a known word switches anything on in silence."""
    selection = evaluate(text, tls13=False)
    assert selection.suites or selection.failed


@given(st.text(alphabet="HIGHaNULL:!+-,@ =\"'\t;rsde_13"))
def test_any_torn_list_is_survived(text: str) -> None:
    """Torn lists of real letters are survived as well."""
    assert evaluate(text) is not None
