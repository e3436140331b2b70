"""A second token, by SoftHSM: login, names, keys that stay where they are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from nsspy.certdb import certificates, keys
from nsspy.certdb.database import open_database
from nsspy.certdb.slots import tokens
from nsspy.errors import NSSPyError
from nsspy.tokens.login import find, login
from nsspy.tokens.pin import Pin
from tests.support import places
from tests.support.database import Database, create, run
from tests.unit.certdb.inside import inside

LABEL = "HSM: one"
USER_PIN = "1234"
LIBRARIES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm.so")

pytestmark = pytest.mark.requires_tool("softhsm2-util")


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database whose one server certificate lies, with its key, on a SoftHSM token with a colon in its name."""
    (tmp_path / "tokens").mkdir()
    settings = tmp_path / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {tmp_path}/tokens\nlibrary.reset_on_fork = true\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(settings))
    tool = places.tool("softhsm2-util")
    run(tool, "--init-token", "--free", "--label", LABEL, "--pin", USER_PIN, "--so-pin", "5678")
    made = create(tmp_path / "alias")
    library = next(path for path in LIBRARIES if os.path.exists(path))
    run("modutil", "-force", "-dbdir", made.spec, "-add", "SoftHSM", "-libfile", library)
    pin, noise = tmp_path / "hsm.pin", tmp_path / "noise"
    pin.write_text(USER_PIN)
    noise.write_bytes(bytes(range(256)) * 8)
    run(
        "certutil", "-S", "-d", made.spec, "-h", LABEL, "-f", pin, "-n", "Hsm-Cert", "-s", "CN=localhost", "-x",
        "-t", "u,u,u", "-z", noise, "-m", "7", "-k", "ec", "-q", "nistp256",
    )  # fmt: skip
    return made


def _session(spec: str, pins: list[str], nickname: str) -> Any:
    with open_database(spec):
        labels = [token.label for token in tokens()]
        answers: list[Any] = []
        for pin in pins:
            try:
                login(find(LABEL, spec=spec), [Pin(bytearray(pin.encode()), "pin:1")], spec=spec)
            except NSSPyError as error:
                answers.append(error.finding.message.number)
        try:
            [one] = certificates.choose(certificates.user_certificates(), nickname, spec=spec)
            key = keys.open_key(one, spec=spec)
            answers.append((one.full_name, one.token, bool(key.pointer.pkcs11IsTemp)))
        except NSSPyError as error:
            answers.append(error.finding.text)
        return labels, answers


@pytest.mark.parametrize("nickname", [f"{LABEL}:Hsm-Cert", "pkcs11:token=HSM%3A%20one;object=Hsm-Cert"])
def test_a_certificate_on_a_token_is_served_from_there(database: Database, nickname: str) -> None:
    """After the login the key signs, and it stays on the token."""
    labels, answers = inside(_session, database.spec, [USER_PIN], nickname)
    assert labels == ["NSS Certificate DB", LABEL]
    assert answers == [(f"{LABEL}:Hsm-Cert", LABEL, False)]


def test_a_wrong_pin_reaches_the_token_once(database: Database) -> None:
    """Refused twice, tried once; the right one still opens it."""
    _, answers = inside(_session, database.spec, ["wrong", "wrong", USER_PIN], f"{LABEL}:Hsm-Cert")
    assert answers == [244, 244, (f"{LABEL}:Hsm-Cert", LABEL, False)]


def test_a_bare_nickname_points_to_the_token(database: Database) -> None:
    """The name without its token is not found, and the message shows the one with it."""
    _, [text] = inside(_session, database.spec, [USER_PIN], "Hsm-Cert")
    assert text.startswith("NSS0220") and f"did you mean '{LABEL}:Hsm-Cert'" in text
