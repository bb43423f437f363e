"""When keys were deleted, as far as known. Kept because the page of a deleted key refreshes every two seconds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

KEPT = 1000


@dataclass(frozen=True, slots=True)
class Deletion:
    """The key is absent at revision `absent_at`, and was deleted at `revision`, 0 where that cannot be found."""

    revision: int
    absent_at: int


class Deletions:
    """The last KEPT answers, by key. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the map
        self._known: OrderedDict[bytes, Deletion] = OrderedDict()

    def get(self, key: bytes) -> Deletion | None:
        """The last answer. The key may have been written again after its `absent_at`."""
        with self._lock:
            return self._known.get(key)

    def keep(self, key: bytes, found: Deletion) -> None:
        """Keep an answer in place of the one before."""
        with self._lock:
            self._known[key] = found
            self._known.move_to_end(key)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
