"""What C calls, and how the engine speaks to C: the Python half of ``cext/bridge.h``.

cffi runs this module when the shim starts Python in a child. The rules of bridge.h hold here: every
function returns 1 done, 2 decline, negative for an error, never 0; no exception leaves; C owns its
memory, and what is kept is copied. Pointers cross between two cffi modules (the shim's and the NSS
binding's) as numbers.
"""

from __future__ import annotations

import gc
import importlib
import io
import sys
import traceback
from collections.abc import Callable
from typing import Any

from nsspy import _nss
from nsspy.engine.snapshot import Host, ServerCertificate, Snapshot
from nsspy.engine.start import Engine, start
from nsspy.errors import Finding, Message, NSSPyError, finding
from nsspy.errors import engine as messages

_shim = importlib.import_module("_nss_shim")  # made by cffi inside mod_nss.so; no file has this name
ffi: Any = _shim.ffi
lib: Any = _shim.lib

DONE, ERROR = 1, -1

#: Threads that wait for the GIL get it after this many seconds: a handshake must not wait for pure Python.
SWITCH_SECONDS = 0.0005


def callback(function: Callable[..., int]) -> Callable[..., int]:
    """Attaches a function to its C name. Whatever it raises is logged as one record, and is an error in C."""

    def guarded(*arguments: Any) -> int:
        try:
            return function(*arguments)
        except NSSPyError as error:
            log(error.finding)
        except BaseException as error:  # rule 3: nothing crosses
            log(_record(function.__name__, error))
        return ERROR

    ffi.def_extern(name=function.__name__, error=ERROR)(guarded)
    return guarded


def _record(what: str, error: BaseException) -> Finding:
    trace = " | ".join(line.strip() for line in traceback.format_exception(error))
    return finding(messages.ENGINE_FAILED, what=what, error=f"{type(error).__name__}: {error}", traceback=trace)


def log(one: Finding) -> None:
    """A finding to httpd's error log."""
    text = one.text.encode("utf-8", "backslashreplace")
    lib.nss_bridge_log(int(one.level), one.server, text, len(text))


class _Shim:
    """The C side for the engine."""

    def log(self, one: Finding) -> None:
        """See ``nsspy.engine.snapshot.Shim``."""
        log(one)

    def publish(self, snapshot: Snapshot) -> None:
        """See ``nsspy.engine.snapshot.Shim``."""
        target = lib.nss_snapshot_create(snapshot.servers)
        given: set[int] = set()
        try:
            if target == ffi.NULL:
                raise RuntimeError("no memory for a snapshot")
            for host in snapshot.hosts:
                keep: list[Any] = []  # what the spec points to, alive until C has copied it
                if lib.nss_snapshot_add_vhost(target, _vhost_spec(host, keep)) != DONE:
                    raise RuntimeError(f"virtual host {host.server} was refused by the snapshot")
                given.add(host.policy)
            if lib.nss_snapshot_publish(target) != DONE:
                raise RuntimeError("the snapshot could not be published")
        except BaseException:
            lib.nss_snapshot_discard(target)  # closes the model sockets that were added
            others = tuple(host for host in snapshot.hosts if host.policy not in given)
            Snapshot(snapshot.servers, others).discard()
            raise


def _vhost_spec(host: Host, keep: list[Any]) -> Any:
    certificates = ffi.new("nss_cert_spec_t[]", [_cert_spec(one, keep) for one in host.certificates])
    keep.append(certificates)
    model = ffi.cast("void *", int(_nss.ffi.cast("uintptr_t", host.model)))
    return ffi.new(
        "nss_vhost_spec_t *",
        {
            "server": host.server,
            "model": model,
            "policy": host.policy,
            "sni": host.sni,
            "strict_sni": host.strict_sni,
            "verify_client": host.verify_client,
            "renegotiation": host.renegotiation,
            "certs": certificates,
            "ncerts": len(host.certificates),
        },
    )


def _cert_spec(certificate: ServerCertificate, keep: list[Any]) -> dict[str, Any]:
    texts = [
        (ffi.new("char[]", one.name.encode("ascii")), ffi.new("char[]", one.value), int(one.exported))
        for one in certificate.variables
    ]
    variables = ffi.new("nss_var_spec_t[]", texts)
    der = ffi.from_buffer("unsigned char[]", certificate.der)
    keep += [texts, variables, der]
    return {
        "der": der,
        "der_len": len(certificate.der),
        "not_after": certificate.not_after,
        "vars": variables,
        "nvars": len(texts),
    }


class _ErrorLog(io.TextIOBase):
    """Python's standard output and error: each line becomes a record of the error log."""

    def __init__(self, row: Message) -> None:
        super().__init__()
        self._row = row
        self._rest = ""

    def writable(self) -> bool:
        """It takes text."""
        return True

    def write(self, text: str) -> int:
        """Logs whole lines, keeps the rest for later."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if line.strip():
                log(finding(self._row, line=line))
        return len(text)

    def flush(self) -> None:
        """Logs a line that is not ended yet."""
        rest, self._rest = self._rest, ""
        if rest.strip():
            log(finding(self._row, line=rest))


class _Child:
    """The one engine of this process."""

    engine: Engine | None = None


def _is_ours() -> bool:
    """False in the interpreter of mod_wsgi, whose streams and settings are not ours to change."""
    return not type(sys.stderr).__module__.startswith("mod_wsgi") and "mod_wsgi" not in sys.modules


@callback
def nss_python_child_init(plan: Any, plan_len: int, pcache_fd: int) -> int:
    """See bridge.h."""
    if _is_ours():
        sys.stdout = _ErrorLog(messages.PYTHON_SAID)
        sys.stderr = _ErrorLog(messages.PYTHON_SAID)
        sys.setswitchinterval(SWITCH_SECONDS)
    _Child.engine = start(bytes(ffi.buffer(plan, plan_len)), _Shim(), pcache_fd)
    if _is_ours():
        gc.collect()
        gc.freeze()
    return DONE
