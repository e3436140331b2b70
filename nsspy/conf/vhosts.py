"""From raw records to typed settings: globals, and one set of settings for each virtual host.

``parse`` is all that a caller needs. It checks every record by the table of directives, lets the last one win for
what is global, and lets a virtual host take over from the main server whatever it does not say itself. A setting that
is written always wins over one that is taken over, whatever its value (mod_nss 1.0.x could not switch
NSSRenegotiation off in a virtual host, nor NSSEnforceValidCerts on).

Nothing here opens NSS. The database, the nicknames and the PINs are looked at by the planner, which is why each value
keeps the place where it was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from nsspy.conf import wire
from nsspy.conf.arguments import Database, PassPhraseDialog, RandomSeed, Site
from nsspy.conf.directives import BY_NAME, Directive, Scope
from nsspy.conf.record import Record
from nsspy.errors import Finding, Level, NSSPyError, Place, finding
from nsspy.errors import configuration as rows

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Said(Generic[T]):
    """A value and where it was written; without a place it is the default."""

    value: T
    place: Place | None = None

    @property
    def written(self) -> bool:
        """True when the administrator wrote it, here or in the main server."""
        return self.place is not None


@dataclass(frozen=True, slots=True)
class Globals:
    """What holds for the whole process; the last directive of each name counts.

    ``database`` has value None when there is no NSSCertificateDatabase. ``session_cache_size`` counts entries,
    ``session_timeout`` seconds, both as NSS will use them. ``random`` has one entry for each NSSRandomSeed, in order.
    ``fips`` is on when any server with the engine on wants it. ``helper`` and ``python_home`` are paths or None.
    """

    database: Said[Database | None]
    prefix: Said[str]
    session_cache_size: Said[int]
    session_timeout: Said[int]
    skip_permission_check: Said[bool]
    dialog: Said[PassPhraseDialog]
    helper: Said[str | None]
    python_home: Said[str | None]
    random: tuple[Said[RandomSeed], ...]
    fips: Said[bool]


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one virtual host, inheritance done.

    ``engine`` and ``proxy_engine`` are whether TLS is wanted, in front and towards backends. ``protocol`` and
    ``cipher_suite`` are the lists as written (None: not written), for ``nsspy.tls.protocols`` and
    ``nsspy.tls.ciphers``. ``verify_client`` is an NSS_VERIFY_* number of ``bridge.h``. ``session_tickets`` is None
    when nobody said anything; ask ``tickets``.
    """

    engine: Said[bool]
    nickname: Said[str | None]
    ecc_nickname: Said[str | None]
    protocol: Said[str | None]
    cipher_suite: Said[str | None]
    verify_client: Said[int]
    renegotiation: Said[bool]
    require_safe_negotiation: Said[bool]
    enforce_valid_certs: Said[bool]
    session_tickets: Said[bool | None]
    sni: Said[bool]
    strict_sni: Said[bool]
    fips: Said[bool]
    proxy_engine: Said[bool]

    def tickets(self, *, tls13: bool) -> bool:
        """Whether session tickets are on; unsaid, they are on where TLS 1.3 is, which resumes by nothing else."""
        return tls13 if self.session_tickets.value is None else self.session_tickets.value


@dataclass(frozen=True, slots=True)
class Server:
    """One server of httpd's list. ``addresses`` are (host, port) as configured, port 0 for any."""

    index: int
    file: str
    line: int
    name: str
    port: int
    aliases: tuple[str, ...]
    addresses: tuple[tuple[str, int], ...]
    settings: Settings

    @property
    def engine(self) -> bool:
        """True when this server speaks TLS by NSS."""
        return self.settings.engine.value

    @property
    def label(self) -> str:
        """How a message names the server: name and port, or where it stands."""
        return (
            f"{self.name or '*'}:{self.port} ({self.file}:{self.line})"
            if self.file
            else f"{self.name or '*'}:{self.port}"
        )

    @property
    def names(self) -> tuple[str, ...]:
        """ServerName (when there is one), then the aliases."""
        return (self.name, *self.aliases) if self.name else self.aliases


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that was read. ``facts`` are httpd's (``wire``), ``findings`` what is wrong or worth a line."""

    facts: dict[str, str]
    globals: Globals
    servers: tuple[Server, ...]
    records: tuple[Record, ...]
    findings: tuple[Finding, ...]

    @property
    def wanted(self) -> bool:
        """True when any server has the engine on: only then is NSS needed at all."""
        return any(server.engine for server in self.servers)

    @property
    def failed(self) -> bool:
        """True when a finding stops the start."""
        return any(one.level is Level.ERROR for one in self.findings)


#: What a directive in a directory section means while it means nothing yet, by its value where that matters
#: (``cext/access.c``). A value that is not here asks for nothing.
_IN_DIRECTORY: dict[tuple[str, object], str] = {
    ("NSSVerifyClient", 1): "no certificate is asked for during a request",
    ("NSSVerifyClient", 2): "requests on connections without a verified client certificate are refused",
    ("NSSVerifyClient", 3): "requests on connections that were not asked for a certificate are refused",
}


def _in_directory(row: Directive, value: object) -> str:
    if row.name == "NSSCipherSuite":
        return "requests of such a section are refused"
    return _IN_DIRECTORY.get((row.name, value), "")


def parse(records: Iterable[list[bytes]]) -> Configuration:
    """Makes typed settings of the planner's input (``nsspy.conf.wire.decode``).

    What is wrong with a directive becomes an ERROR among the findings, and the directive counts as not written; the
    other directives are still read, so that one run names everything. Also found: an engine that is on without a
    certificate database or a nickname. Raises WireError when the records are not of the agreed form.
    """
    reading = _Reading()
    for record in records:
        reading.take(record)
    return reading.finish()


class _Reading:
    """What has been read so far; lives as long as one call of ``parse``."""

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}
        self.servers: dict[int, tuple[str, int, str, int]] = {}
        self.aliases: dict[int, list[str]] = {}
        self.addresses: dict[int, list[tuple[str, int]]] = {}
        self.records: list[Record] = []
        self.findings: list[Finding] = []
        self.told: set[str] = set()

    def take(self, fields: list[bytes]) -> None:
        """One record of the wire."""
        texts = [wire.text(field) for field in fields]
        try:
            match texts:
                case ["httpd", key, value]:
                    self.facts[key] = value
                case ["server", index, file, line, name, port]:
                    self.servers[int(index)] = (file, int(line), name, int(port))
                case ["alias", index, name]:
                    self.aliases.setdefault(int(index), []).append(name)
                case ["address", index, host, port]:
                    self.addresses.setdefault(int(index), []).append((host, int(port)))
                case ["directive", index, name, file, line, context, *arguments]:
                    row = BY_NAME.get(name.lower())
                    place = Place(row.name if row else name, file, int(line))
                    self.records.append(Record(int(index), place.directive, place, context, tuple(arguments)))
                case _:
                    raise wire.WireError(f"no such record: {texts[:1]} with {len(texts)} fields")
        except ValueError as error:
            raise wire.WireError(f"record {texts[:1]}: {error}") from error

    def finish(self) -> Configuration:
        """All records are in."""
        whole: dict[str, Said[object]] = {}
        seeds: list[Said[RandomSeed]] = []
        own: dict[int, dict[str, Said[object]]] = {index: {} for index in self.servers}
        for record in self.records:
            row = BY_NAME.get(record.name.lower())
            if row is None:
                self.add(finding(rows.UNKNOWN_DIRECTIVE, server=record.server, place=record.place, name=record.name))
                continue
            if record.server not in own:
                raise wire.WireError(f"{record.place}: belongs to server {record.server}, which was not announced")
            said = self.read(row, record)
            if said is None or record.in_directory:
                continue
            if isinstance(said.value, RandomSeed):
                seeds.append(Said(said.value, said.place))
            elif row.scope is Scope.GLOBAL:
                self.overrule(whole.get(row.name), said, row)
                whole[row.name] = said
            else:
                own[record.server][row.name] = said
        servers = tuple(self.server(index, own.get(0, {}) | own[index]) for index in sorted(own))
        self.demand(servers, whole)
        return Configuration(
            self.facts,
            _globals(whole, tuple(seeds), servers),
            servers,
            tuple(self.records),
            tuple(self.findings),
        )

    def read(self, row: Directive, record: Record) -> Said[object] | None:
        """The value of one record; None, with a finding, when it cannot be read."""
        site = Site(
            self.facts.get("server_root", "/"),
            f"{row.name} {row.syntax}".strip(),
            self.facts.get("mode") == "restart",
        )
        try:
            value = row.parse(record, site)
        except NSSPyError as error:
            self.add(error.finding)
            return None
        for note in site.notes:
            if note.level < Level.INFO or self.first(note.text.removesuffix(str(record.place))):
                self.add(note)
        self.tell(row, record, value)
        return Said(value, record.place)

    def tell(self, row: Directive, record: Record, value: object) -> None:
        """Says once that a directive has no effect yet."""
        meanwhile = row.meanwhile or (_in_directory(row, value) if record.in_directory else "")
        if not meanwhile or not self.first(f"{row.name} {meanwhile} {row.risky and value is True}"):
            return
        if row.in_force:
            message = rows.DIRECTORY_STORED
        else:
            message = rows.STORED_RISKY if row.risky and value is True else rows.STORED
        self.add(finding(message, server=record.server, place=record.place, name=row.name, meanwhile=meanwhile))

    def first(self, key: str) -> bool:
        """True when this remark is made for the first time."""
        new = key not in self.told
        self.told.add(key)
        return new

    def overrule(self, before: Said[object] | None, now: Said[object], row: Directive) -> None:
        """Says that the last one of two different global directives counts."""
        if before is None or before.value == now.value or before.place is None:
            return
        self.add(
            finding(
                rows.TWICE,
                place=now.place,
                other=self.written(before.place),
                value=self.written(now.place),
                other_place=f"{before.place.file}:{before.place.line}",
            )
        )

    def written(self, place: Place | None) -> str:
        """The arguments as written at a place."""
        return next((record.text for record in self.records if record.place == place), "")

    def server(self, index: int, values: Mapping[str, Said[object]]) -> Server:
        """One server out of its own directives and those of the main server."""
        file, line, name, port = self.servers[index]
        return Server(
            index,
            file,
            line,
            name,
            port,
            tuple(self.aliases.get(index, ())),
            tuple(self.addresses.get(index, ())),
            _settings(values),
        )

    def demand(self, servers: tuple[Server, ...], whole: Mapping[str, Said[object]]) -> None:
        """Finds what an engine that is on cannot do without."""
        on = [server for server in servers if server.engine]
        refused = {record.name for record in self.records}
        if on and "NSSCertificateDatabase" not in whole and "NSSCertificateDatabase" not in refused:
            engine = on[0].settings.engine
            self.add(finding(rows.NO_DATABASE, server=on[0].index, place=engine.place, label=on[0].label))
        for server in on:
            settings = server.settings
            if settings.nickname.value is None and settings.ecc_nickname.value is None:
                self.add(
                    finding(
                        rows.NO_NICKNAME,
                        server=server.index,
                        place=settings.engine.place,
                        label=server.label,
                    )
                )

    def add(self, one: Finding) -> None:
        """One more finding; the same line is not said twice."""
        if one not in self.findings:
            self.findings.append(one)


def _pick(values: Mapping[str, Said[object]], name: str, kind: type[T], default: T) -> Said[T]:
    """The value of a directive, or the default. The row's reader has seen to the kind of it."""
    said = values.get(name)
    if said is None:
        return Said(default)
    if not isinstance(said.value, kind):
        raise TypeError(f"{name}: the reader of its row returns {type(said.value).__name__}, not {kind.__name__}")
    return Said(said.value, said.place)


def _maybe(values: Mapping[str, Said[object]], name: str, kind: type[T]) -> Said[T | None]:
    """The value of a directive, or None when it was not written or names nothing that is there."""
    said = values.get(name)
    if said is None or said.value is None:
        return Said(None, None if said is None else said.place)
    if not isinstance(said.value, kind):
        raise TypeError(f"{name}: the reader of its row returns {type(said.value).__name__}, not {kind.__name__}")
    return Said(said.value, said.place)


def _settings(values: Mapping[str, Said[object]]) -> Settings:
    """Settings of a server, defaults filled in."""
    return Settings(
        engine=_pick(values, "NSSEngine", bool, False),
        nickname=_maybe(values, "NSSNickname", str),
        ecc_nickname=_maybe(values, "NSSECCNickname", str),
        protocol=_maybe(values, "NSSProtocol", str),
        cipher_suite=_maybe(values, "NSSCipherSuite", str),
        verify_client=_pick(values, "NSSVerifyClient", int, 0),
        renegotiation=_pick(values, "NSSRenegotiation", bool, False),
        require_safe_negotiation=_pick(values, "NSSRequireSafeNegotiation", bool, False),
        enforce_valid_certs=_pick(values, "NSSEnforceValidCerts", bool, True),
        session_tickets=_maybe(values, "NSSSessionTickets", bool),
        sni=_pick(values, "NSSSNI", bool, True),
        strict_sni=_pick(values, "NSSStrictSNIVHostCheck", bool, False),
        fips=_pick(values, "NSSFIPS", bool, False),
        proxy_engine=_pick(values, "NSSProxyEngine", bool, False),
    )


def _globals(
    values: Mapping[str, Said[object]], random: tuple[Said[RandomSeed], ...], servers: tuple[Server, ...]
) -> Globals:
    """What holds for the whole process, defaults filled in."""
    fips = (server.settings.fips for server in servers if server.engine and server.settings.fips.value)
    return Globals(
        database=_maybe(values, "NSSCertificateDatabase", Database),
        prefix=_pick(values, "NSSDBPrefix", str, ""),
        session_cache_size=_pick(values, "NSSSessionCacheSize", int, 10000),
        session_timeout=_pick(values, "NSSSession3CacheTimeout", int, 86400),
        skip_permission_check=_pick(values, "NSSSkipPermissionCheck", bool, False),
        dialog=_pick(values, "NSSPassPhraseDialog", PassPhraseDialog, PassPhraseDialog("builtin")),
        helper=_maybe(values, "NSSPassPhraseHelper", str),
        python_home=_maybe(values, "NSSPythonHome", str),
        random=random,
        fips=next(fips, Said(False)),
    )
