"""What was written before the index began to watch, as far as etcd keeps it: read once for each prefix, and kept."""

from __future__ import annotations

import threading
from collections import OrderedDict

from etcdview.stores.key_past import KeyPast, NoPast, PastRequest, range_past
from etcdview.stores.protocols import Store, prefix_end
from etcdview.stores.routed import RoutedPart, RoutedStore

BACK = 5_000  # revisions that etcd reads for it: some milliseconds
MOST = 500  # changes
MOST_BYTES = 8 << 20  # of their values
KEPT = 4


class EarlierChanges:
    """The last answers, by prefix. Safe to use from any thread; one reads at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()  # guards the map, and lets one read at a time
        self._known: OrderedDict[tuple[bytes, bytes, int], KeyPast] = OrderedDict()

    def before(self, prefix: bytes, revision: int, part: RoutedPart | None = None) -> KeyPast | NoPast:
        """The changes below a prefix before a revision, newest first; or why they cannot be told.

        `part`: that part of it, which one etcd of several holds; the revision is of that etcd.
        """
        with self._lock:
            start, end = (part.start, part.end) if part else (prefix or b"\0", prefix_end(prefix))
            known = self._known.get((start, end, revision))
            if known is not None:
                return known
            found = range_past(self._store_of(part), PastRequest(start, revision, MOST, MOST_BYTES, end=end), BACK)
            if isinstance(found, KeyPast):
                self._known[start, end, revision] = found
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)
            return found

    def _store_of(self, part: RoutedPart | None) -> Store:
        if part is not None and isinstance(self._store, RoutedStore):
            return self._store.store(part.source)
        return self._store
