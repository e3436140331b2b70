"""Model sockets: one profile of TLS settings as a libssl socket that never connects.

``SSL_ImportFD(model)`` gives each connection a copy of everything set here, in microseconds. All that
is slow (key look-ups, chains, ``SSL_ConfigServerCert``) therefore happens here, once, and never in a
handshake. The planner builds the same sockets to prove a configuration.

Two things NSS does not say aloud:

* ``SSL_NO_LOCKS`` must stay off. httpd gives a connection to one thread at a time, so the locks guard
  nothing; but without them NSS dereferences NULL whenever it sends an alert (3.87 ``SSL3_SendAlert`` asks
  for the handshake lock's holder), and every close_notify is one.
* ``SSL_ConfigServerCert`` obeys the key usage of the certificate. Certificates of mod_nss's own
  ``gencert`` say keyEncipherment only, and would serve nothing but RSA key transport; the older
  ``SSL_ConfigSecureServer`` looks at the kind of key alone and serves ECDHE and TLS 1.3 with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nsspy._nss import ffi, lib
from nsspy.certdb.certificates import Certificate
from nsspy.certdb.nsserror import NSSError, last_error
from nsspy.engine.keyring import Opened
from nsspy.plan.model import Profile

#: NSS_VERIFY_* of bridge.h.
VERIFY_NONE, VERIFY_OPTIONAL, VERIFY_REQUIRE, VERIFY_OPTIONAL_NO_CA = range(4)


class ModelError(Exception):
    """A step that NSS refused. ``step`` names it, ``error`` is NSS's answer."""

    def __init__(self, step: str, error: NSSError) -> None:
        super().__init__(f"{step} {error.bracket}")
        self.step = step
        self.error = error


def build(profile: Profile, certificates: Sequence[Opened]) -> Any:
    """A model socket (``PRFileDesc *``, the caller's to close) with the settings of *profile*.

    Raises ModelError at the first step that NSS refuses; nothing is left open then.
    """
    plain = lib.PR_NewTCPSocket()
    if plain == ffi.NULL:
        raise _refused("a socket cannot be made")
    model = lib.SSL_ImportFD(ffi.NULL, plain)
    if model == ffi.NULL:
        error = _refused("the socket cannot be given to libssl")
        lib.PR_Close(plain)
        raise error
    try:
        _hide_from_programs(model)
        _set_options(model, profile)
        _set_versions(model, profile)
        _set_suites(model, profile.suites)
        _set_groups(model, profile.groups)
        for one in certificates:
            _add_certificate(model, one)
    except ModelError:
        lib.PR_Close(model)
        raise
    return model


def close(model: Any) -> None:
    """Closes a model socket that nobody uses."""
    lib.PR_Close(model)


def _refused(step: str) -> ModelError:
    """The error that *step* has just left on this thread."""
    return ModelError(step, last_error(step))


def versions(model: Any) -> tuple[int, int]:
    """The versions that NSS left of the wanted range (the system's policy may narrow it)."""
    found: Any = ffi.new("SSLVersionRange *")
    if lib.SSL_VersionRangeGet(model, found) != lib.SECSuccess:
        raise _refused("the range of versions cannot be read back")
    return int(found.min), int(found.max)


def _option(model: Any, name: str, option: int, value: int) -> None:
    if lib.SSL_OptionSet(model, option, value) != lib.SECSuccess:
        raise _refused(f"option {name}")


def _hide_from_programs(model: Any) -> None:
    """Programs that httpd starts (CGI) must not inherit the descriptor."""
    import fcntl

    number = lib.PR_FileDesc2NativeHandle(model)
    fcntl.fcntl(number, fcntl.F_SETFD, fcntl.fcntl(number, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)


def _set_options(model: Any, profile: Profile) -> None:
    asks = profile.verify_client != VERIFY_NONE
    demands = profile.verify_client == VERIFY_REQUIRE
    for name, option, value in (
        ("SSL_NO_LOCKS", lib.SSL_NO_LOCKS, 0),
        ("SSL_SECURITY", lib.SSL_SECURITY, 1),
        ("SSL_HANDSHAKE_AS_SERVER", lib.SSL_HANDSHAKE_AS_SERVER, 1),
        ("SSL_ENABLE_SESSION_TICKETS", lib.SSL_ENABLE_SESSION_TICKETS, int(profile.session_tickets)),
        ("SSL_ENABLE_SERVER_DHE", lib.SSL_ENABLE_SERVER_DHE, 1),
        ("SSL_ENABLE_EXTENDED_MASTER_SECRET", lib.SSL_ENABLE_EXTENDED_MASTER_SECRET, 1),
        ("SSL_ENABLE_0RTT_DATA", lib.SSL_ENABLE_0RTT_DATA, 0),
        # A client that starts one is always refused: it could cost handshakes without end.
        ("SSL_ENABLE_RENEGOTIATION", lib.SSL_ENABLE_RENEGOTIATION, lib.SSL_RENEGOTIATE_NEVER),
        ("SSL_REQUIRE_SAFE_NEGOTIATION", lib.SSL_REQUIRE_SAFE_NEGOTIATION, int(profile.require_safe_negotiation)),
        ("SSL_REQUEST_CERTIFICATE", lib.SSL_REQUEST_CERTIFICATE, int(asks)),
        (
            "SSL_REQUIRE_CERTIFICATE",
            lib.SSL_REQUIRE_CERTIFICATE,
            lib.SSL_REQUIRE_ALWAYS if demands else lib.SSL_REQUIRE_NEVER,
        ),
    ):
        _option(model, name, option, value)


def _set_versions(model: Any, profile: Profile) -> None:
    wanted = ffi.new("SSLVersionRange *", {"min": profile.version_min, "max": profile.version_max})
    if lib.SSL_VersionRangeSet(model, wanted) != lib.SECSuccess:
        raise _refused(f"versions 0x{profile.version_min:04x} to 0x{profile.version_max:04x}")


def _set_suites(model: Any, suites: Sequence[int]) -> None:
    """All off first, so that a newer NSS brings in nothing that nobody chose."""
    implemented = ffi.unpack(lib.SSL_GetImplementedCiphers(), lib.SSL_GetNumImplementedCiphers())
    chosen = set(suites)
    for suite in implemented:
        if lib.SSL_CipherPrefSet(model, suite, int(suite in chosen)) != lib.SECSuccess:
            raise _refused(f"suite 0x{suite:04x}")


def _set_groups(model: Any, groups: Sequence[int]) -> None:
    if groups and lib.SSL_NamedGroupConfig(model, ffi.new("SSLNamedGroup[]", list(groups)), len(groups)):
        raise _refused("named groups " + ", ".join(str(group) for group in groups))


def signs(certificate: Certificate) -> bool:
    """False for a certificate whose key usage forbids signatures: ``SSL_ConfigServerCert`` would keep
    it from ECDHE and TLS 1.3."""
    return bool(certificate.pointer.keyUsage & lib.KU_DIGITAL_SIGNATURE)


def _add_certificate(model: Any, one: Opened) -> None:
    certificate, key = one.certificate.pointer, one.key.pointer
    if signs(one.certificate):
        keep: list[Any] = []
        extra: Any = ffi.new(
            "SSLExtraServerCertData *", {"authType": lib.ssl_auth_null, "certChain": one.chain.for_libssl(keep)}
        )
        done = lib.SSL_ConfigServerCert(model, certificate, key, extra, ffi.sizeof(extra[0]))
    else:
        done = lib.SSL_ConfigSecureServer(model, certificate, key, lib.NSS_FindCertKEAType(certificate))
    if done != lib.SECSuccess:
        raise _refused("certificate and key")
