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
from etcdview.models import Event, Range, TlsFiles
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
    stored: set[bytes] = set()
    start, after = b"\0", None
    while True:  # etcd is asked between two names of the index: an answer with all names is larger than it may be
        page = index.page(b"\0", b"\0", after=after, limit=10_000)
        after = page.next_after
        end = b"\0" if after is None else after + b"\0"
        held.update(page.keys)
        stored.update(store.list_names(Range(start, end)).names)
        if after is None:
            return len(held ^ stored)
        start = end


if __name__ == "__main__":
    main(sys.argv[1])
