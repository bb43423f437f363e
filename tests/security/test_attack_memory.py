"""Viewers who ask for all that is expensive, all at once: what one worker takes at the most.

`pytest -m long tests/security/test_attack_memory.py`; ETCDVIEW_HOSTILE_KEYS= for more keys than a minute fills.
"""

from __future__ import annotations

import http.client
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest

from bench.etcd import Etcd
from bench.keys import PODS_NAMESPACE
from tests.security.table import attack
from tests.serving import serving

KEYS = int(os.environ.get("ETCDVIEW_HOSTILE_KEYS", "40000"))
LARGE, LARGE_BYTES = 120, 1_400_000  # ConfigMaps
VIEWERS, SECONDS = 40, 60.0
MOST_BYTES = 600 << 20
ADDRESSES = (
    f"/namespaces?namespace={PODS_NAMESPACE}",
    "/namespaces",
    "/storage?run=1",
    "/registry?resource=configmaps&sort=age",
    "/registry?resource=configmaps&namespace=large&sort=-age&wide=1",
    "/registry?resource=pods&q=a&wide=1&sort=-age",
    "/registry?resource=pods&labels=x&sort=name",
    "/encryption",
    "/search/content?q=zzzz&prefix=/registry/",
    "/api/v1/content?q=zzzz&kind=text&prefix=/registry/",
    "/api/v1/table?resource=pods&sort=age&limit=500",
    "/object?view=yaml&key=" + quote("/registry/configmaps/large/c-000"),
    "/history?key=" + quote("/registry/configmaps/large/c-000"),
    "/search?q=.*&mode=regex",
)
ALLOWED = (200, 403, 429, 503)
Record = Callable[[str, object], None]


@pytest.mark.long
@attack(
    "Memory",
    "40 viewers who ask for lists in order, searches, namespaces and storage at once, on many and on large objects",
    "a worker takes 600 MB at most: parts that say so, or 429; a health check is answered meanwhile",
)
def test_forty_hostile_viewers_do_not_fill_the_memory(tmp_path: Path, record_property: Record) -> None:
    with Etcd(tmp_path) as etcd:
        keys = etcd.fill(KEYS) + LARGE
        value = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"%s"}}'
        for number in range(LARGE):
            etcd.put(b"/registry/configmaps/large/c-%03d" % number, value % (b"x" * LARGE_BYTES))
        with serving("--endpoints", etcd.url) as port:
            _wait_until_loaded(port)
            statuses, peak, slowest = _besieged(port)
    by_status: Counter[int] = Counter()
    for (_, status), count in statuses.items():
        by_status[status] += count
    record_property(
        f"peak of the worker under {VIEWERS} hostile viewers on {keys:,} keys",
        f"{peak >> 20} MiB; answers {dict(by_status)}; /healthz {slowest:.1f} s at the worst",
    )

    assert by_status[200] > 0, (statuses, peak)
    assert [answer for answer in statuses if answer[1] not in ALLOWED] == []
    assert peak <= MOST_BYTES


def _get(port: int, path: str, timeout: float = 120.0) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _wait_until_loaded(port: int) -> None:
    end = time.monotonic() + 120
    while b'"complete":true' not in _get(port, "/api/v1/resources")[1].replace(b" ", b""):
        assert time.monotonic() < end
        time.sleep(0.2)


def _besieged(port: int) -> tuple[Counter[tuple[str, int]], int, float]:
    """Answers by address and status, the largest size of a process of the server, and the slowest health check."""
    statuses: Counter[tuple[str, int]] = Counter()
    over = time.monotonic() + SECONDS

    def ask(number: int) -> None:
        chance = Random(number)  # noqa: S311 - the same ones each time
        while time.monotonic() < over:
            address = chance.choice(ADDRESSES)
            statuses[address, _get(port, address)[0]] += 1

    viewers = [threading.Thread(target=ask, args=(number,)) for number in range(VIEWERS)]
    for viewer in viewers:
        viewer.start()
    peak, slowest = 0, 0.0
    while any(viewer.is_alive() for viewer in viewers):
        begun = time.monotonic()
        assert _get(port, "/healthz")[0] == 200
        slowest = max(slowest, time.monotonic() - begun)
        peak = max(peak, _largest())
        time.sleep(0.1)
    return statuses, peak, slowest


def _largest() -> int:
    """The peak so far of the processes of this server."""
    found = [0]
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            command = (status.parent / "cmdline").read_bytes()
            if b"etcdview" in command and b"serve" in command and _is_ours(int(status.parent.name)):
                found.append(int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024)
        except (OSError, IndexError, ValueError):  # it has ended
            continue
    return max(found)


def _is_ours(pid: int) -> bool:
    """Whether this test is among its ancestors."""
    while pid > 1:
        if pid == os.getpid():
            return True
        stat = Path(f"/proc/{pid}/stat").read_text()
        pid = int(stat.rpartition(")")[2].split()[1])
    return False
