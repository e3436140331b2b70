"""The table of messages, and the documents that are made from it."""

from __future__ import annotations

import importlib.util
import re
import string
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from nsspy.errors import Level, Message, Place, configuration, connection, database, engine, finding, messages, process

ROOT = Path(__file__).parents[2]
ROWS = list(messages().values())
AREAS = {
    configuration: range(1, 200),
    database: range(200, 400),
    process: range(400, 500),
    connection: range(500, 700),
    engine: range(700, 800),
}
#: A conversion of printf with httpd's and the C library's lengths.
CONVERSION = re.compile(r"%(?:%|[-+ 0#]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|z|j|t)?[diouxXcsp]|p[a-zA-Z])")


def generator() -> ModuleType:
    """tools/generate.py as a module."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "tools" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_areas_keep_to_their_numbers() -> None:
    """A number says which part of the project speaks."""
    for area, numbers in AREAS.items():
        assert [row.number for row in area.MESSAGES if row.number not in numbers] == [], area.__name__


def test_no_number_is_given_twice() -> None:
    """messages() would raise; and it has every row."""
    assert len(ROWS) == sum(len(area.MESSAGES) for area in AREAS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_rows_are_complete_sentences(row: Message) -> None:
    """Text on one line without its code; cause, outcome and action are there and end as sentences do."""
    assert row.text and "\n" not in row.text and not row.text.startswith("NSS0")
    assert row.text == " ".join(row.text.split())
    for part in (row.cause, row.outcome, row.action):
        assert part.strip().endswith("."), part


@pytest.mark.parametrize("row", [row for row in ROWS if row.level <= Level.WARNING], ids=lambda row: row.code)
def test_failures_name_failure_cause_and_remedy(row: Message) -> None:
    """From WARNING on the text has the three parts: what failed; likely cause; what to do."""
    parts = [part for part in row.text.split(";") if part.strip()]
    assert len(parts) >= 3, row.text


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_texts_are_formats_of_their_language(row: Message) -> None:
    """Rows of C are printf formats, rows of Python have named fields, and neither has the other's."""
    if row.in_c:
        assert "%" not in CONVERSION.sub("", row.text), row.text
    else:
        names = [name for _, name, _, _ in string.Formatter().parse(row.text) if name is not None]
        assert all(name.isidentifier() for name in names), names


def test_finding_is_one_line_with_code_and_place() -> None:
    """Fields with line ends do not break the line."""
    row = Message(1, Level.ERROR, "broken: {what}", "c.", "o.", "a.")
    one = finding(row, place=Place("NSSEngine", "/etc/nss.conf", 3), server=2, what="a\nb")
    assert one.text == "NSS0001: broken: a b; NSSEngine (/etc/nss.conf:3)"
    assert (one.level, one.server) == (Level.ERROR, 2)


def test_every_row_of_this_area_is_used() -> None:
    """A message that nothing says is a row too many."""
    source = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "nsspy").rglob("*.py") if "errors" not in path.parts
    )
    names = [name for name, row in vars(configuration).items() if isinstance(row, Message)]
    assert [name for name in names if not re.search(rf"\b{name}\b", source)] == []


def test_c_strings_survive_the_compiler() -> None:
    """Quotes, backslashes and umlauts are written so that C reads them back."""
    c_string = generator().c_string
    assert c_string('a "b" \\ c') == '"a \\"b\\" \\\\ c"'
    assert c_string("ü1") == '"\\303\\2741"'


def test_header_has_text_and_level_of_c_rows_alone() -> None:
    """A row of C gives two constants, a row of Python none."""
    rows = [
        Message(901, Level.WARNING, "in C: %s", "c.", "o.", "a.", in_c=True),
        Message(902, Level.ERROR, "in Python: {x}", "c.", "o.", "a."),
    ]
    text = generator().messages_header(rows)
    assert '#define NSS0901 "NSS0901: in C: %s"\n#define NSS0901_LEVEL APLOG_WARNING\n' in text
    assert "NSS0902" not in text


def test_generator_writes_only_what_changed(tmp_path: Path) -> None:
    """make must see no change where there is none."""
    module = generator()
    files = module.generated()
    assert len(files) == 3
    assert set(module.write(files, tmp_path)) == set(files)
    assert module.write(files, tmp_path) == []


def test_generator_finds_stale_documents(tmp_path: Path) -> None:
    """A page that differs, is missing or belongs to no directive is named."""
    module = generator()
    module.write(module.documents(), tmp_path)
    assert list(module.stale(tmp_path)) == []
    (tmp_path / "docs/directives/NSSGone.md").write_text("x")
    (tmp_path / "docs/directives/NSSEngine.md").unlink()
    (tmp_path / "docs/errors.md").write_text("old")
    assert sorted(module.stale(tmp_path)) == [
        "docs/directives/NSSEngine.md: stale",
        "docs/directives/NSSGone.md: no such directive",
        "docs/errors.md: stale",
    ]


def test_committed_documents_are_fresh() -> None:
    """tools/generate.py --check, as make lint runs it, with nothing but the standard library."""
    command = [sys.executable, "-I", str(ROOT / "tools" / "generate.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stderr
