"""Virtual hosts of one address that differ in NSSEngine."""

from __future__ import annotations

import pytest

from nsspy.conf import wire
from nsspy.conf.addresses import mixed
from nsspy.conf.vhosts import parse


def numbers(*servers: tuple[str, int, str]) -> list[tuple[int, int]]:
    """Message and place (from 1) of what is found about (host, port, NSSEngine) virtual hosts as they are written.

    httpd's list has the main server first, then the virtual hosts, the last one first.
    """
    data = wire.encode("server", 0, "", 0, "main.example", 80)
    for index, (host, port, engine) in enumerate(reversed(servers), 1):
        data += wire.encode("server", index, "httpd.conf", index, f"host{index}.example", port)
        data += wire.encode("address", index, host, port)
        data += wire.encode("directive", index, "NSSEngine", "httpd.conf", index, "server", engine)
    return [(one.message.number, len(servers) + 1 - one.server) for one in mixed(parse(wire.decode(data)).servers)]


@pytest.mark.parametrize(
    ("servers", "found"),
    [
        ((("*", 443, "off"), ("*", 443, "on")), [(51, 1)]),
        ((("*", 443, "on"), ("*", 443, "off"), ("*", 443, "off")), [(52, 1)]),
        ((("*", 443, "on"), ("_default_", 443, "off")), [(52, 1)]),
        ((("Host.example", 443, "off"), ("host.example", 443, "on")), [(51, 1)]),
        ((("*", 443, "on"), ("*", 443, "on"), ("*", 80, "off")), []),
        ((("192.0.2.1", 443, "off"), ("192.0.2.2", 443, "on"), ("*", 443, "off")), []),
        ((("*", 80, "off"), ("*", 443, "on"), ("*", 80, "on"), ("*", 443, "off")), [(51, 1), (52, 2)]),
        ((("*", 443, "off"), ("*", 443, "off")), []),
    ],
)
def test_first_decides(servers: tuple[tuple[str, int, str], ...], found: list[tuple[int, int]]) -> None:
    """One warning for each address whose virtual hosts differ, at the first of them; none where they agree."""
    assert numbers(*servers) == found
