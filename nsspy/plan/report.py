"""What the planner says to httpd's parent, as it comes to know it.

Every finding goes out at once, so that nothing is lost if a later step dies; the verdict is the last
record and comes exactly once, from the planner or from the watchdog that ends a planner that hangs.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable

from nsspy.conf.wire import encode
from nsspy.errors import Finding, Level, finding
from nsspy.errors import engine as messages
from nsspy.plan.model import Plan, to_bytes


class Report:
    """Writes records to a descriptor. ``step`` says what is being done, for the message of the watchdog."""

    def __init__(self, descriptor: int) -> None:
        self.step = "starting"
        self.failed = False
        self._descriptor = descriptor
        self._told: set[tuple[int, str]] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._seconds = 0.0
        self._timer: threading.Timer | None = None

    def add(self, one: Finding | None) -> None:
        """Says a finding, the same one only once. An ERROR makes the verdict ``fail``."""
        if one is None or (one.server, one.text) in self._told:
            return
        self._told.add((one.server, one.text))
        self.failed = self.failed or one.level is Level.ERROR
        self._write(encode("message", one.message.number, int(one.level), one.server, one.text))

    def add_all(self, findings: Iterable[Finding]) -> None:
        """Says several."""
        for one in findings:
            self.add(one)

    def number(self, key: str, value: int) -> None:
        """A number for the parent (``wire``)."""
        self._write(encode("number", key, value))

    def finish(self, plan: Plan | None) -> bool:
        """Plan, if all is well, and verdict. True for ``ok``."""
        self.pause()
        good = plan is not None and not self.failed
        if plan is not None and good:
            self._write(encode("plan", to_bytes(plan)))
        with self._lock:
            self._send(encode("verdict", "ok" if good else "fail"))
            self._closed = True
        return good

    def watch(self, seconds: float) -> None:
        """From now on the planner may take this long."""
        self._seconds = seconds
        self.resume()

    def pause(self) -> None:
        """A person types: no limit."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def resume(self) -> None:
        """The limit counts again, from its beginning."""
        self.pause()
        if self._seconds:
            self._timer = threading.Timer(self._seconds, self._give_up)
            self._timer.daemon = True
            self._timer.start()

    def _give_up(self) -> None:
        """On the watchdog's thread: the main one is somewhere in C and does not come back."""
        one = finding(messages.PLANNER_TIMEOUT, seconds=f"{self._seconds:.0f}", step=self.step)
        with self._lock:
            if self._closed:
                return
            self._send(encode("message", one.message.number, int(one.level), -1, one.text))
            self._send(encode("verdict", "fail"))
            os._exit(1)

    def _write(self, record: bytes) -> None:
        with self._lock:
            if not self._closed:
                self._send(record)

    def _send(self, record: bytes) -> None:
        at = 0
        try:
            while at < len(record):
                at += os.write(self._descriptor, record[at:])
        except BrokenPipeError:
            os._exit(1)  # httpd was stopped meanwhile: nobody listens, and nothing here is worth a traceback
