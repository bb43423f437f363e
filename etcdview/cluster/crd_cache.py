"""What the cluster's CRDs define, read again only when one of them has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from etcdview.errors import DeniedError, UnreachableError
from etcdview.index.base import Changing, KeyIndex
from etcdview.kube.crds import Definitions
from etcdview.kube.keys import KeySpace
from etcdview.kube.resources import BY_PREFIX
from etcdview.stores.kept import Kept

RECHECK_SECONDS = 5.0  # how long definitions are reused without a live watch: open pages request them all the time
PAST_SECONDS = 60.0
MOST_PASTS = 4  # they may take many megabytes each
CRDS = BY_PREFIX["apiextensions.k8s.io/customresourcedefinitions"]

ReadDefinitions = Callable[[], tuple[Definitions, int]]


class PastDefinitions:
    """The definitions as of revisions: those of the last few that were requested are kept, a minute without reading."""

    def __init__(self, read: Callable[[int], Definitions]) -> None:
        self._read = read
        self._lock = threading.Lock()  # guards _kept
        self._kept: OrderedDict[int, Kept[Definitions]] = OrderedDict()

    def at(self, revision: int) -> Definitions:
        """All CRDs as they were. Raises what the store raises."""
        with self._lock:
            found = self._kept.setdefault(revision, Kept(PAST_SECONDS, partial(self._read, revision)))
            self._kept.move_to_end(revision)
            if len(self._kept) > MOST_PASTS:
                self._kept.popitem(last=False)
        return found.get()


class CrdCache:
    """The definitions as of now; the previous ones while etcd cannot be reached. Safe to use from any thread."""

    def __init__(
        self, names: KeyIndex, keyspace: KeySpace, read: ReadDefinitions, recheck_seconds: float = RECHECK_SECONDS
    ) -> None:
        """`read` gives all CRDs and the revision that they are of."""
        self._names = names
        self._prefix = keyspace.range_prefix(CRDS)
        self._known = Kept(
            recheck_seconds, read, old_for=(UnreachableError, DeniedError), again_seconds=recheck_seconds
        )

    def definitions(self) -> Definitions:
        """All CRDs. Asks etcd only when the index's watch has seen one change, or cannot tell.

        Once it has seen a change, nobody gets the definitions of before it.
        """
        known = self._known.known
        try:
            if known is None:
                return self._known.get()[0]
            return known[0] if self._unchanged_since(known[1]) else self._newer()
        except (UnreachableError, DeniedError):
            return Definitions()

    def _newer(self) -> Definitions:
        return self._known.get(newer=self._watched())[0]

    def _watched(self) -> bool:
        """Whether the index's watch reports every change."""
        return self._names.freshness().state == "live" and isinstance(self._names, Changing)

    def _unchanged_since(self, revision: int) -> bool:
        """Whether it is certain that no CRD has changed."""
        names = self._names
        if names.freshness().state == "static":
            return True
        if not self._watched() or not isinstance(names, Changing):
            return False
        found = names.changes.since(revision, self._prefix)
        return not found.changes and not found.lost
