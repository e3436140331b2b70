"""The engine of one httpd child: opens NSS once, builds snapshots, publishes them.

Runs on the child's only thread in ``child_init``, as the run user. NSS stays open until the process
ends; the parent never opens it.
"""

from __future__ import annotations

import os

from nsspy._nss import ffi, lib
from nsspy.certdb.database import Database, open_database
from nsspy.certdb.nsserror import NSSError, last_error
from nsspy.engine import entropy, tickets
from nsspy.engine.snapshot import Shim, build
from nsspy.errors import NSSPyError, finding
from nsspy.errors import engine as messages
from nsspy.errors.database import PCACHE_FAILED
from nsspy.plan.model import TICKET_KEY, Plan, RandomSource, from_bytes
from nsspy.tokens.login import find, login_from_pcache
from nsspy.tokens.pcache import Client, PcacheError


class Engine:
    """What a child knows: its plan, its way to nss_pcache, and the open database."""

    def __init__(self, plan: Plan, shim: Shim, pcache: int) -> None:
        """*pcache* is the descriptor of nss_pcache's socket, negative when there is none."""
        self._plan = plan
        self._shim = shim
        self._client = Client(pcache) if pcache >= 0 else None
        self._database: Database | None = None
        #: Tokens whose login failed, and that was logged.
        self._closed: set[str] = set()
        #: nss_pcache does not answer, and that was logged.
        self._deaf = False

    def open(self) -> None:
        """Opens NSS and everything that comes before the first certificate. Raises NSSPyError, NSSError."""
        plan = self._plan
        if not plan.vhosts:
            return
        self._database = open_database(plan.database.spec, plan.database.prefix, fips=plan.fips)
        for one in self._database.findings:
            self._shim.log(one)
        for source in plan.random:
            self._feed(source)
        self._join_cache()
        self._log_in()
        # A FIPS token takes no key in plain text; NSS then uses the RSA key of a certificate, or one of its own.
        if not self._database.fips and any(profile.session_tickets for profile in plan.profiles):
            self._use_ticket_key()

    def refresh(self) -> None:
        """Builds a snapshot of the database as it is now and publishes it. Raises NSSError, RuntimeError."""
        self._shim.publish(build(self._plan, self._shim, self._closed))

    def _feed(self, source: RandomSource) -> None:
        try:
            entropy.feed(source)
        except (entropy.SourceError, NSSError) as error:
            self._shim.log(finding(messages.SEED_UNREADABLE, path=source.path or source.kind, why=str(error)))

    def _join_cache(self) -> None:
        """The session cache that the parent made came with the fork; NSS is told that many processes share it."""
        if lib.SSL_InheritMPServerSIDCache(ffi.NULL) != lib.SECSuccess:
            error = last_error("SSL_InheritMPServerSIDCache")
            self._shim.log(finding(messages.CACHE_NOT_JOINED, nss=error.bracket))

    def _log_in(self) -> None:
        """Tokens that fail are logged; virtual hosts that need them will say so as well."""
        for label in self._plan.tokens:
            try:
                token = find(label, spec=self._plan.database.spec)
                if self._client is None:
                    raise NSSPyError(finding(messages.NO_PCACHE, token=label, pid=os.getpid()))
                login_from_pcache(token, self._client, spec=self._plan.database.spec)
            except NSSPyError as error:
                self._shim.log(error.finding)
                self._closed.add(label)
                self._deaf = self._deaf or error.finding.message is PCACHE_FAILED

    def _use_ticket_key(self) -> None:
        """Must come before the first certificate: NSS takes an RSA key of the server otherwise."""
        if self._client is None or self._deaf:
            return
        why = "nss_pcache has no key pair"
        try:
            pair = self._client.get(TICKET_KEY)
            if pair is not None:
                try:
                    tickets.use(pair)
                    return
                finally:
                    pair[:] = bytes(len(pair))
        except (PcacheError, NSSError) as error:
            why = str(error)
        self._shim.log(finding(messages.TICKET_KEY_UNUSED, why=why))


def start(plan: bytes, shim: Shim, pcache: int) -> Engine:
    """The engine with its first snapshot published.

    Raises NSSPyError (unreadable plan, database), NSSError, RuntimeError.
    """
    try:
        read = from_bytes(plan)
    except ValueError as error:
        raise NSSPyError(finding(messages.PLAN_UNREADABLE, why=str(error))) from error
    engine = Engine(read, shim, pcache)
    engine.open()
    engine.refresh()
    return engine
