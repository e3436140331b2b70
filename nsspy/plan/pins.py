"""PINs at the start: from nss_pcache or NSSPassPhraseDialog to the token, and into nss_pcache.

A PIN file is read again at every start and every check. A person or a program is asked only when
nss_pcache has nothing, and a person never by ``httpd -t``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from nsspy.certdb.slots import Token, tokens
from nsspy.conf.vhosts import Globals
from nsspy.errors import NSSPyError, finding
from nsspy.errors import database as rows
from nsspy.errors import engine as messages
from nsspy.plan.report import Report
from nsspy.plan.user import User
from nsspy.tokens.dialogs import Asker, Dialog, Prepared
from nsspy.tokens.login import login, pcache_key
from nsspy.tokens.pcache import Client, PcacheError
from nsspy.tokens.pin import Pin

#: How often a person may type.
ATTEMPTS = 3

#: What may be wrong with a PIN file while a restart goes on with the PIN that nss_pcache has.
_WHY = {
    rows.PIN_FILE_UNREADABLE: "it cannot be read",
    rows.PIN_NOT_IN_FILE: "it has no line for the token",
}


class Doorman:
    """Logs in to tokens, one after the other."""

    def __init__(
        self,
        settings: Globals,
        *,
        spec: str,
        checking: bool,
        restart: bool,
        user: User,
        client: Client | None,
        report: Report,
        prepared: Prepared | None,
    ) -> None:
        """*checking*: nobody is to be asked, as by ``httpd -t``. *restart*: nss_pcache may have the PINs of the start.
        *client* is None when there is no nss_pcache, *prepared* the PIN file if there is one.
        """
        dialog = settings.dialog.value
        self._place = settings.dialog.place
        self._kind = dialog.kind
        self._path = dialog.path
        self._spec = spec
        self._checking = checking
        self._restart = restart
        self._user = user
        self._client = client
        self._report = report
        known = tuple(token.label for token in tokens())
        self._asker = Asker(
            Dialog(dialog.kind, dialog.path), spec=spec, known=known, place=self._place, prepared=prepared
        )

    def admit(self, wanted: Sequence[Token], reasons: dict[str, str]) -> tuple[str, ...]:
        """Logs in to each of the tokens; *reasons* say by label what a token is needed for.

        Returns the labels of the tokens that need a login in the children too. What fails is reported.
        """
        needing = []
        try:
            for token in wanted:
                if token.initialised and not token.needs_login:
                    continue
                self._report.step = f"logging in to token {token.label}"
                try:
                    if self._admit(token, reasons.get(token.label, "")):
                        needing.append(token.label)
                except NSSPyError as error:
                    self._report.add(error.finding)
        finally:
            self._asker.close()
            self._report.add_all(self._asker.findings)
        return tuple(needing)

    def _admit(self, token: Token, reason: str) -> bool:
        """True when logged in. Raises NSSPyError."""
        if self._kind in ("builtin", "exec") and self._kept(token):
            return True
        if self._kind == "builtin" and self._checking:
            self._report.add(
                finding(
                    messages.PIN_UNKNOWN, place=self._place, token=token.label, why="it is typed only when httpd starts"
                )
            )
            return False
        attempts = ATTEMPTS if self._kind == "builtin" and token.internal and os.isatty(0) else 1
        for left in range(attempts - 1, -1, -1):
            try:
                return self._ask(token, reason) or self._goes_on(token, "it has no line for the token")
            except NSSPyError as error:
                if error.finding.message in _WHY and self._goes_on(token, _WHY[error.finding.message]):
                    return True
                if not left or error.finding.message is not rows.PIN_WRONG:
                    raise
        return False

    def _goes_on(self, token: Token, why: str) -> bool:
        """At a restart: true when the token takes the PIN that nss_pcache has from before. Says what is wrong."""
        if self._kind not in ("file", "defer") or not self._restart or not self._kept(token):
            return False
        self._report.add(finding(messages.PIN_KEPT, place=self._place, token=token.label, path=self._path, why=why))
        return True

    def _ask(self, token: Token, reason: str) -> bool:
        person = self._kind == "builtin"
        if person:
            self._report.pause()
        try:
            with self._user.as_started():
                pins = self._asker.pins(token, reason)
        except NSSPyError as error:
            if not (self._checking and error.finding.message is rows.PIN_PROGRAM_FAILED):
                raise
            self._report.add(
                finding(messages.PIN_UNKNOWN, place=self._place, token=token.label, why="the program gave none")
            )
            return False
        finally:
            if person:
                self._report.resume()
        if not pins:
            return False
        pin = login(token, pins, spec=self._spec, place=self._place)
        if pin is not None:
            self._keep(token, pin)
        return True

    def _kept(self, token: Token) -> bool:
        """Logs in with the PIN that nss_pcache has. False: it has none, or one that is refused."""
        if self._client is None:
            return False
        try:
            value = self._client.get(pcache_key(token))
        except PcacheError as error:
            raise self._lost(token, error) from error
        if value is None:
            return False
        pin = Pin(value, "nss_pcache")
        try:
            login(token, [pin], spec=self._spec, place=self._place)
        except NSSPyError as error:
            if error.finding.message is not rows.PIN_WRONG:
                raise
            return False
        finally:
            pin.wipe()
        return True

    def _keep(self, token: Token, pin: Pin) -> None:
        try:
            if self._client is not None:
                self._client.store(pcache_key(token), pin.value)
        except PcacheError as error:
            raise self._lost(token, error) from error
        finally:
            pin.wipe()

    def _lost(self, token: Token, error: PcacheError) -> NSSPyError:
        return NSSPyError(finding(messages.PCACHE_STORE, what=f"the PIN of token {token.label}", why=str(error)))
