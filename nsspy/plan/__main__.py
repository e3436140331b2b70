"""The planner as a program: ``python -I -m nsspy.plan``, started by httpd's parent.

Descriptor 3 brings the records, 4 takes the answer, 5 is nss_pcache's socket if there is one, 0 is
httpd's own standard input (``nsspy.conf.wire``). Whatever happens, a verdict is the last record.
"""

from __future__ import annotations

import gc
import os
import sys

from nsspy.errors import engine as messages
from nsspy.errors import finding
from nsspy.plan.report import Report

RECORDS, ANSWER, PCACHE = 3, 4, 5


def main() -> int:
    """Exit status 0: the plan is good; 1: it is not, and the answer says why."""
    gc.disable()
    report = Report(ANSWER)
    plan = None
    try:
        for descriptor in (RECORDS, ANSWER, PCACHE):
            if descriptor != PCACHE or _is_open(descriptor):
                os.set_inheritable(descriptor, False)
        from nsspy.plan.planner import is_socket, run

        plan = run(_read(RECORDS), report, PCACHE if is_socket(PCACHE) else None)
    except BaseException as error:  # a verdict must follow, whatever it is
        report.add(finding(messages.PLANNER_FAILED, what=_name(error), traceback=_trace(error)))
    return 0 if report.finish(plan) else 1


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _read(descriptor: int) -> bytes:
    parts = []
    while part := os.read(descriptor, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _name(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _trace(error: BaseException) -> str:
    import traceback

    return " | ".join(line.strip() for line in traceback.format_exception(error))


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # NSS and its modules go with the process; there is nothing to tidy up
