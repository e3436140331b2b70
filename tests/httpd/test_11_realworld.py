"""Configurations from the field start unchanged, but for paths, ports and names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ready
from tests.support import clients, places
from tests.support.clients import V
from tests.support.database import PIN
from tests.support.httpd import Httpd
from tests.support.pki import Spec

FOLDER = places.FIXTURES / "realworld"
FILES = sorted(path.name for path in FOLDER.glob("*.conf"))


def checks(text: str) -> list[tuple[str, str, bool]]:
    """(path, status, client certificate) of the ``# check:`` lines."""
    found = []
    for line in re.findall(r"^# check: *(.*)$", text, re.MULTILINE):
        for one in line.split(";"):
            words = one.split()
            if len(words) >= 2:
                found.append((words[0], words[1], "client" in words[2:]))
    return found


def adapt(text: str, server: Httpd, database: str) -> str:
    """The configuration with this machine's paths and port; every other argument as written."""
    port = re.search(r"^Listen (\d+)", text, re.MULTILINE)
    assert port
    text = re.sub(rf"(Listen |:){port[1]}\b", rf"\g<1>{server.port}", text)
    text = re.sub(r"^Listen ", "Listen 127.0.0.1:", text, flags=re.MULTILINE)
    for old, new in (
        ("/etc/httpd/alias", database),
        ("/etc/httpd/conf/", f"{server.root}/conf/"),
        ("/etc/httpd/logs/", f"{server.root}/logs/"),
        ("/var/www/secure", str(server.htdocs)),
        ("/var/www/", f"{server.root}/www/"),
    ):
        text = text.replace(old, new)
    return text


def nickname(text: str) -> str:
    """The nickname that the configuration asks for."""
    match = re.search(r"^\s*NSSNickname\s+(.*)$", text, re.MULTILINE)
    assert match
    return shlex.split(match[1])[0]


@pytest.mark.parametrize("prefix", ["", "sql:"], ids=["bare", "sql"])
@pytest.mark.parametrize("name", FILES)
def test_field_configuration(ready: Callable[..., Ready], name: str, prefix: str) -> None:
    """It starts, and answers the checks that need no client certificate."""
    text = (FOLDER / name).read_text()
    made = ready(
        specs=(Spec(nickname(text), names=("localhost", "puppetmaster.example.com", "tiger.testrelm.test")),),
        modules=("access_compat", "proxy", "proxy_http"),
    )
    server = made.server
    server.write("conf/password.conf", f"internal:{PIN}\n", 0o600)
    for folder in ("www/cgi-bin", "www/puppet"):
        (server.root / folder).mkdir(parents=True)
    body = adapt(text, server, prefix + str(made.database.folder))
    for path, status, _ in checks(text):
        if status == "200" and path != "/":
            server.write("htdocs/" + path.split("?")[0].lstrip("/"), "page\n")
    server.configure(body)
    # Old configurations name what is gone; that is said, and is no reason to fail here. Errors are.
    server.expect(
        "NSSPassPhraseHelper", "NSSSessionCacheTimeout", "NSSProtocol", "NSSCipherSuite", "AH00548", "[nss:warn]"
    )
    server.start()
    old = "# tls: 1.0" in text or "TLSv1.2" not in text
    ctx = clients.context(low=V.TLSv1, high=V.TLSv1_1 if old else V.TLSv1_2, ciphers="ALL")
    asked = 0
    for path, status, client in checks(text):
        if client or path.startswith("+"):
            continue
        try:
            answer = clients.get(server.port, path, ctx=ctx)
            got = str(answer.status)
        except OSError as error:
            got = type(error).__name__
        assert (got != "200") if status == "!200" else (got == status), (path, status, got)
        asked += 1
    assert asked or "NSSVerifyClient" in text
    assert Path(server.root / "logs").exists()
