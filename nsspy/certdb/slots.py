"""Slots of NSS: which tokens are there, and what they want.

A *token* here is a slot with a token in it. The software token has two faces in NSS (a slot for
cryptography, one for certificates and keys); only the second holds anything and is meant here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nsspy._nss import ffi, lib
from nsspy.certdb.handles import own
from nsspy.certdb.nsserror import check_pointer, ffi_text


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it was when it was listed; ``handle`` keeps NSS's slot for as long as the value lives.

    ``internal`` is true for the software token, ``initialised`` when it has a user PIN or needs
    none, ``protected_path`` when it wants the PIN on a key pad of its own.
    """

    label: str
    internal: bool
    fips: bool
    module: str
    needs_login: bool
    initialised: bool
    protected_path: bool
    handle: Any = field(repr=False, compare=False)

    @property
    def logged_in(self) -> bool:
        """Asks the token now."""
        return not self.needs_login or bool(lib.PK11_IsLoggedIn(self.handle, ffi.NULL))


def tokens() -> tuple[Token, ...]:
    """Every token that holds keys or certificates: the software token first, then by NSS's order.

    Raises NSSError when NSS is not open.
    """
    software = internal_token()
    found = [software]
    listing = lib.PK11_GetAllTokens(lib.CKM_INVALID_MECHANISM, lib.PR_FALSE, lib.PR_FALSE, ffi.NULL)
    if listing == ffi.NULL:
        return tuple(found)
    try:
        element = lib.PK11_GetFirstSafe(listing)
        while element != ffi.NULL:
            slot = element.slot
            # The second face of the software token, and NSS's own roots, hold no keys of ours.
            if not lib.PK11_IsInternal(slot) and not lib.PK11_HasRootCerts(slot):
                found.append(_token(_own(lib.PK11_ReferenceSlot(slot)), internal=False))
            element = lib.PK11_GetNextSafe(listing, element, lib.PR_FALSE)
    finally:
        lib.PK11_FreeSlotList(listing)
    return tuple(found)


def internal_token() -> Token:
    """The software token that holds certificates and keys. Raises NSSError when NSS is not open."""
    slot = check_pointer(lib.PK11_GetInternalKeySlot(), "PK11_GetInternalKeySlot")
    return _token(_own(slot), internal=True)


def _own(slot: Any) -> Any:
    """The slot with its reference tied to the value."""
    return own(slot, lib.PK11_FreeSlot)


def _token(slot: Any, *, internal: bool) -> Token:
    module = lib.PK11_GetModule(slot)
    return Token(
        label=ffi_text(lib.PK11_GetTokenName(slot)),
        internal=internal,
        fips=internal and bool(lib.PK11_IsFIPS()),
        module=ffi_text(module.commonName) if module != ffi.NULL else "",
        needs_login=bool(lib.PK11_NeedLogin(slot)),
        initialised=not lib.PK11_NeedUserInit(slot),
        protected_path=bool(lib.PK11_ProtectedAuthenticationPath(slot)),
        handle=slot,
    )
