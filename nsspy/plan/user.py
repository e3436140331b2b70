"""Who looks: the planner opens everything as the user that httpd's children will be.

It starts as httpd does, usually as root, which may read PIN files that nobody else can. From
``become`` on it is the configured user, with the real user id too (``access(2)`` asks for that one).
A PIN file is read before; only where a person or a program is asked later, root stays the saved id
for that moment.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from nsspy.errors import NSSPyError, finding
from nsspy.errors import engine as messages


class User:
    """The configured user and group. Without root nothing is switched: the children cannot either."""

    def __init__(self, facts: Mapping[str, str]) -> None:
        """Takes ``user_id``, ``group_id``, ``user_name`` of httpd's facts."""
        self.user = int(facts.get("user_id", "0") or "0")
        self.group = int(facts.get("group_id", "0") or "0")
        self.name = facts.get("user_name", "")
        self._switches = os.geteuid() == 0 and self.user != 0
        self._started = (os.getgid(), os.getgroups())

    def become(self, *, for_good: bool) -> None:
        """Becomes the user, its group and its other groups; *for_good*: with no way back.

        Raises NSSPyError (NSS0703).
        """
        if not self._switches:
            return
        try:
            self._switch(for_good)
            self._switches = not for_good
        except OSError as error:
            raise NSSPyError(
                finding(
                    messages.USER_SWITCH,
                    user=self.name or f"#{self.user}",
                    group=f"#{self.group}",
                    why=error.strerror or str(error),
                )
            ) from error

    def _switch(self, for_good: bool) -> None:
        if self.name and not self.name.startswith("#"):
            os.initgroups(self.name, self.group)
        else:
            os.setgroups([self.group])
        os.setresgid(self.group, self.group, self.group if for_good else 0)
        os.setresuid(self.user, self.user, self.user if for_good else 0)

    @contextmanager
    def as_started(self) -> Iterator[None]:
        """For a moment, the user that started httpd, with that one's groups."""
        if not self._switches or os.geteuid() == 0:
            yield
            return
        group, groups = self._started
        os.setresuid(0, 0, 0)
        os.setresgid(group, group, group)
        os.setgroups(groups)
        try:
            yield
        finally:
            self._switch(for_good=False)
