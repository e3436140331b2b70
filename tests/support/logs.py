"""httpd's error log, read line by line, and the rule that nothing unexpected stands in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(r"^\[[^\]]*\] \[(?P<module>[\w-]*):(?P<level>\w+)\] (?P<rest>.*)$")
_CODE = re.compile(r"\b(NSS\d{4}|AH\d{5})\b")
_WORSE = {"warn", "error", "crit", "alert", "emerg"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``level`` is httpd's word, empty when the line is no record of httpd."""

    text: str
    module: str
    level: str

    @property
    def codes(self) -> list[str]:
        """Message codes in the line, ours and httpd's."""
        return _CODE.findall(self.text)

    @property
    def alarming(self) -> bool:
        """A warning or worse, a crashed child, a traceback or a sanitizer's report."""
        return (
            self.level in _WORSE
            or "exit signal" in self.text
            or self.text.startswith(("Traceback", "Fatal Python error", "==", "free(): ", "double free", "malloc"))
            or "runtime error:" in self.text
        )


class ErrorLog:
    """One error log file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._checked = 0

    def lines(self) -> list[Line]:
        """All lines so far."""
        if not self.path.exists():
            return []
        found = []
        for text in self.path.read_text(errors="replace").splitlines():
            match = _LINE.match(text)
            found.append(Line(text, match["module"], match["level"]) if match else Line(text, "", ""))
        return found

    def text(self) -> str:
        """Everything as one string."""
        return self.path.read_text(errors="replace") if self.path.exists() else ""

    def count(self, part: str) -> int:
        """How many lines contain *part*."""
        return sum(part in line.text for line in self.lines())

    def with_code(self, code: str) -> list[Line]:
        """Lines with a message code."""
        return [line for line in self.lines() if code in line.codes]

    def unexpected(self, expected: set[str]) -> list[str]:
        """Alarming lines that no expectation covers: each is a code (NSS0501) or a part of the line."""
        return [
            line.text
            for line in self.lines()
            if line.alarming and not any(one in line.codes or one in line.text for one in expected)
        ]
