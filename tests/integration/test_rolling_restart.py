"""Two servers behind docs/deploy/nginx.conf: each is restarted while browsers go on, and no change is sent twice."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from etcdview.demo.cluster import LocalCluster
from etcdview.demo.processes import free_ports
from etcdview.demo.running import REGISTRY
from etcdview.stores.etcd.bulk_load import load
from etcdview.stores.files.dump import read_dump
from tests.reverse_proxies import ReverseProxy, nginx
from tests.serving import running
from webapp.security import MAX_BODY_BYTES

pytestmark = pytest.mark.long  # `make deployed` runs it, which CI does

BROWSERS = 6
REQUESTS = 300  # fewer would show little
DEADLINE_SECONDS = 60.0
PAGES = (
    "/",
    "/registry?resource=pods&namespace=shop",
    "/object?key=%2Fregistry%2Fdeployments%2Fshop%2Fcart",
    "/search?q=web",
    "/health",
    "/api/v1/resources",
)
Answer = tuple[str, object]


def test_no_request_fails_while_each_of_two_servers_is_restarted(plain_etcd: LocalCluster) -> None:
    load(plain_etcd.endpoints[0], plain_etcd.tls, list(read_dump(REGISTRY)))
    own, *ports = free_ports(3)
    flags = (
        f"--endpoints={plain_etcd.endpoints[0]}",
        f"--public-url=https://127.0.0.1:{own}",
        "--url-prefix=/etcdview",
        "--trusted-proxies=127.0.0.1",
    )
    done, answers = threading.Event(), list[Answer]()
    with contextlib.ExitStack() as site:
        servers = [site.enter_context(contextlib.ExitStack()) for _ in ports]
        for server, port in zip(servers, ports, strict=True):
            _start(server, port, flags)
        proxy = site.enter_context(nginx(own, *ports))
        with ThreadPoolExecutor(BROWSERS) as pool:
            browsers = [pool.submit(_browse, proxy, number, answers, done) for number in range(BROWSERS)]
            try:
                while len(answers) < REQUESTS:  # on a busy machine one round is not enough
                    for server, port in zip(servers, ports, strict=True):
                        server.close()
                        _start(server, port, flags)
            finally:
                done.set()
            assert [browser.result() for browser in browsers] == [None] * BROWSERS
        log = proxy.log.read_text()

    assert [answer for answer in answers if answer[1] != 200] == []
    # Each of them has been missed by somebody: nginx asked the other one in its place.
    assert all(f'upstream: "http://127.0.0.1:{port}/' in log for port in ports)


def _start(server: contextlib.ExitStack, port: int, flags: tuple[str, ...]) -> None:
    """Start a server on its port; `server.close` ends it by SIGTERM. It is ready when this returns."""
    server.enter_context(running(*flags, port=port))
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_SECONDS)) as connection:
            connection.request("GET", "/etcdview/readyz")
            if connection.getresponse().status == 200:
                return
        assert time.monotonic() < deadline, "not ready"
        time.sleep(0.1)


def _browse(proxy: ReverseProxy, number: int, answers: list[Answer], done: threading.Event) -> None:
    """Note what each page answers, one request after the other; nginx chooses a server by the browser's network."""
    with contextlib.closing(proxy.connection(f"127.0.{number}.1")) as connection:
        for path in itertools.cycle(PAGES):
            if done.is_set():
                break
            try:
                connection.request("GET", f"/etcdview{path}")
                answer = connection.getresponse()
                answer.read()
                answers.append((path, answer.status))
            except (OSError, http.client.HTTPException) as error:
                answers.append((path, repr(error)))
                connection.close()


@pytest.mark.parametrize(("method", "times"), [("GET", 2), ("POST", 1)])
def test_only_what_reads_is_sent_to_the_second_server_after_the_first_had_it(method: str, times: int) -> None:
    seen: list[str] = []
    with _server(seen, None) as one, _server(seen, None) as other, nginx(free_ports(1)[0], one, other) as proxy:
        assert _ask(proxy, method) == 502

    assert seen == [method] * times


def test_a_change_goes_to_the_server_that_listens() -> None:
    seen: list[str] = []
    own, silent = free_ports(2)
    with _server(seen, 200) as port, nginx(own, silent, port) as proxy:
        assert {_ask(proxy, "POST", source=f"127.0.{number}.1") for number in range(BROWSERS)} == {200}

    assert len(seen) == BROWSERS


def test_nginx_lets_through_as_large_an_edit_as_etcdview_takes() -> None:
    seen: list[str] = []
    with _server(seen, 200) as port, nginx(free_ports(1)[0], port) as proxy:
        assert _ask(proxy, "POST", b"x" * MAX_BODY_BYTES) == 200


def _ask(proxy: ReverseProxy, method: str, body: bytes = b"a=b", source: str = "127.0.0.1") -> int:
    with contextlib.closing(proxy.connection(source)) as connection:
        connection.request(method, "/etcdview/edit", body)
        return connection.getresponse().status


@contextlib.contextmanager
def _server(seen: list[str], status: int | None) -> Iterator[int]:
    """The port of a server that answers with a status, or reads a request and ends the connection without an answer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.append(self.command)
            if status is not None:
                self.send_response(status)
                self.end_headers()

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
