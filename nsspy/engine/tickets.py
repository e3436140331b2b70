"""The key pair of session tickets: one RSA pair that all children share.

NSS encrypts tickets with symmetric keys that lie in the shared session cache, wrapped by an RSA key.
Without an RSA certificate each process makes a wrapping key of its own, and tickets of one child are
nothing to the next. ``SSL_SetSessionTicketKeyPair`` gives all of them the same pair; it must come
before the first ``SSL_ConfigServerCert``, which otherwise takes the server's RSA key.
"""

from __future__ import annotations

from typing import Any

from nsspy._nss import ffi, lib
from nsspy.certdb.nsserror import check, check_pointer


def use(pkcs8: bytearray) -> None:
    """Gives libssl the key pair (PKCS#8 DER, RSA) for this process, as session objects of the internal token.

    The caller wipes *pkcs8*. Raises NSSError; FIPS tokens take no key in plain text.
    """
    buffer = ffi.from_buffer("unsigned char[]", pkcs8)
    item: Any = ffi.new("SECItem *", {"type": lib.siBuffer, "data": buffer, "len": len(pkcs8)})
    out: Any = ffi.new("SECKEYPrivateKey **")
    slot = check_pointer(lib.PK11_GetInternalSlot(), "PK11_GetInternalSlot")
    try:
        check(
            lib.PK11_ImportDERPrivateKeyInfoAndReturnKey(
                slot, item, ffi.NULL, ffi.NULL, 0, 0, lib.KU_KEY_ENCIPHERMENT, out, ffi.NULL
            ),
            "PK11_ImportDERPrivateKeyInfoAndReturnKey",
        )
    finally:
        lib.PK11_FreeSlot(slot)
    private = out[0]
    try:
        public = check_pointer(lib.SECKEY_ConvertToPublicKey(private), "SECKEY_ConvertToPublicKey")
        try:
            check(lib.SSL_SetSessionTicketKeyPair(public, private), "SSL_SetSessionTicketKeyPair")
        finally:
            lib.SECKEY_DestroyPublicKey(public)
    finally:
        lib.SECKEY_DestroyPrivateKey(private)
