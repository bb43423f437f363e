"""What a server weighs, from /proc, and whether what it holds is what etcd holds."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from etcdview.cluster.sources import open_codec
from etcdview.config import Settings
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.reading import FactReader
from etcdview.kube.keys import KeySpace
from etcdview.stores.etcd.client import EtcdStore
from tests.integration.scanning import everything, scanned

_FILLING = b"facts_process"  # comes and goes


@dataclass(frozen=True, slots=True)
class Sample:
    """The server's workers at one moment. `descriptors` are those beside the connections of its clients."""

    pids: tuple[int, ...]
    memory_bytes: int
    threads: int
    descriptors: int


def sample(pid: int, port: int) -> Sample:
    """Of all workers of the server with this process ID, which listens on the port."""
    pids = tuple(child for child in _children(pid) if _FILLING not in Path(f"/proc/{child}/cmdline").read_bytes())
    states = [Path(f"/proc/{each}/status").read_text() for each in pids]
    return Sample(
        pids,
        sum(_number(state, "VmRSS") * 1024 for state in states),
        sum(_number(state, "Threads") for state in states),
        sum(_descriptors(each, port) for each in pids),
    )


def quarters(samples: list[Sample], of: Callable[[Sample], int]) -> tuple[float, float]:
    """The median of the first quarter and of the last."""
    size = max(1, len(samples) // 4)
    return median(map(of, samples[:size])), median(map(of, samples[-size:]))


def held_keys(port: int) -> tuple[set[bytes], int]:
    """The keys of the server's index, and the revision that it is at."""
    keys: set[bytes] = set()
    cursor = ""
    while True:
        page = get_json(port, f"/api/v1/keys?prefix=/&limit=1000&cursor={quote(cursor)}")
        keys |= {base64.urlsafe_b64decode(key["key64"] + "==") for key in page["keys"]}
        cursor = page["next"] or ""
        if not cursor:
            return keys, page["revision"]


def get_json(port: int, path: str) -> Any:
    """An answer of the API."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def differing_facts(databases: list[Path], store: EtcdStore, settings: Settings, folder: Path) -> list[str]:
    """Keys and sums whose facts differ from a fresh scan, in any of the workers' databases."""
    extractor = Extractor(open_codec(settings), KeySpace(), lambda: datetime.now(UTC))
    (facts, totals), _ = scanned(store, extractor, folder)
    found = []
    for path in databases:
        reader = FactReader(path)
        held, sums = everything(reader)
        reader.close()
        found += [repr(each) for each in set(map(repr, facts)) ^ set(map(repr, held))]
        found += set(map(repr, totals)) ^ set(map(repr, sums))
    return sorted(found)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _descriptors(pid: int, port: int) -> int:
    """What a process has open, without its clients: how many these are is theirs to choose."""
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    clients = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{port:04X}")}
    names = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed meanwhile
            names.append(str(entry.readlink()))
    return sum(name not in clients for name in names)


def _number(state: str, name: str) -> int:
    return next(int(line.split()[1]) for line in state.splitlines() if line.startswith(f"{name}:"))
