"""`python -m bench.follower URL`: an index that notes how old each write is when it has applied it."""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Sequence

from bench.lag import resident_bytes
from bench.report import percentile
from bench.writer import MARK
from etcdview.index.base import FollowedRange
from etcdview.index.live import Index
from etcdview.kube.keys import KeySpace
from etcdview.models import Event, TlsFiles
from etcdview.stores.etcd.client import EtcdStore


class TimedIndex(Index):
    """The index, and the ages of what it applied."""

    ages: list[float]

    def moved(self, events: Sequence[Event], followed: FollowedRange) -> None:
        """As Index.moved."""
        super().moved(events, followed)
        now = time.time()
        for event in events:
            if event.kv.value.startswith(MARK):
                self.ages.append(now - float(event.kv.value[len(MARK) : len(MARK) + 20]))


def main(url: str) -> None:
    """Load, say so, follow until a line comes in, and tell."""
    store = EtcdStore([url], TlsFiles(), timeout_seconds=60.0)
    index = TimedIndex(store, KeySpace())
    index.ages = []
    index.start()
    while not index.freshness().complete:
        time.sleep(0.1)
    gc.collect()
    before = resident_bytes()
    print("loaded", flush=True)
    sys.stdin.readline()
    time.sleep(2.0)
    gc.collect()
    reported = {
        "seen": len(index.ages),
        "p50": percentile(index.ages, 0.5),
        "p99": percentile(index.ages, 0.99),
        "before": before,
        "after": resident_bytes(),
        "differs": differs(index, store),
    }
    print(json.dumps(reported), flush=True)
    index.close()
    store.close()


def differs(index: Index, store: EtcdStore) -> int:
    """How many names are in the index or in etcd, but not in both."""
    held: set[bytes] = set()
    after: bytes | None = None
    while True:
        page = index.page(b"\0", b"\0", after=after, limit=10_000)
        held.update(page.keys)
        after = page.next_after
        if after is None:
            break
    return len(held ^ set(store.list_names(b"\0", b"\0").names))


if __name__ == "__main__":
    main(sys.argv[1])
