"""The path of a connection's bytes under a fuzzer; what must hold stands in tests/fuzz/fuzz_readpath.c."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import readpath, run


@pytest.mark.timeout(180)
def test_short_fuzzing_of_connections(tmp_path: Path) -> None:
    """Twenty seconds of torn, damaged, doubled and late records, before and after the handshake, find nothing."""
    compiler = run.clang()
    if compiler is None:
        pytest.skip("clang with libFuzzer is missing (package clang)")
    assert readpath.fuzz(tmp_path, 20, compiler) == 0
