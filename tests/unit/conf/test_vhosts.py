"""From records to settings: inheritance, globals, and what is found wrong on the way."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsspy.conf import wire
from nsspy.conf.arguments import Database, RandomSeed
from nsspy.conf.directives import TABLE
from nsspy.conf.vhosts import Configuration, parse
from nsspy.errors import Level

FILE = "/etc/httpd/conf.d/nss.conf"


def configuration(*lines: tuple[int, str, str], servers: int = 2, context: str = "server") -> Configuration:
    """The settings of (server, directive, argument) lines, numbered from 1, over the bytes of the wire."""
    data = wire.encode("httpd", "server_root", "/srv/httpd") + wire.encode("httpd", "mode", "check")
    for index in range(servers):
        data += wire.encode("server", index, FILE, 100 + index, f"host{index}.example.com", 8443)
    data += wire.encode("alias", servers - 1, "*.example.org") + wire.encode("address", servers - 1, "*", 8443)
    for number, (server, name, argument) in enumerate(lines, 1):
        arguments = argument.split() if name == "NSSRandomSeed" else [argument] if argument else []
        data += wire.encode("directive", server, name, FILE, number, context, *arguments)
    return parse(wire.decode(data))


def numbers(found: Configuration) -> list[int]:
    """The numbers of what was found."""
    return [one.message.number for one in found.findings]


ALIVE = ((0, "NSSCertificateDatabase", "sql:/db"), (0, "NSSNickname", "Server-Cert"), (1, "NSSEngine", "on"))


def test_facts_and_servers() -> None:
    """What httpd said about itself and its virtual hosts is there."""
    found = configuration(*ALIVE)
    assert found.facts == {"server_root": "/srv/httpd", "mode": "check"}
    main, vhost = found.servers
    assert (main.index, main.file, main.line, main.name, main.port) == (0, FILE, 100, "host0.example.com", 8443)
    assert vhost.aliases == ("*.example.org",)
    assert vhost.names == ("host1.example.com", "*.example.org")
    assert vhost.addresses == (("*", 8443),)
    assert (main.engine, vhost.engine, found.wanted, found.failed) == (False, True, True, False)
    assert vhost.label == f"host1.example.com:8443 ({FILE}:101)"


def test_nothing_said() -> None:
    """The defaults are today's, none of them has a place, and nothing is wrong with an empty configuration."""
    found = configuration()
    settings, whole = found.servers[1].settings, found.globals
    assert (settings.sni.value, settings.strict_sni.value, settings.enforce_valid_certs.value) == (True, False, True)
    assert (settings.renegotiation.value, settings.require_safe_negotiation.value) == (False, False)
    assert (settings.protocol.value, settings.cipher_suite.value, settings.verify_client.value) == (None, None, 0)
    assert (settings.tickets(tls13=True), settings.tickets(tls13=False)) == (True, False)
    assert (whole.session_cache_size.value, whole.session_timeout.value) == (10000, 86400)
    assert (whole.database.value, whole.prefix.value, whole.dialog.value.kind) == (None, "", "builtin")
    assert not settings.sni.written and not whole.database.written
    assert found.findings == () and not found.wanted


FLAGS = {
    "NSSEngine": "engine",
    "NSSSNI": "sni",
    "NSSStrictSNIVHostCheck": "strict_sni",
    "NSSRenegotiation": "renegotiation",
    "NSSRequireSafeNegotiation": "require_safe_negotiation",
    "NSSEnforceValidCerts": "enforce_valid_certs",
    "NSSSessionTickets": "session_tickets",
    "NSSFIPS": "fips",
    "NSSProxyEngine": "proxy_engine",
}


@pytest.mark.parametrize(("name", "attribute"), FLAGS.items())
@pytest.mark.parametrize("base", ["on", "off"])
@pytest.mark.parametrize("own", ["on", "off", None])
def test_flags_are_inherited_and_overruled_both_ways(name: str, attribute: str, base: str, own: str | None) -> None:
    """A virtual host takes the main server's switch, or its own, whichever way it points.

    The original could not switch NSSRenegotiation and NSSRequireSafeNegotiation off nor NSSEnforceValidCerts on, and
    did not inherit NSSSNI, NSSStrictSNIVHostCheck and NSSSessionTickets at all.
    """
    lines = [(0, name, base)] + ([(1, name, own)] if own else [])
    said = getattr(configuration(*lines).servers[1].settings, attribute)
    assert said.value is ((own or base) == "on")
    assert said.place is not None and said.place.line == (2 if own else 1)


@pytest.mark.parametrize(
    ("name", "attribute", "base", "own"),
    [
        ("NSSNickname", "nickname", "Server-Cert", "Other Cert"),
        ("NSSECCNickname", "ecc_nickname", "EC", "token:EC"),
        ("NSSProtocol", "protocol", "TLSv1.2", "TLSv1.3"),
        ("NSSCipherSuite", "cipher_suite", "HIGH", "+rsa_3des_sha"),
    ],
)
def test_texts_are_inherited_and_overruled(name: str, attribute: str, base: str, own: str) -> None:
    """Texts go the same way, and the main server keeps its own."""
    inherited = configuration((0, name, base))
    assert getattr(inherited.servers[1].settings, attribute).value == base
    overruled = configuration((0, name, base), (1, name, own))
    assert getattr(overruled.servers[1].settings, attribute).value == own
    assert getattr(overruled.servers[0].settings, attribute).value == base


def test_client_verification_is_inherited_and_can_be_switched_off() -> None:
    """none in a virtual host wins over require in the main server."""
    assert configuration((0, "NSSVerifyClient", "require")).servers[1].settings.verify_client.value == 2
    found = configuration((0, "NSSVerifyClient", "require"), (1, "NSSVerifyClient", "none"))
    assert found.servers[1].settings.verify_client.value == 0


def test_virtual_hosts_do_not_inherit_from_each_other() -> None:
    """What one virtual host says is nothing to the next."""
    found = configuration((1, "NSSProtocol", "TLSv1.3"), servers=3)
    assert [server.settings.protocol.value for server in found.servers] == [None, "TLSv1.3", None]


def test_last_line_of_a_server_counts() -> None:
    """Within one server the later line wins, without a word."""
    found = configuration((1, "NSSNickname", "one"), (1, "NSSNickname", "two"))
    assert found.servers[1].settings.nickname.value == "two"
    assert found.findings == ()


def test_tickets_that_are_written_are_honoured() -> None:
    """off means off, with TLS 1.3 too; on means on for TLS 1.2."""
    off = configuration((0, "NSSSessionTickets", "off")).servers[1].settings
    on = configuration((0, "NSSSessionTickets", "on")).servers[1].settings
    assert (off.tickets(tls13=True), on.tickets(tls13=False)) == (False, True)


def test_globals_work_inside_a_virtual_host_and_the_last_one_wins() -> None:
    """A global directive changes the process wherever it stands; overruling another value is a warning."""
    found = configuration((0, "NSSCertificateDatabase", "/a"), (1, "NSSCertificateDatabase", "sql:/b"))
    assert found.globals.database.value == Database("sql", "/b")
    assert numbers(found) == [10]
    assert found.findings[0].level is Level.WARNING
    assert f"{FILE}:1" in found.findings[0].text and found.findings[0].text.endswith(f"({FILE}:2)")
    assert configuration((0, "NSSSessionCacheSize", "500"), (1, "NSSSessionCacheSize", "500")).findings == ()


def test_random_seeds_add_up() -> None:
    """Each NSSRandomSeed counts, in order."""
    found = configuration((0, "NSSRandomSeed", "startup builtin"), (0, "NSSRandomSeed", "startup /dev/urandom 64"))
    assert [one.value for one in found.globals.random] == [
        RandomSeed("builtin", "", None),
        RandomSeed("file", "/dev/urandom", 64),
    ]


def test_fips_of_any_engine_concerns_the_process() -> None:
    """One virtual host with engine and FIPS on switches the process; one without the engine does not."""
    assert configuration(*ALIVE, (1, "NSSFIPS", "on")).globals.fips.value is True
    assert configuration(*ALIVE, (0, "NSSFIPS", "on"), (1, "NSSFIPS", "off")).globals.fips.value is False


def test_engine_without_database_or_nickname_is_an_error_that_names_both() -> None:
    """One run names everything that is missing, with the virtual host and the place of NSSEngine."""
    found = configuration((1, "NSSEngine", "on"))
    assert numbers(found) == [12, 13]
    assert found.failed
    for one in found.findings:
        assert one.server == 1 and "host1.example.com:8443" in one.text and one.text.endswith(f"NSSEngine ({FILE}:1)")


def test_ecc_nickname_may_stand_alone() -> None:
    """Either nickname is enough."""
    found = configuration((0, "NSSCertificateDatabase", "/a"), (1, "NSSECCNickname", "EC"), (1, "NSSEngine", "on"))
    assert found.findings == ()


def test_bad_values_are_errors_and_everything_else_is_still_read() -> None:
    """Two bad lines give two errors; a bad database is not called missing on top."""
    found = configuration(
        (0, "NSSCertificateDatabase", "extern:/x"),
        (0, "NSSSessionCacheSize", "many"),
        (0, "NSSNickname", "Server-Cert"),
        (1, "NSSEngine", "on"),
    )
    assert numbers(found) == [11, 6]
    assert found.servers[1].settings.nickname.value == "Server-Cert"


def test_unknown_directive_means_two_versions() -> None:
    """A name that the table lacks is an error that says so."""
    found = configuration((0, "NSSFuture", "on"))
    assert numbers(found) == [1]


def test_stored_directives_say_so_once() -> None:
    """One INFO line for each name, however often it stands; a check that is not made is a WARNING."""
    found = configuration(
        (0, "NSSProxyNickname", "a"), (1, "NSSProxyNickname", "b"), (1, "NSSOCSPTimeout", "5"), (1, "NSSOCSP", "on")
    )
    assert numbers(found) == [2, 2, 3]
    assert [one.level for one in found.findings] == [Level.INFO, Level.INFO, Level.WARNING]
    assert "NSSProxyNickname" in found.findings[0].text
    assert numbers(configuration((0, "NSSOCSP", "off"))) == [2]


STORED = [row.name for row in TABLE if not row.in_force]


@pytest.mark.parametrize("name", STORED)
def test_every_stored_directive_is_accepted(name: str) -> None:
    """A line that is right for the directive starts the server, and its name is said."""
    row = next(row for row in TABLE if row.name == name)
    argument = {"FLAG": "off", "TAKE1": "60", "RAW": "TLSv1.2", "NONE": ""}[row.arguments.name]
    found = configuration((0, name, argument))
    assert not found.failed
    assert [one for one in found.findings if name in one.text]


def test_directory_sections_change_no_server() -> None:
    """In a directory section NSSVerifyClient and NSSCipherSuite leave the server's settings alone, and say so."""
    found = configuration(
        (1, "NSSVerifyClient", "require"),
        (1, "NSSCipherSuite", "HIGH"),
        (1, "NSSOptions", "+StdEnvVars"),
        context="/secret",
    )
    assert found.servers[1].settings.verify_client.value == 0
    assert found.servers[1].settings.cipher_suite.value is None
    assert numbers(found) == [27, 27]
    assert found.records[0].context == "/secret" and found.records[0].in_directory


def test_remarks_about_directory_sections_fit_the_value() -> None:
    """none asks for nothing and is not worth a line; an option is remarked upon once, not once a section."""
    assert numbers(configuration((1, "NSSVerifyClient", "none"), context="/open")) == []
    found = configuration((1, "NSSVerifyClient", "optional"), (1, "NSSVerifyClient", "require"), context="/secret")
    assert numbers(found) == [27, 27]
    assert "no certificate is asked for" in found.findings[0].text and "are refused" in found.findings[1].text
    options = [(1, "NSSOptions", "+OptRenegotiate")] * 3
    assert numbers(configuration(*options, context="/secret")) == [25]


def test_directory_sections_are_checked_too() -> None:
    """A bad word in a directory section is an error at start, not a surprise at a request."""
    assert configuration((1, "NSSVerifyClient", "maybe"), context="/secret").failed


@pytest.mark.parametrize(
    "data",
    [
        wire.encode("nonsense", "x"),
        wire.encode("server", "x", FILE, 1, "name", 443),
        wire.encode("server", 0, FILE, 1, "name"),
        wire.encode("directive", 0, "NSSEngine"),
        wire.encode("directive", 7, "NSSEngine", FILE, 1, "server", "on"),
        wire.encode(),
    ],
)
def test_records_of_another_form_are_refused(data: bytes) -> None:
    """What the module cannot have written is a WireError, never half a configuration."""
    with pytest.raises(wire.WireError):
        parse(wire.decode(data))


PUPPET = """
NSSPassPhraseHelper /usr/sbin/nss_pcache
NSSSessionCacheSize 10000
NSSSessionCacheTimeout 100
NSSSession3CacheTimeout 86400
NSSRandomSeed startup builtin
NSSRenegotiation off
NSSRequireSafeNegotiation off
NSSEngine on
NSSCipherSuite +rsa_rc4_128_md5,+rsa_3des_sha,-rsa_des_sha,-fortezza,+rsa_aes_128_sha
NSSProtocol SSLv3,TLSv1.0,TLSv1.1
NSSNickname 'Server-Cert'
NSSCertificateDatabase "/etc/httpd/alias"
"""


def test_lines_of_puppets_module() -> None:
    """The lines of puppetlabs-apache's template give settings, two remarks and no error."""
    lines = []
    for line in PUPPET.strip().splitlines():
        name, argument = line.split(" ", 1)
        raw = name in ("NSSCipherSuite", "NSSProtocol")
        lines.append((0, name, argument if raw else re.sub(r"[\"']", "", argument)))
    found = configuration(*lines)
    assert not found.failed
    assert sorted(numbers(found)) == [8, 18]
    assert found.globals.database.value == Database("", "/etc/httpd/alias")
    assert found.servers[1].settings.protocol.value == "SSLv3,TLSv1.0,TLSv1.1"
    assert found.servers[1].settings.nickname.value == "Server-Cert"


LINES = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from([row.name for row in TABLE]),
        st.sampled_from(["on", "off", "5", "HIGH", "none", "/", ""]),
    ),
    max_size=20,
)


@given(LINES)
def test_any_lines_are_read(lines: list[tuple[int, str, str]]) -> None:
    """No combination of directives crashes, and no line is said twice."""
    found = configuration(*lines)
    assert len(found.servers) == 2
    assert len(set(found.findings)) == len(found.findings)
