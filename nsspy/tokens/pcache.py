"""Client of nss_pcache, the process that holds PINs across restarts.

The socket is a Unix one of type SOCK_SEQPACKET, inherited by everybody who may ask. Each
request is one datagram, a command byte, the key as netstring and for ``S`` the value, and
carries one descriptor: the end of a fresh socket pair on which this one answer comes. So the
answers of processes that share the socket cannot be mixed up, and no lock is needed.
"""

from __future__ import annotations

import array
import os
import socket
import time

TIMEOUT_SECONDS = 5.0
#: The largest datagram of the protocol.
MAX_BYTES = 8192

_STORED = ord("+")
_MISSING = ord("-")
_REFUSED = ord("!")


class PcacheError(Exception):
    """nss_pcache did not answer, or refused. The text says which, without the value."""


class Client:
    """One process's view of nss_pcache. The descriptor stays the caller's and open."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def store(self, key: bytes, value: bytes | bytearray) -> None:
        """Keeps a value. Raises PcacheError."""
        self._ask(b"S", key, value)

    def get(self, key: bytes) -> bytearray | None:
        """The value of a key, None when there is none. The caller wipes it. Raises PcacheError."""
        return self._ask(b"G", key)

    def delete(self, key: bytes) -> None:
        """Forgets a key; one that is not there is no error. Raises PcacheError."""
        self._ask(b"D", key)

    def ping(self) -> None:
        """Raises PcacheError unless nss_pcache answers."""
        self._ask(b"P", b"")

    def _ask(self, command: bytes, key: bytes, value: bytes | bytearray | None = None) -> bytearray | None:
        request = bytearray(command)
        request += b"%d:" % len(key) + key + b","
        if value is not None:
            request += b"%d:" % len(value)
            request += value
            request += b","
        try:
            if len(request) > MAX_BYTES:
                raise PcacheError(f"a request of {len(request)} bytes is larger than {MAX_BYTES}")
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with ours:
                with theirs:
                    self._send(request, theirs.fileno())
                return _answer(ours)
        except OSError as error:
            raise PcacheError(f"nss_pcache does not answer ({error.strerror or error})") from error
        finally:
            _wipe(request)

    def _send(self, request: bytearray, answer_to: int) -> None:
        """Sends on a duplicate of the socket, so that its time-out is nobody else's."""
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [answer_to]))]
        deadline = time.monotonic() + TIMEOUT_SECONDS
        with socket.socket(fileno=os.dup(self._descriptor)) as shared:
            while True:
                try:
                    shared.sendmsg([request], rights, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
                    return
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise PcacheError(f"nss_pcache takes no request for {TIMEOUT_SECONDS:.0f} seconds") from None
                    time.sleep(0.01)


def _answer(ours: socket.socket) -> bytearray | None:
    ours.settimeout(TIMEOUT_SECONDS)
    buffer = bytearray(MAX_BYTES)
    try:
        try:
            got = ours.recv_into(buffer)
        except TimeoutError:
            raise PcacheError(f"nss_pcache gives no answer within {TIMEOUT_SECONDS:.0f} seconds") from None
        if got == 0:
            raise PcacheError("nss_pcache has ended")
        status = buffer[0]
        if status == _MISSING:
            return None
        if status == _REFUSED:
            raise PcacheError("nss_pcache refused the request")
        if status != _STORED:
            raise PcacheError("nss_pcache gave an answer that is none")
        return _netstring(buffer, 1, got)
    finally:
        _wipe(buffer)


def _netstring(buffer: bytearray, at: int, end: int) -> bytearray:
    """The value of an answer; an answer without one is an empty value."""
    if at == end:
        return bytearray()
    colon = buffer.find(b":", at, min(at + 7, end))
    if colon < 0 or not buffer[at:colon].isdigit():
        raise PcacheError("nss_pcache gave an answer without a length")
    length = int(buffer[at:colon])
    if colon + 1 + length + 1 != end or buffer[end - 1 : end] != b",":
        raise PcacheError("nss_pcache gave an answer of a wrong length")
    return buffer[colon + 1 : end - 1]


def _wipe(buffer: bytearray) -> None:
    buffer[:] = bytes(len(buffer))
