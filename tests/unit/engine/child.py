"""An httpd child without httpd: starts the engine with a plan and says what it would publish.

``python -m tests.unit.engine.child``: a job as JSON on standard input (plan, descriptor of nss_pcache), one as JSON on
standard output: findings, hosts, and what the second look at the database published.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from nsspy._nss import ffi, lib
from nsspy.engine.snapshot import Snapshot
from nsspy.engine.start import start
from nsspy.errors import Finding, NSSPyError


class Shim:
    """C, as far as the engine can tell."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.published: list[Snapshot] = []

    def log(self, one: Finding) -> None:
        """Keeps it."""
        self.findings.append(one)

    def publish(self, snapshot: Snapshot) -> None:
        """Keeps it; the one before goes."""
        if self.published:
            self.published[-1].discard()
        self.published.append(snapshot)


def hosts(snapshot: Snapshot) -> list[dict[str, Any]]:
    """A snapshot as data."""
    return [
        {
            "server": host.server,
            "policy": host.policy,
            "certificates": [
                {one.name: one.value.decode() for one in certificate.variables} for certificate in host.certificates
            ],
        }
        for host in snapshot.hosts
    ]


def main() -> None:
    """One start; with a command in the job, a second snapshot after it ran."""
    job = json.loads(sys.stdin.readline())
    shim = Shim()
    if job["cache"]:
        lib.SSL_ConfigMPServerSIDCache(100, 0, 3600, ffi.NULL)  # the parent's part
    result: dict[str, Any] = {"error": ""}
    try:
        engine = start(job["plan"].encode(), shim, job["pcache"])
        if job.get("command"):
            subprocess.run(job["command"], check=True, capture_output=True)
            engine.refresh()
    except NSSPyError as error:
        result["error"] = error.finding.text
    result["findings"] = [(one.message.number, one.server, one.text) for one in shim.findings]
    result["published"] = [hosts(one) for one in shim.published]
    print(json.dumps(result))


if __name__ == "__main__":
    main()
