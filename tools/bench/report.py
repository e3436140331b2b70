"""From the figures of the rounds to rows, table and JSON."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass

from tools.bench.scenarios import Scenario

OURS = "mod_nss"


@dataclass(frozen=True, slots=True)
class Figure:
    """Median and range of one server over the rounds."""

    median: float
    low: float
    high: float
    rounds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    ``value`` is what the goal is about: the median of the rounds' ratios (``against`` names the
    other side), or our own figure. ``passed`` None: no goal, or our side was not measured.
    """

    name: str
    unit: str
    figures: dict[str, Figure]
    against: str | None
    value: float | None
    value_range: tuple[float, float] | None
    goal: float | None
    passed: bool | None
    trouble: dict[str, str]


def figure(values: list[float]) -> Figure:
    """Summary of *values* (at least one)."""
    return Figure(statistics.median(values), min(values), max(values), tuple(values))


def compare(scenario: Scenario, costs: dict[str, list[float]], trouble: dict[str, str]) -> Row:
    """A row of CPU milliseconds. Ratios are taken round by round: neighbours in time share the machine's mood."""
    figures = {label: figure(values) for label, values in costs.items() if values and label not in trouble}
    value, value_range = None, None
    if OURS in figures and scenario.against in figures:
        pairs = zip(figures[OURS].rounds, figures[scenario.against].rounds, strict=False)
        ratios = [ours / theirs for ours, theirs in pairs]
        value, value_range = statistics.median(ratios), (min(ratios), max(ratios))
    return Row(
        scenario.name,
        "ms",
        figures,
        scenario.against,
        value,
        value_range,
        scenario.goal,
        _passed(value, scenario.goal, trouble),
        trouble,
    )


def absolute(name: str, unit: str, goal: float, values: dict[str, list[float]], trouble: dict[str, str]) -> Row:
    """A row whose goal is a figure of ours and no ratio."""
    figures = {label: figure(many) for label, many in values.items() if many and label not in trouble}
    ours = figures.get(OURS)
    value = ours.median if ours else None
    spread = (ours.low, ours.high) if ours else None
    return Row(name, unit, figures, None, value, spread, goal, _passed(value, goal, trouble), trouble)


def _passed(value: float | None, goal: float | None, trouble: dict[str, str]) -> bool | None:
    if goal is not None and OURS in trouble:
        return False
    return None if value is None or goal is None else value <= goal


def line(row: Row) -> str:
    """The row as one line of the table."""
    shown = [_figure(row.figures.get(label)) for label in (OURS, "mod_ssl", "selfserv")]
    text = f"{row.name:<24}{row.unit:<4}" + "".join(f"{one:>24}" for one in shown)
    mark = {True: "ok", False: "MISSED", None: ""}[row.passed]
    text += f"{_value(row):>28}{_goal(row):>16}  {mark}"
    return "\n".join([text.rstrip(), *(f"    {label}: {why}" for label, why in row.trouble.items())])


def _figure(one: Figure | None) -> str:
    if one is None:
        return "-"
    digits = 3 if one.median < 10 else 1
    return f"{one.median:.{digits}f} ({one.low:.{digits}f}-{one.high:.{digits}f})"


def _value(row: Row) -> str:
    if row.value is None or row.value_range is None:
        return "-"
    low, high = row.value_range
    if row.against is None:
        return f"{row.value:.1f} {row.unit}"
    return f"{row.value:.2f} ({low:.2f}-{high:.2f})"


def _goal(row: Row) -> str:
    if row.goal is None:
        return "-"
    return f"{row.goal:g} {row.unit}" if row.against is None else f"{row.goal:g} {row.against}"


def table(rows: list[Row]) -> str:
    """All rows under a heading: median (lowest-highest) over the rounds."""
    heads = "".join(f"{one:>24}" for one in (OURS, "mod_ssl", "selfserv"))
    heading = f"{'server CPU per operation':<28}{heads}{'ratio (range)':>28}{'goal at most':>16}"
    missed = [row.name for row in rows if row.passed is False]
    end = f"missed: {', '.join(missed)}" if missed else "no goal missed"
    return "\n".join([heading, "-" * len(heading), *(line(row) for row in rows), "", end])


def as_json(rows: list[Row], environment: dict[str, str]) -> dict[str, object]:
    """The rows for machines; ``rounds`` hold every single figure."""
    return {"environment": environment, "rows": [asdict(row) for row in rows]}


def verdict(rows: list[Row]) -> int:
    """Exit status: 1 when a goal was missed, 2 when our side was not measured at all, 0 otherwise."""
    if any(row.passed is False for row in rows):
        return 1
    return 0 if any(row.value is not None for row in rows) else 2
