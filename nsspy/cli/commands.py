"""The verbs, each a thin layer of click over a function of the package."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from nsspy import __version__
from nsspy.errors import Level, Message, NSSPyError, messages


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="nsspy %(version)s")
def nsspy() -> None:
    """TLS by Mozilla NSS for Apache httpd."""


@nsspy.command()
@click.argument("cipher_list", metavar="LIST", required=False)
@click.option("--protocol", metavar="VERSIONS", help="the argument of NSSProtocol; without it TLS 1.2 and 1.3")
@click.option("--fips", is_flag=True, help="judge as with NSSFIPS on")
@click.option("--json", "as_json", is_flag=True, help="machine-readable output")
def ciphers(cipher_list: str | None, protocol: str | None, fips: bool, as_json: bool) -> None:
    """Says which cipher suites a LIST switches on, and what each word did.

    LIST is the argument of NSSCipherSuite in either notation, mod_nss's (+rsa_aes_128_sha,...) or OpenSSL's
    (HIGH:!aNULL). Without LIST: the suites when nothing is configured. It is judged by the NSS of this machine.
    """
    from nsspy.certdb.nsserror import NSSError
    from nsspy.cli import cipherlist

    try:
        result = cipherlist.judge(cipher_list, protocol, fips=fips)
    except NSSPyError as error:
        raise click.ClickException(error.finding.text) from error
    except NSSError as error:
        raise click.ClickException(f"NSS on this machine cannot be asked: {error}") from error
    if as_json:
        click.echo(json.dumps(cipherlist.as_data(result), indent=2))
    else:
        for line in cipherlist.as_lines(result):
            click.echo(line)
    for finding in result.findings:
        click.echo(finding.text, err=True)
    if result.failed:
        sys.exit(1)


@nsspy.command("messages")
@click.argument("code", metavar="[NSS0123]", required=False)
@click.option("--json", "as_json", is_flag=True, help="machine-readable output")
def show_messages(code: str | None, as_json: bool) -> None:
    """Explains a message of the error log: what it says, why, what follows and what to do.

    Without a code: the list of all messages.
    """
    table = messages()
    if code is None:
        chosen = [table[number] for number in sorted(table)]
    else:
        digits = code.upper().removeprefix("NSS").rstrip(":")
        if not (digits.isascii() and digits.isdigit() and int(digits) in table):
            raise click.ClickException(f"there is no message {code}; nsspy messages lists them all")
        chosen = [table[int(digits)]]
    if as_json:
        click.echo(json.dumps([_row(one) for one in chosen], indent=2))
    elif code is None:
        for one in chosen:
            click.echo(f"{one.code} {one.level.name:<7} {one.text}")
    else:
        for one in chosen:
            click.echo(f"{one.code} ({one.level.name})\n  {one.text}\n")
            click.echo(f"Cause:   {one.cause}\nOutcome: {one.outcome}\nAction:  {one.action}")


def _row(one: Message) -> dict[str, object]:
    return {
        "code": one.code,
        "level": Level(one.level).name.lower(),
        "text": one.text,
        "cause": one.cause,
        "outcome": one.outcome,
        "action": one.action,
    }


@nsspy.command("module-config")
@click.option("--json", "as_json", is_flag=True, help="machine-readable output")
def module_config(as_json: bool) -> None:
    """Prints the LoadModule line for the module that was built with this nsspy."""
    from nsspy.cli import module

    found = module.find()
    if found is None:
        raise click.ClickException(
            f"no mod_nss.so was built for this nsspy; looked in {', '.join(str(one) for one in module.places())}; "
            "run make build"
        )
    if as_json:
        click.echo(json.dumps({"module": str(found), "config": module.line(found), "python_home": sys.prefix}))
    else:
        click.echo(module.line(found))
        if Path(sys.prefix) != Path(sys.base_prefix):
            click.echo(f"# if this Python moves: NSSPythonHome {module.quoted(sys.prefix)}", err=True)
