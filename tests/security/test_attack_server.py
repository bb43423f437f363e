"""Attacks on the server itself: where it listens, TLS, client certificates, slow clients, smuggled requests."""

from __future__ import annotations

import contextlib
import json
import re
import ssl
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from etcdview.demo.certificates import LOCAL_NAMES, SERVER
from tests.security import lab
from tests.security.lab import ACCESS
from tests.security.served import Pki, Served, make_pki, read_all, serve, status
from tests.security.table import attack
from tests.serving import ROOT

LISTENING = "Listening"
TLS = "TLS and client certificates"
SLOW = "Slow clients"
SMUGGLING = "Requests in requests"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A users file, an access file, and where the log goes."""
    folder = tmp_path_factory.mktemp("accounts")
    tokens = lab.write_users(folder / "users.json")
    (folder / "tokens.json").write_text(json.dumps(tokens))
    (folder / "access.toml").write_text(ACCESS)
    return folder


@pytest.fixture(scope="module")
def https(capture: Path, pki: Pki, files: Path) -> Iterator[Served]:
    """HTTPS for everybody on the network, with passwords, tokens and client certificates; two workers."""
    arguments = [
        "--tls-cert", str(pki.server.cert), "--tls-key", str(pki.server.key), "--client-ca", pki.ca,
        "--users-file", str(files / "users.json"), "--access-file", str(files / "access.toml"),
        "--audit-log", str(files / "audit.jsonl"), "--workers", "2", "--threads", "8",
    ]  # fmt: skip
    with serve(capture, *arguments, host="0.0.0.0", ca=pki.ca) as served:  # noqa: S104
        yield served


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "etcdview", "serve", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)


@attack(LISTENING, "an etcdview that was left open to the network by mistake", "it does not start without a login")
@pytest.mark.parametrize("address", ["0.0.0.0:0", ":0", "[::]:0", "10.0.0.1:0", "example.org:0"])
def test_it_listens_to_the_network_only_with_a_login(address: str) -> None:
    ended = run("--listen", address, "--endpoints", "http://127.0.0.1:1")

    assert ended.returncode == 2
    assert "login" in ended.stderr


@attack(LISTENING, "an etcdview that was left open on purpose, forgotten", "a banner on every page says so")
def test_every_page_says_that_nobody_logs_in(capture: Path) -> None:
    with serve(capture, "--insecure-no-login", host="0.0.0.0") as served:  # noqa: S104
        for path in ("/", "/registry", "/search?q=x", "/nonsense", "/object?key=/x", "/encryption"):
            assert "No login is needed here" in served.get(path)[1]
        assert served.get("/reveal?key=/registry/secrets/payments/db-credentials")[0] == 403


@attack(TLS, "no certificate, and no other login", "401, never a page")
def test_without_a_certificate_there_is_no_page(https: Served) -> None:
    assert https.get("/api/v1/cluster")[0] == 401
    assert https.get("/account")[0] == 303


@attack(TLS, "a client certificate of another CA with a good name in it", "the handshake fails")
def test_a_certificate_of_another_ca_fails(https: Served, pki: Pki) -> None:
    try:
        answer = https.get("/account", pki.stranger)[0]
    except (ssl.SSLError, ConnectionError):
        answer = 0

    assert answer == 0


@attack(TLS, "a good certificate of somebody without a grant", "403; with one: their role, and a CSRF token for POSTs")
def test_a_certificate_needs_a_grant(https: Served, pki: Pki) -> None:
    assert https.get("/account", pki.vera)[0] == 200
    assert https.get("/account", pki.eve)[0] == 403
    post = b"POST /encryption HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    assert status(https.raw(post, pki.vera)) == 400


@attack(TLS, "a certificate's name in a header", "not looked at")
def test_a_certificate_in_a_header_is_not_looked_at(https: Served) -> None:
    headers = {"X_Client_Cert": "CN=vera", "X_SSL_Client_S_DN": "CN=vera", "SSL_CLIENT_S_DN_CN": "vera"}

    assert https.get("/api/v1/cluster", **headers)[0] == 401


@attack(TLS, "old TLS (1.0, 1.1), or plain HTTP on the TLS port", "no answer")
def test_old_tls_is_not_spoken(https: Served) -> None:
    plain = Served(https.port)
    assert "200" not in plain.raw(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")[:20]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # what is old is what this is about
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with plain.connect() as connection, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(connection)


def test_a_renewed_certificate_is_served_without_a_restart(https: Served, pki: Pki) -> None:
    def shown() -> str:
        return ssl.get_server_certificate(("127.0.0.1", https.port))

    before = shown()
    pki.authority.issue(Path(pki.server.cert).parent, "server", "localhost", sans=LOCAL_NAMES, usages=SERVER)

    assert shown() != before
    assert https.get("/healthz")[0] == 200


def test_a_broken_certificate_leaves_the_one_of_before(https: Served, pki: Pki) -> None:
    good = Path(pki.server.cert).read_text()
    Path(pki.server.cert).write_text("half a certif")

    assert https.get("/healthz")[0] == 200
    Path(pki.server.cert).write_text(good)


@attack(
    TLS, "the cookie over HTTP; the page over HTTP next time", "Secure, __Host-; HSTS where it has a name of its own"
)
def test_a_login_over_https_stays_there(https: Served) -> None:
    answer = https.get("/login")[1]

    assert re.search(r"Set-Cookie: __Host-etcdview=[^\n]*Secure", answer)


@attack(
    TLS,
    "another worker that does not know of the logout, or signs with another key",
    "all share one key and one memory",
)
def test_workers_share_sessions_and_logouts(https: Served) -> None:
    def ask(request: str) -> str:
        return https.raw(request.replace("\n", "\r\n").encode())

    def get(path: str, cookie: str) -> str:
        return ask(f"GET {path} HTTP/1.1\nHost: localhost\nConnection: close\nCookie: {cookie}\n\n")

    def post(path: str, cookie: str, body: str) -> str:
        head = f"POST {path} HTTP/1.1\nHost: localhost\nConnection: close\nCookie: {cookie}\n"
        return ask(f"{head}Content-Type: application/x-www-form-urlencoded\nContent-Length: {len(body)}\n\n{body}")

    page = get("/login", "a=b")
    token = _found(r'csrf_token" value="([^"]+)', page)
    logged_in = post("/login", _cookie(page), f"name=ann&password={lab.PASSWORDS['ann']}&csrf_token={token}")
    cookie = _cookie(logged_in)

    assert {status(get("/account", cookie)) for _ in range(12)} == {200}
    token = _found(r'csrf_token" value="([^"]+)', account := get("/account", cookie))
    assert status(post("/logout", _cookie(account), f"csrf_token={token}")) == 303
    assert {status(get("/account", cookie)) for _ in range(12)} == {303}


def _cookie(answer: str) -> str:
    return _found(r"Set-Cookie: ([^;]+)", answer)


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, text
    return found[1]


@attack(SLOW, "connections by the hundred that send nothing", "they hold no thread")
def test_silent_connections_hold_no_thread(https: Served) -> None:
    connections = [Served(https.port).connect() for _ in range(100)]
    try:
        assert https.get("/healthz")[0] == 200
    finally:
        for connection in connections:
            connection.close()


@attack(SLOW, "more heads than there are threads, a byte at a time (slowloris)", "no thread; 408 after ten seconds")
def test_slow_heads_are_shut(https: Served) -> None:
    with contextlib.ExitStack() as held:
        connections = [held.enter_context(https.connect()) for _ in range(24)]
        for connection in connections:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: loc")

        assert https.get("/healthz")[0] == 200  # the first one already: no thread waits for them
        assert {status(read_all(connection)) for connection in connections} == {408}


@attack(SLOW, "a body that does not come", "no thread; 408 after thirty seconds")
def test_a_body_that_does_not_come_is_given_up(https: Served) -> None:
    with https.connect() as connection:
        connection.settimeout(60)
        connection.sendall(
            b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: 1000\r\n\r\nname=a"
        )
        assert https.get("/healthz")[0] == 200
        answer = read_all(connection)

    assert status(answer) == 408


@attack(SLOW, "a head of a megabyte, or of a thousand lines", "400 or 431, or the connection is closed")
def test_a_large_head_is_refused(https: Served) -> None:
    for head in (
        b"X: " + b"a" * 1_000_000,
        b"\r\n".join(b"X%d: a" % i for i in range(1000)),
        b"GET /" + b"a" * 100_000,
    ):
        request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + head + b"\r\n\r\n"
        try:
            assert status(https.raw(request)) in (0, 400, 414, 431)
        except OSError:
            continue


@attack(SMUGGLING, "two lengths, a length beside chunks, obfuscated chunks", "400: one request is one request")
@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 4\r\nContent-Length: 40", b"Content-Length: 4\r\nTransfer-Encoding: chunked",
     b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunked, identity", b"Content-Length: +4",
     b"Transfer-Encoding : chunked", b"Content-Length: 4, 4", b" Transfer-Encoding: chunked"],
)  # fmt: skip
def test_a_request_with_two_lengths_is_refused(https: Served, head: bytes) -> None:
    request = (
        b"POST /login HTTP/1.1\r\nHost: localhost\r\n"
        + head
        + b"\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    )

    answers = https.raw(request)

    assert '"status":"ok"' not in answers
    assert status(answers) in (0, 400, 501)


@attack(SMUGGLING, "a header with an underscore that the app would take for the proxy's", "dropped")
def test_a_header_with_an_underscore_is_dropped(capture: Path, files: Path) -> None:
    arguments = ["--proxy-user-header", "X-Forwarded-User", "--trusted-proxies", "127.0.0.1",
                 "--access-file", str(files / "access.toml"), "--audit-log", str(files / "proxy.jsonl")]  # fmt: skip
    with serve(capture, *arguments) as served:
        head = b"GET /account HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"

        assert status(served.raw(head + b"X-Forwarded-User: vera\r\n\r\n")) == 200
        assert status(served.raw(head + b"X_Forwarded_User: vera\r\n\r\n")) == 401
        assert status(served.raw(head + b"X-Forwarded_User: vera\r\n\r\n")) == 401
        assert status(served.raw(head + b"X-Forwarded-User: vera\r\nX-Forwarded-User: ann\r\n\r\n")) == 401


@attack(SMUGGLING, "no Host, two Hosts, or an address with another host in it", "400")
def test_a_request_without_one_host_is_refused(https: Served) -> None:
    for head in (b"GET /healthz HTTP/1.1\r\n", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n",
                 b"GET http://evil.example/healthz HTTP/1.1\r\nHost: evil.example\r\n",
                 b"GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n",
                 b"GET http://localhost@evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n"):  # fmt: skip
        assert status(https.raw(head + b"Connection: close\r\n\r\n")) == 400
    head = b"GET https://localhost/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert status(https.raw(head)) == 200


@pytest.mark.parametrize(
    "header",
    [b"SCRIPT_NAME: /x", b"script_name: /healthz", b"PATH_INFO: /metrics", b"X-Forwarded-Proto: http",
     b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off", b"X-Forwarded-Protocol: ssl"],
)  # fmt: skip
@attack(
    SMUGGLING,
    "headers that gunicorn takes from this machine's own address as a proxy's: SCRIPT_NAME, X-Forwarded-Proto",
    "not looked at",
)
def test_no_header_moves_a_request(https: Served, header: bytes) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"

    assert status(https.raw(head + header + b"\r\n\r\n")) == 200


@pytest.mark.parametrize("empty", [b"", b"\r\n"])
def test_an_empty_line_before_a_request_is_passed_over(https: Served, empty: bytes) -> None:
    login = b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\na"
    last = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    assert _statuses(https.raw(empty + last)) == [200]
    assert _statuses(https.raw(login + empty + last)) == [401, 200]
    with https.connect() as connection:  # each line by itself
        for line in (login + empty + last).splitlines(keepends=True):
            connection.sendall(line)
        assert _statuses(read_all(connection)) == [401, 200]


def _statuses(answers: str) -> list[int]:
    return [int(found) for found in re.findall(r"HTTP/1\.[01] (\d{3})", answers)]
