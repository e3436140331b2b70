"""The ``nsspy`` command: one verb a job. stdout is data, stderr is talk; ``--json`` where there is data."""

from __future__ import annotations


def main() -> None:
    """Entry point of the ``nsspy`` program and of ``python -m nsspy``."""
    from nsspy.cli.commands import nsspy

    nsspy()
