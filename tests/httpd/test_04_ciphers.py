"""Protocol versions, cipher suites and groups, as a client meets them on the wire."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Ready
from tests.support import clients
from tests.support.clients import V

VERSIONS = {"TLSv1": V.TLSv1, "TLSv1.1": V.TLSv1_1, "TLSv1.2": V.TLSv1_2, "TLSv1.3": V.TLSv1_3}


def versions(port: int) -> set[str]:
    """The versions that the server accepts, each tried alone."""
    found = set()
    for name, version in VERSIONS.items():
        try:
            with clients.connect(port, clients.context(low=version, high=version)) as sock:
                assert sock.version() == name
                found.add(name)
        except OSError:
            continue
    return found


def suites(port: int, candidates: str) -> set[str]:
    """Which of OpenSSL's TLS 1.2 suites the server accepts, each tried alone."""
    return {
        name
        for name in candidates.split(":")
        if clients.s_client(port, "-tls1_2", "-cipher", name + ":@SECLEVEL=0").cipher == name
    }


ALL_12 = (
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES128-SHA256:"
    "DHE-RSA-AES128-GCM-SHA256:AES128-GCM-SHA256:AES128-SHA:AES256-SHA:NULL-SHA"
)
TODAY = {name for name in ALL_12.split(":") if name.startswith("ECDHE") and ("GCM" in name or "CHACHA20" in name)}


@pytest.mark.parametrize(
    ("directive", "expected"),
    [
        ("", {"TLSv1.2", "TLSv1.3"}),
        ("NSSProtocol TLSv1.0,TLSv1.1,TLSv1.2", {"TLSv1", "TLSv1.1", "TLSv1.2"}),
        ("NSSProtocol TLSv1.2", {"TLSv1.2"}),
        ("NSSProtocol TLSv1.3", {"TLSv1.3"}),
        ("NSSProtocol TLSv1.1, TLSv1.2", {"TLSv1.1", "TLSv1.2"}),
        ("NSSProtocol tlsv1.2 tlsv1.3", {"TLSv1.2", "TLSv1.3"}),
        ("NSSProtocol all", {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}),
    ],
)
def test_protocol(ready: Callable[..., Ready], directive: str, expected: set[str]) -> None:
    """The versions are those that are written; without the directive TLS 1.2 and 1.3; blanks and case do not matter."""
    # A suite that TLS 1.0 has goes with the explicit lists; the defaults have none.
    inner = directive + ("\nNSSCipherSuite HIGH:!aNULL" if directive else "")
    server = ready().simple(inner)
    server.expect("NSS0")
    server.start()
    assert versions(server.port) == expected


def test_default_suites_are_todays(ready: Callable[..., Ready]) -> None:
    """Without NSSCipherSuite: AEAD with ECDHE, and nothing else."""
    server = ready().simple()
    server.start()
    assert suites(server.port, ALL_12) == TODAY


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("+ecdhe_rsa_aes_128_gcm_sha_256,+rsa_aes_128_sha", {"ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA"}),
        ("+ECDHE_RSA_AES_128_GCM_SHA_256 , +rsa_aes_128_sha ,-rsa_aes_128_sha", {"ECDHE-RSA-AES128-GCM-SHA256"}),
        ("ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA", {"ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA"}),
        ("EECDH+AESGCM:!ECDSA", {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"}),
        ("AES128-SHA:AES256-SHA:!AES256", {"AES128-SHA"}),
        ("AES128-SHA:!DEFAULT:AES128-SHA:NULL-SHA", {"NULL-SHA"}),
    ],
)
def test_suites_as_written(ready: Callable[..., Ready], value: str, expected: set[str]) -> None:
    """Both notations enable on the wire what they say; ``!DEFAULT`` takes away."""
    server = ready().simple(f"NSSProtocol TLSv1.2\nNSSCipherSuite {value}")
    server.expect("NSS0722", "NSS0048")  # a certificate without a suite, a suite without encryption
    server.start()
    assert suites(server.port, ALL_12) == expected


def test_strength_word_is_accepted(ready: Callable[..., Ready]) -> None:
    """``@STRENGTH`` stopped the original; it is accepted here and changes nothing."""
    server = ready().simple("NSSCipherSuite HIGH:!aNULL:@STRENGTH")
    server.expect("NSS0")
    server.start()
    assert clients.get(server.port).status == 200


@pytest.mark.parametrize(
    "value", ["+ecdhe_rsa_aes_128_gcm_sha_256", "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256"]
)
def test_tls13_keeps_its_suites(ready: Callable[..., Ready], value: str) -> None:
    """TLS 1.3 with a list that names no suite of TLS 1.3 keeps the default ones."""
    server = ready().simple(f"NSSProtocol TLSv1.2,TLSv1.3\nNSSCipherSuite {value}")
    server.start()
    for name in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"):
        assert clients.s_client(server.port, "-tls1_3", "-ciphersuites", name).cipher == name


@pytest.mark.parametrize("spelling", ["aes_256_gcm_sha_384", "TLS_AES_256_GCM_SHA384", "TLS13-AES-256-GCM-SHA384"])
def test_tls13_suite_in_three_spellings(ready: Callable[..., Ready], spelling: str) -> None:
    """A suite of TLS 1.3 can be named in mod_nss's, IANA's and the early spelling; then only it is on."""
    server = ready().simple(f"NSSProtocol TLSv1.2,TLSv1.3\nNSSCipherSuite +ecdhe_rsa_aes_128_gcm_sha_256,+{spelling}")
    server.start()
    assert clients.s_client(server.port, "-tls1_3").cipher == "TLS_AES_256_GCM_SHA384"
    assert clients.s_client(server.port, "-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256").cipher == ""


def test_groups(ready: Callable[..., Ready]) -> None:
    """X25519 goes before P-256 when the client offers both, whatever its order; P-256 alone works."""
    server = ready().simple()
    server.start()
    assert clients.s_client(server.port, "-tls1_3", "-groups", "X25519:P-256").group == "X25519"
    assert "256" in clients.s_client(server.port, "-tls1_3", "-groups", "P-256").group
    assert clients.s_client(server.port, "-tls1_2", "-groups", "P-256:X25519").group == "X25519"


def test_client_renegotiation_is_refused(ready: Callable[..., Ready]) -> None:
    """A client that renegotiates on its own is refused while NSSRenegotiation is off."""
    server = ready().simple("NSSProtocol TLSv1.2")
    server.expect("NSS05", "NSS06")
    server.start()
    shake = clients.s_client(server.port, "-tls1_2", stdin=b"R\n")
    assert "RENEGOTIATING" in shake.output
    assert "no renegotiation" in shake.output.lower() or "error" in shake.output.lower()


def test_safe_negotiation_can_be_demanded(ready: Callable[..., Ready]) -> None:
    """NSSRequireSafeNegotiation on: modern clients (which send the extension) are served."""
    server = ready().simple("NSSRequireSafeNegotiation on")
    server.start()
    assert clients.get(server.port, ctx=clients.context(high=V.TLSv1_2)).status == 200
    assert clients.get(server.port).status == 200
