"""The RSA key pair of session tickets, made once per life of nss_pcache.

cryptography makes it in 10 to 50 ms; NSS would take ten times as long.
"""

from __future__ import annotations

import sys

from nsspy.errors import NSSPyError, finding
from nsspy.errors import engine as messages
from nsspy.plan.model import TICKET_KEY
from nsspy.tokens.pcache import Client, PcacheError

BITS = 2048


def provide(client: Client) -> None:
    """Sees to it that nss_pcache has a key pair. Raises NSSPyError (NSS0704, NSS0705)."""
    try:
        present = client.get(TICKET_KEY)
        if present is not None:
            present[:] = bytes(len(present))
            return
        made = make()
        try:
            client.store(TICKET_KEY, made)
        finally:
            made[:] = bytes(len(made))
    except PcacheError as error:
        raise NSSPyError(
            finding(messages.PCACHE_STORE, what="the key pair of session tickets", why=str(error))
        ) from error


def make() -> bytearray:
    """A new pair as PKCS#8 DER. Raises NSSPyError (NSS0704)."""
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa
    except ImportError as error:
        raise NSSPyError(finding(messages.TICKET_KEY_FAILED, why=str(error), python=sys.executable)) from error
    pair = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    return bytearray(
        pair.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
