"""The SSL_SERVER_* variables out of certificates made by cryptography, honest and hostile."""

from __future__ import annotations

import datetime
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID, ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from nsspy.x509 import certificate, der
from nsspy.x509.variables import Export, escape, variables

KEY = ec.generate_private_key(ec.SECP256R1())
UTC = datetime.UTC
START = datetime.datetime(2026, 11, 3, 8, 5, 9, tzinfo=UTC)
UPN = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
SRV = ObjectIdentifier("1.3.6.1.5.5.7.8.7")


def attribute(oid: ObjectIdentifier, value: str, kind: _ASN1Type | None = None) -> x509.NameAttribute:
    return x509.NameAttribute(oid, value, _type=kind) if kind else x509.NameAttribute(oid, value)


def make(
    *attributes: x509.NameAttribute,
    names: tuple[x509.GeneralName, ...] = (),
    serial: int = 5,
    end: datetime.datetime = datetime.datetime(2051, 2, 28, 23, 59, 59, tzinfo=UTC),
) -> bytes:
    """A self-signed certificate with this subject and these alternative names, as DER."""
    name = x509.Name(attributes or [attribute(NameOID.COMMON_NAME, "www.example.com")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(serial)
        .not_valid_before(START)
        .not_valid_after(end)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def values(data: bytes, **more: object) -> dict[str, bytes]:
    """Variables by name, without the prefix; no name comes twice."""
    found = variables(data, subject="CN=s", issuer="CN=i", **more)  # type: ignore[arg-type]
    by_name = {one.name.removeprefix("SSL_SERVER_"): one.value for one in found}
    assert len(by_name) == len(found)
    assert all(b"\0" not in value and value for value in by_name.values())
    return by_name


def test_plain_fields() -> None:
    """Version, serial, validity, names and PEM have the forms of mod_nss."""
    data = make(serial=2)
    found = values(data)
    assert found["M_VERSION"] == b"3"
    assert found["M_SERIAL"] == b"2"
    assert found["V_START"] == b"Nov 03 08:05:09 2026 GMT"
    assert found["V_END"] == b"Feb 28 23:59:59 2051 GMT"
    assert found["S_DN"] == b"CN=s"
    assert found["I_DN"] == b"CN=i"
    assert ssl.PEM_cert_to_DER_cert(found["CERT"].decode()) == data
    assert max(len(line) for line in found["CERT"].splitlines()) == 64


def test_serial_of_any_length_is_decimal() -> None:
    """A serial number of 20 octets is not cut (mod_nss printed garbage beyond 8)."""
    serial = (1 << 158) + 12345
    assert values(make(serial=serial))["M_SERIAL"] == str(serial).encode()


def test_time_agrees_with_the_library() -> None:
    """Dates on both sides of 2050 and on leap days are read and written right."""
    for end in (
        datetime.datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime.datetime(2050, 1, 1, 0, 0, 0, tzinfo=UTC),
        datetime.datetime(2096, 2, 29, 12, 0, 1, tzinfo=UTC),
        datetime.datetime(2400, 2, 29, 12, 0, 1, tzinfo=UTC),
        datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    ):
        data = make(end=end)
        assert certificate.read(data).not_after == int(end.timestamp())
        assert values(data)["V_END"].decode() == end.strftime("%b %d %H:%M:%S %Y GMT")


@given(st.datetimes(datetime.datetime(1950, 1, 1), datetime.datetime(9999, 12, 31)))
def test_every_time_is_read_right(moment: datetime.datetime) -> None:
    """GeneralizedTime becomes the same number of seconds that the standard library counts."""
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    text = f"{moment.year:04d}{moment:%m%d%H%M%SZ}".encode()
    assert der.time(der.GENERALIZED_TIME, text) == round(
        (moment - datetime.datetime(1970, 1, 1, tzinfo=UTC)) / datetime.timedelta(seconds=1)
    )


def test_parts_of_a_name() -> None:
    """Several values of one kind: plain is the first, CN the last as in NSS; _n counts from 0 in both."""
    found = values(
        make(
            attribute(NameOID.COUNTRY_NAME, "DE"),
            attribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "outer"),
            attribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "inner"),
            attribute(NameOID.STATE_OR_PROVINCE_NAME, "Köln"),
            attribute(NameOID.COMMON_NAME, "first"),
            attribute(NameOID.COMMON_NAME, "last"),
            attribute(NameOID.EMAIL_ADDRESS, "Some@Example.COM"),
            attribute(NameOID.USER_ID, "alpha"),
            attribute(NameOID.GIVEN_NAME, "Frank"),
        )
    )
    assert found["S_DN_C"] == b"DE"
    assert (found["S_DN_OU"], found["S_DN_OU_0"], found["S_DN_OU_1"]) == (b"outer", b"outer", b"inner")
    assert (found["S_DN_CN"], found["S_DN_CN_0"], found["S_DN_CN_1"]) == (b"last", b"first", b"last")
    assert found["S_DN_ST"] == found["I_DN_SP"] == "Köln".encode()
    assert found["S_DN_Email"] == b"some@example.com"
    assert (found["S_DN_UID"], found["S_DN_G"]) == (b"alpha", b"Frank")


@pytest.mark.parametrize("kind", [_ASN1Type.BMPString, _ASN1Type.UTF8String, _ASN1Type.T61String])
def test_strings_of_other_types_become_utf8(kind: _ASN1Type) -> None:
    """Old string types are turned into UTF-8."""
    text = "plain" if kind is _ASN1Type.T61String else "Grüße ✓"
    assert values(make(attribute(NameOID.COMMON_NAME, text, kind)))["S_DN_CN"] == text.encode()


def test_nothing_ends_or_forges_a_value() -> None:
    """NUL, line ends, quotes and backslashes in a certificate are escaped as NSS escapes them."""
    found = values(
        make(
            attribute(NameOID.COMMON_NAME, 'a\0b\nc"d\\e'),
            names=(x509.DNSName("good.example\0.evil.example"), x509.DNSName("a,DNS:b"), x509.DNSName("plain.example")),
        )
    )
    assert found["S_DN_CN"] == rb"a\00b\0ac\"d\\e"
    assert found["SAN_DNS_0"] == rb"good.example\00.evil.example"
    assert found["SAN_DNS_1"] == b'"a,DNS:b"'
    assert found["SAN_DNS_2"] == b"plain.example"


def test_alternative_names() -> None:
    """Each kind counts from 0, and all of them are exported on every TLS request."""
    data = make(
        names=(
            x509.DNSName("a.example"),
            x509.RFC822Name("me@a.example"),
            x509.DNSName("*.b.example"),
            x509.IPAddress(ipaddress.ip_address("192.0.2.7")),
            x509.IPAddress(ipaddress.ip_address("2001:db8::7")),
            x509.UniformResourceIdentifier("https://a.example/"),
            x509.OtherName(UPN, b"\x0c\x08me@realm"),
            x509.OtherName(SRV, b"\x16\x0f_http.a.example"),
            x509.OtherName(ObjectIdentifier("1.2.3"), b"\x05\x00"),
            x509.DirectoryName(x509.Name([attribute(NameOID.COMMON_NAME, "dir")])),
        )
    )
    found = {one.name: one for one in variables(data, subject="", issuer="") if "_SAN_" in one.name}
    assert {name.removeprefix("SSL_SERVER_SAN_"): one.value for name, one in found.items()} == {
        "DNS_0": b"a.example",
        "DNS_1": b"*.b.example",
        "Email_0": b"me@a.example",
        "IPaddr_0": b"192.0.2.7",
        "IPaddr_1": b"2001:db8::7",
        "OTHER_msUPN_0": b"me@realm",
        "OTHER_dnsSRV_0": b"_http.a.example",
    }
    assert {one.exported for one in found.values()} == {Export.ALWAYS}


def test_chain_begins_with_the_leaf() -> None:
    """CERT_CHAIN_0 is the certificate itself, then what is served with it."""
    leaf, issuer = make(serial=1), make(serial=2)
    found = values(leaf, chain=(issuer,))
    assert found["CERT_CHAIN_0"] == found["CERT"]
    assert ssl.PEM_cert_to_DER_cert(found["CERT_CHAIN_1"].decode()) == issuer


def test_a_broken_extension_takes_nothing_else_along() -> None:
    """Alternative names that do not decode are left out and named; the rest stands."""
    data = make(names=(x509.IPAddress(ipaddress.ip_address("192.0.2.7")),))
    broken = data.replace(b"\x87\x04\xc0\x00\x02\x07", b"\x87\x05\xc0\x00\x02\x07")
    assert broken != data
    read = certificate.read(broken)
    assert read.damaged == ("subjectAltName",)
    assert read.serial == 5
    assert "SAN_IPaddr_0" not in values(broken)


@settings(max_examples=400)
@given(st.data())
def test_no_byte_string_is_fatal(data: st.DataObject) -> None:
    """Whatever is changed in or cut off a certificate: no exception, no NUL, no control character."""
    raw = bytearray(FUZZED)
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(raw[: data.draw(st.integers(0, len(raw)))]) if data.draw(st.booleans()) else bytes(raw)
    for one in variables(cut, subject="", issuer=""):
        pem = "CERT" in one.name
        assert pem or not any(octet < 0x20 or octet == 0x7F for octet in one.value), one


@given(st.binary(max_size=200))
def test_noise_is_no_certificate(noise: bytes) -> None:
    """Noise gives a certificate without parts, at once."""
    assert certificate.read(noise).damaged


FUZZED = make(
    attribute(NameOID.COMMON_NAME, "www.example.com"),
    attribute(NameOID.ORGANIZATION_NAME, "Größe", _ASN1Type.BMPString),
    names=(
        x509.DNSName("a.example"),
        x509.IPAddress(ipaddress.ip_address("2001:db8::7")),
        x509.OtherName(UPN, b"\x0c\x08me@realm"),
    ),
)


@given(st.text())
def test_escape_is_utf8_without_control_characters(text: str) -> None:
    """Any text, lone surrogates too, becomes bytes without control characters."""
    escaped = escape(text)
    assert not any(octet < 0x20 or octet == 0x7F for octet in escaped)
