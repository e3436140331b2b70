"""The ClientHello reader (cext/hello.c), run under AddressSanitizer and UBSan where the compiler has them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz import hellos, run
from tests.fuzz.hellos import alpn, extension, hello, message, numbers, records, sni, vector

ROOT = Path(__file__).resolve().parents[2]
MAX_BYTES = 18 * 1024
NOTHING = {"version": 0, "sni": "", "sni_present": 0, "pha": 0, "versions": [], "groups": [], "alpn": []}

Result = dict[str, Any]
Read = Callable[..., list[Result]]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reader behind standard input and output, with the sanitizers if they link."""
    compiler = shutil.which("cc") or run.tool("clang")
    assert compiler is not None, "a C compiler is missing: apt-get install gcc"
    target = tmp_path_factory.mktemp("hello") / "hello_print"
    sources = [ROOT / "tests/fuzz/hello_print.c", ROOT / "cext/hello.c"]
    base = [compiler, "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-g", "-o", target, *sources]
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    if subprocess.run([*base, *sanitizers], capture_output=True, check=False).returncode != 0:
        subprocess.run(base, check=True)
    return target


@pytest.fixture(scope="module")
def read(program: Path) -> Read:
    """Reads each of the given byte strings on its own; fails on anything the sanitizers say."""

    def call(*inputs: bytes, scratch: int = MAX_BYTES) -> list[Result]:
        text = "".join(data.hex() + "\n" for data in inputs)
        done = subprocess.run(
            [program, str(scratch)], input=text, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        return [json.loads(line) for line in done.stdout.splitlines()]

    return call


def statuses(results: Sequence[Result]) -> list[str]:
    return [one["status"] for one in results]


def test_everything_that_is_read(read: Read) -> None:
    """Name, protocols, versions, groups and post-handshake authentication come out as sent."""
    assert read(hellos.full()) == [
        {
            "status": "COMPLETE",
            "version": 0x0303,
            "sni": "www.example.com",
            "sni_present": 1,
            "pha": 1,
            "versions": [0x0304, 0x0303],
            "groups": [29, 23, 4588],
            "alpn": [b"h2".hex(), b"http/1.1".hex()],
        }
    ]


def test_hello_without_extensions(read: Read) -> None:
    """A hello of the days before extensions is complete and names nothing."""
    assert read(hello()) == [{**NOTHING, "status": "COMPLETE", "version": 0x0303}]


def test_real_clients(read: Read) -> None:
    """Every client that is installed is understood, with the name it was given."""
    names = {
        "openssl": "www.example.com",
        "openssl-12": "www.example.com",
        "openssl-nameless": "",
        "nss": "nss.example.com",
        "gnutls": "gnutls.example.com",
        "curl": "curl.example.com",
    }
    flights = {name: data for name, data in hellos.real() if name in names}
    results = dict(zip(flights, read(*flights.values()), strict=True))
    assert {"openssl", "openssl-12", "openssl-nameless", "curl", "nss"} <= set(flights)
    assert {name: (one["status"], one["sni"]) for name, one in results.items()} == {
        name: ("COMPLETE", names[name]) for name in flights
    }
    assert results["openssl"]["alpn"] == [b"h2".hex(), b"http/1.1".hex()]
    assert results["openssl"]["pha"] == 1
    assert 0x0304 in results["openssl"]["versions"]
    assert results["openssl-12"]["versions"] == []


@pytest.mark.parametrize("size", [16384, 64, 7, 2, 1])
def test_every_split(read: Read, size: int) -> None:
    """Whatever has arrived, it is MORE until the last byte is there, also in records of one byte."""
    whole = records(hellos.full()[5:], size)
    results = read(*[whole[:n] for n in range(len(whole) + 1)])
    assert set(statuses(results[:-1])) == {"MORE"}
    assert results[-1] == read(hellos.full())[0]


def test_bytes_behind_the_hello_are_ignored(read: Read) -> None:
    """More messages in the same record, or more records of any kind, change nothing."""
    one = message(sni(b"a.example"))
    inputs = [
        records(one),
        records(one + b"\x0b\0\0\1x"),
        records(one) + b"\x14\3\3\0\1\1",
        records(one) + b"GET / HTTP/1.0\r\n\r\n",
        records(one, 20) + bytes(5),
    ]
    results = read(*inputs)
    assert all(one == results[0] for one in results)
    assert results[0]["sni"] == "a.example"


def test_hello_need_not_wait_for_the_end_of_its_record(read: Read) -> None:
    """A record may hold more than the hello; the hello is known as soon as its own bytes are there."""
    one = message(sni(b"a.example"))
    assert statuses(read(records(one + bytes(100))[: 5 + len(one)])) == ["COMPLETE"]


@pytest.mark.parametrize(
    "data",
    [
        bytes.fromhex("802e0100020015000000100100800200800300800400800500800600400700c0") + bytes(16),
        b"\x15\3\1\0\2\2\x28",
        b"\x17\3\3\0\1x",
        b"\x16\2\0",
        b"\x16\3\1\0\0",
        b"\x16\3\1\x40\1",
        b"\x16\3\1\xff\xff",
        records(b"\2\0\0\4abcd"),
        b"\x16\3\1\0\1\2",
        b"\0",
        b"\xff" * 40,
        records(message(sni(b"a"))[:30]) + b"\x17\3\3\0\1x",
    ],
    ids=[
        "ssl2",
        "alert",
        "data",
        "record version 2",
        "empty record",
        "record of 16385",
        "record of 65535",
        "ServerHello",
        "one byte of a ServerHello",
        "NUL",
        "noise",
        "data in the midst",
    ],
)
def test_no_client_hello(read: Read, data: bytes) -> None:
    """What is no ClientHello is left to NSS, and nothing is told of it."""
    assert read(data) == [{**NOTHING, "status": "OTHER"}]


def test_too_large(read: Read) -> None:
    """A hello that announces more than the limit is given up at its fourth byte, not after 18 KB."""
    limit = MAX_BYTES - 5
    for announced, status in ((limit - 4, "MORE"), (limit - 3, "OTHER"), (0xFFFFFF, "OTHER")):
        assert statuses(read(b"\x16\3\1\x40\0" + b"\1" + announced.to_bytes(3, "big"))) == [status]


def test_too_many_records(read: Read) -> None:
    """Small records may cost more than the limit in headers alone: then it is given up, however much follows."""
    cut = records(message(extension(21, bytes(4000))), 1)
    assert len(cut) > MAX_BYTES
    results = read(cut[: MAX_BYTES - 1], cut[:MAX_BYTES], cut, cut + bytes(100000))
    assert statuses(results) == ["MORE", "OTHER", "OTHER", "OTHER"]


def test_largest(read: Read) -> None:
    """A hello of 16 KB in two records is read."""
    one = message(extension(21, bytes(16384)), sni(b"big.example"))
    assert [(r["status"], r["sni"]) for r in read(records(one))] == [("COMPLETE", "big.example")]


def test_scratch_too_small(read: Read) -> None:
    """A hello in several records that does not fit into scratch is not read; one in one record needs none."""
    one = message(sni(b"a.example"))
    assert statuses(read(records(one, 10), scratch=len(one))) == ["COMPLETE"]
    assert statuses(read(records(one, 10), scratch=len(one) - 1)) == ["OTHER"]
    assert statuses(read(records(one), scratch=0)) == ["COMPLETE"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"", ""),
        (b".", ""),
        (b"WWW.Example.COM", "www.example.com"),
        (b"www.example.com.", "www.example.com"),
        (b"www.example.com..", ""),
        (b"www..example.com", ""),
        (b".example.com", ""),
        (b"a\0b.example.com", ""),
        (b"a.example.com\0", ""),
        (b"\xc3\xa4.example", ""),
        (b"a b", ""),
        (b"a/b", ""),
        (b"a:8443", ""),
        (b"<b>", ""),
        (b"*.example.com", ""),
        (b"under_score.example", "under_score.example"),
        (b"xn--4ca.example", "xn--4ca.example"),
        (b"192.0.2.1", "192.0.2.1"),
        (b"2001:db8::1", ""),
        (b"[2001:db8::1]", ""),
        (b"a" * 255, "a" * 255),
        (b"a" * 255 + b".", "a" * 255),
        (b"a" * 256, ""),
        (b"a" * 257, ""),
        (b"a" * 4000, ""),
    ],
)
def test_names(read: Read, name: bytes, expected: str) -> None:
    """A name is letters, digits, hyphens and underscores in labels; anything else counts as sent, but as no name."""
    [result] = read(hello(sni(name)))
    assert (result["status"], result["sni"], result["sni_present"]) == ("COMPLETE", expected, 1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        b"\0\0",
        vector(2, b"\0"),
        vector(2, b"\0\0\1"),
        vector(2, b"\0\0\5a"),
        vector(2, b"\0\0\1a") + b"x",
        vector(2, b"\0\0\1a" + b"\0"),
        b"\0\5\0\0\1a",
        vector(2, b"\0\0\1a" + b"\0\0\1b"),
        vector(2, b"\1\0\1a"),
    ],
    ids=[
        "nothing",
        "half a length",
        "empty list",
        "type only",
        "no name",
        "name cut",
        "bytes behind",
        "half an entry behind",
        "list cut",
        "two names",
        "other type only",
    ],
)
def test_malformed_server_name(read: Read, body: bytes) -> None:
    """A server_name extension that is malformed or ambiguous names nobody, and the rest is still read."""
    [result] = read(hello(extension(hellos.SERVER_NAME, body), alpn(b"h2")))
    assert (result["status"], result["sni"], result["sni_present"]) == ("COMPLETE", "", 1)
    assert result["alpn"] == [b"h2".hex()]


def test_other_name_types_are_skipped(read: Read) -> None:
    """An entry of a type that is not known stands beside the host name without harm."""
    [result] = read(hello(extension(hellos.SERVER_NAME, vector(2, b"\7\0\2xy" + b"\0\0\1a"))))
    assert result["sni"] == "a"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\0",
        vector(2, b"\0"),
        vector(2, b"\2h2\0"),
        vector(2, b"\2h2\5x"),
        vector(2, b"\2h2") + b"x",
        b"\0\4\2h2",
    ],
    ids=["nothing", "empty list", "empty name", "empty name behind", "name cut", "bytes behind", "list cut"],
)
def test_malformed_alpn(read: Read, body: bytes) -> None:
    """Of a malformed list of protocols nothing is taken."""
    [result] = read(hello(extension(hellos.ALPN, body), sni(b"a")))
    assert (result["status"], result["alpn"], result["sni"]) == ("COMPLETE", [], "a")


def test_many_protocols_versions_groups(read: Read) -> None:
    """Longer lists than there is room for are cut, not dropped."""
    protocols = [b"p%d" % n for n in range(20)]
    [result] = read(
        hello(alpn(*protocols), numbers(hellos.VERSIONS, 1, range(100)), numbers(hellos.GROUPS, 2, range(1000)))
    )
    assert result["alpn"] == [name.hex() for name in protocols[:16]]
    assert result["versions"] == list(range(16))
    assert result["groups"] == list(range(32))


@pytest.mark.parametrize("number", [hellos.VERSIONS, hellos.GROUPS])
def test_malformed_numbers(read: Read, number: int) -> None:
    """Lists of odd length, cut or with bytes behind them give nothing."""
    width = 1 if number == hellos.VERSIONS else 2
    bodies = [
        b"",
        vector(width, b""),
        vector(width, b"\3\4\3"),
        vector(width, b"\3\4") + b"x",
        vector(width, b"\3\4")[:-1],
    ]
    for result in read(*[hello(extension(number, body)) for body in bodies]):
        assert (result["status"], result["versions"], result["groups"]) == ("COMPLETE", [], [])


@pytest.mark.parametrize(
    "twice",
    [
        sni(b"a"),
        alpn(b"h2"),
        numbers(hellos.VERSIONS, 1, [0x0304]),
        numbers(hellos.GROUPS, 2, [29]),
        extension(hellos.POST_HANDSHAKE_AUTH),
    ],
    ids=["server_name", "alpn", "versions", "groups", "pha"],
)
def test_duplicate_extensions(read: Read, twice: bytes) -> None:
    """A hello with an extension twice has no single meaning: nothing of it is taken."""
    assert read(hello(twice, extension(5, b"\1\0\0\0\0"), twice)) == [{**NOTHING, "status": "OTHER"}]
    assert statuses(read(hello(extension(5), extension(5), twice))) == ["COMPLETE"]


def test_broken_structure(read: Read) -> None:
    """Lengths inside the message that do not fit it, wherever they stand, make it OTHER."""
    whole = message(sni(b"a.example"), alpn(b"h2"))
    body = whole[4:]
    cut = [b"\1" + vector(3, body[:n]) for n in range(len(body))]
    bare = len(message()) - 4
    results = read(*[records(one) for one in cut])
    assert [n for n, status in enumerate(statuses(results)) if status == "COMPLETE"] == [bare]
    assert statuses(read(records(b"\1" + vector(3, body + b"x")))) == ["OTHER"]
    assert statuses(read(records(message(session=bytes(32))), records(message(session=bytes(33))))) == [
        "COMPLETE",
        "OTHER",
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/1.1\r\n",
        b"POST /a HTTP/1.0\r\n",
        b"OPTIONS * HTTP/1.1\r\n",
        b"PRI * HTTP/2.0\r\n",
        b"CONNECT a:443 HTTP/1.1\r\n",
        b"PROPFIND / HTTP/1.1\r\n",
        b"A ",
        b"A" * 31 + b" ",
    ],
)
def test_plain_http(read: Read, line: bytes) -> None:
    """A word in upper case and a blank is plain HTTP; before the blank it is undecided."""
    blank = line.index(b" ") + 1
    results = statuses(read(*[line[:n] for n in range(len(line) + 1)]))
    assert results == ["MORE"] * blank + ["PLAIN_HTTP"] * (len(line) + 1 - blank)


@pytest.mark.parametrize(
    "line",
    [
        b" GET / HTTP/1.0",
        b"get / HTTP/1.0",
        b"Get / ",
        b"G3T / ",
        b"GET\t/ ",
        b"GET\r\n",
        b"\r\nGET / ",
        b"A" * 32 + b" ",
    ],
)
def test_not_quite_http(read: Read, line: bytes) -> None:
    """Anything else in letters is left to NSS, so that no plain text answers it."""
    assert statuses(read(line)) == ["OTHER"]


def test_short_fuzzing(tmp_path: Path) -> None:
    """Ten seconds of libFuzzer from fresh seeds find nothing."""
    compiler = run.clang()
    if compiler is None:
        pytest.skip("clang with libFuzzer is missing (package clang)")
    assert run.fuzz(tmp_path, 10, compiler) == 0
