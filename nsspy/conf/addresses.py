"""Virtual hosts that share an address and port, and do not agree whether TLS is spoken there.

The first one of an address in the configuration decides for all of them: whether a connection is TLS must be known
before its first byte, and so before any name is.
"""

from __future__ import annotations

from collections.abc import Sequence

from nsspy.conf.vhosts import Server
from nsspy.errors import Finding, finding
from nsspy.errors import configuration as rows


def mixed(servers: Sequence[Server]) -> list[Finding]:
    """One WARNING for each address where NSSEngine is on for some virtual hosts and off for others.

    Addresses are compared as they are written (``*`` and ``_default_`` are the same). The main server, the one with
    number 0, has none: it serves what no virtual host is there for. httpd's list begins with the last virtual host of
    the configuration (``virtualhost_section`` in its core.c), so it is read backwards.
    """
    sharing: dict[tuple[str, int], list[Server]] = {}
    for server in reversed(servers):
        for host, port in dict.fromkeys(server.addresses if server.index else ()):
            there = sharing.setdefault(("*" if host.lower() == "_default_" else host.lower(), port), [])
            if server not in there:
                there.append(server)
    found = []
    for (host, port), (first, *later) in sharing.items():
        others = [server for server in later if server.engine is not first.engine]
        if others:
            found.append(
                finding(
                    rows.ADDRESS_TLS if first.engine else rows.ADDRESS_PLAIN,
                    server=first.index,
                    place=first.settings.engine.place,
                    address=f"{host}:{port or '*'}",
                    first=first.label,
                    others=", ".join(server.label for server in others),
                )
            )
    return found
