"""Where the module is that belongs to this package."""

from __future__ import annotations

from pathlib import Path

import nsspy

NAME = "mod_nss.so"


def places() -> list[Path]:
    """Where it is looked for: beside the package, and in the build folder of a checkout."""
    package = Path(nsspy.__file__).resolve().parent
    return [package, package.parent / "build"]


def find() -> Path | None:
    """The module, None when it was not built."""
    return next((place / NAME for place in places() if (place / NAME).is_file()), None)


def line(module: Path) -> str:
    """The line for httpd's configuration."""
    return f"LoadModule nss_module {quoted(str(module))}"


def quoted(word: str) -> str:
    """A word as httpd's configuration takes it."""
    if word and not any(one in word for one in " \t\"'\\#"):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
