"""A process that serves handshakes with model sockets, as an httpd child would: no httpd, real NSS, real TCP.

``python -m tests.unit.engine.serving PORT-FILE`` with a job as JSON on standard input. It prints nothing; when it
listens it writes its port into the file. Each connection gets one line of JSON about itself and close_notify.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from cffi import FFI

from nsspy._nss import ffi, lib
from nsspy.certdb.database import open_database
from nsspy.certdb.slots import internal_token
from nsspy.engine import modelsocket
from nsspy.engine.keyring import KeyRing
from nsspy.plan.model import CertificateChoice, Profile
from nsspy.tokens.login import login
from nsspy.tokens.pin import Pin

_nspr = FFI()
_nspr.cdef("void *PR_ImportTCPSocket(int osfd);")
_nspr_lib = _nspr.dlopen("libnspr4.so")


def imported(connection: socket.socket) -> Any:
    """The connection as NSPR's; the descriptor goes with it."""
    pointer = _nspr_lib.PR_ImportTCPSocket(connection.detach())
    return ffi.cast("PRFileDesc *", int(_nspr.cast("uintptr_t", pointer)))


def serve(model: Any, connection: socket.socket) -> None:
    """One handshake, one line, close."""
    fd = lib.SSL_ImportFD(model, imported(connection))
    lib.SSL_ResetHandshake(fd, 1)
    if lib.SSL_ForceHandshake(fd) == 0:
        info: Any = ffi.new("SSLChannelInfo *")
        lib.SSL_GetChannelInfo(fd, info, ffi.sizeof(info[0]))
        locks = ffi.new("PRIntn *")
        lib.SSL_OptionGet(fd, lib.SSL_NO_LOCKS, locks)
        line = json.dumps(
            {
                "suite": int(info.cipherSuite),
                "version": int(info.protocolVersion),
                "group": int(info.keaGroup),
                "resumed": bool(info.resumed),
                "no_locks": bool(locks[0]),
            }
        ).encode()
        lib.PR_Write(fd, line, len(line))
    lib.PR_Close(fd)


def main(port_file: str) -> None:
    """Serves until standard input ends."""
    job = json.loads(sys.stdin.readline())
    open_database(job["spec"])
    login(internal_token(), [Pin(bytearray(job["pin"].encode()), "the test")], spec=job["spec"])
    lib.SSL_ConfigServerSessionIDCache(100, 0, 0, ffi.NULL)
    choices = tuple(CertificateChoice(name, directive, "t", 1) for directive, name in job["certificates"])
    profile = Profile(**{**job["profile"], "certificates": choices})
    ring = KeyRing(job["spec"])
    model = modelsocket.build(profile, ring.open(choices))
    ring.close()
    listener = socket.create_server(("127.0.0.1", 0))
    Path(port_file).write_text(str(listener.getsockname()[1]))
    threading.Thread(target=_end_with_input, daemon=True).start()
    threads = []
    while True:
        connection, _ = listener.accept()
        thread = threading.Thread(target=serve, args=(model, connection))
        thread.start()
        threads.append(thread)


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
