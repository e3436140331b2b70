"""Fuzzes the ClientHello reader, then whole connections: ``python -m tests.fuzz.run --seconds 60 [--coverage]``.

Needs clang with libFuzzer. Seeds are made anew, findings stay in the folder that is printed;
the corpus that libFuzzer grows is kept under ``build/fuzz`` for the next run.
"""

from __future__ import annotations

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz import hellos, readpath

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (ROOT / "tests/fuzz/fuzz_hello.c", ROOT / "cext/hello.c")
WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Werror")


def tool(name: str) -> str | None:
    """A program of LLVM by its plain name or with the version appended, as Debian does."""
    found = shutil.which(name)
    if found is None:
        numbered = sorted(glob.glob(f"/usr/bin/{name}-[0-9]*") + glob.glob(f"/usr/lib/llvm-*/bin/{name}"))
        found = numbered[-1] if numbered else None
    return found


def clang() -> str | None:
    """A clang that links libFuzzer, or None."""
    compiler = tool("clang")
    if compiler is None:
        return None
    asked = subprocess.run([compiler, "--print-runtime-dir"], capture_output=True, text=True, check=False)
    return compiler if glob.glob(f"{asked.stdout.strip()}/libclang_rt.fuzzer-*.a") or _has_fuzzer(compiler) else None


def _has_fuzzer(compiler: str) -> bool:
    asked = subprocess.run([compiler, "--print-resource-dir"], capture_output=True, text=True, check=False)
    return bool(glob.glob(f"{asked.stdout.strip()}/lib/**/libclang_rt.fuzzer*.a", recursive=True))


def compile_to(program: Path, compiler: str, flags: Sequence[str]) -> Path:
    """Compiles the harness. Raises CalledProcessError."""
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, *WARNINGS, "-g", *flags, "-o", program, *SOURCES], check=True)
    return program


def fuzz(folder: Path, seconds: int, compiler: str) -> int:
    """Runs the fuzzer for *seconds*; the exit status is libFuzzer's, 0 when nothing was found."""
    flags = ("-O1", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all")
    program = compile_to(folder / "fuzz_hello", compiler, flags)
    for name in ("corpus", "seeds", "findings"):
        (folder / name).mkdir(exist_ok=True)
    hellos.main(folder / "seeds")
    options = [
        f"-max_total_time={seconds}",
        "-timeout=10",
        "-rss_limit_mb=512",
        "-max_len=24576",
        "-print_final_stats=1",
    ]
    where = [f"-artifact_prefix={folder}/findings/", str(folder / "corpus"), str(folder / "seeds")]
    environment = dict(os.environ)
    symbolizer = tool("llvm-symbolizer")
    if symbolizer:
        environment["ASAN_SYMBOLIZER_PATH"] = symbolizer
    return subprocess.run([program, *options, *where], env=environment, check=False).returncode


def coverage(folder: Path, compiler: str) -> str:
    """Line and branch coverage of cext/hello.c by the corpus, as llvm-cov reports it.

    Raises FileNotFoundError without llvm-cov and llvm-profdata, CalledProcessError.
    """
    cov, profdata = tool("llvm-cov"), tool("llvm-profdata")
    if cov is None or profdata is None:
        raise FileNotFoundError("llvm-cov, llvm-profdata: install llvm")
    flags = ("-O0", "-fsanitize=fuzzer", "-fprofile-instr-generate", "-fcoverage-mapping")
    program = compile_to(folder / "cover_hello", compiler, flags)
    raw, merged = folder / "hello.profraw", folder / "hello.profdata"
    subprocess.run(
        [program, "-runs=0", str(folder / "corpus"), str(folder / "seeds")],
        env={**os.environ, "LLVM_PROFILE_FILE": str(raw)},
        stderr=subprocess.DEVNULL,
        check=True,
    )
    subprocess.run([profdata, "merge", "-o", merged, raw], check=True)
    report = subprocess.run(
        [cov, "report", program, f"-instr-profile={merged}", str(ROOT / "cext/hello.c")],
        capture_output=True,
        text=True,
        check=True,
    )
    return re.sub(r" +\n", "\n", report.stdout)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Fuzzes the ClientHello reader, then whole connections.")
    parser.add_argument("--seconds", type=int, default=60, help="for both together")
    parser.add_argument("--coverage", action="store_true", help="report what of cext/hello.c the corpus reaches")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/fuzz", help="programs, corpus and findings")
    options = parser.parse_args()
    compiler = clang()
    if compiler is None:
        print(
            "clang with libFuzzer is missing; apt-get install clang, or dnf install clang compiler-rt", file=sys.stderr
        )
        return 1
    half = max(options.seconds // 2, 1)
    status = 0
    for harness, folder in ((fuzz, options.folder), (readpath.fuzz, options.folder / "readpath")):
        found = harness(folder, half, compiler)
        print(f"{'nothing found' if found == 0 else 'FOUND'}: {folder}/findings")
        status = status or found
    if options.coverage:
        print(coverage(options.folder, compiler))
    return status


if __name__ == "__main__":
    sys.exit(main())
