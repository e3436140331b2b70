"""The SSL_* variables where connections matter: keep-alive, resumption, HTTP/2 streams, logs beside mod_ssl."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ready
from tests.support import clients, places
from tests.support.clients import V
from tests.support.httpd import Httpd
from tests.support.processes import wait_until

CGI = """
AddHandler cgi-script .cgi
<Files plain.cgi>
    NSSOptions -StdEnvVars
</Files>
<Files std.cgi>
    NSSOptions +StdEnvVars
</Files>
<Files cert.cgi>
    NSSOptions +StdEnvVars +ExportCertData
</Files>
"""


def cgis(server: Httpd) -> None:
    """Three scripts that print their environment."""
    for name in ("plain", "std", "cert"):
        server.write(f"htdocs/{name}.cgi", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nenv -0\n", 0o755)


def environment(answer: clients.Answer) -> dict[str, str]:
    """What the script printed."""
    assert answer.status == 200, answer.text
    return dict(line.split("=", 1) for line in answer.text.split("\0") if "=" in line)


def ours(env: dict[str, str]) -> dict[str, str]:
    """The variables that mod_nss sets."""
    return {name: value for name, value in env.items() if name == "HTTPS" or name.startswith("SSL_")}


@pytest.fixture
def server(ready: Callable[..., Ready]) -> Httpd:
    """One vhost with the three scripts."""
    made = ready(modules=("cgid",)).simple(CGI)
    cgis(made)
    made.start()
    return made


def test_resumed_session(server: Httpd) -> None:
    """A resumed TLS 1.2 session says so and keeps its id."""
    ctx = clients.context(high=V.TLSv1_2, tickets=False)
    seen = []
    session = None
    for _ in range(2):
        with clients.connect(server.port, ctx, session=session) as sock:
            sock.sendall(clients.request("/std.cgi", close=True))
            seen.append(environment(clients.Reader(sock).answer()))
            session = sock.session
    assert [env["SSL_SESSION_RESUMED"] for env in seen] == ["Initial", "Resumed"]
    assert seen[0]["SSL_SESSION_ID"] == seen[1]["SSL_SESSION_ID"]
    assert seen[0]["SSL_SERVER_S_DN"] == seen[1]["SSL_SERVER_S_DN"]


def test_every_request_of_a_connection_has_them(server: Httpd) -> None:
    """What is computed once per connection is there for each of its requests, also after one without."""
    with clients.connect(server.port, clients.context()) as sock:
        reader = clients.Reader(sock)
        found = []
        for name in ("std", "plain", "cert", "std"):
            sock.sendall(clients.request(f"/{name}.cgi"))
            found.append(ours(environment(reader.answer())))
    assert found[0] == found[3]
    assert "SSL_PROTOCOL" not in found[1] and "SSL_SERVER_CERT" in found[2] and "SSL_SERVER_CERT" not in found[0]


def test_look_up(ready: Callable[..., Ready]) -> None:
    """mod_headers' %{...}s finds everything by name, whatever the case, without any NSSOptions."""
    names = ("SSL_PROTOCOL", "ssl_protocol", "SSL_SERVER_V_REMAIN", "SSL_SERVER_S_DN_CN", "Ssl_Server_San_Dns_0",
             "SSL_CLIENT_V_REMAIN", "SSL_VERSION_PRODUCT", "SSL_TLS_SNI", "HTTPS", "SSL_NO_SUCH", "SSL_CIPHER",
             "HTTP:X-Test", "REMOTE_ADDR", "REQUEST_METHOD")  # fmt: skip
    lines = "".join(f'Header set X-{n} "%{{{name}}}s"\n' for n, name in enumerate(names))
    server = ready().simple(lines)
    server.start()
    answer = clients.get(server.port, extra="X-Test: yes\r\n")
    got = {name: answer.headers[f"x-{n}"] for n, name in enumerate(names)}
    assert got["SSL_PROTOCOL"] == got["ssl_protocol"] == "TLSv1.3"
    assert 0 < int(got["SSL_SERVER_V_REMAIN"]) < 20000
    assert got["Ssl_Server_San_Dns_0"] == "localhost"
    assert got["SSL_TLS_SNI"] == "localhost"
    assert got["HTTPS"] == "on"
    assert got["SSL_VERSION_PRODUCT"].startswith("mod_nss/")
    assert got["SSL_CIPHER"] in ("AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305")
    assert got["SSL_NO_SUCH"] == got["SSL_CLIENT_V_REMAIN"] == "(null)"
    assert (got["HTTP:X-Test"], got["REMOTE_ADDR"], got["REQUEST_METHOD"]) == ("yes", "127.0.0.1", "GET")


def last_line(path: Path) -> str:
    """The last line of a log, waited for: it is written after the answer."""
    wait_until(lambda: path.exists() and path.read_text().endswith("\n"), f"{path.name} to be written")
    return path.read_text().splitlines()[-1]


FORMATS = ("%{SSL_PROTOCOL}x", "%{ssl_cipher_name}x", "%{HTTPS}x", "%{HTTP_HOST}x", "%{SSL_NO_SUCH}x", "%{TIME_YEAR}x",
           "%{version}c")  # fmt: skip
LOG = 'CustomLog "{root}/logs/tls" "' + "|".join(FORMATS) + '"'


@pytest.mark.parametrize("modules", [(), ("socache_shmcb", "ssl")], ids=["alone", "beside mod_ssl"])
def test_log_formats(ready: Callable[..., Ready], modules: tuple[str, ...]) -> None:
    """%{NAME}x is written to the access log, also where mod_ssl is loaded; %{version}c where it is not."""
    server = ready(modules=modules).simple(LOG)
    server.expect("AH01882", "AH01873")  # mod_ssl, of its own library and cache
    server.start()
    assert clients.get(server.port).status == 200
    line = last_line(server.root / "logs" / "tls").split("|")
    assert line[0] == "TLSv1.3" and line[1].startswith("TLS_") and line[2] == "on"
    assert line[3:6] == ["localhost", "-", str(time.localtime().tm_year)]
    assert line[6] == ("TLSv1.3" if not modules else "-")


def test_log_formats_of_plain_connections(ready: Callable[..., Ready]) -> None:
    """On a plain port the same format has no TLS to tell of."""
    made = ready()
    server = made.server
    plain = places.free_port()
    server.configure(
        made.globals() + made.vhost() + f"Listen 127.0.0.1:{plain}\n<VirtualHost *:{plain}>\n{LOG}\n</VirtualHost>\n"
    )
    server.start()
    assert clients.curl(f"http://127.0.0.1:{plain}/").stdout == b"It works, by NSS.\n"
    line = last_line(server.root / "logs" / "tls").split("|")
    assert line[:3] == ["-", "-", "off"]


def test_http2_streams(ready: Callable[..., Ready]) -> None:
    """Requests on HTTP/2 streams have the variables of their connection, many of them at once."""
    server = ready(modules=("cgid", "http2")).simple("Protocols h2 http/1.1\n" + CGI)
    cgis(server)
    server.start()
    url = f"https://localhost:{server.port}/std.cgi"
    out = server.root / "out"
    out.mkdir()
    clients.curl(
        "-k", "--http2", "--parallel", "--parallel-max", "8", "--resolve", f"localhost:{server.port}:127.0.0.1",
        "-o", f"{out}/#1", "-w", "%{http_version}\\n", f"{url}?[1-24]",
    )  # fmt: skip
    found = [
        ours(dict(line.split("=", 1) for line in path.read_text().split("\0") if "=" in line)) for path in out.iterdir()
    ]
    assert len(found) == 24
    assert all(env == found[0] for env in found)
    assert found[0]["SSL_PROTOCOL"] == "TLSv1.3" and found[0]["SSL_CIPHER"] and found[0]["SSL_TLS_SNI"] == "localhost"


@pytest.mark.parametrize(("cipher", "version"), [("ECDHE-RSA-AES128-GCM-SHA256", "2"), ("ECDHE-RSA-AES128-SHA", "1.1")])
def test_http2_refuses_the_suites_that_it_must(ready: Callable[..., Ready], cipher: str, version: str) -> None:
    """mod_http2 recognises the suites that RFC 9113 forbids, since it is told their OpenSSL names."""
    inner = "Protocols h2 http/1.1\nNSSCipherSuite +ecdhe_rsa_aes_128_gcm_sha_256,+ecdhe_rsa_aes_128_sha\n"
    server = ready(modules=("http2",)).simple(inner)
    server.start()
    done = clients.curl(
        "-k", "--http2", "--tls-max", "1.2", "--ciphers", cipher, "--resolve", f"localhost:{server.port}:127.0.0.1",
        "-o", "/dev/null", "-w", "%{http_version} %{http_code}", f"https://localhost:{server.port}/", check=False,
    )  # fmt: skip
    if version == "2":
        assert done.stdout == b"2 200"
    else:
        assert not done.stdout.startswith(b"2 "), done.stdout
