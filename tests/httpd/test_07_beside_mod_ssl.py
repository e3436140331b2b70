"""mod_nss and mod_ssl in one httpd, each on its own port, whichever is loaded first."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Ready
from tests.support import clients, places
from tests.support.database import RSA
from tests.support.httpd import Httpd


class Both:
    """A server with a vhost of each module and one without TLS."""

    def __init__(self, made: Ready, order: str) -> None:
        self.server: Httpd = made.server
        self.nss = made.port
        self.ssl = places.free_port()
        self.plain = places.free_port()
        leaf = made.store.leaf(RSA)
        ours = f'LoadModule nss_module "{places.module()}"\n'
        if places.staged().python_home:
            ours += f'NSSPythonHome "{places.staged().python_home}"\n'
        theirs = f'LoadModule ssl_module "{places.modules_dir()}/mod_ssl.so"\n'
        self.server.nss = False
        (self.server.htdocs / "folder").mkdir()
        for file in (leaf.pem, leaf.key_pem):
            self.server.write(f"conf/{file.name}", file.read_bytes(), 0o600)
        common = (
            'Header set X-Env "%{HTTPS}e %{SSL_PROTOCOL}e %{SSL_VERSION_INTERFACE}e"\n'
            'Header set X-Lookup "%{HTTPS}s %{SSL_PROTOCOL}s %{SSL_VERSION_INTERFACE}s"\n'
            "RewriteEngine on\nRewriteRule ^ - [E=REWRITE:%{HTTPS}_%{SSL:SSL_PROTOCOL}_%{REQUEST_SCHEME}]\n"
            'Header set X-Rewrite "%{REWRITE}e"\nUseCanonicalName on\n'
        )
        self.server.configure(
            (theirs + ours if order == "ssl first" else ours + theirs)
            + made.globals()
            + f"""
Listen 127.0.0.1:{self.nss}
Listen 127.0.0.1:{self.ssl}
Listen 127.0.0.1:{self.plain}
<VirtualHost *:{self.nss}>
    ServerName localhost
    NSSEngine on
    NSSNickname Server-Cert
    NSSOptions +StdEnvVars
    {common}
</VirtualHost>
<VirtualHost *:{self.ssl}>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile "{self.server.root}/conf/{leaf.pem.name}"
    SSLCertificateKeyFile "{self.server.root}/conf/{leaf.key_pem.name}"
    SSLOptions +StdEnvVars
    {common}
</VirtualHost>
<VirtualHost *:{self.plain}>
    ServerName localhost
    {common}
</VirtualHost>
"""
        )


@pytest.fixture(params=["ssl first", "nss first"])
def both(ready: Callable[..., Ready], request: pytest.FixtureRequest) -> Both:
    """Either order, started. mod_ssl says a little at start that is its own affair."""
    made = Both(ready(modules=("rewrite", "socache_shmcb")), request.param)
    made.server.expect("AH01873", "AH01882", "AH02292", "AH01906", "AH01909")
    made.server.start()
    return made


def test_each_answers_for_its_own(both: Both) -> None:
    """HTTPS, SSL_PROTOCOL and the interface are right for both, in the environment, by look-up and in mod_rewrite."""
    for port, module in ((both.nss, "mod_nss/"), (both.ssl, "mod_ssl/")):
        headers = clients.get(port).headers
        assert headers["x-env"].startswith(f"on TLSv1.3 {module}"), headers
        assert headers["x-lookup"].startswith("on TLSv1.3 "), headers
        assert module in headers["x-lookup"], headers
        assert headers["x-rewrite"] == "on_TLSv1.3_https", headers


def test_plain_vhost_stays_plain(both: Both) -> None:
    """A vhost without TLS has neither."""
    out = clients.curl("-i", f"http://127.0.0.1:{both.plain}/").stdout.decode()
    assert "X-Rewrite: off__http" in out, out
    assert "TLSv1" not in out


def test_scheme_and_port_of_redirects(both: Both) -> None:
    """Where the port is not written, a redirect is https on its default port: both modules are asked for both."""
    for port in (both.nss, both.ssl):
        answer = clients.get(port, "/folder")
        assert answer.status == 301
        assert answer.headers["location"] == "https://localhost/folder/"


def test_both_survive_restarts(both: Both) -> None:
    """Graceful and hard restarts leave both working."""
    for kind in ("graceful", "restart", "graceful"):
        getattr(both.server, kind)()
        assert clients.get(both.nss).status == 200
        assert clients.get(both.ssl).status == 200


def test_https_and_default_port_without_mod_ssl(ready: Callable[..., Ready]) -> None:
    """Alone, the module answers for https as well: scheme, HTTPS, look-ups and log formats."""
    server = ready(modules=("rewrite",)).simple(
        "RewriteEngine on\nRewriteRule ^ - [E=REWRITE:%{HTTPS}_%{SSL:SSL_PROTOCOL}_%{REQUEST_SCHEME}]\n"
        'Header set X-Rewrite "%{REWRITE}e"\nHeader set X-Expr "expr=%{HTTPS}"\n'
        'CustomLog "{root}/logs/ssl" "%{SSL_PROTOCOL}x %{SSL_CIPHER}x"\n'
    )
    server.start()
    headers = clients.get(server.port).headers
    server.stop()
    assert headers["x-rewrite"] == "on_TLSv1.3_https"
    assert headers["x-expr"] == "on"
    assert (server.root / "logs" / "ssl").read_text().startswith("TLSv1.3 ")
