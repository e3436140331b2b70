"""Proves a plan: every certificate is there, verifies, has its key, and every profile makes a socket.

Runs as the user of httpd's children, in an open NSS. What is wrong is reported; everything is looked
at, so that one run names everything.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from nsspy.certdb.certificates import Certificate, chosen_finding, date_text
from nsspy.certdb.slots import tokens
from nsspy.certdb.verify import check_names, verify_server
from nsspy.conf.vhosts import Server
from nsspy.engine import modelsocket
from nsspy.engine.keyring import KeyRing, Opened, place, select
from nsspy.errors import NSSPyError, finding
from nsspy.errors import engine as messages
from nsspy.plan.compilation import suits
from nsspy.plan.model import CertificateChoice, Profile, VirtualHost
from nsspy.plan.report import Report

DAY = 86400
#: A certificate ends soon when this is left, or a third of its life if that is less.
SOON = 14 * DAY


class Prover:
    """One proof. ``locked`` are labels of tokens without a login, whose keys are not looked for."""

    def __init__(self, ring: KeyRing, report: Report) -> None:
        self._ring = ring
        self._report = report
        self._now = time.time()
        everywhere = tokens()
        self._locked = frozenset(token.label for token in everywhere if not token.logged_in)
        self._software_locked = everywhere[0].label in self._locked
        self._verified: set[tuple[str, bool]] = set()

    def prove(self, profile: Profile, vhosts: Sequence[tuple[VirtualHost, Server]]) -> None:
        """One profile with the virtual hosts that share it."""
        first = vhosts[0][1]
        self._report.step = f"opening the certificates of {first.label}"
        try:
            selected = select(self._ring.everyone, profile.certificates, spec=self._ring.spec, server=first.index)
        except NSSPyError as error:
            self._report.add(error.finding)
            return
        self._unused(profile, selected, first)
        for certificate, choice in selected:
            self._judge(certificate, choice, profile, vhosts)
        if any(certificate.token in self._locked for certificate, _ in selected):
            return
        self._report.step = f"opening the keys of {first.label}"
        opened = [self._open(certificate, choice, first) for certificate, choice in selected]
        if all(one is not None for one in opened):
            self._build(profile, [one for one in opened if one is not None], first)

    def _open(self, certificate: Certificate, choice: CertificateChoice, server: Server) -> Opened | None:
        try:
            key = self._ring.key(certificate, choice, server=server.index)
        except NSSPyError as error:
            self._report.add(error.finding)
            return None
        self._report.add_all(key.findings)
        self._report.add(chosen_finding(certificate))
        if not modelsocket.signs(certificate):
            self._report.add(
                finding(messages.NO_DIGITAL_SIGNATURE, place=place(choice), nickname=certificate.full_name)
            )
        return Opened(certificate, key, self._ring.chain(certificate), choice)

    def _build(self, profile: Profile, opened: Sequence[Opened], server: Server) -> None:
        self._report.step = f"making the TLS settings of {server.label}"
        try:
            modelsocket.close(modelsocket.build(profile, opened))
        except modelsocket.ModelError as error:
            self._report.add(
                finding(
                    messages.MODEL_REFUSED,
                    server=server.index,
                    place=place(opened[0].choice),
                    host=server.label,
                    step=error.step,
                    nss=error.error.bracket,
                )
            )

    def _judge(
        self,
        certificate: Certificate,
        choice: CertificateChoice,
        profile: Profile,
        vhosts: Sequence[tuple[VirtualHost, Server]],
    ) -> None:
        """Validity, names, and whether a suite can use it."""
        first = vhosts[0][1]
        verified = (certificate.fingerprint, profile.enforce_valid_certs)
        if verified not in self._verified and not self._software_locked:
            self._verified.add(verified)
            self._report.step = f"verifying certificate {certificate.full_name}"
            self._ring.chain(certificate)  # held, so that NSS reads the trust of its authority once
            bad = verify_server(
                certificate,
                spec=self._ring.spec,
                enforce=profile.enforce_valid_certs,
                now=self._now,
                server=first.index,
                place=place(choice),
            )
            self._report.add(bad)
            if bad is None:
                self._ends_soon(certificate, choice)
        for vhost, server in vhosts:
            self._report.add(check_names(certificate, vhost.names, server=server.index, place=place(choice)))
        if not suits(profile, certificate.key_type):
            self._report.add(
                finding(
                    messages.NO_SUITE_FOR_KEY,
                    server=first.index,
                    place=place(choice),
                    nickname=certificate.full_name,
                    host=first.label,
                    kind=certificate.key_type.upper(),
                )
            )

    def _ends_soon(self, certificate: Certificate, choice: CertificateChoice) -> None:
        left = certificate.not_after - self._now
        if left < min(SOON, (certificate.not_after - certificate.not_before) / 3):
            hours = int(left // 3600)
            self._report.add(
                finding(
                    messages.CERT_ENDS_SOON,
                    place=place(choice),
                    nickname=certificate.full_name,
                    serial=certificate.serial,
                    date=date_text(certificate.not_after),
                    days=f"{hours // 24} days" if hours >= 48 else f"{hours} hours",
                )
            )

    def _unused(
        self, profile: Profile, selected: Sequence[tuple[Certificate, CertificateChoice]], server: Server
    ) -> None:
        """Says that a directive's certificate is never served."""
        used = {choice for _, choice in selected}
        for choice in profile.certificates:
            if choice not in used:
                self._report.add(
                    finding(
                        messages.SAME_KIND,
                        server=server.index,
                        place=place(choice),
                        nickname=choice.nickname,
                        host=server.label,
                    )
                )
