"""The benchmark: servers side by side, batches interleaved, one table at the end."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import platform
import resource
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tools.bench import certificates, measure, report, scenarios, servers
from tools.bench.client import Batch, ClientError, Load, build
from tools.bench.report import Row
from tools.bench.scenarios import Scenario

IDLE_CONNECTIONS = 1000


class Bench:
    """One run. ``budget`` bounds it in seconds: rounds are left out rather than overdrawn."""

    def __init__(self, folder: Path, *, quick: bool, sides: list[type[servers.Httpd]], budget: float) -> None:
        self.folder = folder
        self.quick = quick
        self.sides = sides
        self.end = time.monotonic() + budget
        self.content = folder / "content"
        servers.make_content(self.content, scenarios.BIG_BYTES)
        self.store = certificates.make(folder / "keys", (servers.NAME, servers.OTHER_NAME, "localhost"))
        servers.hand_over(folder / "keys")

    def handshakes_and_data(self, wanted: list[Scenario]) -> Iterator[Row]:
        """All scenarios of CPU time, on one set of servers."""
        if not wanted:
            return
        with contextlib.ExitStack() as stack:
            running: list[servers.Server] = [self._httpd(side, side.label) for side in self.sides]
            if servers.SelfServ.available() and any(one.floor for one in wanted):
                running.append(servers.SelfServ(self.folder / "selfserv", self.store))
            servers.hand_over(self.folder)
            for server in running:
                stack.enter_context(server)
            started = time.monotonic()
            for index, scenario in enumerate(wanted):
                share = (self.end - started) * 0.9 * (index + 1) / len(wanted)
                yield self._scenario(scenario, running, started + share)

    def _scenario(self, scenario: Scenario, running: list[servers.Server], end: float) -> Row:
        taking_part = [one for one in running if one.label != "selfserv" or scenario.floor]
        rounds, count = (3, max(1, scenario.count // 4)) if self.quick else (11, scenario.count)
        costs: dict[str, list[float]] = {one.label: [] for one in taking_part}
        trouble: dict[str, str] = {}
        for number in range(rounds):
            order = taking_part if number % 2 == 0 else list(reversed(taking_part))
            for server in order:
                if server.label in trouble:
                    continue
                try:
                    costs[server.label].append(self._batch(server, scenario, count))
                except (ClientError, servers.ServerError, OSError) as error:
                    trouble[server.label] = str(error)
                    server.take_processes()
            if number >= 2 and time.monotonic() > end:
                break
        return report.compare(scenario, costs, trouble)

    def _batch(self, server: servers.Server, scenario: Scenario, count: int) -> float:
        """CPU milliseconds of *server* for one operation."""
        with Batch(scenario.load, server.port, servers.NAME, scenario.parallel, count) as batch:
            before = measure.settled_cpu_ns(server.processes)
            result = batch.go()
            after = measure.settled_cpu_ns(server.processes)
        server.check_processes()
        if result.resumed != (result.operations if scenario.resumes else 0):
            raise ClientError(f"{result.resumed} of {result.operations} handshakes were resumed")
        return (after - before) / 1e6 / result.operations

    def idle_memory(self) -> Row:
        """Memory for each idle keep-alive connection, on a fresh server that has seen a few."""
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        count = min(200 if self.quick else IDLE_CONNECTIONS, hard - 100)
        values: dict[str, list[float]] = {}
        trouble: dict[str, str] = {}
        for side in self.sides:
            values[side.label] = []
            server = self._httpd(side, f"{side.label}-idle")
            servers.hand_over(server.root)
            try:
                with server, self._idle(server.port, 64) as few:
                    few.go()
                    time.sleep(0.5)
                    before = measure.memory_bytes(server.processes)
                    with self._idle(server.port, count) as many:
                        values[side.label].append((measure.memory_bytes(server.processes) - before) / count)
                        many.go()
            except (ClientError, servers.ServerError) as error:
                trouble[side.label] = str(error)
        goal = scenarios.IDLE_GOAL_BYTES / 1024
        return report.absolute(scenarios.IDLE, "KB", goal, _scaled(values, 1 / 1024), trouble)

    def _idle(self, port: int, count: int) -> Batch:
        return Batch(Load("idle"), port, servers.NAME, 1, count)

    def start_time(self) -> Row:
        """Milliseconds from the start of httpd to the first answer."""
        rounds = 3 if self.quick else 7
        values: dict[str, list[float]] = {side.label: [] for side in self.sides}
        trouble: dict[str, str] = {}
        for number in range(rounds):
            for side in self.sides if number % 2 == 0 else list(reversed(self.sides)):
                server = self._httpd(side, f"{side.label}-start-{number}")
                servers.hand_over(server.root)
                try:
                    began = time.monotonic()
                    server.launch()
                    values[side.label].append((server.first_answer() - began) * 1000)
                except servers.ServerError as error:
                    trouble[side.label] = str(error)
                finally:
                    server.stop()
        return report.absolute(scenarios.START, "ms", scenarios.START_GOAL_MS, values, trouble)

    def _httpd(self, side: type[servers.Httpd], name: str) -> servers.Httpd:
        return side(self.folder / name, self.content, self.store)


def _scaled(values: dict[str, list[float]], factor: float) -> dict[str, list[float]]:
    return {label: [one * factor for one in many] for label, many in values.items()}


def environment() -> dict[str, str]:
    """What the figures belong to: versions of httpd and the libraries, processor, cores."""
    version = subprocess.run(
        [str(servers.first_existing(servers.HTTPD_NAMES)), "-v"], capture_output=True, text=True, check=True, timeout=10
    ).stdout
    nss = ctypes.CDLL("libnss3.so").NSS_GetVersion
    nss.restype = ctypes.c_char_p
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "httpd": version.split("\n")[0].removeprefix("Server version: "),
        "nss": nss().decode(),
        "openssl": ssl.OPENSSL_VERSION,
        "processor": models[0].split(":")[1].strip() if models else platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
    }


def measure_all(options: argparse.Namespace) -> list[Row]:
    """Everything that was asked for. Raises ServerError when a server does not start."""
    wanted = [one for one in scenarios.SCENARIOS if not options.only or one.name in options.only]
    sides: list[type[servers.Httpd]] = [servers.ModSsl]
    rows: list[Row] = []
    with contextlib.ExitStack() as stack:
        if servers.ModNss.built() and not options.without_nss:
            stack.callback(servers.ModNss.prepare())
            sides.append(servers.ModNss)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nss-bench-", ignore_cleanup_errors=True)))
        servers.hand_over(folder)
        bench = Bench(folder, quick=options.quick, sides=sides, budget=45.0 if options.quick else 240.0)
        if not options.only or scenarios.START in options.only:
            rows.append(_told(bench.start_time()))
        if not options.only or scenarios.IDLE in options.only:
            rows.append(_told(bench.idle_memory()))
        rows += [_told(row) for row in bench.handshakes_and_data(wanted)]
    return rows


def _told(row: Row) -> Row:
    print(f"measured {row.name}", file=sys.stderr, flush=True)
    return row


def main(arguments: list[str] | None = None) -> int:
    """The command. 0: every goal reached, 1: one was missed, 2: it could not be measured."""
    parser = argparse.ArgumentParser(prog="tools.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="at most a minute, rougher figures")
    parser.add_argument(
        "--only", action="append", choices=scenarios.NAMES, metavar="NAME", help="this row (may be repeated)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="all figures of all rounds as JSON")
    parser.add_argument("--without-nss", action="store_true", help="the other servers alone")
    parser.add_argument("--list", action="store_true", help="names of the rows")
    options = parser.parse_args(arguments)
    if options.list:
        print("\n".join(scenarios.NAMES))
        return 0
    try:
        build()
        rows = measure_all(options)
    except (ClientError, servers.ServerError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    where = environment()
    print(", ".join(f"{key} {value}" for key, value in where.items()), end="\n\n")
    print(report.table(rows))
    if options.json:
        options.json.write_text(json.dumps(report.as_json(rows, where), indent=2) + "\n")
    return report.verdict(rows)


if __name__ == "__main__":
    sys.exit(main())
