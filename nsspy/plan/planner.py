"""One run of the planner, from records to verdict."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from nsspy.certdb.database import open_database
from nsspy.certdb.location import locate
from nsspy.certdb.nsserror import NSSError
from nsspy.certdb.slots import Token, tokens
from nsspy.conf import addresses, wire
from nsspy.conf.vhosts import Configuration, Server, parse
from nsspy.engine import capabilities, entropy
from nsspy.engine.keyring import KeyRing, is_ambiguous
from nsspy.errors import Level, NSSPyError, finding
from nsspy.errors import engine as messages
from nsspy.plan import ticketkey
from nsspy.plan.compilation import Compiler, check_stored_lists, empty, random_sources
from nsspy.plan.model import Database, Plan
from nsspy.plan.pins import Doorman
from nsspy.plan.proof import Prover
from nsspy.plan.report import Report
from nsspy.plan.user import User
from nsspy.tokens.dialogs import Dialog, prepare
from nsspy.tokens.pcache import Client

#: What needs nobody's input must be done by then.
SECONDS = 60.0


def run(records: bytes, report: Report, pcache: int | None) -> Plan | None:
    """Checks and compiles the parent's records; *pcache* is the descriptor of nss_pcache's socket.

    Everything wrong is in the report. Returns None when there is no plan.
    """
    report.watch(SECONDS)
    report.step = "reading the configuration"
    try:
        configuration = parse(wire.decode(records))
    except wire.WireError as error:
        report.add(finding(messages.RECORDS_UNREADABLE, why=str(error)))
        return None
    report.add_all(configuration.findings)
    report.number("session_cache_size", configuration.globals.session_cache_size.value)
    report.number("session_cache_timeout", configuration.globals.session_timeout.value)
    if not configuration.wanted:
        return empty(configuration)
    report.add_all(check_stored_lists(configuration))
    report.add_all(addresses.mixed(configuration.servers))
    try:
        return _Run(configuration, report, Client(pcache) if pcache is not None else None).go()
    except NSSPyError as error:
        report.add(error.finding)
        return None


def is_socket(descriptor: int) -> bool:
    """True when the parent gave this descriptor and it is a socket."""
    try:
        return stat.S_ISSOCK(os.fstat(descriptor).st_mode)
    except OSError:
        return False


class _Run:
    """The steps after reading, in their order."""

    def __init__(self, configuration: Configuration, report: Report, client: Client | None) -> None:
        self.configuration = configuration
        self.report = report
        self.client = client
        self.on = tuple(server for server in configuration.servers if server.engine)
        #: ``httpd -t``, or a start that fails already: nobody is asked for a PIN.
        self.checking = configuration.facts.get("mode") == "check" or configuration.failed
        self.user = User(configuration.facts)

    def go(self) -> Plan | None:
        """Raises NSSPyError at what leaves nothing more to look at."""
        settings = self.configuration.globals
        database = settings.database.value
        if database is None:
            return None  # said when the configuration was read
        pair = self._ticket_key()
        # The database names libraries that NSS loads: whoever may write to it must not get root by them.
        dialog = settings.dialog.value
        self.report.step = "reading the PIN file"
        pin_file = prepare(Dialog(dialog.kind, dialog.path), place=settings.dialog.place)
        self.user.become(for_good=pin_file is not None)
        self.report.step = f"opening the certificate database {database.path}"
        given = f"{database.kind}:{database.path}" if database.kind else database.path
        location = locate(given, settings.prefix.value, place=settings.database.place)
        self.report.add_all(location.findings)
        opened = open_database(location.spec, location.prefix, fips=settings.fips.value, place=settings.database.place)
        self.report.add_all(opened.findings)
        able = capabilities.ask()
        doorman = Doorman(
            settings,
            spec=location.spec,
            checking=self.checking,
            restart=self.configuration.facts.get("mode") == "restart",
            user=self.user,
            client=self.client,
            report=self.report,
            prepared=pin_file,
        )
        needing = doorman.admit(*self._wanted(tokens()))
        self.report.step = "listing certificates"
        ring = KeyRing(location.spec)
        compiler = Compiler(able, fips=opened.fips, is_ambiguous=lambda nickname: is_ambiguous(ring.everyone, nickname))
        for server in self.on:
            compiler.add(server)
        self.report.add_all(compiler.findings)
        self._prove(compiler, ring)
        self._seeds()
        tickets = any(one.session_tickets for one in compiler.profiles)
        if opened.fips and tickets:
            self.report.add(finding(messages.TICKETS_IN_FIPS))
        elif pair is not None and tickets:
            self.report.step = "making the key pair of session tickets"
            pair.finish()
        return compiler.plan(self.configuration, Database(location.spec, location.prefix), needing)

    def _ticket_key(self) -> ticketkey.Provider | None:
        """Begins making the key pair of session tickets, unless nobody will want it."""
        may = any(server.settings.session_tickets.value is not False for server in self.on)
        return ticketkey.Provider(self.client) if self.client is not None and may and not self.checking else None

    def _wanted(self, everywhere: Sequence[Token]) -> tuple[list[Token], dict[str, str]]:
        """The tokens that certificates are on, and by label what they are needed for.

        The software token is always among them: it holds the trust in authorities, and in FIPS mode
        does nothing without a login.
        """
        wanted = [everywhere[0]]
        reasons: dict[str, str] = {}
        for server in self.on:
            for said in (server.settings.nickname, server.settings.ecc_nickname):
                name = (said.value or "").strip("'\"")
                for token in everywhere:
                    uri = name.startswith("pkcs11:")
                    named = uri or name.startswith(token.label + ":")
                    if named and token not in wanted and not token.internal:
                        wanted.append(token)
                    if named or (token.internal and name):
                        reasons.setdefault(token.label, f"{name} of {server.name or server.label}")
        return wanted, reasons

    def _prove(self, compiler: Compiler, ring: KeyRing) -> None:
        servers: dict[int, Server] = {server.index: server for server in self.on}
        prover = Prover(ring, self.report)
        failed = {one.server for one in compiler.findings if one.level is Level.ERROR}
        for number, profile in enumerate(compiler.profiles):
            if not profile.certificates:
                continue  # said when the configuration was read
            sharing = [(vhost, servers[vhost.server]) for vhost in compiler.vhosts if vhost.profile == number]
            if any(vhost.server in failed for vhost, _ in sharing):
                continue  # its lists are wrong already: NSS would only say so again
            prover.prove(profile, sharing)

    def _seeds(self) -> None:
        for source, said in zip(random_sources(self.configuration), self.configuration.globals.random, strict=True):
            self.report.step = f"reading NSSRandomSeed {source.path or source.kind}"
            try:
                entropy.read(source)
            except (entropy.SourceError, NSSError) as error:
                self.report.add(
                    finding(messages.SEED_UNREADABLE, place=said.place, path=source.path or source.kind, why=str(error))
                )
