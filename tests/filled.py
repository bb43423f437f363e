"""Facts of a store's values, filled in this process: for tests of what stands on them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from etcdview.cluster.cluster import Cluster
from etcdview.index.facts.database import FactWriter, new_folder
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.filling import Pass, write_facts
from etcdview.index.facts.live import Facts
from etcdview.stores.protocols import Store


class _Here:
    """A pass that reads when it is asked how far it is."""

    def __init__(self, store: Store, extractor: Extractor, task: Pass, path: Path) -> None:
        self._given = store, extractor, task, path

    def progress(self) -> Iterator[tuple[int, int]]:
        store, extractor, task, path = self._given
        writer = FactWriter(path)
        told: list[tuple[int, int]] = []
        write_facts(store, writer, extractor, task, lambda keys, size: told.append((keys, size)))
        writer.complete()
        writer.close()
        yield from told

    def stop(self) -> None:
        pass


def with_facts(cluster: Cluster, *, asked: bool = True) -> Cluster:
    """The cluster of a file with the facts of its values; without `asked` they begin when somebody asks for them."""
    extractor = Extractor(cluster.codec, cluster.keyspace, lambda: datetime.now(UTC))
    cluster.facts = Facts(
        cluster.index,
        extractor,
        lambda task, path: _Here(cluster.source, extractor, task, path),
        new_folder,
        unbounded=asked,
        live=False,
    )
    cluster.facts.start()
    if asked:
        completed(cluster.facts)
    return cluster


def completed(facts: Facts) -> None:
    """Wait until the facts of all values are known."""
    ends = time.monotonic() + 30
    while not facts.status.complete:
        assert time.monotonic() < ends, facts.status
        assert facts.status.state != "failed", facts.status
        time.sleep(0.01)
