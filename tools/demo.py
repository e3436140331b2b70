#!/usr/bin/env python3
"""`make run`: a demo certificate database, a private httpd that serves it, and how to try it.

Everything lives in one folder (``run/`` in the checkout) and is rewritten at every start; certificates are made anew
when they are about to expire. As root, httpd's children run as its usual user, so every path must be reachable for
that user: where the checkout is not (a private home directory), a copy of what the children read is placed elsewhere.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import ipaddress
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tools.stage import CHECKOUT, Staged, reachable, run_user

MODULES = (
    "unixd", "log_config", "authz_core", "mime", "dir", "alias", "env", "headers", "rewrite", "filter", "include",
)  # fmt: skip
RSA, ECC = "demo-rsa", "demo-ecc"
DAYS, RENEW_BEFORE = 90, 14
_Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class DemoError(Exception):
    """Something the person at the terminal must mend; the text says what."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the demo lives, the module it loads and the Python of a copy, who its children are (empty: ourselves)."""

    root: Path
    module: Path
    python_home: Path | None
    user: str
    group: str

    @property
    def database(self) -> Path:
        """The NSS certificate database."""
        return self.root / "alias"

    @property
    def ca(self) -> Path:
        """The demo's CA certificate, PEM."""
        return self.root / "ca.pem"


# ---- the system ------------------------------------------------------------------------------------------------


def program(*names: str) -> str:
    """The first of *names* that is installed. Raises DemoError."""
    for name in names:
        found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if found:
            return found
    raise DemoError(f"{names[0]} is not installed; tools/install-deps installs it")


def choose_place(staged: Staged) -> Place:
    """Folder and module of the demo. As root both are reachable for the children's user."""
    module = staged.builds / "mod_nss.so"
    if os.geteuid() != 0:
        return Place(CHECKOUT / "run", module, None, "", "")
    if staged.python_home is None:
        return Place(CHECKOUT / "run", module, None, *run_user())
    return Place(staged.python_home.parent / "run", module, staged.python_home, *run_user())


def port_owner(port: int) -> str:
    """Who listens on a port, as far as the system tells."""
    with contextlib.suppress(FileNotFoundError, subprocess.SubprocessError):
        listing = subprocess.run(
            ["ss", "-Hltnp", f"sport = :{port}"], capture_output=True, text=True, check=False, timeout=5
        ).stdout
        if '"' in listing:
            return listing.split('"')[1]
    return ""


def addresses(port: int) -> list[str]:
    """The loopback addresses to listen on. Raises DemoError when the port is taken."""
    usable = []
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
                usable.append(f"[{host}]" if ":" in host else host)
        except PermissionError:
            raise DemoError(f"port {port} needs root; choose another:  make run PORT=8443") from None
        except OSError as error:
            if error.errno == 98:  # EADDRINUSE
                owner = port_owner(port)
                by = f" by {owner}" if owner else ""
                raise DemoError(f"port {port} is taken{by}; choose another:  make run PORT={port + 1000}") from None
            if family == socket.AF_INET:
                raise
    return usable


# ---- certificates ----------------------------------------------------------------------------------------------


def _builder(common: str, unit: str, issuer: x509.Name | None, key: _Key, days: int) -> x509.CertificateBuilder:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "mod_nss demo"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _usage(**on: bool) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: on.get(name, False) for name in names})


def make_certificates(folder: Path) -> None:
    """Writes ``ca.pem``, ``rsa.p12`` and ``ecc.p12`` (password ``demo``). The CA's key is thrown away."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = (
        _builder(f"mod_nss demo CA {secrets.token_hex(4)}", "CA", None, ca_key, DAYS + 1)
        .add_extension(x509.BasicConstraints(True, 0), True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), False)
        .sign(ca_key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(ca.public_bytes(Encoding.PEM))
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")]
    keys: dict[str, tuple[str, _Key]] = {
        "rsa": (RSA, rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        "ecc": (ECC, ec.generate_private_key(ec.SECP256R1())),
    }
    for kind, (nickname, key) in keys.items():
        certificate = (
            _builder("localhost", kind.upper(), ca.subject, key, DAYS)
            .add_extension(x509.BasicConstraints(False, None), True)
            .add_extension(_usage(digital_signature=True, key_encipherment=kind == "rsa"), True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
            .add_extension(x509.SubjectAlternativeName(names), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), False)
            .sign(ca_key, hashes.SHA256())
        )
        (folder / f"{kind}.p12").write_bytes(
            pkcs12.serialize_key_and_certificates(
                nickname.encode(), key, certificate, None, BestAvailableEncryption(b"demo")
            )
        )


def _tool(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DemoError(f"{command[0]} failed ({done.returncode}): {(done.stdout + done.stderr).strip()}")


def make_database(place: Place) -> None:
    """The database of the demo, protected by a PIN that is made up and kept in ``conf/pin``."""
    shutil.rmtree(place.database, ignore_errors=True)
    place.database.mkdir(parents=True)
    pin = secrets.token_urlsafe(18)
    pin_file = place.root / "conf" / "pin"
    pin_file.unlink(missing_ok=True)
    pin_file.touch(0o600)
    pin_file.write_text(f"internal:{pin}\n")
    make_certificates(place.root)
    bare = place.database / "pin.tmp"
    bare.touch(0o600)
    bare.write_text(pin + "\n")
    database = f"sql:{place.database}"
    try:
        _tool(program("certutil"), "-N", "-d", database, "-f", bare)
        _tool("certutil", "-A", "-d", database, "-f", bare, "-n", "demo-ca", "-t", "CT,,", "-a", "-i", place.ca)
        for kind in ("rsa", "ecc"):
            p12 = place.root / f"{kind}.p12"
            _tool(program("pk12util"), "-d", database, "-k", bare, "-i", p12, "-W", "demo")
            p12.unlink()
    finally:
        bare.unlink()


def database_is_fresh(place: Place) -> bool:
    """True when there is a database whose certificates live long enough."""
    if not (place.ca.exists() and (place.database / "key4.db").exists() and (place.root / "conf" / "pin").exists()):
        return False
    ca = x509.load_pem_x509_certificate(place.ca.read_bytes())
    return ca.not_valid_after_utc > datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=RENEW_BEFORE)


# ---- the server ------------------------------------------------------------------------------------------------


def configure(place: Place, port: int, listen: list[str], httpd: str) -> Path:
    """Writes the ServerRoot; returns the configuration file."""
    for folder in ("run", "logs", "conf", "htdocs"):
        (place.root / folder).mkdir(parents=True, exist_ok=True)
    if not database_is_fresh(place):
        print("==> demo certificate database", flush=True)
        make_database(place)
    shutil.copyfile(CHECKOUT / "apache_conf" / "welcome.html", place.root / "htdocs" / "index.html")
    built_in = subprocess.run([httpd, "-l"], capture_output=True, text=True, check=True).stdout
    modules_dir = subprocess.run(
        [program("apxs", "apxs2"), "-q", "LIBEXECDIR"], capture_output=True, text=True, check=True
    ).stdout.strip()
    wanted = ["mpm_event", *MODULES]
    loadable = [
        name for name in wanted if f"mod_{name}.c" not in built_in and f" {name.removeprefix('mpm_')}.c" not in built_in
    ]
    types = Path("/etc/mime.types")
    environment = Environment(
        loader=FileSystemLoader(CHECKOUT / "apache_conf"), trim_blocks=True, undefined=StrictUndefined, autoescape=False
    )
    text = environment.get_template("demo.conf.j2").render(
        root=place.root,
        modules=loadable,
        modules_dir=modules_dir,
        module=place.module,
        python_home=place.python_home,
        user=place.user,
        group=place.group,
        types=types if types.exists() else "/dev/null",
        database=f"sql:{place.database}",
        addresses=listen,
        port=port,
        rsa=RSA,
        ecc=ECC,
    )
    conf = place.root / "conf" / "httpd.conf"
    conf.write_text(text)
    if place.user:
        for path in [place.database, *place.database.iterdir(), place.root / "logs"]:
            shutil.chown(path, place.user, place.group)
    place.database.chmod(0o700)
    for path in place.database.iterdir():
        path.chmod(0o600)
    return conf


def wait_for(port: int, server: subprocess.Popen[bytes], seconds: float = 30) -> bool:
    """True once the port answers, False when the server ended or the time is over."""
    end = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        time.sleep(0.05)
    return False


def greet(place: Place, port: int) -> None:
    """Says how to try it."""
    ca = os.path.relpath(place.ca) if place.ca.is_relative_to(Path.cwd()) else str(place.ca)
    print(
        f"""
    httpd serves by NSS:  https://localhost:{port}/

    The demo's CA         {ca}
    Try it                curl --cacert {ca} https://localhost:{port}/
    Look inside           certutil -L -d sql:{place.database}
    Configuration, log    {place.root}/conf/httpd.conf, logs/error.log

    Ctrl-C ends it.
""",
        flush=True,
    )


def serve(place: Place, port: int, conf: Path, httpd: str) -> int:
    """Runs httpd until Ctrl-C; its exit status."""
    server = subprocess.Popen(
        [httpd, "-d", str(place.root), "-f", str(conf), "-DFOREGROUND"],
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C comes to this program, which ends httpd in order
        env={key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")},
    )
    stopping = False

    def stop(_number: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True
        with contextlib.suppress(ProcessLookupError):
            server.terminate()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    if wait_for(port, server):
        greet(place, port)
    status = server.wait()
    if stopping:
        print("\nhttpd has ended.", flush=True)
        return 0
    print(f"httpd ended with status {status}; {place.root}/logs/error.log has the reason:", file=sys.stderr)
    log = place.root / "logs" / "error.log"
    if log.exists():
        print("\n".join(log.read_text(errors="replace").splitlines()[-8:]), file=sys.stderr)
    return status or 1


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Serves a demo page over TLS by NSS, until Ctrl-C.")
    parser.add_argument("--port", type=int, default=8443)
    options = parser.parse_args()
    try:
        httpd = program("apache2", "httpd")
        listen = addresses(options.port)
        staged = reachable(run_user()[0] if os.geteuid() == 0 else None)
        try:
            place = choose_place(staged)
            place.root.mkdir(parents=True, exist_ok=True)
            return serve(place, options.port, configure(place, options.port, listen, httpd), httpd)
        finally:
            staged.remove()
    except (DemoError, LookupError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
