"""The etcd that is measured against: one member without TLS or fsync, filled, asked by etcdctl, and its counters."""

from __future__ import annotations

import http.client
import itertools
import random
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import grpc
from etcd3 import etcdrpc

from bench import keys
from etcdview.demo.cluster import LocalCluster
from etcdview.demo.programs import find_program

PUTS_PER_TXN = 120
FILLERS = 4
_SAMPLE = re.compile(r"^(\w+)(\{[^}]*\})? ([0-9.e+-]+)$", re.MULTILINE)


class Etcd(LocalCluster):
    """One etcd with room for a few million keys."""

    def __init__(self, root: Path) -> None:
        options = ("--quota-backend-bytes=17179869184", "--max-txn-ops=256", "--log-level=error")
        super().__init__(root, ("bench",), options=options)
        self._channel: grpc.Channel | None = None

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    @property
    def url(self) -> str:
        """The client address."""
        return self.endpoints[0]

    def fill(self, count: int, shares: Mapping[str, float] = keys.SHARES) -> int:
        """Put about `count` keys, so many of each storage prefix; gives how many there are."""
        chance = random.Random(5)
        templates = keys.templates()
        stub = self.stub()

        def put(batch: tuple[tuple[str, bytes], ...]) -> None:
            puts = [
                etcdrpc.PutRequest(key=key, value=keys.named(chance.choice(templates[prefix]), key, chance))
                for prefix, key in batch
            ]
            stub.Txn(etcdrpc.TxnRequest(success=[etcdrpc.RequestOp(request_put=p) for p in puts]), timeout=120)

        with ThreadPoolExecutor(FILLERS) as pool:
            for _ in pool.map(put, _batches(keys.names(count, shares))):
                pass
        return self.count()

    def put(self, key: bytes, value: bytes) -> int:
        """Put one key; gives the revision."""
        return int(self.stub().Put(etcdrpc.PutRequest(key=key, value=value), timeout=60).header.revision)

    def read_seconds(self, key: bytes, times: int) -> float:
        """The median time of a bare read of one key over grpc, with no one between."""
        took = []
        for _ in range(times):
            began = time.perf_counter()
            self.stub().Range(etcdrpc.RangeRequest(key=key), timeout=60)
            took.append(time.perf_counter() - began)
        return sorted(took)[times // 2]

    def count(self) -> int:
        """How many keys there are."""
        request = etcdrpc.RangeRequest(key=b"\0", range_end=b"\0", count_only=True)
        return int(self.stub().Range(request, timeout=120).count)

    def etcdctl_seconds(self, *, values: bool = False) -> float:
        """How long `etcdctl get --prefix --keys-only` takes for everything; or with the values, piped away."""
        command = [str(find_program("etcdctl")), "--endpoints", self.url, "--command-timeout=300s"]
        what = ["get", "/registry/", "--prefix", *(() if values else ("--keys-only",))]
        began = time.perf_counter()
        subprocess.run([*command, *what], stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - began

    def grep_seconds(self, text: str) -> float:
        """How long `etcdctl get --prefix | grep` takes for all values."""
        get = [str(find_program("etcdctl")), "--endpoints", self.url, "--command-timeout=300s", "get", "/registry/"]
        began = time.perf_counter()
        with subprocess.Popen([*get, "--prefix"], stdout=subprocess.PIPE) as values:
            subprocess.run(["grep", "-c", "--text", text], stdin=values.stdout, stdout=subprocess.DEVNULL, check=False)
        return time.perf_counter() - began

    def cpu_seconds(self) -> float:
        """How much processor time it has used since its start."""
        return self.counters()["process_cpu_seconds_total"]

    def counters(self) -> dict[str, float]:
        """etcd's own metrics, each name with its labels as it stands there."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=30)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return {name + labels: float(value) for name, labels, value in _SAMPLE.findall(text)}

    def stub(self) -> etcdrpc.KVStub:
        """etcd's KV service on a channel of the bench's own."""
        if self._channel is None:
            self._channel = grpc.insecure_channel(self.url.removeprefix("http://"))
        return etcdrpc.KVStub(self._channel)


def requests_of(before: dict[str, float], after: dict[str, float]) -> float:
    """How many calls etcd has served between two looks at its counters."""
    return _grown(before, after, "grpc_server_started_total")


def bytes_of(before: dict[str, float], after: dict[str, float]) -> float:
    """How many bytes etcd has sent to its clients between two looks at its counters."""
    return _grown(before, after, "etcd_network_client_grpc_sent_bytes_total")


def _grown(before: dict[str, float], after: dict[str, float], name: str) -> float:
    return sum(value - before.get(key, 0.0) for key, value in after.items() if key.partition("{")[0] == name)


def _batches(rows: Iterator[tuple[str, bytes]]) -> Iterator[tuple[tuple[str, bytes], ...]]:
    while batch := tuple(itertools.islice(rows, PUTS_PER_TXN)):
        yield tuple({key: (prefix, key) for prefix, key in batch}.values())
