"""Logging in to tokens.

The rule that protects hardware: a PIN that a token has refused is never tried on it again in
this process, and a child that was refused takes the PIN out of nss_pcache, so that its
successors do not try it either. A token locks itself after a few wrong ones.
"""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterable
from typing import Any

from nsspy._nss import ffi, lib
from nsspy.certdb.nsserror import NSSError, last_error
from nsspy.certdb.slots import Token, tokens
from nsspy.errors import Finding, Message, NSSPyError, Place, finding
from nsspy.errors import database as messages
from nsspy.tokens import pcache
from nsspy.tokens.pin import Pin
from nsspy.tokens.pinfile import INTERNAL, is_internal

__all__ = ["Token", "find", "login", "login_from_pcache", "pcache_key", "tokens"]

#: PINs (digests) that a token, by its label, has refused in this process.
_refused: set[tuple[str, bytes]] = set()


#: One login at a time: NSS has one password function for the process.
_lock = threading.Lock()


class _Offer:
    """The PIN that NSS's question is answered with, and how often NSS asked."""

    pin: Pin | None = None
    asked: int = 0


@ffi.def_extern()
def nsspy_password(slot: Any, retry: int, argument: Any) -> Any:  # noqa: ARG001
    """NSS asks for a PIN. Every question but the first means that the PIN was refused."""
    _Offer.asked += 1
    pin = _Offer.pin
    if pin is None or retry or _Offer.asked > 1:
        return ffi.NULL
    memory = lib.PORT_Alloc(len(pin.value) + 1)
    if memory == ffi.NULL:
        return ffi.NULL
    target = ffi.buffer(memory, len(pin.value) + 1)
    target[:-1] = pin.value
    target[-1:] = b"\0"
    return ffi.cast("char *", memory)


def find(label: str, *, spec: str, place: Place | None = None) -> Token:
    """The token of this name; every name of the software token finds that one.

    Raises NSSPyError (NSS0251) with the labels that are there.
    """
    everywhere = tokens()
    for token in everywhere:
        if token.label == label:
            return token
    if is_internal(label):
        return everywhere[0]
    raise NSSPyError(
        finding(
            messages.TOKEN_MISSING,
            place=place,
            token=label,
            present=", ".join(token.label for token in everywhere),
            command=f"modutil -dbdir {shlex.quote(spec)} -list",
        )
    )


def pcache_key(token: Token) -> bytes:
    """Under which key nss_pcache keeps the PIN of a token."""
    return INTERNAL.encode() if token.internal else token.label.encode("utf-8", "surrogateescape")


def login(token: Token, pins: Iterable[Pin], *, spec: str, place: Place | None = None) -> Pin | None:
    """Logs in with the first of *pins* that the token takes, and gives that one back.

    None: the token wants no login, or has one already. The PINs that were not taken are wiped; the
    one that was is the caller's to keep and wipe. *spec* names the database in messages.
    Raises NSSPyError NSS0244 (refused, with its source), 0245 (locked), 0246, 0252, 0253 or 0256;
    the caller says which dialogue gave no PIN at all, so without any PIN it is NSS0253.
    """
    if not token.initialised:
        raise NSSPyError(
            _finding(messages.TOKEN_UNINITIALISED, token, spec, place, command=_set_pin_command(token, spec))
        )
    if token.logged_in:
        return None
    if token.protected_path:
        raise NSSPyError(_finding(messages.TOKEN_NO_PIN_PATH, token, spec, place))
    refused: list[Pin] = []
    last: NSSError | None = None
    for pin in pins:
        problem = _unusable(pin)
        if problem:
            source = pin.source
            pin.wipe()
            raise NSSPyError(_finding(messages.PIN_UNUSABLE, token, spec, place, source=source, reason=problem))
        if (token.label, pin.digest()) in _refused:
            refused.append(pin)
            continue
        last = _try(token, pin)
        if last is None:
            _wipe(refused)
            return pin
        _refused.add((token.label, pin.digest()))
        refused.append(pin)
        if last.number == lib.SEC_ERROR_LOCKED_PASSWORD or _locked(token):
            _wipe(refused)
            raise NSSPyError(_finding(messages.PIN_LOCKED, token, spec, place, nss=last.bracket))
    sources = " and ".join(pin.source for pin in refused)
    _wipe(refused)
    if not sources:
        raise NSSPyError(
            _finding(messages.PIN_UNUSABLE, token, spec, place, source="nowhere", reason="no PIN was given")
        )
    raise NSSPyError(
        _finding(
            messages.PIN_WRONG,
            token,
            spec,
            place,
            source=sources,
            command=f"certutil -K -d {shlex.quote(spec)} -h {shlex.quote(token.label)}",
            nss=last.bracket if last is not None else "[SEC_ERROR_BAD_PASSWORD -8177]",
        )
    )


def login_from_pcache(token: Token, client: pcache.Client, *, spec: str) -> None:
    """Logs in with the PIN that nss_pcache holds; a PIN that is refused is taken out there.

    For httpd's children. Raises NSSPyError NSS0249 or NSS0250 besides those of ``login``.
    """
    if token.initialised and token.logged_in:
        return
    key = pcache_key(token)
    try:
        value = client.get(key)
    except pcache.PcacheError as error:
        raise NSSPyError(_finding(messages.PCACHE_FAILED, token, spec, None, reason=str(error))) from error
    if value is None:
        raise NSSPyError(_finding(messages.PCACHE_EMPTY, token, spec, None))
    pin = Pin(value, "nss_pcache")
    try:
        login(token, [pin], spec=spec)
    except NSSPyError as error:
        if error.finding.message in (messages.PIN_WRONG, messages.PIN_LOCKED):
            _forget(client, key, token, spec, error)
        raise
    finally:
        pin.wipe()


def _forget(client: pcache.Client, key: bytes, token: Token, spec: str, why: NSSPyError) -> None:
    try:
        client.delete(key)
    except pcache.PcacheError as error:
        reason = f"{error}, after this: {why.finding.text}"
        raise NSSPyError(_finding(messages.PCACHE_FAILED, token, spec, None, reason=reason)) from error


def _try(token: Token, pin: Pin) -> NSSError | None:
    """One attempt. None: logged in. Raises NSSPyError when it fails for another reason than the PIN."""
    with _lock:
        _Offer.pin, _Offer.asked = pin, 0
        lib.PK11_SetPasswordFunc(lib.nsspy_password)
        try:
            status = lib.PK11_Authenticate(token.handle, lib.PR_TRUE, ffi.NULL)
            error = last_error("PK11_Authenticate") if status != 0 else None
            asked = _Offer.asked
        finally:
            lib.PK11_SetPasswordFunc(ffi.NULL)
            _Offer.pin = None
    if error is None or asked > 1 or error.number in (lib.SEC_ERROR_BAD_PASSWORD, lib.SEC_ERROR_LOCKED_PASSWORD):
        return error
    reason = "the token reports an error"
    if not lib.PK11_IsPresent(token.handle):
        reason = "the token is gone"
    raise NSSPyError(
        finding(
            messages.LOGIN_FAILED,
            token=token.label,
            spec=f"module {token.module!r}",
            reason=reason,
            nss=error.bracket,
        )
    )


def _unusable(pin: Pin) -> str:
    if b"\0" in pin.value:
        return "it holds a NUL byte"
    if not pin.value:
        return "it is empty, and the token wants one"
    return ""


def _locked(token: Token) -> bool:
    info = ffi.new("CK_TOKEN_INFO *")
    if lib.PK11_GetTokenInfo(token.handle, info) != 0:
        return False
    flags: Any = info
    return bool(flags.flags & lib.CKF_USER_PIN_LOCKED)


def _set_pin_command(token: Token, spec: str) -> str:
    if token.internal:
        return f"certutil -W -d {shlex.quote(spec)}"
    return f"modutil -dbdir {shlex.quote(spec)} -changepw {shlex.quote(token.label)}"


def _wipe(pins: list[Pin]) -> None:
    for pin in pins:
        pin.wipe()


def _finding(message: Message, token: Token, spec: str, place: Place | None, **fields: object) -> Finding:
    everything: dict[str, object] = {"token": token.label, "spec": spec, "nss": "", **fields}
    return finding(message, server=-1, place=place, **everything)
