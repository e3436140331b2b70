"""The tool that brings a newer NSS: where it cannot, it says why, and asks again the next time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools import newer_nss


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for the tool, and a wish that no system's NSS fulfils."""
    place = tmp_path / "nss-newer"
    monkeypatch.setattr(newer_nss, "FOLDER", place)
    monkeypatch.setattr(newer_nss, "WANTED", (999,))
    return place


def apt_get(place: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Puts a program of this name, and one called dpkg-deb, in front of all others."""
    place.mkdir()
    for name, text in (("apt-get", script), ("dpkg-deb", "exit 2")):
        (place / name).write_text(f"#!/bin/sh\n{text}\n")
        (place / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")


def test_nobody_has_looked(folder: Path) -> None:
    """Before the first call the state names the command that helps."""
    assert not folder.exists()
    assert "tools/newer_nss.py" in newer_nss.state().reason


def test_no_debian(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without apt-get the reason says that this is no Debian, and is kept for the tests to read."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no Debian" in newer_nss.provide().reason
    assert newer_nss.state() == newer_nss.provide()


def test_no_network(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What apt-get said is in the reason, nothing is left behind, and the next call tries again."""
    calls = tmp_path / "calls"
    apt_get(tmp_path / "bin", monkeypatch, f"echo x >> '{calls}'; echo 'E: Failed to fetch it' >&2; exit 100")
    assert "E: Failed to fetch it" in newer_nss.provide().reason
    once = len(calls.read_text().split())
    newer_nss.provide()
    assert len(calls.read_text().split()) == 2 * once
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "state.json"]


def test_time_is_bounded(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download that does not end is ended."""
    monkeypatch.setattr(newer_nss, "SECONDS", 1)
    apt_get(tmp_path / "bin", monkeypatch, "exec sleep 60")
    assert "no end within 1 s" in newer_nss.provide().reason


def test_a_package_that_is_none(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that cannot be unpacked, or lacks libraries, is no newer NSS."""
    apt_get(tmp_path / "bin", monkeypatch, ": > firefox-esr_1_all.deb")
    reason = newer_nss.provide().reason
    assert "firefox-esr_1_all.deb" in reason and "libnss3.so" in reason


def test_an_old_system_is_told_from_a_new_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system's own NSS will do, nothing is downloaded."""
    monkeypatch.setattr(newer_nss, "WANTED", (3,))
    found = newer_nss.provide()
    assert found.system and newer_nss.numbers(found.version) > (3,)
    assert newer_nss.provide() == found
