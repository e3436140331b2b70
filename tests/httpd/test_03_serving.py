"""Serving: certificates, virtual hosts by name, and what is refused how."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable

import pytest

from tests.conftest import Maker, Ready
from tests.support import clients
from tests.support.clients import V
from tests.support.database import ECC, RSA, Store, create, gencert_server, hand_over
from tests.support.httpd import Httpd
from tests.support.pki import Authority, Spec
from tests.support.processes import wait_until

A = Spec("host-a", names=("a.example", "alias.example"))
B = Spec("host-b", key="ec", names=("b.example",))
WILD = Spec("host-wild", key="ec", names=("*.wild.example", "wild.example"))


def served(port: int, name: str | None = "localhost", **options: object) -> str:
    """SHA-256 of the certificate that the server shows."""
    with clients.connect(port, clients.context(**options), name) as sock:  # type: ignore[arg-type]
        der = sock.getpeercert(binary_form=True)
    assert der is not None
    return hashlib.sha256(der).hexdigest()


# ---- certificates ----------------------------------------------------------------------------------------------


def test_verified_page(ready: Callable[..., Ready], authority: Authority) -> None:
    """A client that trusts the CA gets the page, by name and by both addresses of the certificate."""
    server = ready().simple()
    server.start()
    answer = clients.get(server.port, ctx=clients.context(authority))
    assert (answer.status, answer.text) == (200, "It works, by NSS.\n")
    out = clients.curl("--cacert", authority.ca_pem, f"https://127.0.0.1:{server.port}/").stdout
    assert out == b"It works, by NSS.\n"


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_rsa_and_ecdsa_side_by_side(ready: Callable[..., Ready], store: Store, version: str) -> None:
    """One vhost serves the RSA certificate to clients that can only RSA, ECDSA to those that can only ECDSA."""
    server = ready().simple()
    server.start()
    for sigalgs, spec in (("RSA-PSS+SHA256:RSA+SHA256", RSA), ("ECDSA+SHA256", ECC)):
        shake = clients.s_client(server.port, version, "-sigalgs", sigalgs, "-showcerts")
        assert shake.protocol == version.replace("-tls1_", "TLSv1."), shake.output
        pem = shake.output.split("-----BEGIN CERTIFICATE-----")[1].split("-----END")[0]
        assert (
            ssl.PEM_cert_to_DER_cert(f"-----BEGIN CERTIFICATE-----{pem}-----END CERTIFICATE-----")
            == store.leaf(spec).der
        )


@pytest.mark.parametrize("nickname", ["NSSNickname Server-Cert", "NSSECCNickname Server-Cert-ecc"])
def test_either_may_stand_alone(ready: Callable[..., Ready], store: Store, nickname: str) -> None:
    """RSA alone and ECDSA alone serve TLS 1.2 and 1.3."""
    server = ready().simple(nickname=nickname)
    server.start()
    spec = ECC if "ecc" in nickname else RSA
    assert served(server.port, high=V.TLSv1_2) == store.leaf(spec).fingerprint
    assert served(server.port) == store.leaf(spec).fingerprint


def test_same_subject_rsa_and_ecdsa(ready: Callable[..., Ready], store: Store) -> None:
    """Two certificates of one subject share one nickname in NSS; both are served all the same."""
    rsa, ec = Spec("same"), Spec("same-ecc", key="ec")
    made = ready(specs=(rsa, ec))
    assert made.database.certutil("-L").count("u,u,u") == 2
    server = made.simple(nickname="NSSNickname same\nNSSECCNickname same")
    server.start()
    assert served(server.port, high=V.TLSv1_2, ciphers="ECDHE-RSA-AES128-GCM-SHA256") == store.leaf(rsa).fingerprint
    assert served(server.port, high=V.TLSv1_2, ciphers="ECDHE-ECDSA-AES128-GCM-SHA256") == store.leaf(ec).fingerprint


def test_newest_of_one_nickname_is_served(ready: Callable[..., Ready], store: Store) -> None:
    """A renewed certificate with the same subject takes the place of the one before."""
    old, new = Spec("Server-Cert", started=-20), Spec("Server-Cert", started=-1, days=60)
    server = ready(specs=(new, old)).simple(nickname="NSSNickname Server-Cert")
    server.start()
    assert served(server.port) == store.leaf(new).fingerprint


def test_intermediate_is_sent(ready: Callable[..., Ready], authority: Authority) -> None:
    """The chain up to the root goes out: a client that knows the root alone accepts it."""
    spec = Spec("chained", signed_by="intermediate")
    server = ready(specs=(spec,)).simple(nickname="NSSNickname chained")
    server.start()
    assert clients.get(server.port, ctx=clients.context(authority)).status == 200


def test_certificate_of_the_original_gencert(new_httpd: Maker) -> None:
    """keyEncipherment alone: static RSA as with the original, and what else NSS can do with it; never a dead server."""
    server = new_httpd()
    database = create(server.root / "alias")
    gencert_server(database, "Server-Cert", "localhost")
    hand_over(database)
    server.pin_file(f"internal:{database.pin}")
    made = Ready(server, database, None)  # type: ignore[arg-type]
    made.simple(
        "NSSProtocol TLSv1.0,TLSv1.1,TLSv1.2\nNSSCipherSuite +rsa_aes_128_sha,+ecdhe_rsa_aes_128_gcm_sha_256",
        nickname="NSSNickname Server-Cert",
    )
    server.expect("NSS0")
    server.start()
    assert clients.s_client(server.port, "-tls1_2", "-cipher", "AES128-SHA").cipher == "AES128-SHA"
    assert clients.s_client(server.port, "-tls1_2").protocol == "TLSv1.2"


def test_database_without_prefix(ready: Callable[..., Ready]) -> None:
    """A bare path with sql files in it is taken as sql."""
    made = ready()
    server = made.simple(NSSCertificateDatabase=f'"{made.database.folder}"')
    server.start()
    assert clients.get(server.port).status == 200


def test_database_relative_to_server_root(ready: Callable[..., Ready]) -> None:
    """A relative path is taken from ServerRoot."""
    server = ready().simple(NSSCertificateDatabase="sql:alias")
    server.start()
    assert clients.get(server.port).status == 200


@pytest.mark.parametrize("client", ["gnutls", "tstclnt", "curl"])
def test_other_makes_of_clients(ready: Callable[..., Ready], authority: Authority, client: str) -> None:
    """GnuTLS, NSS's own client and curl get the page."""
    made = ready()
    server = made.simple()
    server.start()
    if client == "gnutls":
        done = clients.gnutls(server.port, authority)
        assert "It works, by NSS." in done.stdout, done.stdout + done.stderr
    elif client == "tstclnt":
        empty = create(server.root / "client", pin="")
        empty.add_authority(authority)
        done = clients.tstclnt(server.port, empty.spec)
        assert "It works, by NSS." in done.stdout, done.stdout + done.stderr
    else:
        out = clients.curl(
            "--cacert",
            authority.ca_pem,
            "--resolve",
            f"localhost:{server.port}:127.0.0.1",
            f"https://localhost:{server.port}/",
        ).stdout
        assert out == b"It works, by NSS.\n"


# ---- virtual hosts ---------------------------------------------------------------------------------------------


def a_and_b() -> str:
    """Two vhosts, a.example and b.example, each with its certificate."""
    return "".join(
        f"<VirtualHost *:{{port}}>\nServerName {letter}.example\nNSSEngine on\nNSSNickname host-{letter}\n"
        "</VirtualHost>\n"
        for letter in "ab"
    )


@pytest.fixture
def three(ready: Callable[..., Ready]) -> Httpd:
    """a.example (RSA, alias), b.example (ECDSA, TLS 1.2 and one suite), *.wild.example: each with its own page."""
    made = ready(specs=(A, B, WILD))
    server = made.server
    for name in ("a", "b", "wild"):
        (server.htdocs / name).mkdir()
        (server.htdocs / name / "index.html").write_text(f"host {name}")
    server.configure(
        made.globals()
        + """
Listen 127.0.0.1:{port}
<VirtualHost *:{port}>
    ServerName a.example
    ServerAlias alias.example
    DocumentRoot "{htdocs}/a"
    NSSEngine on
    NSSNickname host-a
</VirtualHost>
<VirtualHost *:{port}>
    ServerName b.example
    DocumentRoot "{htdocs}/b"
    NSSEngine on
    NSSECCNickname host-b
    NSSProtocol TLSv1.2
    NSSCipherSuite +ecdhe_ecdsa_aes_256_gcm_sha_384
</VirtualHost>
<VirtualHost *:{port}>
    ServerName wild.example
    ServerAlias *.wild.example
    DocumentRoot "{htdocs}/wild"
    NSSEngine on
    NSSECCNickname host-wild
</VirtualHost>
"""
    )
    server.start()
    return server


@pytest.mark.parametrize(
    ("name", "spec", "page"),
    [
        ("a.example", A, "a"),
        ("A.EXAMPLE", A, "a"),
        ("alias.example", A, "a"),
        ("b.example", B, "b"),
        ("wild.example", WILD, "wild"),
        ("deep.wild.example", WILD, "wild"),
        ("unknown.example", A, "a"),
        (None, A, "a"),
    ],
)
def test_vhost_by_name(three: Httpd, store: Store, name: str | None, spec: Spec, page: str) -> None:
    """Names, aliases and wildcards choose vhost and certificate; unknown names and none get the first vhost."""
    assert served(three.port, name) == store.leaf(spec).fingerprint
    assert clients.get(three.port, sni=name, host=name or "a.example").text == f"host {page}"


def test_each_vhost_has_its_own_versions_and_suites(three: Httpd) -> None:
    """Version and suite are those of the vhost that the client named, not of the first one."""
    assert clients.s_client(three.port, name="a.example").protocol == "TLSv1.3"
    shake = clients.s_client(three.port, name="b.example")
    assert (shake.protocol, shake.cipher) == ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384")
    assert clients.refused(three.port, clients.context(low=V.TLSv1_3), "b.example")
    assert clients.get(three.port, sni="a.example", ctx=clients.context(low=V.TLSv1_3)).status == 200


def test_host_of_other_tls_settings_is_misdirected(three: Httpd) -> None:
    """Host names a vhost whose TLS settings differ: 421, and nothing of its content."""
    three.expect("NSS0502")
    answer = clients.get(three.port, sni="a.example", host="b.example")
    assert answer.status == 421
    assert "host b" not in answer.text
    answer = clients.get(three.port, sni=None, host="b.example")
    assert answer.status == 421


def test_host_within_one_certificate(three: Httpd) -> None:
    """Names of one vhost share a connection: what browsers do with one certificate."""
    with clients.connect(three.port, clients.context(), "a.example") as sock:
        reader = clients.Reader(sock)
        for host in ("a.example", "alias.example", f"a.example:{three.port}"):
            sock.sendall(clients.request(host=host))
            assert reader.answer().text == "host a"


def test_host_of_same_settings_is_served(ready: Callable[..., Ready]) -> None:
    """Two vhosts with equal TLS settings: one connection serves both, each with its own content."""
    made = ready(specs=(Spec("Server-Cert", names=("one.example", "two.example")),))
    server = made.server
    body = made.globals() + "Listen 127.0.0.1:{port}\n"
    for name in ("one", "two"):
        (server.htdocs / name).mkdir()
        (server.htdocs / name / "index.html").write_text(f"host {name}")
        body += (
            f"<VirtualHost *:{{port}}>\nServerName {name}.example\nDocumentRoot {{htdocs}}/{name}\nNSSEngine on\n"
            "NSSNickname Server-Cert\n</VirtualHost>\n"
        )
    server.configure(body)
    server.start()
    with clients.connect(server.port, clients.context(), "one.example") as sock:
        reader = clients.Reader(sock)
        for name in ("one", "two", "one"):
            sock.sendall(clients.request(host=f"{name}.example"))
            assert reader.answer().text == f"host {name}"


def test_missing_and_broken_host(three: Httpd) -> None:
    """No Host and an unreadable Host are answered with 400."""
    three.expect("NSS0501")
    for head in (b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a..b/?\r\n\r\n"):
        with clients.connect(three.port, clients.context(), "a.example") as sock:
            sock.sendall(head)
            assert clients.Reader(sock).answer().status == 400, head


def test_strict_check_refuses_clients_without_sni(ready: Callable[..., Ready]) -> None:
    """NSSStrictSNIVHostCheck on: no SNI, no content; with SNI all is well."""
    made = ready(specs=(A, B))
    server = made.server
    server.configure(made.globals() + "Listen 127.0.0.1:{port}\nNSSStrictSNIVHostCheck on\n" + a_and_b())
    server.expect("NSS0504")
    server.start()
    answer = clients.get(server.port, sni=None, host="a.example")
    assert answer.status == 403 and "It works" not in answer.text
    assert clients.get(server.port, sni="a.example").status == 200


def test_sni_off_serves_the_first_vhost(ready: Callable[..., Ready], store: Store) -> None:
    """NSSSNI off: the name chooses nothing, the first vhost of the address is served."""
    made = ready(specs=(A, B))
    server = made.server
    server.configure(made.globals() + "Listen 127.0.0.1:{port}\nNSSSNI off\n" + a_and_b())
    server.expect("NSS0502")
    server.start()
    assert served(server.port, "b.example") == store.leaf(A).fingerprint
    assert clients.get(server.port, sni="a.example").status == 200
    assert clients.get(server.port, sni="b.example", host="b.example").status == 421


def test_vhosts_by_address(ready: Callable[..., Ready], store: Store) -> None:
    """Vhosts on addresses of their own need no name."""
    made = ready(specs=(A, B))
    server = made.server
    server.configure(
        made.globals()
        + """
Listen 127.0.0.1:{port}
Listen 127.0.0.2:{port}
<VirtualHost 127.0.0.1:{port}>
    ServerName a.example
    NSSEngine on
    NSSNickname host-a
</VirtualHost>
<VirtualHost 127.0.0.2:{port}>
    ServerName b.example
    NSSEngine on
    NSSECCNickname host-b
</VirtualHost>
"""
    )
    server.start()
    for address, spec in (("127.0.0.1", A), ("127.0.0.2", B)):
        with clients.connect(server.port, clients.context(), None, address=address) as sock:
            assert sock.getpeercert(binary_form=True) == store.leaf(spec).der


def test_vhost_by_the_name_of_its_address(ready: Callable[..., Ready], store: Store) -> None:
    """<VirtualHost name:port>: the name of the address chooses, in SNI and Host, unless a ServerName is the same."""
    made = ready(specs=(A, B))
    server = made.server
    host = "<VirtualHost {}:{{port}}>\nServerName {}\nNSSEngine on\n{}\n</VirtualHost>\n"
    first = host.format("127.0.0.1", "first.example", "NSSNickname host-a")
    second = host.format("localhost", "second.example", "NSSECCNickname host-b")
    third = host.format("127.0.0.1", "localhost", "NSSNickname host-a\nNSSVerifyClient optional")
    server.expect("NSS0228")
    server.configure(made.globals() + "Listen 127.0.0.1:{port}\n" + first + second)
    server.start()
    assert served(server.port, "localhost") == store.leaf(B).fingerprint
    assert clients.get(server.port, sni="localhost", host="localhost").status == 200
    assert served(server.port, "other.example") == store.leaf(A).fingerprint
    server.configure(made.globals() + "Listen 127.0.0.1:{port}\n" + first + second + third)
    server.graceful()
    wait_until(lambda: served(server.port, "localhost") == store.leaf(A).fingerprint, "the new configuration")
    assert clients.get(server.port, sni="localhost", host="localhost").status == 200


def test_vhosts_of_one_address_that_differ_in_engine(ready: Callable[..., Ready]) -> None:
    """The first virtual host of an address decides whether TLS is spoken there, and the log says so."""
    made = ready(specs=(A, B))
    server = made.server
    on = "<VirtualHost *:{port}>\nServerName a.example\nNSSEngine on\nNSSNickname host-a\n</VirtualHost>\n"
    off = "<VirtualHost *:{port}>\nServerName plain.example\n</VirtualHost>\n"
    server.expect("NSS0051", "NSS0052", "NSS0503")
    server.configure(made.globals() + "Listen 127.0.0.1:{port}\n" + on + off)
    server.start()
    assert clients.get(server.port, sni="a.example", host="a.example").status == 200
    assert clients.get(server.port, sni="plain.example", host="plain.example").status == 421
    assert any("plain.example" in line.text for line in server.log.with_code("NSS0052"))
    server.configure(made.globals() + "Listen 127.0.0.1:{port}\n" + off + on)
    checked = server.check()
    assert checked.returncode == 0 and "NSS0051" in checked.stderr and "a.example" in checked.stderr


def test_settings_of_the_main_server_are_inherited(ready: Callable[..., Ready]) -> None:
    """What the main server says holds in a vhost that says nothing, and can be said otherwise there."""
    made = ready(specs=(Spec("Server-Cert", names=("localhost", "other.example")),))
    server = made.server
    other = server.port
    server.configure(
        made.globals()
        + """
NSSProtocol TLSv1.2
NSSNickname Server-Cert
NSSSessionTickets on
Listen 127.0.0.1:{port}
<VirtualHost *:{port}>
    ServerName localhost
    NSSEngine on
</VirtualHost>
<VirtualHost *:{port}>
    ServerName other.example
    NSSEngine on
    NSSProtocol TLSv1.3
</VirtualHost>
"""
    )
    server.start()
    assert clients.s_client(other).protocol == "TLSv1.2"
    assert clients.s_client(other, name="other.example").protocol == "TLSv1.3"


# ---- plain HTTP on the TLS port --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_plain_http_gets_the_400_page(ready: Callable[..., Ready], method: str) -> None:
    """Plain HTTP on the TLS port: 400, a page that links to https, the connection ends, no content."""
    server = ready().simple()
    server.expect("NSS0500")
    server.start()
    with clients.raw(server.port) as sock:
        sock.sendall(f"{method} /secret HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n".encode())
        answer = clients.drain(sock)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert f'href="https://localhost:{server.port}/"'.encode() in answer
    assert b"It works" not in answer


def test_plain_http_dripped(ready: Callable[..., Ready]) -> None:
    """The same when the request comes byte by byte."""
    server = ready().simple()
    server.expect("NSS0500")
    server.start()
    with clients.raw(server.port) as sock:
        for byte in b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n":
            sock.sendall(bytes([byte]))
        assert clients.drain(sock).startswith(b"HTTP/1.1 400 ")


def test_plain_http_cannot_put_markup_into_the_page(ready: Callable[..., Ready]) -> None:
    """A Host that is no host name does not reach the page."""
    server = ready().simple()
    server.expect("NSS0500")
    server.start()
    with clients.raw(server.port) as sock:
        sock.sendall(b'GET / HTTP/1.1\r\nHost: x"><script>alert(1)</script>\r\n\r\n')
        assert b"<script>" not in clients.drain(sock)
