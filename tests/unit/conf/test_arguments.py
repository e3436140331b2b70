"""Arguments of directives: what is taken, what is refused, and what is only worth a line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsspy.conf import arguments
from nsspy.conf.arguments import Database, PassPhraseDialog, RandomSeed, Site
from nsspy.conf.directives import BY_NAME, TABLE, Directive
from nsspy.conf.record import Record
from nsspy.errors import Level, NSSPyError, Place


def record(name: str, *given_: str, server: int = 0, context: str = "server") -> Record:
    """A directive as httpd would have read it."""
    return Record(server, name, Place(name, "/etc/nss.conf", 5), context, given_)


def value(name: str, *given_: str, root: str = "/srv/httpd", server: int = 0) -> tuple[object, list[int]]:
    """The value of a directive and the numbers of what was said."""
    row = BY_NAME[name.lower()]
    site = Site(root, f"{name} {row.syntax}")
    result = row.parse(record(name, *given_, server=server), site)
    return result, [one.message.number for one in site.notes]


def refusal(name: str, *given_: str, root: str = "/srv/httpd", server: int = 0) -> int:
    """The number of the error that a directive gives; its text names the place."""
    with pytest.raises(NSSPyError) as caught:
        value(name, *given_, root=root, server=server)
    assert caught.value.finding.level is Level.ERROR
    assert caught.value.finding.text.endswith(f"{name} (/etc/nss.conf:5)")
    return caught.value.finding.message.number


@pytest.mark.parametrize(("text", "expected"), [("on", True), ("off", False), ("On", True), ("OFF", False)])
def test_flags(text: str, expected: bool) -> None:
    """on and off in any case."""
    assert value("NSSEngine", text) == (expected, [])


@pytest.mark.parametrize("text", ["yes", "1", "", "true"])
def test_bad_flags(text: str) -> None:
    """Anything else is an error."""
    assert refusal("NSSEngine", text) in (4, 5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sql:/etc/httpd/alias", Database("sql", "/etc/httpd/alias")),
        ("SQL:/etc/httpd/alias", Database("sql", "/etc/httpd/alias")),
        ("dbm:/etc/httpd/alias", Database("dbm", "/etc/httpd/alias")),
        ("/etc/httpd/alias", Database("", "/etc/httpd/alias")),
        ("/etc/httpd/alias/", Database("", "/etc/httpd/alias")),
        ("alias", Database("", "/srv/httpd/alias")),
        ("sql:alias", Database("sql", "/srv/httpd/alias")),
        ("/a b/c:d", Database("", "/a b/c:d")),
    ],
)
def test_databases(text: str, expected: Database) -> None:
    """With and without prefix; a relative path starts at ServerRoot."""
    assert value("NSSCertificateDatabase", text) == (expected, [])


@pytest.mark.parametrize(("text", "number"), [("extern:/a", 11), ("rdb:/a", 11), ("sql:", 5), ("", 5), ("  ", 5)])
def test_bad_databases(text: str, number: int) -> None:
    """Other kinds of databases, and no path at all, are errors."""
    assert refusal("NSSCertificateDatabase", text) == number


@pytest.mark.parametrize(
    ("text", "expected", "said"),
    [("86400", 86400, []), ("0", 86400, []), ("5", 5, []), ("4", 5, [7]), ("100000", 86400, [7]), ("100", 100, [])],
)
def test_session_timeouts(text: str, expected: int, said: list[int]) -> None:
    """What NSS would move is moved, and said."""
    assert value("NSSSession3CacheTimeout", text) == (expected, said)


@pytest.mark.parametrize("text", ["-1", "1h", "", "a", "99999999999", "1.5", "²"])
@pytest.mark.parametrize("name", ["NSSSession3CacheTimeout", "NSSSessionCacheSize", "NSSRenegBufferSize"])
def test_bad_numbers(name: str, text: str) -> None:
    """Negative numbers, units and words are errors."""
    assert refusal(name, text) in (5, 6)


def test_sizes() -> None:
    """0 means NSS's own number; more than a million is refused."""
    assert value("NSSSessionCacheSize", "0") == (10000, [])
    assert value("NSSSessionCacheSize", "512") == (512, [])
    assert refusal("NSSSessionCacheSize", "1000001") == 6
    assert value("NSSOCSPCacheSize", "-1") == (-1, [])
    assert refusal("NSSOCSPCacheSize", "-2") == 6


def test_timeout_of_sslv2_is_said_to_have_no_effect() -> None:
    """Whatever the number, it is one line."""
    assert value("NSSSessionCacheTimeout", "100") == ("100", [8])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A ServerRoot with a PIN file, a program, a program that may not run, and a directory."""
    (tmp_path / "password.conf").write_text("internal:secret\n")
    (tmp_path / "dialog").write_text("#!/bin/sh\n")
    (tmp_path / "dialog").chmod(0o755)
    (tmp_path / "folder").mkdir()
    return tmp_path


def test_dialogs(root: Path) -> None:
    """The four forms, prefixes in any case, paths relative to ServerRoot."""
    where = str(root)
    assert value("NSSPassPhraseDialog", "BuiltIn") == (PassPhraseDialog("builtin"), [])
    for kind, name in (("file", "password.conf"), ("defer", "password.conf"), ("exec", "dialog")):
        expected = PassPhraseDialog(kind, str(root / name))
        assert value("NSSPassPhraseDialog", f"{kind}:{root / name}") == (expected, [])
        assert value("NSSPassPhraseDialog", f"{kind.upper()}:{name}", root=where) == (expected, [])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("file:nothing", 15),
        ("file:folder", 16),
        ("exec:password.conf", 17),
        ("exec:nothing", 15),
        ("exec:/dev/null", 16),
        ("file:", 14),
        ("pipe:dialog", 14),
        ("|dialog", 14),
        ("builtins", 14),
        ("file:\0", 15),
    ],
)
def test_bad_dialogs(root: Path, text: str, number: int) -> None:
    """A missing file, a directory, a program that may not run, an unknown form: each has its own error."""
    assert refusal("NSSPassPhraseDialog", text, root=str(root)) == number


def test_helpers(root: Path) -> None:
    """A helper that is there is kept, one that is not is a warning and no more."""
    assert value("NSSPassPhraseHelper", str(root / "dialog")) == (str(root / "dialog"), [])
    assert value("NSSPassPhraseHelper", "/usr/libexec/no/such/nss_pcache") == (None, [18])
    assert value("NSSPassPhraseHelper", str(root / "password.conf")) == (None, [18])


def test_random_seeds(root: Path) -> None:
    """Sources and amounts; a device without an amount gives a bounded one."""
    where = str(root)
    assert value("NSSRandomSeed", "Startup", "Builtin") == (RandomSeed("builtin", "", None), [])
    path = str(root / "password.conf")
    assert value("NSSRandomSeed", "startup", "file:password.conf", root=where) == (RandomSeed("file", path, None), [])
    assert value("NSSRandomSeed", "startup", path, "512") == (RandomSeed("file", path, 512), [])
    assert value("NSSRandomSeed", "startup", "defer:password.conf", root=where) == (RandomSeed("file", path, None), [])
    program = str(root / "dialog")
    assert value("NSSRandomSeed", "startup", f"exec:{program}", "64") == (RandomSeed("exec", program, 64), [])
    assert value("NSSRandomSeed", "startup", "file:/dev/urandom")[0] == RandomSeed("file", "/dev/urandom", 1024)


@pytest.mark.parametrize(
    ("given_", "server", "number"),
    [
        (("connect", "builtin"), 0, 19),
        (("sometimes", "builtin"), 0, 19),
        (("startup", "builtin", "512"), 0, 21),
        (("startup", "/no/such/file"), 0, 15),
        (("startup", "/"), 0, 16),
        (("startup", "exec:/dev/null"), 0, 16),
        (("startup", "/dev/urandom", "-1"), 0, 6),
        (("startup", "/dev/urandom", "all"), 0, 6),
        (("startup",), 0, 26),
        (("startup", "builtin"), 1, 20),
    ],
)
def test_bad_random_seeds(given_: tuple[str, ...], server: int, number: int) -> None:
    """Each way to get it wrong has its own error; a virtual host is no place for it."""
    assert refusal("NSSRandomSeed", *given_, server=server) == number


@pytest.mark.parametrize(
    ("text", "expected"),
    [("none", 0), ("off", 0), ("optional", 1), ("REQUIRE", 2), ("On", 2), ("require", 2), ("optional_no_ca", 3)],
)
def test_client_verification(text: str, expected: int) -> None:
    """Words in any case give the numbers of bridge.h."""
    assert value("NSSVerifyClient", text) == (expected, [])


def test_bad_client_verification() -> None:
    """A slip of the pen is refused with a hint."""
    with pytest.raises(NSSPyError, match='"require" was probably meant'):
        value("NSSVerifyClient", "requires")


def test_options() -> None:
    """Words in any case, signs kept; what has no effect yet is said, unless it is switched off."""
    assert value("NSSOptions", "+stdenvvars") == (("+StdEnvVars",), [])
    assert value("NSSOptions", "StdEnvVars ExportCertData") == (("StdEnvVars", "ExportCertData"), [])
    assert value("NSSOptions", "+FakeBasicAuth -OptRenegotiate") == (("+FakeBasicAuth", "-OptRenegotiate"), [25])
    assert value("NSSOptions", '"+StdEnvVars"') == (("+StdEnvVars",), [])
    assert refusal("NSSOptions", "+StdEnvVar") == 24
    assert refusal("NSSOptions", "+") == 24
    assert refusal("NSSOptions", "") == 5


def test_python_homes(root: Path) -> None:
    """A directory that exists, relative to ServerRoot."""
    assert value("NSSPythonHome", "folder", root=str(root)) == (str(root / "folder"), [])
    assert refusal("NSSPythonHome", "/no/such/python") == 23


def test_lists_lose_their_quotes_and_expressions_keep_them() -> None:
    """httpd leaves the quotes in raw lines; for an expression they mean something."""
    assert value("NSSProtocol", '"TLSv1.2", "TLSv1.3"') == ("TLSv1.2, TLSv1.3", [])
    assert value("NSSRequire", '%{SSL_CLIENT_S_DN_O} eq "Example"')[0] == '%{SSL_CLIENT_S_DN_O} eq "Example"'
    assert refusal("NSSProtocol", '""') == 5
    assert refusal("NSSRequire", "  ") == 5
    assert value("NSSRequireSSL") == (True, [])
    assert refusal("NSSRequireSSL", "on") == 26


@given(st.sampled_from(TABLE), st.lists(st.text(max_size=20), max_size=4))
def test_any_argument_is_taken_or_refused(row: Directive, given_: list[str]) -> None:
    """No directive crashes on any argument; a refusal is an ERROR with the place."""
    site = Site("/nonexistent", row.syntax)
    try:
        row.parse(record(row.name, *given_), site)
    except NSSPyError as error:
        assert error.finding.level is Level.ERROR
        assert error.finding.text.endswith(f"{row.name} (/etc/nss.conf:5)")
    for note in site.notes:
        assert note.level is not Level.ERROR


def test_relative_paths_are_clean() -> None:
    """Dots in paths are resolved by their text."""
    assert Site("/srv/httpd").absolute("../x/./y") == "/srv/x/y"
    assert arguments.without_quotes(" 'a' \"b\" ") == "a b"
