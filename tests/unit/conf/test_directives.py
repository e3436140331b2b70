"""The table of directives: complete, with the contexts that mod_nss gave them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nsspy.conf.directives import BY_NAME, TABLE, Arguments, Context, Scope

#: Names, kinds of arguments and contexts of mod_nss 1.0.14 and of the OCSP directives that came after.
MOD_NSS = {
    "NSSCertificateDatabase": (Arguments.TAKE1, Context.SERVER),
    "NSSDBPrefix": (Arguments.TAKE1, Context.SERVER),
    "NSSSessionCacheTimeout": (Arguments.TAKE1, Context.SERVER),
    "NSSSession3CacheTimeout": (Arguments.TAKE1, Context.SERVER),
    "NSSSessionCacheSize": (Arguments.TAKE1, Context.SERVER),
    "NSSSkipPermissionCheck": (Arguments.FLAG, Context.SERVER),
    "NSSPassPhraseDialog": (Arguments.TAKE1, Context.SERVER),
    "NSSPassPhraseHelper": (Arguments.TAKE1, Context.SERVER),
    "NSSRandomSeed": (Arguments.TAKE23, Context.SERVER),
    "NSSEngine": (Arguments.FLAG, Context.SERVER),
    "NSSFIPS": (Arguments.FLAG, Context.SERVER),
    "NSSSNI": (Arguments.FLAG, Context.SERVER),
    "NSSStrictSNIVHostCheck": (Arguments.FLAG, Context.SERVER),
    "NSSCipherSuite": (Arguments.RAW, Context.EVERYWHERE),
    "NSSProtocol": (Arguments.RAW, Context.SERVER),
    "NSSVerifyClient": (Arguments.TAKE1, Context.EVERYWHERE),
    "NSSNickname": (Arguments.TAKE1, Context.SERVER),
    "NSSECCNickname": (Arguments.TAKE1, Context.SERVER),
    "NSSRenegotiation": (Arguments.FLAG, Context.SERVER),
    "NSSRequireSafeNegotiation": (Arguments.FLAG, Context.SERVER),
    "NSSEnforceValidCerts": (Arguments.FLAG, Context.SERVER),
    "NSSSessionTickets": (Arguments.FLAG, Context.SERVER),
    "NSSOCSP": (Arguments.FLAG, Context.SERVER),
    "NSSOCSPDefaultResponder": (Arguments.FLAG, Context.SERVER),
    "NSSOCSPDefaultURL": (Arguments.TAKE1, Context.SERVER),
    "NSSOCSPDefaultName": (Arguments.TAKE1, Context.SERVER),
    "NSSOCSPTimeout": (Arguments.TAKE1, Context.SERVER),
    "NSSOCSPCacheSize": (Arguments.TAKE1, Context.SERVER),
    "NSSOCSPMinCacheEntryDuration": (Arguments.TAKE1, Context.SERVER),
    "NSSOCSPMaxCacheEntryDuration": (Arguments.TAKE1, Context.SERVER),
    "NSSProxyEngine": (Arguments.FLAG, Context.SERVER),
    "NSSProxyProtocol": (Arguments.RAW, Context.SERVER),
    "NSSProxyCipherSuite": (Arguments.RAW, Context.SERVER),
    "NSSProxyNickname": (Arguments.TAKE1, Context.SERVER),
    "NSSProxyCheckPeerCN": (Arguments.FLAG, Context.SERVER),
    "NSSOptions": (Arguments.RAW, Context.OPTIONS),
    "NSSRequireSSL": (Arguments.NONE, Context.AUTHCFG),
    "NSSRequire": (Arguments.RAW, Context.AUTHCFG),
    "NSSRenegBufferSize": (Arguments.TAKE1, Context.AUTHCFG),
    "NSSUserName": (Arguments.TAKE1, Context.EVERYWHERE),
}
OURS = {"NSSPythonHome"}


def test_every_directive_of_mod_nss_is_there() -> None:
    """Forty names, each with its arguments and contexts, and ours; User belongs to httpd."""
    assert {row.name: (row.arguments, row.context) for row in TABLE if row.name not in OURS} == MOD_NSS
    assert {row.name for row in TABLE} == set(MOD_NSS) | OURS


def test_no_directive_stands_twice() -> None:
    """httpd compares names without regard to case."""
    assert len(BY_NAME) == len(TABLE)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_rows_are_complete(row) -> None:  # type: ignore[no-untyped-def]
    """Every row has what its page and httpd's help show."""
    assert row.summary and not row.summary.endswith(".")
    assert row.text.strip().endswith(".")
    assert row.default
    assert bool(row.syntax) == (row.arguments is not Arguments.NONE)
    assert row.in_force != bool(row.meanwhile)
    assert not row.risky or row.meanwhile


def test_directory_directives_have_handlers_of_their_own() -> None:
    """httpd merges them per request, so each has its place in the C structure."""
    own = {row.name for row in TABLE if row.handler}
    assert own == {row.name for row in TABLE if row.context is not Context.SERVER}


def test_every_handler_is_in_the_shim() -> None:
    """The functions that the generated rows name are those of conf.c, and conf.c has no other."""
    source = (Path(__file__).parents[3] / "cext" / "conf.c").read_text(encoding="utf-8")
    for handler in {row.c_handler for row in TABLE}:
        assert re.search(rf"^static const char \*{handler}\(cmd_parms \*cmd, void \*", source, re.MULTILINE), handler


def test_globals_are_those_of_the_process() -> None:
    """What concerns the process is global."""
    assert {row.name for row in TABLE if row.scope is Scope.GLOBAL} == {
        *("NSSCertificateDatabase", "NSSDBPrefix", "NSSSessionCacheTimeout", "NSSSession3CacheTimeout"),
        *("NSSSessionCacheSize", "NSSSkipPermissionCheck", "NSSPassPhraseDialog", "NSSPassPhraseHelper"),
        *("NSSRandomSeed", "NSSPythonHome"),
    }
