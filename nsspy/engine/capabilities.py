"""What the NSS of this process can do: versions, suites and groups, its policy included.

Asked once NSS is open, because FIPS mode and system-wide policies change the answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nsspy._nss import ffi, lib
from nsspy.certdb.database import nss_version
from nsspy.certdb.nsserror import check
from nsspy.tls.groups import MLKEM1024_P384, P256MLKEM768, PREFERRED, X25519MLKEM768

#: The first NSS that has a group (its release notes); the others are older than TLS 1.3.
_SINCE = {X25519MLKEM768: (3, 105), P256MLKEM768: (3, 118), MLKEM1024_P384: (3, 118)}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Lowest and highest version (NSS's numbers), suites and groups by number.

    ``implemented`` are the suites that NSS knows, ``suites`` those of them that its policy allows,
    ``fips`` those that it marks as approved, ``default_on`` those that are on when nobody chooses.
    """

    version: str
    versions: tuple[int, int]
    implemented: frozenset[int]
    suites: frozenset[int]
    fips: frozenset[int]
    default_on: frozenset[int]
    groups: tuple[int, ...]


def ask() -> Capabilities:
    """Asks NSS. Raises NSSError."""
    version = nss_version()
    supported: Any = ffi.new("SSLVersionRange *")
    check(lib.SSL_VersionRangeGetSupported(lib.ssl_variant_stream, supported), "SSL_VersionRangeGetSupported")
    implemented = frozenset(ffi.unpack(lib.SSL_GetImplementedCiphers(), lib.SSL_GetNumImplementedCiphers()))
    return Capabilities(
        version=".".join(str(part) for part in version),
        versions=(int(supported.min), int(supported.max)),
        implemented=implemented,
        suites=frozenset(suite for suite in implemented if _allowed(suite)),
        fips=frozenset(suite for suite in implemented if _is_fips(suite)),
        default_on=frozenset(suite for suite in implemented if _is_default(suite)),
        groups=_groups(version),
    )


def _allowed(suite: int) -> bool:
    policy = ffi.new("PRInt32 *")
    check(lib.SSL_CipherPolicyGet(suite, policy), "SSL_CipherPolicyGet")
    return bool(policy[0] == lib.SSL_ALLOWED)


def _is_fips(suite: int) -> bool:
    info: Any = ffi.new("SSLCipherSuiteInfo *")
    check(lib.SSL_GetCipherSuiteInfo(suite, info, ffi.sizeof(info[0])), "SSL_GetCipherSuiteInfo")
    return bool(lib.nsspy_suite_is_fips(info))


def _is_default(suite: int) -> bool:
    enabled = ffi.new("PRBool *")
    check(lib.SSL_CipherPrefGetDefault(suite, enabled), "SSL_CipherPrefGetDefault")
    return bool(enabled[0])


def _groups(version: tuple[int, ...]) -> tuple[int, ...]:
    """The groups of this version: libssl has no list of them, and takes numbers that it does not know."""
    return tuple(group for group in PREFERRED if version >= _SINCE.get(group, ()))
