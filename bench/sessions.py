"""What browsers cost etcd: a scripted session, many at a time, and pages that stay open."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from urllib.parse import quote

from bench.etcd import Etcd, bytes_of, requests_of
from bench.keys import PODS_NAMESPACE
from bench.report import Row, percentile, spread
from bench.serving import Client, Served

BROWSERS = 100
AT_REST_SECONDS = 30.0
POLL_SECONDS = 0.7  # templates/registry/_objects.html
FRESHNESS_SECONDS = 3.0  # templates/_freshness.html
UPDATES = 20

POD = f"/registry/pods/{PODS_NAMESPACE}/pod-000"
LIST = f"/registry?resource=pods&namespace={PODS_NAMESPACE}&limit=50"
SESSION = (
    "/",
    "/registry",
    "/registry?resource=pods",
    LIST,
    f"/object?key={quote(POD)}",
    f"/history?key={quote(POD)}",
    "/search?q=pod-12",
    "/search?q=/registry/pods/bench",
    "/health",
    "/api/v1/resources",
)
_POLL = re.compile(r'<section id="objects"[^>]*?hx-get="([^"]+)"', re.DOTALL)


def measure(etcd: Etcd, served: Served) -> list[Row]:
    """Sessions and resting pages, for 1 browser and for many."""
    rows = [row for browsers in (1, BROWSERS) for row in _sessions(etcd, served, browsers)]
    return [*rows, *_at_rest(etcd, served), *_updates(etcd, served)]


def _sessions(etcd: Etcd, served: Served, browsers: int) -> list[Row]:
    before = etcd.counters()
    with ThreadPoolExecutor(browsers) as pool:
        bad = [path for paths in pool.map(_session, [served.port] * browsers) for path in paths]
    after = etcd.counters()
    who = "1 browser" if browsers == 1 else f"{browsers} browsers"
    return [
        Row(f"etcd requests for a session of {len(SESSION)} pages, {who}", requests_of(before, after), ""),
        Row(f"etcd bytes sent for it, {who}", bytes_of(before, after) / 1e6, "MB"),
        Row(f"pages of it that failed, {who}", len(bad), "", 0, note=", ".join(sorted(set(bad)))),
    ]


def _session(port: int) -> list[str]:
    """The pages that did not answer 200."""
    client = Client(port)
    bad = [path for path in SESSION if client.get(path).status != 200]
    client.close()
    return bad


def _at_rest(etcd: Etcd, served: Served) -> list[Row]:
    """Open pages that nothing happens on: etcd should not notice how many there are."""
    one, many = (_resting(etcd, served, browsers) for browsers in (1, BROWSERS))
    watchers = etcd.counters().get("etcd_debugging_mvcc_watcher_total", 0.0)
    return [
        Row("watches on etcd, whatever is open", watchers, "", 1.0),
        Row("etcd requests a second at rest, 1 open page", one, "", 1.0, 0.1),
        Row(f"etcd requests a second at rest, {BROWSERS} open pages", many, "", 1.0, 0.1),
    ]


def _resting(etcd: Etcd, served: Served, browsers: int) -> float:
    ended = threading.Event()
    threads = [threading.Thread(target=_open_page, args=(served.port, ended)) for _ in range(browsers)]
    for thread in threads:
        thread.start()
    time.sleep(5.0)  # until all pages have been opened
    before, began = etcd.counters(), time.perf_counter()
    time.sleep(AT_REST_SECONDS)
    after, seconds = etcd.counters(), time.perf_counter() - began
    ended.set()
    for thread in threads:
        thread.join()
    return requests_of(before, after) / seconds


def _open_page(port: int, ended: threading.Event) -> None:
    """A browser that shows a list: it polls for news of it, and for how fresh the index is."""
    client = Client(port)
    poll = _poll_path(client)
    fresh = 0.0
    while not ended.wait(POLL_SECONDS):
        client.get(poll, HX_Request="true", HX_Target="objects")
        if time.monotonic() - fresh > FRESHNESS_SECONDS:
            fresh = time.monotonic()
            client.get("/freshness", HX_Request="true")
    client.close()


def _poll_path(client: Client) -> str:
    page = client.get(LIST).body.decode()
    found = _POLL.search(page)
    if found is None:
        raise RuntimeError(f"{LIST} does not poll")
    return unescape(found[1])


def _updates(etcd: Etcd, served: Served) -> list[Row]:
    """From a write to the answer of an open page's poll that shows it, polling as the page does."""
    client = Client(served.port)
    value = client.get(f"/download?key={quote(POD)}&format=raw").body
    took: list[float] = []
    for n in range(UPDATES):
        poll = _poll_path(client)
        time.sleep(POLL_SECONDS * n / UPDATES)
        etcd.put(POD.encode(), value)
        began = time.perf_counter()
        # the page's next poll comes somewhere within the interval: take each place in it in turn
        time.sleep(POLL_SECONDS * (UPDATES - n) / UPDATES)
        while client.get(poll, HX_Request="true", HX_Target="objects").status != 200:
            time.sleep(POLL_SECONDS)
        took.append(time.perf_counter() - began)
    client.close()
    return [Row("change in etcd to answer of an open page, p99", percentile(took, 0.99), "s", 1.0, 0.0, _said(took))]


def _said(took: list[float]) -> str:
    return f"p50 {percentile(took, 0.5):.2f} s, spread {spread(took):.1f}"
