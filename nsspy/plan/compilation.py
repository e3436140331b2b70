"""From typed settings to the plan: lists become numbers, equal settings one profile.

What a list means depends on the NSS at run time, so its capabilities are an argument; nothing here
asks NSS itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nsspy.conf.vhosts import Configuration, Said, Server
from nsspy.engine.capabilities import Capabilities
from nsspy.errors import Finding, finding
from nsspy.errors import engine as messages
from nsspy.plan.model import CertificateChoice, Database, Plan, Profile, RandomSource, VirtualHost
from nsspy.tls import ciphers, groups, protocols
from nsspy.tls.suites import BY_CODE


class Compiler:
    """Collects profiles and virtual hosts. ``findings`` grows with every server that is added."""

    def __init__(
        self, capabilities: Capabilities, *, fips: bool, is_ambiguous: Callable[[str], bool] = lambda nickname: False
    ) -> None:
        """*is_ambiguous* says of a nickname whether several certificates of one kind bear it."""
        self.findings: list[Finding] = []
        self.profiles: list[Profile] = []
        self.vhosts: list[VirtualHost] = []
        self._capabilities = capabilities
        self._fips = fips
        self._is_ambiguous = is_ambiguous

    def add(self, server: Server) -> None:
        """One server with the engine on."""
        settings = server.settings
        versions = protocols.evaluate(
            settings.protocol.value,
            supported=self._capabilities.versions,
            fips=self._fips,
            place=settings.protocol.place,
            server=server.index,
        )
        self.findings.extend(versions.findings)
        profile = Profile(
            certificates=self._choices(server),
            version_min=versions.minimum,
            version_max=versions.maximum,
            suites=self._suites(server, versions),
            groups=groups.default(self._capabilities.groups, fips=self._fips),
            session_tickets=settings.tickets(tls13=versions.tls13),
            verify_client=settings.verify_client.value,
            renegotiation=settings.renegotiation.value,
            require_safe_negotiation=settings.require_safe_negotiation.value,
            enforce_valid_certs=settings.enforce_valid_certs.value,
        )
        if profile not in self.profiles:
            self.profiles.append(profile)
        self.vhosts.append(
            VirtualHost(
                server=server.index,
                profile=self.profiles.index(profile),
                sni=settings.sni.value,
                strict_sni=settings.strict_sni.value,
                names=server.names,
            )
        )

    def plan(self, configuration: Configuration, database: Database, tokens: Iterable[str]) -> Plan:
        """The plan of everything that was added."""
        return Plan(
            database=database,
            fips=self._fips,
            tokens=tuple(tokens),
            random=random_sources(configuration),
            profiles=tuple(self.profiles),
            vhosts=tuple(self.vhosts),
            servers=len(configuration.servers),
        )

    def _choices(self, server: Server) -> tuple[CertificateChoice, ...]:
        settings = server.settings
        return tuple(
            self._choice(directive, said, server)
            for directive, said in (("NSSNickname", settings.nickname), ("NSSECCNickname", settings.ecc_nickname))
            if said.value is not None
        )

    def _choice(self, directive: str, said: Said[str | None], server: Server) -> CertificateChoice:
        nickname = said.value or ""
        place = said.place
        return CertificateChoice(
            nickname=nickname,
            directive=directive,
            file=place.file if place else server.file,
            line=place.line if place else server.line,
            names=server.names if self._is_ambiguous(nickname) else (),
        )

    def _suites(self, server: Server, versions: protocols.Versions) -> tuple[int, ...]:
        said = server.settings.cipher_suite
        selection = ciphers.evaluate(
            said.value,
            implemented=self._capabilities.implemented,
            defaults_on=self._capabilities.default_on,
            fips_suites=self._capabilities.fips,
            tls13=versions.tls13,
            minimum=versions.minimum,
            maximum=versions.maximum,
            fips=self._fips,
            place=said.place,
            server=server.index,
        )
        self.findings.extend(selection.findings)
        allowed = tuple(suite for suite in selection.suites if suite in self._capabilities.suites)
        forbidden = [BY_CODE[suite].name for suite in selection.suites if suite not in self._capabilities.suites]
        if forbidden and not allowed:
            self.findings.append(
                finding(messages.POLICY_NO_SUITE, server=server.index, place=said.place, host=server.label)
            )
        elif forbidden and said.written:
            self.findings.append(
                finding(
                    messages.POLICY_SUITES,
                    server=server.index,
                    place=said.place,
                    host=server.label,
                    suites=", ".join(forbidden),
                )
            )
        return allowed


def check_stored_lists(configuration: Configuration) -> list[Finding]:
    """Mistakes in cipher lists that are stored only: NSSProxyCipherSuite, and NSSCipherSuite of directories."""
    return [
        one
        for record in configuration.records
        if record.name == "NSSProxyCipherSuite" or (record.name == "NSSCipherSuite" and record.in_directory)
        for one in ciphers.mistakes(record.text, place=record.place, server=record.server)
    ]


def random_sources(configuration: Configuration) -> tuple[RandomSource, ...]:
    """NSSRandomSeed, line by line."""
    return tuple(
        RandomSource(said.value.kind, said.value.path, said.value.bytes) for said in configuration.globals.random
    )


def empty(configuration: Configuration) -> Plan:
    """The plan of a server on which nobody wants TLS in front: nothing is opened."""
    return Plan(
        database=Database("", ""),
        fips=False,
        tokens=(),
        random=(),
        profiles=(),
        vhosts=(),
        servers=len(configuration.servers),
    )


def suits(profile: Profile, key_type: str) -> bool:
    """True when a certificate with this kind of key (``rsa ec rsapss other``) has a suite to serve."""
    kinds = {"ec": {"ECDSA", "ECDH"}, "rsa": {"RSA"}, "rsapss": {"RSA"}}.get(key_type, {"DSS"})
    for code in profile.suites:
        suite = BY_CODE[code]
        if suite.tls13 or suite.authentication in kinds:
            return True
    return False
