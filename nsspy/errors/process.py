"""Messages of the area *process*; see ``nsspy.errors``."""

from __future__ import annotations

from nsspy.errors import Level, Message  # noqa: F401

MESSAGES: tuple[Message, ...] = ()
