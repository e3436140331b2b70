"""The bridge: what crosses, and that nothing else does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

from nsspy.errors.engine import PYTHON_SAID
from nsspy.plan.model import VirtualHost, to_bytes
from tests.support import places
from tests.support.database import ECC, RSA, Database, Store
from tests.unit.engine.behind_the_bridge import HEADER
from tests.unit.engine.test_start import BOTH, database, pcache, plan_of

__all__ = ["database", "pcache"]


def cross(plan: bytes, descriptor: int = -1, refuse: int = -1) -> dict[str, Any]:
    """A child whose C side takes notes."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.engine.behind_the_bridge"],
        input=json.dumps({"plan": plan.decode(), "pcache": descriptor, "refuse": refuse}) + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=places.CHECKOUT,
        pass_fds=[descriptor] if descriptor >= 0 else [],
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_every_function_of_the_header_is_attached(database: Database) -> None:
    """What bridge.h says that Python offers, Python offers."""
    part = re.search(r"/\* cffi: embedding \*/(.*?)/\* cffi: end \*/", HEADER.read_text(), re.DOTALL)
    assert part
    code = re.sub(r"/\*.*?\*/", "", part[1], flags=re.DOTALL)
    assert cross(b"{}")["attached"] == sorted(re.findall(r"\b(\w+)\(", code))


def test_certificates_and_variables_cross_whole(database: Database, store: Store, pcache: int) -> None:
    """DER, end, and variables with their classes, read through the structs of the header."""
    plan = plan_of(database, BOTH)
    plan = replace(plan, vhosts=(*plan.vhosts, VirtualHost(5, 0, False, True)), servers=7)
    notes = cross(to_bytes(plan), pcache)
    assert (notes["result"], notes["published"], notes["servers"]) == (1, 1, 7)
    assert [(one["server"], one["policy"], one["sni"]) for one in notes["hosts"]] == [(1, 0, 1), (5, 0, 0)]
    leaves = {store.leaf(spec).der.hex(): store.leaf(spec) for spec in (RSA, ECC)}
    for certificate in notes["hosts"][0]["certificates"]:
        leaf = leaves.pop(certificate["der"])
        assert certificate["not_after"] == int(leaf.certificate.not_valid_after_utc.timestamp())
        variables = certificate["variables"]
        assert variables["SSL_SERVER_M_SERIAL"] == [str(leaf.certificate.serial_number), 2]
        assert variables["SSL_SERVER_SAN_DNS_0"] == ["localhost", 1]
        assert variables["SSL_SERVER_CERT"] == [leaf.pem.read_text(), 3]
        assert variables["SSL_SERVER_S_DN_CN_0"] == ["localhost", 0]
    assert not leaves


def test_python_output_goes_to_the_error_log(database: Database, pcache: int) -> None:
    """Line by line, with a number."""
    lines = [text for _, _, text in cross(to_bytes(plan_of(database, BOTH)), pcache)["log"]]
    said = f"NSS0756: {PYTHON_SAID.text.removesuffix(' {line}')}"
    assert lines[-2:] == [f"{said} a line of Python", f"{said} half a line"]


def test_an_error_is_a_number_and_a_line(database: Database) -> None:
    """A foreseen failure is its own line at ERROR, without a traceback, and negative in C."""
    notes = cross(b"nonsense")
    assert notes["result"] == -1
    level, server, text = notes["log"][0]
    assert (level, server) == (3, -1)
    assert text.startswith("NSS0751")
    assert "Traceback" not in text


def test_an_unforeseen_error_is_one_record_with_traceback(database: Database, pcache: int) -> None:
    """C refuses a host: nothing is published, everything is closed, one line tells all, negative in C."""
    plan = plan_of(database, BOTH, replace(BOTH, version_max=0x0303))
    notes = cross(to_bytes(plan), pcache, refuse=2)
    assert (notes["result"], notes["published"], notes["discarded"]) == (-1, 0, 1)
    (text,) = [line for level, _, line in notes["log"] if level == 3]
    assert text.startswith("NSS0750")
    assert "RuntimeError: virtual host 2 was refused" in text
    assert "bridge.py" in text
    assert "\n" not in text
    unhurt = cross(b"{}")
    assert notes["sockets"] - 1 == unhurt["sockets"]  # nss_pcache's own, and no model socket
