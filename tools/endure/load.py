"""Who uses it meanwhile: a writer, browsers that poll as pages do, and clients that are slow or never read."""

from __future__ import annotations

import http.client
import itertools
import random
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from html import unescape
from pathlib import Path
from urllib.parse import quote

import grpc
from etcd3 import etcdrpc

from etcdview.models import KeyValue, TlsFiles

STAY_SECONDS = 12.0  # on a page, at most
_USUAL_SECONDS = 0.7  # between polls where a page has no pace of its own
PATIENCE_SECONDS = 60.0
_WRITE_SECONDS = 3.0
_POLL = re.compile(r'hx-get="([^"]+)"')
_PACE = re.compile(r'hx-trigger="every (\d+)(ms|s)')
# A key that was deleted, a revision that was compacted, more than one may ask for at a time.
MAY_BE = (404, 410, 429)
_HEAD = b"GET /registry HTTP/1.1\r\nHost: localhost\r\nCookie: "
_BODY = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
_NEVER_READ = b"GET /registry?resource=pods&limit=500 HTTP/1.1\r\nHost: localhost\r\n\r\n"
READ_NOTHING_SECONDS = 30  # then such a client hangs up and comes again


class Writer:
    """Writes and deletes keys of a captured cluster at a steady rate, by whichever member answers."""

    def __init__(self, endpoints: Sequence[str], tls: TlsFiles, captured: Sequence[KeyValue], a_second: float) -> None:
        ca, key, cert = (Path(path).read_bytes() for path in (tls.cacert, tls.key, tls.cert))
        credentials = grpc.ssl_channel_credentials(ca, key, cert)
        self._channels = [grpc.secure_channel(url.removeprefix("https://"), credentials) for url in endpoints]
        self._stubs = itertools.cycle([etcdrpc.KVStub(channel) for channel in self._channels])
        self._stub = next(self._stubs)
        self._captured = captured
        self._a_second = a_second
        self._chance = random.Random(1)  # noqa: S311 - the same steps each time
        self.written = self.missed = 0

    def run(self, ended: threading.Event) -> None:
        """Write until `ended`."""
        began = time.monotonic()
        while not ended.is_set():
            if self.written + self.missed < (time.monotonic() - began) * self._a_second:
                self._write()
            else:
                ended.wait(0.01)

    def close(self) -> None:
        for channel in self._channels:
            channel.close()

    def _write(self) -> None:
        key = self._chance.choice(self._captured).key
        try:
            if self._chance.random() < 0.2:
                self._stub.DeleteRange(etcdrpc.DeleteRangeRequest(key=key), timeout=_WRITE_SECONDS)
            else:
                value = self._chance.choice(self._captured).value
                self._stub.Put(etcdrpc.PutRequest(key=key, value=value), timeout=_WRITE_SECONDS)
            self.written += 1
        except grpc.RpcError:
            self.missed += 1
            self._stub = next(self._stubs)


class Answers:
    """What browsers were answered: counts by status, seconds, and each answer that should not have come."""

    def __init__(self, excused: Callable[[str], bool]) -> None:
        """`excused`: whether the text of an error page is about the member that is down."""
        self._excused = excused
        self._lock = threading.Lock()  # guards the three below
        self.statuses: Counter[int] = Counter()
        self.seconds: list[tuple[float, str]] = []
        self.wrong: Counter[str] = Counter()

    def add(self, path: str, status: int, body: str, seconds: float) -> None:
        """One answer."""
        wrong = not self._excused(body) if status >= 500 else status >= 400 and status not in MAY_BE
        with self._lock:
            self.statuses[status] += 1
            self.seconds.append((seconds, path))
            if wrong:
                self.wrong[f"{status} {path}: {_title(body)}"] += 1

    def lose(self, path: str, error: Exception) -> None:
        """A connection that broke, twice."""
        with self._lock:
            self.wrong[f"no answer {path}: {error!r}"] += 1


class Browser:
    """One connection, on which pages are opened and polled, as htmx does."""

    def __init__(self, port: int, paths: Sequence[str], answers: Answers, seed: int) -> None:
        self._port, self._answers = port, answers
        self._chance = random.Random(seed)  # noqa: S311 - the same steps each time
        self._paths = paths
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)

    def run(self, ended: threading.Event) -> None:
        """Open pages until `ended`, and stay on each for a while; it is polled at the pace that it has."""
        while not ended.is_set():
            page = self._get(self._chance.choice(self._paths))
            polls = [unescape(path) for path in _POLL.findall(page)]
            pace = pace_seconds(page)
            until = time.monotonic() + self._chance.uniform(pace, STAY_SECONDS)
            while not ended.wait(pace) and time.monotonic() < until:
                if polls:
                    self._get(self._chance.choice(polls), HX_Request="true")
        self._connection.close()

    def read_all(self) -> None:
        """Each page once."""
        for path in self._paths:
            self._get(path)

    def _get(self, path: str, **headers: str) -> str:
        began = time.perf_counter()
        try:
            status, body = self._once_more(path, {name.replace("_", "-"): value for name, value in headers.items()})
        except (OSError, http.client.HTTPException) as error:
            self._answers.lose(path, error)
            self._connection.close()
            return ""
        self._answers.add(path, status, body, time.perf_counter() - began)
        return body

    def _once_more(self, path: str, headers: dict[str, str]) -> tuple[int, str]:
        """An old connection may have been shut while it was idle: browsers then open another."""
        try:
            return self._once(path, headers)
        except (ConnectionError, http.client.BadStatusLine):
            self._connection.close()
            return self._once(path, headers)

    def _once(self, path: str, headers: dict[str, str]) -> tuple[int, str]:
        self._connection.request("GET", path, headers=headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")


def pace_seconds(page: str) -> float:
    """How often a page asks for what is new."""
    found = [int(number) / (1000 if unit == "ms" else 1) for number, unit in _PACE.findall(page)]
    return min(found, default=_USUAL_SECONDS)


class SlowClients:
    """Connections that send a byte a second of a head or a body, or ask and never read. Shut ones come again."""

    SHAPES = ((_HEAD, b"a"), (_BODY, b"a"))

    def __init__(self, port: int, unfinished: int, unread: int) -> None:
        """So many that never finish a request, and so many that never read an answer."""
        self._port = port
        self._shapes = [*itertools.islice(itertools.cycle(self.SHAPES), unfinished), *[(_NEVER_READ, b"")] * unread]
        self._open: dict[int, socket.socket] = {}
        self.connections = 0

    def run(self, ended: threading.Event) -> None:
        """Until `ended`, a byte of each a second."""
        seconds = 0
        while not ended.wait(1.0):
            seconds += 1
            for number, (begin, more) in enumerate(self._shapes):
                if not more and seconds % READ_NOTHING_SECONDS == 0:
                    self._hang_up(number)
                self._step(number, begin, more)
        for connection in self._open.values():
            connection.close()

    def _step(self, number: int, begin: bytes, more: bytes) -> None:
        try:
            if number in self._open:
                with suppress(BlockingIOError):
                    self._open[number].send(more)
            else:
                self._open[number] = connection = socket.create_connection(("127.0.0.1", self._port), timeout=5.0)
                self.connections += 1
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.sendall(begin)
                connection.setblocking(False)
        except OSError:
            self._hang_up(number)

    def _hang_up(self, number: int) -> None:
        connection = self._open.pop(number, None)
        if connection is not None:
            connection.close()


def addresses(captured: Sequence[KeyValue]) -> Iterator[str]:
    """Every kind of page, the API, and objects, about as often as people open them."""
    yield from (
        "/", "/", "/registry", "/registry?resource=pods", "/registry?resource=pods&namespace=shop",
        "/registry?resource=events",
        "/registry?resource=pods&sort=age", "/registry?resource=pods&labels=app", "/registry?prefix=/registry/",
        "/search?q=/registry/pods", "/search?q=shop&mode=contains", "/search?q=*web*&mode=glob",
        "/search/content?kind=text&q=nginx", "/watch", "/health", "/namespaces", "/namespaces?namespace=shop",
        "/storage", "/certificates", "/encryption", "/maintenance", "/freshness",
        "/api/v1/cluster", "/api/v1/health", "/api/v1/resources", "/api/v1/keys?contains=shop",
        "/api/v1/table?resource=pods", "/api/v1/storage", "/healthz", "/metrics",
    )  # fmt: skip
    for kv in captured[:: max(1, len(captured) // 8)]:
        key = quote(kv.key)
        yield from (f"/object?key={key}", f"/object?key={key}&view=yaml", f"/history?key={key}")


def _title(body: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?</h1>\s*<p>.*?)</p>", body, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", found[1] if found else body[:300]).split())
