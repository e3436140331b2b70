"""The SSL_* variables of the server's side: in the environment, by look-up, and what does not change."""

from __future__ import annotations

import base64
import datetime
import html
import re
from collections.abc import Callable

import pytest

from tests.conftest import Ready
from tests.support import clients
from tests.support.clients import V
from tests.support.database import ECC, RSA
from tests.support.httpd import Httpd

TODAY = {"SSL_PROTOCOL", "SSL_CIPHER", "SSL_CIPHER_NAME", "SSL_CIPHER_EXPORT", "SSL_CIPHER_USEKEYSIZE"}
ALWAYS_WITH_STD = {
    *TODAY,
    "SSL_VERSION_INTERFACE", "SSL_VERSION_LIBRARY", "SSL_SECURE_RENEG", "SSL_CIPHER_ALGKEYSIZE", "SSL_CLIENT_VERIFY",
    "SSL_SERVER_M_VERSION", "SSL_SERVER_M_SERIAL", "SSL_SERVER_V_START", "SSL_SERVER_V_END", "SSL_SERVER_S_DN",
    "SSL_SERVER_I_DN", "SSL_SERVER_A_KEY", "SSL_SERVER_A_SIG", "SSL_SESSION_ID", "SSL_SESSION_RESUMED",
    "SSL_SERVER_S_DN_CN", "SSL_SERVER_S_DN_O", "SSL_SERVER_S_DN_C", "SSL_SERVER_I_DN_CN",
}  # fmt: skip


def environment(port: int, **options: object) -> dict[str, str]:
    """The environment of an SSI page."""
    text = clients.get(port, "/env.shtml", **options).text  # type: ignore[arg-type]
    return {key: html.unescape(value) for key, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE)}


def pages(server: Httpd) -> None:
    """SSI pages: one that prints the environment."""
    server.write("htdocs/env.shtml", "<!--#printenv -->\n")


SSI = "AddType text/html .shtml\nAddOutputFilter INCLUDES .shtml\nOptions +Includes\n"


@pytest.fixture
def with_std(ready: Callable[..., Ready]) -> Ready:
    """A server with +StdEnvVars, running."""
    made = ready(modules=("include", "filter"))
    server = made.simple(f"<Directory {{htdocs}}>\n{SSI}NSSOptions +StdEnvVars\n</Directory>")
    pages(server)
    server.start()
    return made


def test_without_std_env_vars(ready: Callable[..., Ready]) -> None:
    """Always: HTTPS, SSL_TLS_SNI and the SAN entries. Nothing else without the option."""
    server = ready(modules=("include", "filter")).simple(f"<Directory {{htdocs}}>\n{SSI}</Directory>")
    pages(server)
    server.start()
    env = environment(server.port)
    assert env["HTTPS"] == "on"
    assert env["SSL_TLS_SNI"] == "localhost"
    assert env["SSL_SERVER_SAN_DNS_0"] == "localhost"
    assert env["SSL_SERVER_SAN_IPaddr_0"] == "127.0.0.1"
    rest = {name for name in env if name.startswith("SSL_")} - {"SSL_TLS_SNI"}
    assert {name for name in rest if not name.startswith("SSL_SERVER_SAN_")} == set()
    assert "SSL_TLS_SNI" not in environment(server.port, sni=None, host="localhost")


@pytest.mark.parametrize("high", [V.TLSv1_2, V.TLSv1_3], ids=["1.2", "1.3"])
def test_with_std_env_vars(with_std: Ready, high: object) -> None:
    """Every variable of the list is there and not empty."""
    env = environment(with_std.port, ctx=clients.context(high=high))  # type: ignore[arg-type]
    missing = {name for name in ALWAYS_WITH_STD if not env.get(name)}
    assert not missing
    assert env["SSL_PROTOCOL"] == ("TLSv1.2" if high == V.TLSv1_2 else "TLSv1.3")
    assert env["SSL_VERSION_INTERFACE"].startswith("mod_nss/")
    assert re.fullmatch(r"NSS/3\.\d+(\.\d+)?", env["SSL_VERSION_LIBRARY"])
    assert env["SSL_SECURE_RENEG"] == "false"
    assert env["SSL_CLIENT_VERIFY"] == "NONE"
    assert env["SSL_CIPHER_EXPORT"] == "false"
    assert env["SSL_SESSION_RESUMED"] == "Initial"


GCM128, GCM256 = ("AES-128-GCM", 128), ("AES-256-GCM", 256)


@pytest.mark.parametrize(
    ("openssl", "name", "bulk", "auth"),
    [
        ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", GCM128, "RSA"),
        ("ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", GCM256, "RSA"),
        ("ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", GCM128, "ECDSA"),
    ],
)
def test_cipher_variables(with_std: Ready, openssl: str, name: str, bulk: tuple[str, int], auth: str) -> None:
    """The suite in NSS's words, as the original gave them."""
    env = environment(with_std.port, ctx=clients.context(high=V.TLSv1_2, ciphers=openssl))
    assert env["SSL_CIPHER_NAME"] == name
    assert (env["SSL_CIPHER"], int(env["SSL_CIPHER_USEKEYSIZE"])) == bulk
    assert env["SSL_CIPHER_ALGKEYSIZE"] == env["SSL_CIPHER_USEKEYSIZE"]
    assert env["SSL_SERVER_A_KEY"] == f"ECDHE_{auth}"
    assert env["SSL_SERVER_A_SIG"] == f"AEAD-{auth}"


def test_certificate_variables(with_std: Ready) -> None:
    """Version, serial, validity and names of the certificate that was served, for both kinds of key."""
    for spec, kind in ((RSA, "RSA"), (ECC, "ECDSA")):
        env = environment(with_std.port, ctx=clients.context(high=V.TLSv1_2, ciphers=f"ECDHE-{kind}-AES128-GCM-SHA256"))
        certificate = with_std.store.leaf(spec).certificate
        assert env["SSL_SERVER_M_VERSION"] == "3"
        assert env["SSL_SERVER_M_SERIAL"] == str(certificate.serial_number)
        for variable, moment in (
            ("SSL_SERVER_V_START", certificate.not_valid_before_utc),
            ("SSL_SERVER_V_END", certificate.not_valid_after_utc),
        ):
            assert datetime.datetime.strptime(env[variable], "%b %d %H:%M:%S %Y GMT") == moment.replace(tzinfo=None)
        assert env["SSL_SERVER_S_DN"] == f"CN=localhost,O={spec.organisation},C=DE"
        assert env["SSL_SERVER_S_DN_CN"] == "localhost"
        assert env["SSL_SERVER_S_DN_O"] == spec.organisation
        assert env["SSL_SERVER_S_DN_C"] == "DE"
        assert env["SSL_SERVER_I_DN"] == "CN=mod_nss test root,O=Tests,C=DE"
        assert env["SSL_SERVER_I_DN_CN"] == "mod_nss test root"
        assert "SSL_SERVER_CERT" not in env


def test_session_id_is_base64(with_std: Ready) -> None:
    """SSL_SESSION_ID is the session's id in base64, the same on both sides."""
    ctx = clients.context(high=V.TLSv1_2, tickets=False)
    with clients.connect(with_std.port, ctx) as sock:
        sock.sendall(clients.request("/env.shtml", close=True))
        text = clients.Reader(sock).answer().text
        assert sock.session is not None
        assert f"SSL_SESSION_ID={html.escape(base64.b64encode(sock.session.id).decode())}" in text


def test_san_entries_are_numbered(ready: Callable[..., Ready]) -> None:
    """SAN entries count from 0 within their kind, and look-ups honour the number."""
    from tests.support.pki import Spec

    spec = Spec("many", names=("localhost", "two.example", "127.0.0.1", "three.example", "::1"))
    made = ready(specs=(spec,), modules=("include", "filter"))
    server = made.simple(
        f"<Directory {{htdocs}}>\n{SSI}</Directory>\n"
        'Header set X-San "%{SSL_SERVER_SAN_DNS_1}s %{SSL_SERVER_SAN_IPaddr_0}s"',
        nickname="NSSNickname many",
    )
    pages(server)
    server.start()
    env = environment(server.port)
    assert [env[f"SSL_SERVER_SAN_DNS_{number}"] for number in range(3)] == [
        "localhost",
        "two.example",
        "three.example",
    ]
    assert env["SSL_SERVER_SAN_IPaddr_0"] == "127.0.0.1"
    assert "SSL_SERVER_SAN_IPaddr_1" in env
    assert "SSL_SERVER_SAN_DNS_3" not in env
    assert clients.get(server.port).headers["x-san"] == "two.example 127.0.0.1"


def test_lookup_only_variables(with_std: Ready, ready: Callable[..., Ready]) -> None:
    """SSL_SERVER_V_REMAIN, the group and the certificate come by look-up; they are not in the environment."""
    env = environment(with_std.port)
    assert "SSL_SERVER_V_REMAIN" not in env and "SSL_SERVER_CERT" not in env
    server = ready().simple(
        'Header set X-Remain "%{SSL_SERVER_V_REMAIN}s"\nHeader set X-Group "%{SSL_KEX_GROUP}s"\n'
        'Header set X-Lower "%{ssl_server_s_dn_cn}s"\nHeader set X-None "%{SSL_NO_SUCH_THING}s"\n'
    )
    server.start()
    headers = clients.get(server.port).headers
    assert headers["x-remain"] in ("28", "29")
    assert headers["x-group"].lower() in ("x25519", "x25519mlkem768")
    assert headers["x-lower"] == "localhost"
    assert headers["x-none"] in ("", "(null)", "(none)")


def test_export_cert_data(ready: Callable[..., Ready]) -> None:
    """+ExportCertData gives the server's certificate as PEM."""
    made = ready(modules=("include", "filter"))
    server = made.simple(
        f"<Directory {{htdocs}}>\n{SSI}NSSOptions +ExportCertData\n</Directory>", nickname="NSSNickname Server-Cert"
    )
    server.write("htdocs/cert.shtml", '<!--#echo encoding="none" var="SSL_SERVER_CERT" -->')
    server.start()
    expected = made.store.leaf(RSA).pem.read_text()
    assert clients.get(server.port, "/cert.shtml").text.strip() == expected.strip()


def test_options_are_merged(ready: Callable[..., Ready]) -> None:
    """Signed words add to and take from the outer section, unsigned ones replace; several unsigned ones all count."""
    made = ready(modules=("include", "filter"))
    server = made.simple(
        f"""<Directory {{htdocs}}>
{SSI}NSSOptions +StdEnvVars
</Directory>
<Location /minus>
NSSOptions -StdEnvVars
</Location>
<Location /plus>
NSSOptions +ExportCertData
</Location>
<Location /instead>
NSSOptions StdEnvVars ExportCertData
</Location>
"""
    )
    for name in ("minus", "plus", "instead"):
        server.write(f"htdocs/{name}/env.shtml", "<!--#printenv -->\n")
    server.start()

    def variables(path: str) -> tuple[bool, bool]:
        text = clients.get(server.port, path).text
        return "SSL_PROTOCOL=" in text, "SSL_SERVER_CERT=" in text

    assert variables("/minus/env.shtml") == (False, False)
    assert variables("/plus/env.shtml") == (True, True)
    assert variables("/instead/env.shtml") == (True, True)


def test_log_formats(ready: Callable[..., Ready]) -> None:
    """%{NAME}x and %{version}c write the values; what is unknown is a dash."""
    server = ready().simple(
        'CustomLog "{root}/logs/ssl" '
        '"%{SSL_PROTOCOL}x|%{version}c|%{SSL_SERVER_S_DN_CN}x|%{SSL_CLIENT_S_DN}x|%{HTTPS}x"'
    )
    server.start()
    clients.get(server.port)
    server.stop()
    assert (server.root / "logs" / "ssl").read_text().strip() == "TLSv1.3|TLSv1.3|localhost|-|on"


def test_plain_vhost_has_no_variables(ready: Callable[..., Ready]) -> None:
    """A vhost without TLS in the same server has none of them."""
    made = ready(modules=("include", "filter"))
    server = made.simple()
    from tests.support.places import free_port

    plain = free_port()
    server.configure(
        server.body
        + f"Listen 127.0.0.1:{plain}\n<VirtualHost *:{plain}>\nServerName localhost\n<Directory {{htdocs}}>\n{SSI}"
        + "NSSOptions +StdEnvVars\n</Directory>\n</VirtualHost>\n"
    )
    pages(server)
    server.start()
    text = clients.curl(f"http://127.0.0.1:{plain}/env.shtml").stdout.decode()
    assert "SSL_" not in text and "HTTPS=on" not in text
