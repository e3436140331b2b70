"""Builds ``nsspy._nss``, the API-mode binding of NSPR, NSS and libssl.

``setup.py`` runs it (``cffi_modules``); the compiler checks every declaration of
``cext/decl`` against the installed headers, so a binding that builds cannot lie about a
type. The files are named after the headers they mirror and read in the order below:
later ones use the types of earlier ones.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from cffi import FFI

DECLARATIONS = (
    "prtypes.h",
    "prerror.h",
    "prio.h",
    "seccomon.h",
    "secerr.h",
    "sslerr.h",
    "pkcs11t.h",
    "nss.h",
    "secmod.h",
    "keyhi.h",
    "cert.h",
    "pk11pub.h",
    "sslt.h",
    "ssl.h",
    "callbacks.h",
)

HEADERS = """
#include <nspr.h>
#include <plarena.h>
#include <prerror.h>
#include <prio.h>
#include <prclist.h>
#include <seccomon.h>
#include <secitem.h>
#include <secport.h>
#include <secoid.h>
#include <secerr.h>
#include <sslerr.h>
#include <pkcs11t.h>
#include <nss.h>
#include <secmod.h>
#include <secmodt.h>
#include <keyhi.h>
#include <keythi.h>
#include <cert.h>
#include <certdb.h>
#include <ocsp.h>
#include <pk11pub.h>
#include <pk11func.h>
#include <sslt.h>
#include <sslproto.h>
#include <ssl.h>

extern PRInt32 PR_FileDesc2NativeHandle(PRFileDesc *fd);

static int nsspy_suite_is_fips(const SSLCipherSuiteInfo *info) { return info->isFIPS; }
"""

#: Where headers are when pkg-config does not know: Debian, RHEL and Fedora, the BSDs.
FALLBACK_INCLUDES = (
    "/usr/include/nss",
    "/usr/include/nss3",
    "/usr/include/nspr",
    "/usr/include/nspr4",
    "/usr/local/include/nss",
    "/usr/local/include/nspr",
)
LIBRARIES = ("ssl3", "nss3", "nssutil3", "nspr4")


def flags() -> tuple[list[str], list[str], list[str]]:
    """Include folders, library folders and libraries of NSS and NSPR.

    pkg-config is asked first (``PKG_CONFIG`` names another one). Raises SystemExit with the
    packages to install when no ``nss.h`` is found.
    """
    includes: list[str] = []
    folders: list[str] = []
    tool = shutil.which(os.environ.get("PKG_CONFIG", "pkg-config"))
    if tool is not None:
        asked = subprocess.run([tool, "--cflags", "--libs", "nss", "nspr"], capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            for word in shlex.split(asked.stdout):
                if word.startswith("-I"):
                    includes.append(word[2:])
                elif word.startswith("-L"):
                    folders.append(word[2:])
    includes += [one for one in FALLBACK_INCLUDES if one not in includes and Path(one).is_dir()]
    for header in ("nss.h", "nspr.h"):
        if not any((Path(one) / header).is_file() for one in includes):
            raise SystemExit(
                f"the header {header} of NSS and NSPR is missing; install it:"
                " apt-get install libnss3-dev libnspr4-dev, or dnf install nss-devel nspr-devel"
            )
    return includes, folders, list(LIBRARIES)


def builder() -> FFI:
    """The binding, ready to be compiled."""
    ffi = FFI()
    here = Path(__file__).resolve().parent / "decl"
    for name in DECLARATIONS:
        ffi.cdef((here / name).read_text(encoding="ascii"))
    includes, folders, libraries = flags()
    ffi.set_source(
        "nsspy._nss",
        HEADERS,
        include_dirs=includes,
        library_dirs=folders,
        libraries=libraries,
        extra_compile_args=["-std=gnu11", "-Wall", "-Werror", "-Wno-unused-function"],
    )
    return ffi


ffibuilder = builder()

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
