"""Private keys: found for a certificate, proved to fit it, copied where that is faster.

A key of the software token is copied to a session object once per process: each use of a token
key reads the database and, where it has a password, pays the key derivation again.
"""

from __future__ import annotations

import hashlib
import shlex
from typing import Any

from nsspy._nss import ffi, lib
from nsspy.certdb.certificates import Certificate
from nsspy.certdb.handles import own, release
from nsspy.certdb.nsserror import NSSError, check, check_pointer, last_error
from nsspy.certdb.slots import Token, tokens
from nsspy.errors import Finding, Message, NSSPyError, Place, finding
from nsspy.errors import database as messages

_KU_ALL = 0xFF


class KeyLocked(NSSPyError):
    """NSS0231: nobody is logged in to the token with this label."""

    def __init__(self, finding: Finding, token: str) -> None:
        super().__init__(finding)
        self.token = token


class PrivateKey:
    """A private key of NSS. ``findings`` are remarks about it (INFO).

    The value owns the key until ``close`` or its end; libssl makes copies of what it is given.
    """

    __slots__ = ("findings", "handle")

    def __init__(self, key: Any, findings: tuple[Finding, ...] = ()) -> None:
        self.handle = own(key, lib.SECKEY_DestroyPrivateKey)
        self.findings = findings

    @property
    def pointer(self) -> Any:
        """The SECKEYPrivateKey, for calls."""
        return self.handle

    def close(self) -> None:
        """Lets the key go now."""
        release(self.handle)


class PublicKey:
    """A public key of NSS, owned by the value."""

    __slots__ = ("handle",)

    def __init__(self, key: Any) -> None:
        self.handle = own(key, lib.SECKEY_DestroyPublicKey)

    @property
    def pointer(self) -> Any:
        """The SECKEYPublicKey, for calls."""
        return self.handle

    def close(self) -> None:
        """Lets the key go now."""
        release(self.handle)


def open_key(
    certificate: Certificate,
    *,
    spec: str,
    copy: bool = True,
    prove: bool = True,
    server: int = -1,
    place: Place | None = None,
) -> PrivateKey:
    """The private key of a certificate, from the token that holds both.

    With *prove* a trial signature shows that key and certificate belong together. With *copy* a key
    of the software token becomes a session object. Raises NSSPyError NSS0221, 0222, 0231 or 0235.
    """
    token = _token_of(certificate)
    key = lib.PK11_FindPrivateKeyFromCert(token.handle, certificate.pointer, ffi.NULL)
    error = last_error("PK11_FindPrivateKeyFromCert") if key == ffi.NULL else None
    if key == ffi.NULL and certificate.internal:
        # The certificate may stand in the database and its key on a token.
        key = lib.PK11_FindKeyByAnyCert(certificate.pointer, ffi.NULL)
        error = last_error("PK11_FindKeyByAnyCert") if key == ffi.NULL else None
    subject = _Subject(certificate, spec, server, place)
    if error is not None:
        if not token.logged_in:
            raise KeyLocked(subject.finding(messages.CERT_KEY_LOCKED, error), token.label)
        raise NSSPyError(
            subject.finding(messages.CERT_NO_KEY, error, command=f"pk12util -i FILE.p12 -d {shlex.quote(spec)}")
        )
    private = PrivateKey(key)
    if copy:
        # First, so that the trial does not pay for a token key.
        private = _copied(private, subject)
    if prove:
        _prove(private, subject)
    return private


def prove_key(private: PrivateKey, certificate: Certificate, *, spec: str) -> None:
    """A trial signature: raises NSSPyError NSS0222 when key and certificate do not belong together."""
    _prove(private, _Subject(certificate, spec, -1, None))


def import_private_key(pkcs8: bytes) -> PrivateKey:
    """A key from PKCS#8 (RFC 5208, without password) as a session object of the software token.

    Raises NSSError; NSS in FIPS mode takes no key in the clear.
    """
    buffer = ffi.new("unsigned char[]", pkcs8)
    item = ffi.new("SECItem *", {"type": lib.siBuffer, "data": buffer, "len": len(pkcs8)})
    out = ffi.new("SECKEYPrivateKey **")
    slot = check_pointer(lib.PK11_GetInternalSlot(), "PK11_GetInternalSlot")
    try:
        status = lib.PK11_ImportDERPrivateKeyInfoAndReturnKey(
            slot, item, ffi.NULL, ffi.NULL, lib.PR_FALSE, lib.PR_FALSE, _KU_ALL, out, ffi.NULL
        )
        check(status, "PK11_ImportDERPrivateKeyInfoAndReturnKey")
    finally:
        ffi.memmove(buffer, bytes(len(pkcs8)), len(pkcs8))
        lib.PK11_FreeSlot(slot)
    return PrivateKey(check_pointer(out[0], "PK11_ImportDERPrivateKeyInfoAndReturnKey"))


def public_key(private: PrivateKey) -> PublicKey:
    """The public half of a key. Raises NSSError."""
    return PublicKey(check_pointer(lib.SECKEY_ConvertToPublicKey(private.pointer), "SECKEY_ConvertToPublicKey"))


class _Subject:
    """What every message about a key says."""

    def __init__(self, certificate: Certificate, spec: str, server: int, place: Place | None) -> None:
        self.certificate = certificate
        self.spec = spec
        self.server = server
        self.place = place

    def finding(self, message: Message, error: NSSError | None, **fields: object) -> Finding:
        """A finding about the key of the certificate."""
        everything: dict[str, object] = {
            "nickname": self.certificate.full_name,
            "serial": self.certificate.serial,
            "token": self.certificate.token,
            "spec": self.spec,
            "command": f"certutil -K -d {shlex.quote(self.spec)} -h {shlex.quote(self.certificate.token)}",
            "nss": error.bracket if error is not None else "",
            **fields,
        }
        return finding(message, server=self.server, place=self.place, **everything)


def _token_of(certificate: Certificate) -> Token:
    everywhere = tokens()
    for token in everywhere:
        if token.internal == certificate.internal and token.label == certificate.token:
            return token
    return everywhere[0]


def _prove(private: PrivateKey, subject: _Subject) -> None:
    """Signs with the key, verifies with the certificate. NSS's own look-up is by key id only."""
    public = lib.CERT_ExtractPublicKey(subject.certificate.pointer)
    if public == ffi.NULL:
        error = last_error("CERT_ExtractPublicKey")
        raise NSSPyError(
            subject.finding(messages.CERT_KEY_UNUSABLE, error, reason="NSS cannot read the certificate's public key")
        )
    owner = PublicKey(public)
    if public.keyType == lib.rsaPssKey:
        # The trial is plain RSA: it is the modulus that must fit.
        public.keyType = lib.rsaKey
    digest = hashlib.sha256(subject.certificate.der).digest()
    hashed, hash_bytes = _item(digest)
    length = lib.PK11_SignatureLen(private.pointer)
    signature, signature_bytes = _item(bytes(max(length, 0)))
    try:
        if length <= 0 or lib.PK11_Sign(private.pointer, signature, hashed) != 0:
            error = last_error("PK11_Sign")
            raise NSSPyError(
                subject.finding(messages.CERT_KEY_UNUSABLE, error, reason="a trial signature failed on the token")
            )
        if lib.PK11_Verify(owner.pointer, signature, hashed, ffi.NULL) != 0:
            error = last_error("PK11_Verify")
            raise NSSPyError(subject.finding(messages.CERT_KEY_MISMATCH, error))
    finally:
        owner.close()
        del hash_bytes, signature_bytes


def _item(data: bytes) -> tuple[Any, Any]:
    """A SECItem and the bytes it points to, which the caller keeps as long."""
    buffer = ffi.new("unsigned char[]", data)
    return ffi.new("SECItem *", {"type": lib.siBuffer, "data": buffer, "len": len(data)}), buffer


def _copied(private: PrivateKey, subject: _Subject) -> PrivateKey:
    slot = private.pointer.pkcs11Slot
    if not lib.PK11_IsInternal(slot) or private.pointer.pkcs11IsTemp:
        return private
    copy = lib.PK11_CopyTokenPrivKeyToSessionPrivKey(slot, private.pointer)
    if copy == ffi.NULL:
        error = last_error("PK11_CopyTokenPrivKeyToSessionPrivKey")
        return PrivateKey(
            check_pointer(lib.SECKEY_CopyPrivateKey(private.pointer), "SECKEY_CopyPrivateKey"),
            (subject.finding(messages.CERT_KEY_NOT_COPIED, error),),
        )
    private.close()
    return PrivateKey(copy)
