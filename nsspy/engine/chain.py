"""The chain that is served with a certificate, as far as the database has it.

The list holds NSS's certificates for as long as it lives, and that is half of its purpose: NSS reads
the trust of an authority anew whenever its last reference has gone, and in a database with a
password each reading pays the key derivation (15 ms). So a chain is made first, and kept until
verification and model sockets are done.
"""

from __future__ import annotations

import time
from typing import Any

from nsspy._nss import ffi, lib
from nsspy.certdb.certificates import Certificate


class Chain:
    """The certificates above a leaf, the leaf first. Call ``close`` before NSS is shut down."""

    def __init__(self, certificate: Certificate) -> None:
        """Asks the database, at this moment."""
        self._held: Any = lib.CERT_GetCertChainFromCert(
            certificate.pointer, int(time.time() * 1_000_000), lib.certUsageSSLServer
        )
        self._ders = _served(self._held) or (certificate.der,)

    @property
    def served(self) -> tuple[bytes, ...]:
        """DER of what is sent: the leaf, then its issuers without the root, which clients have or do not trust."""
        return self._ders

    def for_libssl(self, keep: list[Any]) -> Any:
        """A ``CERTCertificateList *`` of it for a call that copies it; all its memory hangs on *keep*."""
        buffers = [ffi.from_buffer("unsigned char[]", one) for one in self._ders]
        items: Any = ffi.new("SECItem[]", len(buffers))
        for at, buffer in enumerate(buffers):
            items[at].type = lib.siDERCertBuffer
            items[at].data = buffer
            items[at].len = len(self._ders[at])
        listing: Any = ffi.new("CERTCertificateList *", {"certs": items, "len": len(buffers), "arena": ffi.NULL})
        keep += [buffers, items, listing]
        return listing

    def close(self) -> None:
        """Lets the certificates go."""
        if self._held != ffi.NULL:
            lib.CERT_DestroyCertList(self._held)
            self._held = ffi.NULL


def _served(listing: Any) -> tuple[bytes, ...]:
    found: list[bytes] = []
    if listing == ffi.NULL:
        return ()
    node = lib.CERT_LIST_HEAD(listing)
    while not lib.CERT_LIST_END(node, listing):
        cert = node.cert
        if not (found and cert.isRoot):
            found.append(bytes(ffi.buffer(cert.derCert.data, cert.derCert.len)))
        node = lib.CERT_LIST_NEXT(node)
    return tuple(found)
