"""The PIN file: every form met in the field, and the traps of the original turned round."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nsspy.errors import NSSPyError, Place
from nsspy.tokens import pinfile
from tests.support import places
from tests.unit.certdb.inside import inside

INTERNAL = pinfile.INTERNAL_LABEL
FIPS = pinfile.FIPS_LABEL


def pins(path: Path, content: bytes, label: str, known: tuple[str, ...] = ()) -> list[bytes]:
    """The PINs for a token, in the order to be tried."""
    path.write_bytes(content)
    return [
        bytes(pin.value)
        for pin in pinfile.read(str(path)).pins(
            label, internal=pinfile.is_internal(label), fips=label == FIPS, known=known
        )
    ]


@pytest.mark.parametrize(
    ("content", "label", "expected"),
    [
        (b"internal:secret12\n", INTERNAL, [b"secret12"]),
        (b"internal:secret12", INTERNAL, [b"secret12"]),
        (b"internal:  secret12  \n", INTERNAL, [b"secret12"]),
        (b"  internal : secret12\r\n", INTERNAL, [b"secret12"]),
        (b"\xef\xbb\xbfinternal:secret12\n", INTERNAL, [b"secret12"]),
        (b"internal=secret12\n", INTERNAL, [b"secret12"]),
        (b"internal:a:b=c d\n", INTERNAL, [b"a:b=c d"]),
        (b"internal==x\n", INTERNAL, [b"=x"]),
        (b"internal:\n", INTERNAL, [b""]),
        (b"# internal:no\n\ninternal:yes\n", INTERNAL, [b"yes"]),
        (b"internal:first\ninternal:last\n", INTERNAL, [b"last"]),
        (b"internalfoo:no\n", INTERNAL, []),
        (b"intern:no\n", INTERNAL, []),
        (b"INTERNAL:no\n", INTERNAL, []),
        (b"NSS Certificate DB:a\ninternal:b\nNSS FIPS 140-2 Certificate DB:c\n", INTERNAL, [b"b", b"a", b"c"]),
        (b"NSS Certificate DB:a\ninternal:b\nNSS FIPS 140-2 Certificate DB:c\n", FIPS, [b"c", b"b", b"a"]),
        (b"NSS FIPS 140-2 Certificate DB:c\n", INTERNAL, [b"c"]),
        (b"internal:b\n", FIPS, [b"b"]),
        (b"LunaSA Slot1:hsmpin\n", "LunaSA Slot1", [b"hsmpin"]),
        (b"LunaSA Slot10:no\n", "LunaSA Slot1", []),
        (b"hardware-LunaSA=hsmpin\n", "LunaSA", [b"hsmpin"]),
        (b"hardware-LunaSA:a\nLunaSA:b\n", "LunaSA", [b"b"]),
        ("Schlüssel:größe\n".encode(), "Schlüssel", ["größe".encode()]),
        (b"\xff\xfe:pin\n", b"\xff\xfe".decode("utf-8", "surrogateescape"), [b"pin"]),
    ],
)
def test_a_line_belongs_to_the_token_that_it_names(
    tmp_path: Path, content: bytes, label: str, expected: list[bytes]
) -> None:
    """Whole names, both separators, blanks, comments, carriage returns, a missing newline, synonyms and their order."""
    assert pins(tmp_path / "pin", content, label) == expected


def test_where_names_hold_colons_the_longest_wins(tmp_path: Path) -> None:
    """Two tokens, one named as the beginning of the other: each gets its own line."""
    content = b"HSM:one:two\nHSM:part:three\n"
    known = ("HSM", "HSM:part")
    assert pins(tmp_path / "pin", content, "HSM", known) == [b"one:two"]
    assert pins(tmp_path / "pin", content, "HSM:part", known) == [b"three"]


@pytest.mark.parametrize("name", ["blanks-around", "fips-only", "no-newline", "plain", "several-tokens"])
@pytest.mark.parametrize("label", [INTERNAL, FIPS])
def test_the_forms_of_packages_and_manuals(tmp_path: Path, name: str, label: str) -> None:
    """Forms that packages and manuals show, as fixtures of the field have them: the right PIN is tried first."""
    forms = {
        "blanks-around": b"internal:  s3same  \n",
        "fips-only": b"NSS FIPS 140-2 Certificate DB:s3same\n",
        "no-newline": b"internal:s3same",
        "plain": b"internal:s3same\n",
        "several-tokens": b"# comment line\n\nNSS Certificate DB:wrong\ninternal:s3same\n"
        b"NSS FIPS 140-2 Certificate DB:s3same\nLunaSA Slot1:hsmpin\n",
    }
    assert pins(tmp_path / "pin", forms[name], label)[0] == b"s3same"


def test_a_line_without_separator_is_a_warning_without_its_content(tmp_path: Path) -> None:
    """A line that is only a PIN: NSS0241 with the number of the line, and the PIN stays out of the log."""
    path = tmp_path / "pin"
    path.write_bytes(b"# PINs\nhunter2\n:alsobad\ninternal:good\n")
    read = pinfile.read(str(path), place=Place("NSSPassPhraseDialog", "/etc/nss.conf", 3))
    assert [one.message.number for one in read.findings] == [241, 241]
    assert "line 2 " in read.findings[0].text and "line 3 " in read.findings[1].text
    assert not any("hunter2" in one.text or "alsobad" in one.text for one in read.findings)
    assert [pin.source for pin in read.pins("internal")] == [f"{path}:4"]


def test_names_in_the_file_are_listed_without_pins(tmp_path: Path) -> None:
    """What a message lists are the names at the head of the lines, those with colons as well."""
    path = tmp_path / "pin"
    path.write_bytes(b"internal:hidden1\nHSM:part:hidden2\n")
    assert pinfile.read(str(path)).labels(("HSM:part",)) == ["internal", "HSM:part"]


def test_wiped_is_gone(tmp_path: Path) -> None:
    """Wiping file and PIN leaves no PIN behind in them."""
    path = tmp_path / "pin"
    path.write_bytes(b"internal:hidden\n")
    read = pinfile.read(str(path))
    [pin] = read.pins("internal")
    kept = pin.value
    pin.wipe()
    read.wipe()
    assert not kept and read.pins("internal") == [] and "hidden" not in repr(pin)


def _refused(path: str) -> str:
    try:
        pinfile.read(path)
    except NSSPyError as error:
        return error.finding.text
    return "read"


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    """Missing, a folder, a pipe, too large: NSS0240 each with its reason, and no waiting."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "huge").write_bytes(b"x" * ((1 << 20) + 1))
    for name, reason in (
        ("missing", "No such file"),
        (".", "no regular file"),
        ("fifo", "no regular file"),
        ("huge", "1048577 bytes"),
    ):
        text = _refused(str(tmp_path / name))
        assert text.startswith("NSS0240") and reason in text, name


@pytest.mark.skipif(not places.ROOT, reason="needs root, to become another user")
def test_a_file_closed_to_the_user_is_named(shared_folder: Path) -> None:
    """0600 root: NSS0240 with the user id that was refused."""
    path = shared_folder / "closed-pin"
    path.write_bytes(b"internal:x\n")
    path.chmod(0o600)
    text = inside(_refused, str(path), user=65534)
    assert text.startswith("NSS0240") and "Permission denied as user id 65534" in text
