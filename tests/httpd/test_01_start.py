"""Loading and starting: the module under its two names, and what happens while no engine is on."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Maker, Ready
from tests.support import clients, places, processes
from tests.support.database import PIN, Store
from tests.support.places import CHECKOUT

NSS_LIBRARIES = ("libsoftokn3.so", "libfreebl3.so", "libfreeblpriv3.so")


@pytest.mark.parametrize("name", ["mod_nss.so", "libmodnss.so"])
def test_loads_under_both_names(new_httpd: Maker, name: str) -> None:
    """Both files load as nss_module, and ``<IfModule mod_nss.c>`` is true for both."""
    server = new_httpd(module=places.module().with_name(name))
    server.configure("Listen 127.0.0.1:{port}\n<IfModule mod_nss.c>\nHeader set X-Inside mod_nss.c\n</IfModule>\n")
    server.start()
    answer = clients.curl("-i", f"http://127.0.0.1:{server.port}/").stdout.decode()
    assert "X-Inside: mod_nss.c" in answer


def test_the_two_names_are_one_file() -> None:
    """libmodnss.so is mod_nss.so under its old name."""
    assert places.module().read_bytes() == places.module().with_name("libmodnss.so").read_bytes()


def test_dump_modules_names_nss_module(new_httpd: Maker) -> None:
    """``httpd -M`` lists nss_module."""
    server = new_httpd()
    server.configure("Listen 127.0.0.1:{port}\n")
    assert "nss_module (shared)" in server.check("-D", "DUMP_MODULES").stdout


def test_engine_off_touches_nothing(new_httpd: Maker) -> None:
    """With the engine on nowhere: no Python, no softoken, no nss_pcache, and a missing database is nobody's
    business."""
    server = new_httpd()
    server.configure(
        "Listen 127.0.0.1:{port}\nNSSCertificateDatabase sql:/nonexistent/nss\nNSSPassPhraseDialog builtin\n"
        "<VirtualHost *:{port}>\nNSSEngine off\nNSSNickname nobody\n</VirtualHost>\n"
    )
    server.start()
    assert clients.curl(f"http://127.0.0.1:{server.port}/").stdout
    family = processes.descendants(server.pid)
    assert len(server.children()) >= 2
    assert not server.helpers()
    for pid in [server.pid, *family]:
        names = processes.mapped(pid)
        assert not [name for name in names if name.startswith(NSS_LIBRARIES)], processes.name(pid)
        assert not [name for name in names if name.startswith(("_nss.", "_cffi_backend"))], processes.name(pid)


@pytest.mark.requires_tool("strace")
def test_engine_off_runs_no_planner(new_httpd: Maker) -> None:
    """With the engine on nowhere, a configuration test starts no other program and opens no database."""
    server = new_httpd()
    server.configure("Listen 127.0.0.1:{port}\nNSSCertificateDatabase sql:/nonexistent/nss\n")
    trace = server.root / "trace"
    done = subprocess.run(
        ["strace", "-f", "-e", "trace=execve,openat", "-o", str(trace), *server.command("-t")],
        capture_output=True,
        text=True,
        check=False,
        env=server.environment(),
    )
    if "ptrace" in done.stderr and "not permitted" in done.stderr.lower():
        pytest.skip("strace may not trace here: " + done.stderr.strip())
    assert done.returncode == 0, done.stderr
    text = trace.read_text()
    assert text.count("execve(") == 1
    assert "/nonexistent" not in text and "key4.db" not in text


def test_parent_stays_free_of_python_and_nss(ready: Callable[..., Ready]) -> None:
    """With the engine on, the children have NSS and Python; the parent has neither a token nor the engine."""
    server = ready().simple()
    server.start()
    assert clients.get(server.port).status == 200
    names = processes.mapped(server.pid)
    assert not [name for name in names if name.startswith((*NSS_LIBRARIES, "_nss.", "_cffi_backend"))]
    for child in server.children():
        assert [name for name in processes.mapped(child) if name.startswith("libsoftokn3")]


def test_one_helper_keeps_the_pins(ready: Callable[..., Ready]) -> None:
    """One nss_pcache runs, lives through graceful and hard restarts, and ends with httpd."""
    server = ready().simple()
    server.start()
    (helper,) = server.helpers()
    assert clients.get(server.port).status == 200
    server.graceful()
    assert clients.get(server.port).status == 200
    server.restart()
    assert clients.get(server.port).status == 200
    assert server.helpers() == [helper]
    server.stop()
    assert not processes.alive(helper)


def test_start_says_what_is_running(ready: Callable[..., Ready]) -> None:
    """One INFO line at start names the versions of module, NSS and Python; the Server header names the module."""
    server = ready().simple(outer="ServerTokens Full\n")
    server.start()
    answer = clients.get(server.port)
    assert "mod_nss/2." in answer.headers["server"] and "NSS/3." in answer.headers["server"]
    (line,) = server.log.with_code("NSS0450")
    assert line.level == "info" and "NSS 3." in line.text and "Python 3." in line.text


def test_no_pin_is_needed_for_a_database_without_one(ready: Callable[..., Ready]) -> None:
    """A database without a PIN serves, whatever the dialogue."""
    server = ready(pin="").simple(NSSPassPhraseDialog="builtin")
    server.start()
    assert clients.get(server.port).status == 200


def test_pin_is_in_no_process_arguments_or_environment(ready: Callable[..., Ready]) -> None:
    """The PIN is visible in no command line and no environment of the server's processes."""
    server = ready().simple()
    server.start()
    assert clients.get(server.port).status == 200
    for pid in [server.pid, *processes.descendants(server.pid)]:
        for part in ("cmdline", "environ"):
            assert PIN.encode() not in Path(f"/proc/{pid}/{part}").read_bytes()


def test_shipped_nss_conf_starts_as_it_is(new_httpd: Maker) -> None:
    """apache_conf/nss.load and nss.conf start in an httpd that has no database, and open no port of their own."""
    server = new_httpd(nss=False)
    load = (CHECKOUT / "apache_conf" / "nss.load").read_text()
    load = load.replace("/usr/lib/apache2/modules/mod_nss.so", str(places.module()))
    server.configure("Listen 127.0.0.1:{port}\n" + load + (CHECKOUT / "apache_conf" / "nss.conf").read_text())
    server.start()
    assert clients.curl(f"http://127.0.0.1:{server.port}/").stdout
    assert not server.helpers()


def test_shipped_nss_conf_serves_once_uncommented(new_httpd: Maker, store: Store) -> None:
    """apache_conf/nss.conf with its comment marks removed, and paths and port of this machine, serves TLS."""
    server = new_httpd(nss=False)
    database = store.copy(server.root / "alias")
    server.pin_file(f"internal:{PIN}")
    lines = []
    for line in (CHECKOUT / "apache_conf" / "nss.conf").read_text().splitlines():
        bare = line.strip().lstrip("#")
        directive = bare.strip().split(" ")[0]
        if line.strip().startswith("#") and (
            directive.startswith(("NSS", "<", "Listen", "ServerName", "DocumentRoot"))
        ):
            line = bare.strip().lstrip("#")
        lines.append(line)
    text = "\n".join(lines)
    home = places.staged().python_home
    for old, new in (
        ("sql:/etc/apache2/nss", database.spec),
        ("NSSPassPhraseDialog builtin", f"NSSPassPhraseDialog file:{server.root}/conf/pin"),
        ("8443", str(server.port)),
        ("www.example.com", "localhost"),
        ("/var/www/html", str(server.htdocs)),
    ):
        assert old in text, old
        text = text.replace(old, new)
    load = f"LoadModule nss_module {places.module()}\n" + (f"NSSPythonHome {home}\n" if home else "")
    server.configure(load + text)
    server.start()
    assert clients.get(server.port).status == 200
    assert clients.s_client(server.port, "-tls1_2").protocol == "TLSv1.2"
