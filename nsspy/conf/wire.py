"""Records between httpd's parent and the planner.

A record is a list of fields, a field is bytes. A field is written as a netstring
(``5:hello,``), a record as the netstring of its fields' netstrings. Bytes, not text:
paths and PINs need not be UTF-8, and C needs no escaping.

Parent to planner (file descriptor 3 of the planner):

* ``httpd KEY VALUE``: facts. Keys: ``server_root``, ``mode`` (``check`` for ``httpd -t``,
  ``start``, ``restart``), ``user_id``, ``group_id`` (numbers), ``user_name``, ``mpm``,
  ``generation``, ``module_path``.
* ``server INDEX FILE LINE NAME PORT``: one virtual host in httpd's order, 0 the main server.
* ``alias INDEX NAME`` and ``address INDEX HOST PORT``: what it answers to.
* ``directive INDEX NAME FILE LINE CONTEXT ARG…``: one raw directive, in file order.
  CONTEXT is ``server`` or the path of the enclosing directory section.

Planner to parent (file descriptor 4):

* ``message NUMBER LEVEL INDEX TEXT``: to be logged as it stands (INDEX -1: main log).
* ``number KEY VALUE``: ``session_cache_size`` (entries), ``session_cache_timeout`` (seconds).
* ``plan BYTES``: the plan (see ``nsspy.plan.model``), opaque to the parent.
* ``verdict ok|fail``: always the last one; without it the planner has died, which is a failure.

File descriptor 5 of the planner is its end of nss_pcache's socket, when there is one; 0 is
httpd's own standard input, for the builtin dialogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class WireError(ValueError):
    """The bytes are no sequence of records."""


def encode(*fields: bytes | str | int) -> bytes:
    """One record as bytes. Text is written as UTF-8 with surrogate escapes, numbers in decimal."""
    return _netstring(b"".join(_netstring(_as_bytes(field)) for field in fields))


def decode(data: bytes) -> Iterator[list[bytes]]:
    """The records of *data*, each a list of fields.

    Raises WireError at the first byte that does not fit.
    """
    for record in _strings(data):
        yield list(_strings(record))


def text(field: bytes) -> str:
    """A field as text; bytes that are no UTF-8 survive as surrogate escapes."""
    return field.decode("utf-8", "surrogateescape")


def _as_bytes(field: bytes | str | int) -> bytes:
    if isinstance(field, bytes):
        return field
    if isinstance(field, int):
        return str(field).encode("ascii")
    return field.encode("utf-8", "surrogateescape")


def _netstring(data: bytes) -> bytes:
    return b"%d:%s," % (len(data), data)


def _strings(data: bytes) -> Iterable[bytes]:
    at = 0
    while at < len(data):
        colon = data.find(b":", at, at + 11)
        digits = data[at:colon]
        if colon < 0 or not digits.isdigit():
            raise WireError(f"no length at byte {at}")
        end = colon + 1 + int(digits)
        if data[end : end + 1] != b",":
            raise WireError(f"field at byte {at} is cut short")
        yield data[colon + 1 : end]
        at = end + 1
