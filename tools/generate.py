#!/usr/bin/env python3
"""Writes what is made from the tables of nsspy.

    python tools/generate.py            build/generated/: the headers that the C shim is compiled with
    python tools/generate.py --docs     docs/errors.md and docs/directives/
    python tools/generate.py --check    fails when the committed documents are stale; writes nothing

A file is written only when its content changes, so that make sees no change where there is none. The standard library
is enough: it runs before anything is installed.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from nsspy.conf.directives import TABLE, Directive, Scope  # noqa: E402
from nsspy.errors import Level, Message, messages  # noqa: E402
from nsspy.tls.suites import SUITES  # noqa: E402

_C_LEVEL = {
    Level.ERROR: "APLOG_ERR",
    Level.WARNING: "APLOG_WARNING",
    Level.INFO: "APLOG_INFO",
    Level.DEBUG: "APLOG_DEBUG",
}
_NOTICE = "Made by tools/generate.py; do not edit."


def c_string(text: str) -> str:
    """*text* as a C string literal of plain ASCII. Other characters are written in UTF-8, three octal digits a byte."""
    out = []
    for byte in text.encode("utf-8"):
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif 0x20 <= byte < 0x7F:
            out.append(char)
        else:
            out.append(f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def messages_header(rows: Iterable[Message]) -> str:
    """``nss_messages.h``: format string and level of every message of the C shim."""
    lines = [
        f"/* {_NOTICE} Source: nsspy/errors. */",
        "#ifndef NSS_MESSAGES_H",
        "#define NSS_MESSAGES_H",
        "",
        '#include "http_log.h"',
        "",
    ]
    for row in sorted(rows, key=lambda row: row.number):
        if row.in_c:
            lines.append(f"#define {row.code} {c_string(f'{row.code}: {row.text}')}")
            lines.append(f"#define {row.code}_LEVEL {_C_LEVEL[row.level]}")
    return "\n".join([*lines, "", "#endif", ""])


def commands_rows(rows: Iterable[Directive]) -> str:
    """``nss_commands.inc``: the rows of the ``command_rec``, without its end."""
    lines = [f"/* {_NOTICE} Source: nsspy/conf/directives.py. */"]
    for row in rows:
        macro = row.arguments.value[0]
        where = row.context.value[0]
        lines.append(f"{macro}({c_string(row.name)}, {row.c_handler}, NULL, {where},")
        lines.append(f"    {c_string(row.summary)}),")
    return "\n".join([*lines, ""])


def suites_rows() -> str:
    """``nss_suites.inc``: one initialiser a suite, sorted by code point."""
    lines = [
        f"/* {_NOTICE} Source: nsspy/tls/suites.py. Sorted by code point. Columns:",
        " * code point, IANA name, OpenSSL name, mod_nss name (NULL: it had none), key exchange, authentication,",
        " * encryption, MAC, secret bits, bits of the algorithm. */",
    ]
    for suite in sorted(SUITES, key=lambda suite: suite.code):
        names = [c_string(suite.iana), c_string(suite.openssl), c_string(suite.nss) if suite.nss else "NULL"]
        words = [c_string(word) for word in (suite.key_exchange, suite.authentication, suite.encryption, suite.mac)]
        columns = ", ".join([f"0x{suite.code:04X}", *names, *words, str(suite.bits), str(suite.algorithm_bits)])
        lines.append(f"{{ {columns} }},")
    return "\n".join([*lines, ""])


def errors_page(rows: Iterable[Message]) -> str:
    """``docs/errors.md``: every message with its cause, outcome and action."""
    ordered = sorted(rows, key=lambda row: row.number)
    out = [
        "# Messages",
        "",
        f"<!-- {_NOTICE} Source: nsspy/errors. -->",
        "",
        "Every message at WARNING or above, and every INFO line of the server, has a number that is never used again.",
        "Words in braces, and `%s` and the like, stand for what the line is about.",
        "",
        "| code | level | text |",
        "|---|---|---|",
    ]
    out += [
        f"| [{row.code}](#{row.code.lower()}) | {row.level.name} | {row.text.replace('|', chr(92) + '|')} |"
        for row in ordered
    ]
    for row in ordered:
        out += [
            "",
            f"## {row.code}",
            "",
            f"`{row.level.name}` {row.text}",
            "",
            f"* **Cause:** {row.cause}",
            f"* **Outcome:** {row.outcome}",
            f"* **Action:** {row.action}",
        ]
    return "\n".join([*out, ""])


def directive_page(row: Directive) -> str:
    """The page of one directive: a frame from the row, then its prose."""
    _, where, override = row.context.value
    status = "in force" if row.in_force else f"accepted, checked and stored; for now, {row.meanwhile}"
    frame = [
        ("Summary", row.summary),
        ("Syntax", f"`{row.name} {row.syntax}`".replace(" `", "`").replace("|", "\\|")),
        ("Default", row.default.replace("|", "\\|")),
        ("Context", where),
        ("Override", override or "none"),
        ("Changes", row.scope.value),
        ("Status", status),
    ]
    out = [f"# {row.name}", "", f"<!-- {_NOTICE} Source: nsspy/conf/directives.py. -->", "", "| | |", "|---|---|"]
    out += [f"| {key} | {value} |" for key, value in frame]
    for paragraph in row.text.split("\n\n"):
        out += ["", textwrap.fill(" ".join(paragraph.split()), 118, break_on_hyphens=False, break_long_words=False)]
    return "\n".join([*out, ""])


def directives_index(rows: Iterable[Directive]) -> str:
    """``docs/directives/README.md``: all directives in a table for each scope."""
    titles = {Scope.GLOBAL: "The whole server", Scope.VHOST: "Virtual hosts", Scope.DIRECTORY: "Directory sections"}
    out = ["# Directives", "", f"<!-- {_NOTICE} Source: nsspy/conf/directives.py. -->"]
    for scope, title in titles.items():
        out += ["", f"## {title}", "", "| directive | what it does | status |", "|---|---|---|"]
        out += [
            f"| [{row.name}]({row.name}.md) | {row.summary} | {'in force' if row.in_force else 'stored'} |"
            for row in rows
            if row.scope is scope
        ]
    return "\n".join([*out, ""])


def generated() -> Mapping[Path, str]:
    """What the build needs, by path below the root of the project."""
    folder = Path("build/generated")
    return {
        folder / "nss_messages.h": messages_header(messages().values()),
        folder / "nss_commands.inc": commands_rows(TABLE),
        folder / "nss_suites.inc": suites_rows(),
    }


def documents() -> Mapping[Path, str]:
    """What is committed, by path below the root of the project."""
    folder = Path("docs/directives")
    pages = {folder / f"{row.name}.md": directive_page(row) for row in TABLE}
    return {
        Path("docs/errors.md"): errors_page(messages().values()),
        folder / "README.md": directives_index(TABLE),
        **pages,
    }


def write(files: Mapping[Path, str], root: Path) -> list[Path]:
    """Writes the files that differ and returns their paths. Raises OSError."""
    changed = [path for path, text in files.items() if not _same(root / path, text)]
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(files[path], encoding="utf-8")
    return changed


def stale(root: Path) -> Iterator[str]:
    """Names every committed document that is missing, differs, or belongs to no row any more."""
    wanted = documents()
    for path, text in wanted.items():
        if not _same(root / path, text):
            yield f"{path}: stale"
    for page in sorted((root / "docs/directives").glob("*.md")):
        if page.relative_to(root) not in wanted:
            yield f"{page.relative_to(root)}: no such directive"


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def main() -> int:
    """The command. Returns the exit status: 1 when ``--check`` found something."""
    parser = argparse.ArgumentParser(description="Writes what is made from the tables of nsspy.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--docs", action="store_true", help="write docs/errors.md and docs/directives/")
    choice.add_argument("--check", action="store_true", help="fail when these documents are stale")
    options = parser.parse_args()
    if options.check:
        findings = list(stale(ROOT))
        for line in findings:
            print(line, file=sys.stderr)
        if findings:
            print("run: python tools/generate.py --docs", file=sys.stderr)
        return 1 if findings else 0
    for path in write(documents() if options.docs else generated(), ROOT):
        print(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
