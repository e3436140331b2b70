"""One directive as httpd read it, before anybody has looked at its meaning."""

from __future__ import annotations

from dataclasses import dataclass

from nsspy.errors import Place

#: The context of directives that stand outside of any directory section.
SERVER = "server"


@dataclass(frozen=True, slots=True)
class Record:
    """A raw directive of server number ``server`` (httpd's order, 0 the main server).

    ``name`` is as spelt in the table, ``context`` is ``server`` or the path of the enclosing directory section.
    """

    server: int
    name: str
    place: Place
    context: str
    arguments: tuple[str, ...]

    @property
    def in_directory(self) -> bool:
        """True inside of ``<Directory>``, ``<Location>``, ``<Files>`` or an ``.htaccess`` file."""
        return self.context != SERVER

    @property
    def text(self) -> str:
        """All arguments as one text, for the directives that read the line themselves."""
        return " ".join(self.arguments)
