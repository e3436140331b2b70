"""Objects of NSS that Python holds, and letting all of them go at once.

NSS_Shutdown refuses while a certificate, key or slot is held. Python lets go when a value is
collected, which may be late; so whoever closes NSS releases what is left. A value must not be
used after that, and nothing but its destruction is safe.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from nsspy._nss import ffi

#: Live handles by identity: equal pointers may be held more than once.
_live: dict[int, weakref.ref[Any]] = {}


def own(pointer: Any, destroy: Callable[[Any], Any]) -> Any:
    """The pointer with *destroy* tied to the life of the value; it takes over one reference of NSS."""
    handle = ffi.gc(pointer, destroy)
    key = id(handle)
    _live[key] = weakref.ref(handle, lambda _: _live.pop(key, None))
    return handle


def release(handle: Any) -> None:
    """Destroys now; a second time is harmless."""
    _live.pop(id(handle), None)
    ffi.release(handle)


def release_all() -> None:
    """Destroys everything that is left, before NSS is shut down."""
    while _live:
        _, reference = _live.popitem()
        handle = reference()
        if handle is not None:
            ffi.release(handle)
