"""The compiled binding of NSPR, NSS and libssl (``cext/build_nss.py``, ``cext/decl``).

The compiler has checked the declarations against NSS's headers; names of C functions,
constants and types are looked up as they are there.
"""

from typing import Any

from _cffi_backend import FFI

class _Lib:
    def __getattr__(self, name: str) -> Any: ...

ffi: FFI
lib: _Lib
