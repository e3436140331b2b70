"""The key pair of session tickets: one RSA pair that all children share.

NSS encrypts tickets with symmetric keys that lie in the shared session cache, wrapped by an RSA key.
Without an RSA certificate each process makes a wrapping key of its own, and tickets of one child are
nothing to the next. ``SSL_SetSessionTicketKeyPair`` gives all of them the same pair; it must come
before the first ``SSL_ConfigServerCert``, which otherwise takes the server's RSA key.
"""

from __future__ import annotations

from nsspy._nss import lib
from nsspy.certdb.keys import import_private_key, public_key
from nsspy.certdb.nsserror import check


def use(pkcs8: bytearray) -> None:
    """Gives libssl the key pair (PKCS#8 DER, RSA) for this process, as session objects of the internal token.

    The caller wipes *pkcs8*. Raises NSSError; FIPS tokens take no key in plain text.
    """
    private = import_private_key(bytes(pkcs8))
    public = public_key(private)
    try:
        check(lib.SSL_SetSessionTicketKeyPair(public.pointer, private.pointer), "SSL_SetSessionTicketKeyPair")
    finally:
        public.close()
        private.close()
