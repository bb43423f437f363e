"""What was written before the index began to watch, as far as etcd keeps it: read once for each prefix, and kept."""

from __future__ import annotations

import threading
from collections import OrderedDict

from etcdview.stores.key_past import KeyPast, NoPast, PastRequest, range_past
from etcdview.stores.protocols import Store, prefix_end

BACK = 5_000  # revisions that etcd reads for it: some milliseconds
MOST = 500  # changes
MOST_BYTES = 8 << 20  # of their values
KEPT = 4


class EarlierChanges:
    """The last answers, by prefix. Safe to use from any thread; one reads at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()  # guards the map, and lets one read at a time
        self._known: OrderedDict[tuple[bytes, int], KeyPast] = OrderedDict()

    def before(self, prefix: bytes, revision: int) -> KeyPast | NoPast:
        """The changes below a prefix before a revision, newest first; or why they cannot be told."""
        with self._lock:
            known = self._known.get((prefix, revision))
            if known is not None:
                return known
            start, end = prefix or b"\0", prefix_end(prefix)
            found = range_past(self._store, PastRequest(start, revision, MOST, MOST_BYTES, end=end), BACK)
            if isinstance(found, KeyPast):
                self._known[prefix, revision] = found
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)
            return found
