"""The RSA key pair of session tickets, made once per life of nss_pcache.

cryptography makes it in 10 to 50 ms; NSS would take ten times as long.
"""

from __future__ import annotations

import sys
import threading
from types import ModuleType

from nsspy.errors import NSSPyError, finding
from nsspy.errors import engine as messages
from nsspy.plan.model import TICKET_KEY
from nsspy.tokens.pcache import Client, PcacheError

BITS = 2048


class Provider:
    """Sees to it that nss_pcache has a key pair; the pair is made beside the other work of the planner."""

    def __init__(self, client: Client) -> None:
        """Starts making one if nss_pcache has none. Raises NSSPyError (NSS0704, NSS0705).

        What it needs is imported here: the planner is about to become a user who need not be able to read it.
        """
        self._client = client
        self._thread: threading.Thread | None = None
        self._made: bytearray | None = None
        self._error: BaseException | None = None
        try:
            present = client.get(TICKET_KEY)
        except PcacheError as error:
            raise _lost(error) from error
        if present is not None:
            present[:] = bytes(len(present))
            return
        _import()
        self._thread = threading.Thread(target=self._make, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Hands the pair over when it is made. Raises NSSPyError (NSS0704, NSS0705)."""
        if self._thread is None:
            return
        self._thread.join()
        if self._made is None:
            raise self._error or RuntimeError("the thread that makes the key pair ended without one")
        try:
            self._client.store(TICKET_KEY, self._made)
        except PcacheError as error:
            raise _lost(error) from error
        finally:
            self._made[:] = bytes(len(self._made))

    def _make(self) -> None:
        try:
            self._made = make()
        except BaseException as error:  # raised again where the pair is asked for
            self._error = error


def _lost(error: PcacheError) -> NSSPyError:
    return NSSPyError(finding(messages.PCACHE_STORE, what="the key pair of session tickets", why=str(error)))


def _import() -> tuple[ModuleType, ModuleType]:
    """The parts of cryptography that are needed. Raises NSSPyError (NSS0704)."""
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa
    except ImportError as error:
        raise NSSPyError(finding(messages.TICKET_KEY_FAILED, why=str(error), python=sys.executable)) from error
    return rsa, serialization


def make() -> bytearray:
    """A new pair as PKCS#8 DER. Raises NSSPyError (NSS0704)."""
    rsa, serialization = _import()
    pair = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    return bytearray(
        pair.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
