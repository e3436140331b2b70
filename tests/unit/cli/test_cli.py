"""The nsspy command as a program: stdout is data, stderr is talk."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import nsspy
from nsspy.errors import messages


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """``python -m nsspy``."""
    return subprocess.run([sys.executable, "-m", "nsspy", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("notation", ["+ecdhe_rsa_aes_128_gcm_sha_256,-rsa_rc4_128_md5", "ECDHE-RSA-AES128-GCM-SHA256"])
def test_ciphers_in_both_notations(notation: str) -> None:
    """The suite of the list, those of TLS 1.3, and the word that did it."""
    done = run("ciphers", "--json", "--", notation)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert [suite["code"] for suite in data["suites"]] == ["0x1301", "0x1302", "0x1303", "0xC02F"]
    (step,) = data["words"]["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]
    assert step.endswith(": on")
    assert step.removesuffix(": on") in notation


def test_ciphers_tell_what_was_taken_away() -> None:
    """A word that switches off is shown with the suites that it took."""
    done = run("ciphers", "HIGH:!3DES")
    assert done.returncode == 0
    on, _, off = done.stdout.partition("off:")
    assert "AES128-SHA" in on
    assert "DES-CBC3-SHA" in off
    assert "!3DES: off for good" in off


def test_ciphers_that_would_not_start() -> None:
    """A list that leaves nothing: the planner's own message on stderr, status 1."""
    done = run("ciphers", "+nonsense_sha")
    assert done.returncode == 1
    assert "NSS0042" in done.stderr
    assert "0 suites on" in done.stdout


def test_every_message_is_explained() -> None:
    """The table as data, and one row for people, with or without the prefix."""
    data = json.loads(run("messages", "--json").stdout)
    assert [row["code"] for row in data] == [row.code for _, row in sorted(messages().items())]
    for code in ("NSS0220", "220", "nss0220:"):
        done = run("messages", code)
        assert done.returncode == 0
        assert "Action:" in done.stdout
        assert "NSS0220 (ERROR)" in done.stdout


@pytest.mark.parametrize("code", ["NSS9999", "x", "²"])
def test_unknown_messages(code: str) -> None:
    """No such number: status 1 and what to do."""
    done = run("messages", code)
    assert done.returncode == 1
    assert "nsspy messages lists them all" in done.stderr


def test_module_config_is_a_line_for_httpd() -> None:
    """The module of the checkout; the line can be pasted."""
    built = Path(nsspy.__file__).resolve().parents[1] / "build" / "mod_nss.so"
    done = run("module-config")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"LoadModule nss_module {built}\n"
    assert json.loads(run("module-config", "--json").stdout)["module"] == str(built)
