"""``nsspy.bridge`` with a C side that writes down what it is given, read through cffi as C reads it.

``python -m tests.unit.engine.behind_the_bridge``: a job as JSON on standard input (plan, pcache, refuse), the notes as
JSON on standard output. The declarations are those of ``cext/bridge.h`` itself.
"""

from __future__ import annotations

import json
import re
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cffi import FFI

from nsspy import _nss

HEADER = Path(__file__).resolve().parents[3] / "cext" / "bridge.h"


class Library:
    """The functions of C, as far as the bridge calls them."""

    def __init__(self, ffi: FFI, refuse: int) -> None:
        self.ffi: Any = ffi
        self.refuse = refuse
        self.notes: dict[str, Any] = {"log": [], "hosts": [], "published": 0, "discarded": 0}
        self.models: set[int] = set()

    def nss_bridge_log(self, level: int, server: int, text: bytes, size: int) -> None:
        """Notes the line."""
        assert len(text) == size
        self.notes["log"].append([level, server, text.decode()])

    def nss_snapshot_create(self, servers: int) -> Any:
        """A pointer that is not NULL."""
        self.notes["servers"] = servers
        return self.ffi.cast("nss_snapshot_t *", 1)

    def nss_snapshot_add_vhost(self, target: Any, spec: Any) -> int:
        """Copies the spec, as C does."""
        if spec.server == self.refuse:
            return -1
        self.models.add(int(self.ffi.cast("uintptr_t", spec.model)))
        certificates = []
        for at in range(spec.ncerts):
            one = spec.certs[at]
            variables = [one.vars[number] for number in range(one.nvars)]
            certificates.append(
                {
                    "der": bytes(self.ffi.buffer(one.der, one.der_len)).hex(),
                    "not_after": one.not_after,
                    "variables": {
                        self.ffi.string(each.name).decode(): [self.ffi.string(each.value).decode(), each.exported]
                        for each in variables
                    },
                }
            )
        self.notes["hosts"].append(
            {"server": spec.server, "policy": spec.policy, "sni": spec.sni, "certificates": certificates}
        )
        return 1

    def nss_snapshot_publish(self, target: Any) -> int:
        """Takes it."""
        self.notes["published"] += 1
        return 1

    def nss_snapshot_discard(self, target: Any) -> None:
        """Closes the models that were added, as C does."""
        self.notes["discarded"] += 1
        for model in self.models:
            _nss.lib.PR_Close(_nss.ffi.cast("PRFileDesc *", model))


def main() -> None:
    """Loads the bridge, calls what C calls."""
    job = json.loads(sys.stdin.readline())
    ffi = FFI()
    text = HEADER.read_text()
    ffi.cdef("".join(re.findall(r"/\* cffi: begin \*/(.*?)/\* cffi: end \*/", text, re.DOTALL)))
    attached: dict[str, Callable[..., int]] = {}

    def def_extern(*, name: str, error: int) -> Callable[[Callable[..., int]], None]:
        assert error < 0
        return lambda function: attached.__setitem__(name, function)

    ffi.def_extern = def_extern  # type: ignore[method-assign]
    library = Library(ffi, job["refuse"])
    shim = types.ModuleType("_nss_shim")
    shim.ffi, shim.lib = ffi, library  # type: ignore[attr-defined]
    sys.modules["_nss_shim"] = shim
    standard_output = sys.stdout
    _nss.lib.SSL_ConfigMPServerSIDCache(100, 0, 3600, _nss.ffi.NULL)
    import nsspy.bridge  # noqa: F401

    data = ffi.from_buffer("unsigned char[]", job["plan"].encode())
    result = attached["nss_python_child_init"](data, len(data), job["pcache"])
    print("a line of Python")
    sys.stderr.write("half a ")
    sys.stderr.write("line\n")
    library.notes["result"] = result
    library.notes["attached"] = sorted(attached)
    library.notes["sockets"] = sum(path.is_socket() for path in Path("/proc/self/fd").iterdir())
    standard_output.write(json.dumps(library.notes))


if __name__ == "__main__":
    main()
