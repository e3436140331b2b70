"""Runs the planner as httpd's parent does: records on descriptor 3, the answer on 4, nss_pcache on 5."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nsspy.conf.wire import decode, encode, text
from nsspy.plan.model import Plan, from_bytes
from tests.support import places

FILE = "/etc/httpd/nss.conf"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: (number, level, server, text) of each message, the numbers, plan and verdict."""

    messages: tuple[tuple[int, int, int, str], ...]
    numbers: dict[str, int]
    plan: Plan | None
    verdict: str
    status: int
    stderr: str

    @property
    def errors(self) -> dict[int, str]:
        """Texts of errors by number."""
        return {number: line for number, level, _, line in self.messages if level == 3}

    @property
    def warnings(self) -> dict[int, str]:
        """Texts of warnings by number."""
        return {number: line for number, level, _, line in self.messages if level == 4}

    @property
    def infos(self) -> dict[int, str]:
        """Texts of infos by number."""
        return {number: line for number, level, _, line in self.messages if level == 6}


@dataclass(slots=True)
class Site:
    """Records of a configuration, put together like a file: a line of text is a directive of server ``index``."""

    records: list[bytes] = field(default_factory=list)
    lines: int = 0

    def facts(self, mode: str = "start", user: tuple[str, int, int] | None = None) -> Site:
        """httpd's facts."""
        name, uid, gid = user or (("root", 0, 0) if not places.ROOT else _run_user())
        for key, value in (
            ("server_root", "/"), ("mode", mode), ("user_id", uid), ("group_id", gid), ("user_name", name),
            ("mpm", "event"), ("generation", 1), ("module_path", "/usr/lib/mod_nss.so"),
        ):  # fmt: skip
            self.records.append(encode("httpd", key, value))
        return self

    def server(
        self, index: int, *directives: str, name: str = "localhost", port: int = 443, aliases: Sequence[str] = ()
    ) -> Site:
        """A server with its directives; flags are FLAG arguments, the rest of a line is one argument."""
        self.records.append(encode("server", index, FILE, self.lines + 1, name, port))
        self.records += [encode("alias", index, alias) for alias in aliases]
        self.records.append(encode("address", index, "*", port))
        for directive in directives:
            self.lines += 1
            word, _, rest = directive.partition(" ")
            arguments = rest.split(" ") if word == "NSSRandomSeed" else [rest]
            self.records.append(encode("directive", index, word, FILE, self.lines, "server", *arguments))
        return self

    def run(self, *, stdin: bytes | None = None, pcache: int | None = None, raw: bytes | None = None) -> Answer:
        """Runs it."""
        data = b"".join(self.records) if raw is None else raw
        records_out, records_in = os.pipe()
        answer_out, answer_in = os.pipe()
        script = 'exec "$0" -I -m nsspy.plan 3<&"$1" 4>&"$2" ' + ('5<&"$3"' if pcache is not None else "5<&-")
        passed = [records_out, answer_in, *([pcache] if pcache is not None else [])]
        process = subprocess.Popen(
            ["/bin/bash", "-c", script, sys.executable, *map(str, passed)],
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=passed,
            cwd="/",
        )
        os.close(records_out)
        os.close(answer_in)
        if stdin is not None and process.stdin:
            process.stdin.write(stdin)
            process.stdin.flush()
        os.write(records_in, data)
        os.close(records_in)
        with os.fdopen(answer_out, "rb") as stream:
            answer = stream.read()
        _, stderr = process.communicate(timeout=30)
        return _answer(answer, process.returncode, stderr.decode())


def _run_user() -> tuple[str, int, int]:
    import pwd

    user = pwd.getpwnam(places.run_user()[0]) if places.ROOT else pwd.getpwuid(os.getuid())
    return user.pw_name, user.pw_uid, user.pw_gid


def _answer(data: bytes, status: int, stderr: str) -> Answer:
    messages, numbers, plan, verdict = [], {}, None, ""
    for record in decode(data):
        assert not verdict, "a record after the verdict"
        match [text(record[0]), *record[1:]]:
            case ["message", number, level, server, line]:
                messages.append((int(number), int(level), int(server), text(line)))
            case ["number", key, value]:
                numbers[text(key)] = int(value)
            case ["plan", value]:
                plan = from_bytes(value)
            case ["verdict", value]:
                verdict = text(value)
            case _:
                raise AssertionError(record)
    return Answer(tuple(messages), numbers, plan, verdict, status, stderr)


def pin_file(folder: Path, *lines: str) -> Path:
    """A PIN file that only root reads."""
    path = folder / "pin.txt"
    path.write_text("".join(line + "\n" for line in lines))
    path.chmod(0o600)
    return path
