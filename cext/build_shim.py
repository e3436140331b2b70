"""Builds the httpd module and nss_pcache.

    .venv/bin/python cext/build_shim.py           build/mod_nss.so, build/libmodnss.so, build/nss_pcache
    .venv/bin/python cext/build_shim.py --asan    the same under build/asan, with AddressSanitizer and UBSan

The boundary to Python is cut out of ``bridge.h`` between its ``cffi:`` marks, so that C and Python read one text. Only
what changed is compiled again: an object is current when its command line is the one of last time and nothing that it
includes is younger.

The Python that runs this file becomes the module's own: libpython is that of the interpreter, and its executable is
written into the module as the first place to look. No other path of the machine enters the result.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cffi

ROOT = Path(__file__).resolve().parent.parent
CEXT = ROOT / "cext"
GENERATED = ROOT / "build" / "generated"

#: nss_pcache is a program of its own and no part of the module.
PROGRAM = "pcache.c"
SHIM = "_nss_shim"

STRICT = ["-std=gnu11", "-g", "-Wall", "-Wextra", "-Werror", "-fPIC", "-fvisibility=hidden"]
LINK = ["-shared", "-Wl,-z,nodelete", "-Wl,-z,relro,-z,now", "-Wl,--no-undefined-version"]
SANITIZE = ["-fsanitize=address,undefined", "-fno-omit-frame-pointer"]

PREAMBLE = """
#include "bridge.h"

/* Attaches nsspy.bridge; Python runs already. 0: done. python_embed.c calls it. */
int nss_shim_start_python(void);
int nss_shim_start_python(void)
{
    return cffi_start_python();
}
"""


class BuildError(Exception):
    """A step cannot be done; the text says what is missing and how to get it."""


@dataclass(frozen=True, slots=True)
class Flags:
    """Options for the compiler and the linker."""

    compile: tuple[str, ...]
    link: tuple[str, ...]

    def __add__(self, other: Flags) -> Flags:
        return Flags(self.compile + other.compile, self.link + other.link)


def output(command: Sequence[str]) -> list[str]:
    """The words a program prints. Raises BuildError when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{shlex.join(command)} failed: {done.stderr.strip() or done.stdout.strip()}")
    return shlex.split(done.stdout)


def program(*names: str) -> str:
    """The first of *names* that is installed. Raises BuildError when none is."""
    for name in names:
        found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin")
        if found:
            return found
    raise BuildError(f"{names[0]} is not installed; run tools/install-deps, or install httpd's development package")


def httpd_flags() -> Flags:
    """What httpd and APR want; apxs knows it."""
    apxs = program("apxs", "apxs2")

    def ask(variable: str) -> list[str]:
        return output([apxs, "-q", variable])

    found = [f"-I{word}" for word in ask("INCLUDEDIR")] + ask("EXTRA_CPPFLAGS")
    for variable, default in (("APR_CONFIG", "apr-1-config"), ("APU_CONFIG", "apu-1-config")):
        config = next(iter(ask(variable)), "")
        tool = config if config and Path(config).exists() else program(default)
        found += output([tool, "--includes"])
        if variable == "APR_CONFIG":
            found += output([tool, "--cppflags"])
    return Flags(tuple(word for word in dict.fromkeys(found) if word != "-I/usr/include"), ())


def nss_flags() -> Flags:
    """What NSS and NSPR want; pkg-config knows it."""
    tool = program("pkg-config", "pkgconf")
    compile_flags = output([tool, "--cflags", "nss", "nspr"])
    folders = output([tool, "--libs-only-L", "nss", "nspr"])
    return Flags(tuple(compile_flags), (*folders, "-lssl3", "-lnss3", "-lnssutil3", "-lnspr4"))


def python_flags() -> Flags:
    """What embedding the running interpreter wants. Raises BuildError when it has no shared library."""
    config = sysconfig.get_config_vars()
    if not config.get("Py_ENABLE_SHARED"):
        raise BuildError(f"{sys.executable} has no shared libpython; make the environment from another Python")
    folder = str(config["LIBDIR"])
    link = [f"-L{folder}", f"-lpython{config['LDVERSION']}"]
    if not folder.startswith("/usr/lib"):
        link.append(f"-Wl,-rpath,{folder}")
    return Flags((f"-I{sysconfig.get_paths()['include']}", f"-I{sysconfig.get_paths()['platinclude']}"), tuple(link))


def version() -> str:
    """``nsspy.__version__``, read without importing it."""
    found = re.search(r'^__version__ = "([^"]+)"', (ROOT / "nsspy" / "__init__.py").read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise BuildError("nsspy/__init__.py has no __version__")
    return found.group(1)


def marked(text: str, mark: str) -> str:
    """What stands in bridge.h between ``cffi: mark`` and the next ``cffi: end``."""
    parts = re.findall(rf"/\* cffi: {mark} \*/(.*?)/\* cffi: end \*/", text, re.DOTALL)
    if not parts:
        raise BuildError(f"cext/bridge.h has no part marked cffi: {mark}")
    return "".join(parts)


def write_changed(path: Path, text: str) -> None:
    """Writes *text*, but leaves a file alone that holds it already."""
    if not path.exists() or path.read_text("utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def emit_shim() -> Path:
    """The C file that cffi makes of bridge.h."""
    text = (CEXT / "bridge.h").read_text("utf-8")
    builder = cffi.FFI()
    builder.cdef(marked(text, "begin"))
    builder.embedding_api(marked(text, "embedding"))
    builder.embedding_init_code("import nsspy.bridge")
    builder.set_source(SHIM, PREAMBLE)
    fresh = GENERATED / f"{SHIM}.c.new"
    fresh.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.redirect_stdout(None):
        builder.emit_c_code(str(fresh))
    target = GENERATED / f"{SHIM}.c"
    write_changed(target, fresh.read_text("utf-8"))
    fresh.unlink()
    return target


def is_current(target: Path, command: str, inputs: Iterable[Path]) -> bool:
    """True when *target* was made by *command* and nothing it was made from is younger."""
    stamp = target.with_name(target.name + ".cmd")
    if not target.exists() or not stamp.exists() or stamp.read_text("utf-8") != command:
        return False
    made = target.stat().st_mtime_ns
    return all(one.exists() and one.stat().st_mtime_ns <= made for one in inputs)


def run(target: Path, command: Sequence[str], inputs: Iterable[Path]) -> None:
    """Makes *target* by *command*, in cext, unless it is current."""
    line = shlex.join(command)
    if is_current(target, line, inputs):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    stamp = target.with_name(target.name + ".cmd")
    stamp.unlink(missing_ok=True)
    done = subprocess.run(command, cwd=CEXT, capture_output=True, text=True, check=False)
    sys.stderr.write(done.stderr)
    if done.returncode:
        raise BuildError(f"{line} failed")
    stamp.write_text(line, "utf-8")


def dependencies(depfile: Path) -> list[Path]:
    """The files that a compiled file included, as the compiler listed them."""
    if not depfile.exists():
        return [depfile]
    words = depfile.read_text("utf-8").replace("\\\n", " ").split(":", 1)[-1].split()
    return [(CEXT / word).resolve() for word in words]


def compile_one(compiler: str, source: Path, folder: Path, flags: Sequence[str]) -> Path:
    """The object of *source*."""
    target = folder / f"{source.stem}.o"
    depfile = target.with_suffix(".d")
    name = os.path.relpath(source, CEXT)
    command = [compiler, *flags, "-MMD", "-MF", str(depfile), "-c", name, "-o", str(target)]
    run(target, command, [source, *dependencies(depfile)])
    return target


def install(source: Path, target: Path) -> None:
    """Puts *source* in the place of *target* at once: a running httpd keeps the file it has mapped."""
    if target.exists() and target.read_bytes() == source.read_bytes():
        return
    fresh = target.with_name(target.name + ".new")
    shutil.copy2(source, fresh)
    fresh.replace(target)


def build(asan: bool) -> None:
    """Everything. Raises BuildError at the first step that fails."""
    generate = subprocess.run([sys.executable, str(ROOT / "tools" / "generate.py")], check=False)
    if generate.returncode:
        raise BuildError("tools/generate.py failed")
    compiler = shlex.split(os.environ.get("CC", "gcc"))[0]
    out = ROOT / "build" / ("asan" if asan else "")
    objects = out / "obj"
    extra = [*SANITIZE, "-O1"] if asan else ["-O2"]
    extra += ["-fstack-protector-strong", f"-ffile-prefix-map={ROOT}=."]
    all_flags = httpd_flags() + nss_flags() + python_flags()
    common = [*STRICT, *extra, f"-I{CEXT}", f"-I{GENERATED}", *all_flags.compile]
    common += [f'-DNSS_MODULE_VERSION="{version()}"', f'-DNSS_PYTHON_EXECUTABLE="{os.path.abspath(sys.executable)}"']
    # cffi's own file is not written to our warnings.
    lenient = [word for word in common if word not in ("-Wextra", "-Werror")] + ["-Wno-unused-function"]

    sources = sorted(one for one in CEXT.glob("*.c") if one.name != PROGRAM)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        made = list(pool.map(lambda one: compile_one(compiler, one, objects, common), sources))
        made.append(compile_one(compiler, emit_shim(), objects, lenient))
    sanitizer = SANITIZE if asan else []
    module = objects / "mod_nss.so"
    run(module, [compiler, *LINK, *sanitizer, *map(str, made), "-o", str(module), *all_flags.link], made)
    helper = objects / "nss_pcache"
    source = CEXT / PROGRAM
    run(
        helper,
        [compiler, *STRICT, *extra, "-D_GNU_SOURCE", "-pie", "-Wl,-z,relro,-z,now", PROGRAM, "-o", str(helper)],
        [source],
    )
    for result, names in ((module, ("mod_nss.so", "libmodnss.so")), (helper, ("nss_pcache",))):
        for name in names:
            install(result, out / name)


def main() -> int:
    """Exit status 0: built; 1: not, and the reason stands on stderr."""
    parser = argparse.ArgumentParser(description="Builds mod_nss.so and nss_pcache.")
    parser.add_argument("--asan", action="store_true", help="sanitizer build under build/asan")
    arguments = parser.parse_args()
    try:
        build(arguments.asan)
    except BuildError as error:
        print(f"build_shim: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
