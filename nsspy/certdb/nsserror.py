"""NSS's errors as exceptions.

NSS keeps the error of the last call per thread, and any other call may overwrite it. So the
number is read in the function that failed, before anything else: that is what these helpers
are for, and the only place that calls ``PR_GetError``.
"""

from __future__ import annotations

from typing import Any

from nsspy._nss import ffi, lib


class NSSError(Exception):
    """A call of NSS that failed: which one, NSS's symbol and NSS's number."""

    def __init__(self, call: str, symbol: str, number: int) -> None:
        super().__init__(f"{call} failed [{symbol} {number}]")
        self.call = call
        self.symbol = symbol
        self.number = number

    @property
    def bracket(self) -> str:
        """The form for the end of a message: ``[SEC_ERROR_BAD_DATABASE -8174]``."""
        return f"[{self.symbol} {self.number}]"


def last_error(call: str) -> NSSError:
    """The error that *call* has just left on this thread."""
    number: int = lib.PR_GetError()
    if number == 0:
        return NSSError(call, "NO_ERROR_REPORTED", 0)
    return NSSError(call, symbol(number), number)


def symbol(number: int) -> str:
    """NSS's name of an error number; ``UNKNOWN_ERROR`` where NSS has none."""
    pointer = lib.PR_ErrorToName(number)
    return ffi_text(pointer) if pointer != ffi.NULL else "UNKNOWN_ERROR"


def check(status: int, call: str) -> None:
    """Raises NSSError unless *status*, a SECStatus or PRStatus, says success."""
    if status != 0:
        raise last_error(call)


def check_pointer(pointer: Any, call: str) -> Any:
    """Gives the pointer back; raises NSSError when it is NULL."""
    if pointer == ffi.NULL:
        raise last_error(call)
    return pointer


def ffi_text(pointer: Any) -> str:
    """A C string as text, "" for NULL; bytes that are no UTF-8 survive as surrogate escapes."""
    if pointer == ffi.NULL:
        return ""
    data = ffi.string(pointer)
    return data.decode("utf-8", "surrogateescape") if isinstance(data, bytes) else data


def ffi_bytes(text: str) -> bytes:
    """Text for C, the reverse of ``ffi_text``. Raises ValueError when it holds a NUL."""
    data = text.encode("utf-8", "surrogateescape")
    if b"\0" in data:
        raise ValueError("text for NSS holds a NUL byte")
    return data
