"""A PIN in memory: where it came from, and how it leaves."""

from __future__ import annotations

import hashlib


class Pin:
    """The PIN of a token as bytes. ``source`` names where it came from (``/etc/pin:3``), never its value.

    Whoever holds it calls ``wipe`` after use. Python may still have copied it while it was read;
    what can be overwritten is.
    """

    __slots__ = ("source", "value")

    def __init__(self, value: bytearray, source: str) -> None:
        self.value = value
        self.source = source

    def __repr__(self) -> str:
        return f"Pin(source={self.source!r})"

    def digest(self) -> bytes:
        """Tells two PINs apart without keeping them (SHA-256)."""
        return hashlib.sha256(self.value).digest()

    def wipe(self) -> None:
        """Overwrites the value and empties it."""
        for at in range(len(self.value)):
            self.value[at] = 0
        self.value.clear()


def wipe_all(pins: list[Pin]) -> None:
    """Wipes every PIN of the list."""
    for pin in pins:
        pin.wipe()
