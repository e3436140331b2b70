"""Imports point down only, and what runs in a worker needs little.

The order of the rooms is that of the house style: pure values at the bottom, input and output above, configuration
above that, then engine and planner, then everything that people call. Tokens stand on certdb, which knows NSS's slots;
the planner stands on the engine, because it proves a configuration by the very steps that a child will take.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "nsspy"

#: Rooms by floor. Within one floor only the same room may be imported.
FLOORS: dict[str, int] = {
    "errors": 0,
    "names": 0,
    "_nss": 0,
    "_nss_bridge": 0,
    "tls": 1,
    "x509": 1,
    "certdb": 2,
    "tokens": 3,
    "conf": 4,
    "engine": 5,
    "plan": 6,
    "bridge": 7,
    "cli": 7,
    "express": 7,
    "migrate": 7,
    "demo": 7,
    "__main__": 8,
}
#: The one exception: the plan's data is what planner and engine share.
SHARED = "nsspy.plan.model"
#: What a worker must never import, nor anything that it reaches.
FORBIDDEN = {"cryptography", "PyKCS11", "jinja2", "click"}
#: Where a worker starts.
WORKER = ("bridge", "engine")
THIRD_PARTY = {"asn1crypto", "cffi", "_cffi_backend"}


def modules() -> dict[str, Path]:
    """Every module of nsspy by its dotted name."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imported(name: str, tree: ast.AST) -> Iterator[str]:
    """The modules that a module imports, at its top or within a function."""
    package = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parent, base] if base else parent)
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield full if full in MODULES else base


def graph() -> dict[str, set[str]]:
    """Every module with what it imports."""
    return {
        name: set(imported(name, ast.parse(path.read_text(encoding="utf-8")))) - {name}
        for name, path in MODULES.items()
    }


def room(name: str) -> str:
    """The room of a module, empty for the package itself."""
    return name.split(".")[1] if "." in name else ""


def arrows_up(imports: dict[str, set[str]]) -> list[str]:
    """Imports that point up or sideways into another room."""
    found = []
    for name, targets in imports.items():
        for target in targets:
            if not target.startswith("nsspy.") or room(target) == room(name) or target == SHARED or not room(name):
                continue
            if FLOORS[room(target)] >= FLOORS[room(name)]:
                found.append(f"{name} -> {target}")
    return sorted(found)


def reached(start: set[str], imports: dict[str, set[str]]) -> set[str]:
    """Everything that is imported by the modules of *start*, directly or not, packages on the way included."""
    seen: set[str] = set()
    todo = list(start)
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        parts = name.split(".")
        todo += [".".join(parts[:n]) for n in range(1, len(parts))]
        todo += imports.get(name, ())
    return seen


def test_every_room_has_a_floor() -> None:
    """A new room is given its place here."""
    assert {room(name) for name in MODULES} - set(FLOORS) == {""}


def test_no_arrow_points_up() -> None:
    """A module imports its own room and rooms below."""
    assert arrows_up(graph()) == []


def test_an_arrow_that_points_up_is_found() -> None:
    """The test above can fail: up, and sideways, but not the plan's data."""
    imports = {
        "nsspy.tls.a": {"nsspy.conf.wire", "nsspy.x509.der", "nsspy.errors"},
        "nsspy.engine.b": {"nsspy.plan.model", "nsspy.plan.compile"},
    }
    assert arrows_up(imports) == [
        "nsspy.engine.b -> nsspy.plan.compile",
        "nsspy.tls.a -> nsspy.conf.wire",
        "nsspy.tls.a -> nsspy.x509.der",
    ]


@pytest.mark.parametrize("start", WORKER)
def test_workers_reach_no_heavy_package(start: str) -> None:
    """From bridge and engine neither cryptography nor PyKCS11, jinja2 or click is reached, at any depth."""
    imports = graph()
    everything = reached({name for name in MODULES if room(name) == start}, imports)
    assert {name.partition(".")[0] for name in everything} & FORBIDDEN == set()


def test_workers_reach_the_standard_library_alone() -> None:
    """What else a worker imports is nsspy, cffi's output, and asn1crypto on first need."""
    everything = reached({name for name in MODULES if room(name) in WORKER}, graph())
    foreign = {name.partition(".")[0] for name in everything} - {"nsspy"} - THIRD_PARTY - set(sys.stdlib_module_names)
    # The module that cffi makes for the boundary exists inside of httpd only.
    assert {name for name in foreign if not name.startswith("_nss")} == set()


def test_configuration_needs_no_compiled_part() -> None:
    """errors, tls and conf are read by the generator before anything is built: the standard library is enough."""
    code = (
        "import sys; before = set(sys.modules); sys.path.insert(0, sys.argv[1]); "
        "import nsspy.conf.vhosts, nsspy.tls.ciphers, nsspy.tls.groups, nsspy.errors; nsspy.errors.messages(); "
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(new - {'nsspy'} - set(sys.stdlib_module_names)), 'nsspy._nss' in sys.modules)"
    )
    command = [sys.executable, "-I", "-S", "-c", code, str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.strip() == "[] False"
