"""Opening certificate databases, and what is said when that fails."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from nsspy.certdb import explain, permissions
from nsspy.certdb.database import locate, open_database, open_none
from nsspy.certdb.location import Location
from nsspy.errors import NSSPyError, Place
from tests.support import places
from tests.support.database import PIN, RSA, Database, Store, create, run
from tests.unit.certdb.inside import inside

NOBODY = 65534
as_root = pytest.mark.skipif(not places.ROOT, reason="needs root, to become another user")


@pytest.fixture
def folder(shared_folder: Path) -> Path:
    """An empty folder that every user can reach."""
    path = Path(tempfile.mkdtemp(dir=shared_folder))
    path.chmod(0o755)
    return path


@pytest.fixture
def database(store: Store, folder: Path) -> Database:
    """A database with one certificate, readable by all."""
    made = store.copy(folder / "alias", (RSA,))
    made.folder.chmod(0o755)
    for path in made.folder.iterdir():
        path.chmod(0o644)
    return made


def opened(given: str, prefix: str = "") -> tuple[str, list[str], int]:
    """Locates and opens: the kind, the warnings and how many certificates have a key; or the finding's text."""
    from nsspy.certdb.certificates import user_certificates

    try:
        where = locate(given, prefix, place=Place("NSSCertificateDatabase", "/etc/httpd/nss.conf", 7))
        with open_database(where.spec, where.prefix) as base:
            count = len(user_certificates())
            warnings = [one.text for one in (*where.findings, *base.findings)]
            return where.kind, warnings, count
    except NSSPyError as error:
        return error.finding.text, [], -1


def refusal(given: str, prefix: str = "", user: int | None = None) -> str:
    """The text of the finding."""
    text, _, count = inside(opened, given, prefix, user=user)
    assert count == -1, "it was opened"
    return str(text)


@pytest.mark.parametrize("form", ["sql:{}", "SQL:{}", "{}", "{}/"])
def test_every_way_to_name_an_sql_database_opens_it(database: Database, form: str) -> None:
    """sql:, in any case, and a bare path lead to the same database."""
    kind, warnings, count = inside(opened, form.format(database.folder))
    assert (kind, warnings, count) == ("sql", [], 1)


def test_a_relative_path_counts_from_the_server_root(database: Database) -> None:
    """A relative NSSCertificateDatabase is looked for below ServerRoot."""
    where = locate("sql:alias", server_root=str(database.folder.parent))
    assert where == Location("sql", str(database.folder))


def test_the_old_format_is_read_bare_and_with_either_prefix(folder: Path) -> None:
    """A dbm database opens by dbm: and a bare path; with sql: it opens too and a warning names the conversion."""
    old = create(folder / "old", PIN, "dbm").folder
    assert inside(opened, f"dbm:{old}")[:2] == ("dbm", [])
    assert inside(opened, str(old))[:2] == ("dbm", [])
    kind, warnings, _ = inside(opened, f"sql:{old}")
    assert kind == "dbm" and warnings[0].startswith("NSS0216") and f"sql:{old}" in warnings[0]


def test_the_command_that_converts_an_old_database_works(folder: Path) -> None:
    """The conversion that the message proposes leaves a database that opens as sql."""
    old = create(folder / "old", PIN, "dbm")
    command = locate(f"sql:{old.folder}").findings[0].text.split("convert it with: ")[1].split(";")[0].split()
    run(*command, "-f", old.folder / ".pin", "-@", old.folder / ".pin")
    kind, _, _ = inside(opened, f"sql:{old.folder}")
    assert kind == "sql"


def test_both_formats_in_one_folder_are_told(database: Database) -> None:
    """A bare path to a folder with both formats takes sql and says so."""
    create(database.folder, PIN, "dbm")
    kind, warnings, count = inside(opened, str(database.folder))
    assert (kind, count) == ("sql", 1)
    assert [text[:7] for text in warnings] == ["NSS0209"]


def test_a_prefix_opens_the_files_that_have_it(folder: Path) -> None:
    """NSSDBPrefix selects one of several databases in a folder."""
    pin = folder / "pin"
    pin.write_text(PIN)
    run("certutil", "-N", "-d", f"sql:{folder}", "-P", "web-", "-f", pin)
    assert inside(opened, f"sql:{folder}", "web-") == ("sql", [], 0)
    text = refusal(f"sql:{folder}", "mail-")
    assert text.startswith("NSS0213") and "'mail-'" in text and "web-cert9.db" in text


def test_a_missing_folder_is_named_with_how_far_the_path_exists(folder: Path) -> None:
    """A folder that is not there: NSS0200, the last part that is, and the command that makes one."""
    text = refusal(f"sql:{folder}/etc/alias")
    assert text.startswith("NSS0200") and f"as far as {folder})" in text
    assert f"mkdir -p -m 0750 {folder}/etc/alias && certutil -N -d sql:{folder}/etc/alias" in text
    assert text.endswith("NSSCertificateDatabase (/etc/httpd/nss.conf:7)")


def test_a_dangling_link_is_named(folder: Path) -> None:
    """A link to a missing folder is a missing folder, and the link is told."""
    (folder / "alias").symlink_to("/nonexistent/alias")
    text = refusal(f"sql:{folder}/alias")
    assert text.startswith("NSS0200") and "link to /nonexistent/alias" in text


@pytest.mark.parametrize("form", ["sql:{}/cert9.db", "{}/cert9.db"])
def test_a_file_in_the_place_of_the_folder_is_named(database: Database, form: str) -> None:
    """The path to cert9.db: NSS0201 and the folder to write."""
    text = refusal(form.format(database.folder))
    assert text.startswith("NSS0201") and f"write sql:{database.folder}" in text


def test_an_empty_folder_points_to_the_database_below(database: Database) -> None:
    """A folder without database: NSS0212; a database one level down is mentioned."""
    text = refusal(f"sql:{database.folder.parent}")
    assert text.startswith("NSS0212") and f"there is one in {database.folder}" in text


@pytest.mark.parametrize("name", ["cert9.db", "key4.db"])
def test_a_missing_file_is_named(database: Database, name: str) -> None:
    """One of the two files is gone: NSS0202 names it and what is there, and NSS's own word stands at the end."""
    (database.folder / name).unlink()
    text = refusal(f"sql:{database.folder}")
    assert text.startswith("NSS0202") and f"lacks {name}" in text
    assert "[SEC_ERROR_BAD_DATABASE -8174]" in text


def test_a_database_without_its_list_of_modules_opens(database: Database) -> None:
    """pkcs11.txt is optional: NSS does without it and so do we."""
    (database.folder / "pkcs11.txt").unlink()
    assert inside(opened, f"sql:{database.folder}") == ("sql", [], 1)


@pytest.mark.parametrize("name", ["cert9.db", "key4.db"])
def test_an_empty_file_is_named(database: Database, name: str) -> None:
    """A file of 0 bytes: NSS0208."""
    (database.folder / name).write_bytes(b"")
    text = refusal(f"sql:{database.folder}")
    assert text.startswith("NSS0208") and str(database.folder / name) in text


@pytest.mark.parametrize("name", ["cert9.db", "key4.db"])
def test_a_file_that_is_no_database_is_named(database: Database, name: str) -> None:
    """Something else under the name of a database: NSS0205 shows how it begins."""
    (database.folder / name).write_bytes(b"-----BEGIN CERTIFICATE-----\n" * 200)
    text = refusal(f"sql:{database.folder}")
    assert text.startswith("NSS0205") and str(database.folder / name) in text and "-----BEGIN" in text


def test_a_damaged_database_is_named(database: Database) -> None:
    """A file whose first pages are overwritten behind the header: NSS0206 with SQLite's report."""
    path = database.folder / "cert9.db"
    content = bytearray(path.read_bytes())
    content[100:8000] = b"\xff" * 7900
    path.write_bytes(content)
    text = refusal(f"sql:{database.folder}")
    assert text.startswith("NSS0206") and str(path) in text and "SQLite says" in text


def test_an_sqlite_file_of_another_program_is_named(database: Database) -> None:
    """A sound SQLite file without NSS's tables: NSS0206 says that it is not NSS's."""
    path = database.folder / "key4.db"
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (text)")
    connection.close()
    where = Location("sql", str(database.folder))
    found = explain.explain("sql", where.path, "", None)
    assert found.message.number == 206 and "no database of NSS" in found.text


def test_a_locked_database_is_named_with_who_locks_it(database: Database) -> None:
    """An exclusive lock: NSS0207 names the process."""
    connection = sqlite3.connect(database.folder / "cert9.db", isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        text = refusal(f"sql:{database.folder}")
    finally:
        connection.close()
    assert text.startswith("NSS0207") and f"process {os.getpid()})" in text


def test_the_wrong_format_prefix_is_named(database: Database) -> None:
    """dbm: for an sql database: NSS0204 and what to write."""
    text = refusal(f"dbm:{database.folder}")
    assert text.startswith("NSS0204") and f"write sql:{database.folder}" in text


def _close_file(database: Database) -> Path:
    path = database.folder / "key4.db"
    path.chmod(0o600)
    return path


def _close_folder(database: Database) -> Path:
    database.folder.chmod(0o700)
    return database.folder


def _close_parent(database: Database) -> Path:
    database.folder.parent.chmod(0o700)
    return database.folder.parent


@as_root
@pytest.mark.parametrize("close", [_close_file, _close_folder, _close_parent])
def test_what_the_user_may_not_read_is_named_with_the_command(
    database: Database, close: Callable[[Database], Path]
) -> None:
    """A file, its folder or one above is closed to httpd's user: NSS0203 names the path that is in the way, and the
    command in the message opens it."""
    path = close(database)
    if path.is_file():
        shutil.chown(path, 0, 0)
    else:
        shutil.chown(path, 0, 0)
    text = refusal(f"sql:{database.folder}", user=NOBODY)
    assert text.startswith("NSS0203") and f" {path}; it is mode 0" in text and "user nobody" in text
    command = text.split("mend it with: ")[1].split(" [")[0].split("; NSS")[0]
    run("sh", "-c", command)
    assert inside(opened, f"sql:{database.folder}", user=NOBODY)[0] == "sql"


def test_a_module_that_does_not_load_is_a_warning(database: Database) -> None:
    """A PKCS#11 module without its library: the database opens, NSS0215 names module and library."""
    with (database.folder / "pkcs11.txt").open("a") as stream:
        stream.write("library=/nonexistent/libhsm.so\nname=Our HSM\nNSS=trustOrder=100\n\n")
    kind, warnings, count = inside(opened, f"sql:{database.folder}")
    assert (kind, count) == ("sql", 1)
    assert warnings[0].startswith("NSS0215") and "'Our HSM'" in warnings[0] and "/nonexistent/libhsm.so" in warnings[0]


def _twice(spec: str) -> str:
    with open_database(spec):
        try:
            open_none()
        except NSSPyError as error:
            return error.finding.text
    return "opened"


def test_a_second_database_in_one_process_is_refused(database: Database) -> None:
    """NSS is open once per process: NSS0217."""
    assert inside(_twice, database.spec).startswith("NSS0217")


def _again(spec: str) -> int:
    total = 0
    for _ in range(3):
        with open_database(spec):
            total += 1
    return total


def test_a_closed_database_can_be_opened_again(database: Database) -> None:
    """Closing lets everything go: the same process can open the next one."""
    assert inside(_again, database.spec) == 3


@pytest.mark.parametrize(
    ("mode", "owner", "group", "readable"),
    [
        (0o400, 7, 7, True),
        (0o440, 0, 9, True),
        (0o440, 0, 10, False),
        (0o004, 0, 0, True),
        (0o004, 7, 0, False),
        (0o404, 0, 9, False),
    ],
)
def test_modes_are_judged_as_the_kernel_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, owner: int, group: int, readable: bool
) -> None:
    """Owner before group before others; every group of the user counts; the first class that fits decides."""
    path = tmp_path / "cert9.db"
    path.write_bytes(b"")
    real = os.stat

    def stat(name: str) -> os.stat_result:
        values = list(real(name))
        if name == str(path):
            values[0] = values[0] & ~0o777 | mode
            values[4], values[5] = owner, group
        else:
            values[0] |= 0o005
        return os.stat_result(values)

    monkeypatch.setattr(permissions.os, "stat", stat)
    reader = permissions.Reader(7, 8, frozenset([8, 9]), "web")
    found = permissions.obstacle(str(path), reader)
    assert (found is None) == readable
