"""What decoding costs, without etcd and without pages: the captured cluster's own values, many times over.

`python -m bench.codec` prints these rows alone.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.report import Row, percentile, table
from etcdview.codec import Codec, Detail, StorageFormat, load_encryption_config, to_yaml
from etcdview.codec.protobuf import protobuf
from etcdview.kube.keys import KeySpace
from etcdview.models import KeyValue
from etcdview.stores.files.dump import read_dump
from etcdview.tables import table_for

CAPTURE = Path(__file__).parent.parent / "tests" / "testdata" / "cluster-shop"
NOW = datetime(2026, 11, 23, 16, tzinfo=UTC)
TIMES = 9
MIXED = 10_000
# The design counts in pods of 2.3 kB; those of the capture are larger.
POD_BYTES = 2_300
LARGE_BYTES = 1_450_000


def measure() -> list[Row]:
    """Processor time of one thread; the capture's values are read from the file before."""
    values = list(read_dump(CAPTURE / "registry.jsonl.gz"))
    codec = Codec(encryption=load_encryption_config(CAPTURE / "encryption-config.yaml"), release="1.36")
    return [_first(values), *_pods(codec, values), _mixed(codec, values), _large(codec)]


def _first(values: Sequence[KeyValue]) -> Row:
    """What the first page pays once: the descriptors of every kind, and one kind's plan."""
    pod = next(kv for kv in values if kv.key.startswith(b"/registry/pods/"))

    def first() -> None:
        protobuf.protobuf_format.cache_clear()
        Codec(release="1.36").decode(pod.key, pod.value)

    return _row("schema loaded and the first value decoded", _times(first), 50, "ms")


def _pods(codec: Codec, values: Sequence[KeyValue]) -> Iterator[Row]:
    all_pods = [kv for kv in values if kv.key.startswith(b"/registry/pods/")]
    pods = [all_pods[i % len(all_pods)] for i in range(500)]
    scale = POD_BYTES * len(pods) / sum(kv.size_bytes for kv in pods)
    note = f"scaled from {round(POD_BYTES / scale):,} B to {POD_BYTES:,} B a pod"

    def objects(detail: Detail = Detail.WHOLE) -> list[dict[str, Any]]:
        return [codec.decode(kv.key, kv.value, kv.mod_revision, detail=detail).object or {} for kv in pods]

    def one_by_one() -> None:
        for kv in pods:
            codec.decode(kv.key, kv.value, kv.mod_revision)

    object_key = KeySpace().object_key(pods[0].key)
    if object_key is None:
        raise ValueError("the capture's pods are not where pods are")
    cells = table_for(object_key.resource).cells
    yield _row("500 pods decoded, one by one", [t * scale for t in _times(one_by_one)], 85, "ms", note)
    yield _row("500 pods decoded, all kept", [t * scale for t in _times(objects)], None, "ms", note)
    yield _row(
        "500 pods to table rows",
        [t * scale for t in _times(lambda: [cells(o, NOW) for o in objects(Detail.CELLS)])],
        150,
        "ms",
        note,
    )
    shown = objects()[:100]
    yield _row("one pod to YAML", [t / 100 for t in _times(lambda: [to_yaml(obj) for obj in shown])], 5, "ms")


def _mixed(codec: Codec, values: Sequence[KeyValue]) -> Row:
    mixed = [values[i % len(values)] for i in range(MIXED)]

    def run() -> None:
        for kv in mixed:
            codec.decode(kv.key, kv.value, kv.mod_revision)

    times = _times(run)
    note = f"{MIXED / min(times):,.0f} a second"
    return _row(f"{MIXED:,} mixed values decoded", times, 1000, "ms", note)


def _large(codec: Codec) -> Row:
    """A ConfigMap of many lines, as large as etcd takes, to YAML."""
    line = "key = value, and something more to read\n"
    data = {f"file-{i}": line * (LARGE_BYTES // 100 // len(line)) for i in range(100)}
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "large"}, "data": data}
    value = codec.encode(obj, StorageFormat("protobuf"), b"")
    return _row(
        "an object of 1.45 MB decoded, to YAML", _times(lambda: to_yaml(codec.decode(b"", value).object)), 50, "ms"
    )


def _row(what: str, seconds: Sequence[float], goal: float | None, unit: str, note: str = "") -> Row:
    milliseconds = [1000 * s for s in seconds]
    # The best of them: what else runs on the machine takes caches and turns away, and only adds.
    noise = percentile(milliseconds, 0.5) / min(milliseconds) - 1
    return Row(what, min(milliseconds), unit, goal, noise, note)


def _times(work: Callable[[], object]) -> list[float]:
    """Seconds of this thread's own processor time, so that others on the machine do not count."""
    work()
    gc.collect()
    times = []
    for _ in range(TIMES):
        begin = time.thread_time()
        work()
        times.append(time.thread_time() - begin)
    return times


if __name__ == "__main__":
    found = measure()
    print(table(found))
    sys.exit(0 if all(row.met for row in found) else 1)
