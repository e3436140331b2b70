"""The benchmark's own instruments: the load generator, the CPU clocks, the verdict."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tools.bench import certificates, measure, report
from tools.bench.client import Batch, ClientError, Load
from tools.bench.scenarios import Scenario

NAME = "www.bench.test"
ECDSA_TLS12 = "ECDHE-ECDSA-AES128-GCM-SHA256"


def answer(tls: ssl.SSLSocket) -> None:
    """Serves requests of one connection until the client ends it; bodies are read and thrown away."""
    stream = tls.makefile("rwb")
    while line := stream.readline():
        length = 0
        while (header := stream.readline()) not in (b"\r\n", b""):
            if header.lower().startswith(b"content-length:"):
                length = int(header.split(b":")[1])
        stream.read(length)
        body = b"x" * (4096 if b"/big" in line else 16)
        stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        stream.flush()


def serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    """One thread for each connection, until the listener is closed."""

    def one(tcp: socket.socket) -> None:
        try:
            with context.wrap_socket(tcp, server_side=True) as tls:
                answer(tls)
        except OSError:
            pass  # refused handshakes are part of the tests

    while True:
        try:
            tcp, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=one, args=(tcp,), daemon=True).start()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A TLS server of Python's own, with the benchmark's ECDSA certificate."""
    store = certificates.make(tmp_path_factory.mktemp("bench") / "keys", (NAME,))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(store.ecdsa.certificate, store.ecdsa.key)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        threading.Thread(target=serve, args=(listener, context), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("load", "resumed"),
    [
        (Load("handshake"), 0),
        (Load("handshake", group="P-256"), 0),
        (Load("handshake", "1.2", ECDSA_TLS12, "X25519:P-256"), 0),
        (Load("request"), 0),
        (Load("resume"), 20),
        (Load("resume", "1.2", ECDSA_TLS12, "X25519:P-256"), 20),
        (Load("keepalive", bytes=16), 0),
        (Load("download", path="/big", bytes=4096), 0),
        (Load("upload", bytes=100_000), 0),
        (Load("idle"), 0),
    ],
    ids=lambda value: f"{value.mode}-{value.version}-{value.group}" if isinstance(value, Load) else None,
)
def test_every_kind_of_operation_is_done_as_often_as_asked(port: int, load: Load, resumed: int) -> None:
    """Each mode does its operations, and resumes exactly where it says so."""
    with Batch(load, port, NAME, parallel=2, count=20, limit=30) as batch:
        result = batch.go()
    assert (result.operations, result.resumed) == (20, resumed)


def test_an_operation_of_another_kind_is_a_failure(port: int) -> None:
    """A response of the wrong length, and a session that is not resumed, never count as work done."""
    with Batch(Load("keepalive", bytes=17), port, NAME, 1, 5, 30) as batch, pytest.raises(ClientError, match="length"):
        batch.go()
    stateless = Load("resume", "1.2", ECDSA_TLS12, "X25519:P-256", tickets=False)
    with Batch(stateless, port, NAME, 1, 5, 30) as batch, pytest.raises(ClientError, match="not resumed"):
        batch.go()


def test_cpu_clocks_see_threads_and_children() -> None:
    """The tree of a process includes its children, and the clock counts what an ended thread has used."""
    program = (
        "import os, sys, threading, time\n"
        "def burn():\n"
        "    end = time.thread_time() + 0.2\n"
        "    while time.thread_time() < end: pass\n"
        "child = os.fork()\n"
        "thread = threading.Thread(target=burn); thread.start(); thread.join()\n"
        "if child: print(child, flush=True); os.waitpid(child, 0)\n"
        "else: sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        child = int(process.stdout.readline())
        tree = measure.process_tree(process.pid)
        used = measure.settled_cpu_ns(tree, limit=5)
        process.stdin.close()
    assert tree == (process.pid, child)
    assert used > 0.4e9


def test_memory_is_the_processes_share() -> None:
    """The proportional size of this process lies below its resident size."""
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    assert 1_000_000 < measure.memory_bytes((os.getpid(),)) <= resident * 1.05


def test_the_verdict_is_the_median_of_the_rounds_ratios() -> None:
    """A goal is missed by the median ratio alone, and a side that failed misses its goal."""
    scenario = Scenario("some", Load("handshake"), 1, goal=1.0)
    good = report.compare(scenario, {"mod_nss": [1.0, 1.9, 3.0], "mod_ssl": [1.0, 2.0, 2.0]}, {})
    assert (good.value, good.value_range, good.passed) == (1.0, (0.95, 1.5), True)
    bad = report.compare(replace(scenario, goal=0.9), {"mod_nss": [1.0], "mod_ssl": [1.0]}, {})
    assert bad.passed is False
    broken = report.compare(scenario, {"mod_nss": [], "mod_ssl": [1.0]}, {"mod_nss": "died"})
    assert (broken.value, broken.passed) == (None, False)
    assert [report.verdict([good]), report.verdict([good, bad]), report.verdict([])] == [0, 1, 2]
