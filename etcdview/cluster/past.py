"""A cluster as it was at a revision, or what a file says was deleted: opened beside it, and kept for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict

from etcdview.cluster.cluster import Cluster
from etcdview.errors import UsageError
from etcdview.index import names_for
from etcdview.stores.at_revision import AtRevision
from etcdview.stores.files.revision_store import RevisionStore
from etcdview.stores.protocols import Store
from etcdview.stores.routed import RoutedStore

KEPT = 2  # each holds the names of all keys
MOST_KEYS = 1_000_000  # of a live etcd, whose names have to be read for it


class PastClusters:
    """Opens the past of one cluster. Any thread may call it; one opens at a time. They have nothing to close."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._kept: OrderedDict[tuple[int, bool], Cluster] = OrderedDict()
        self._lock = threading.Lock()  # guards _kept, and lets one be opened at a time

    def get(self, revision: int, *, deleted: bool = False) -> Cluster:
        """The cluster at a revision (0: the newest); `deleted`: the keys that were deleted by then.

        Raises UsageError where the source has no past, CompactedError, FutureRevisionError, UnreachableError.
        """
        with self._lock:
            found = self._kept.pop((revision, deleted), None) or self._opened(revision, deleted)
            self._kept[revision, deleted] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def _opened(self, revision: int, deleted: bool) -> Cluster:
        now = self._cluster
        store = self._store(revision, deleted)
        past = Cluster(
            name=now.name,
            store=store,
            index=names_for(store, now.keyspace),
            codec=now.codec,
            keyspace=now.keyspace,
            warnings=getattr(store, "notes", ()),
            shows_secrets=now.shows_secrets,
        )
        past.redactor = now.redactor  # fingerprints can be compared with those of now
        if deleted:
            past.kinds = now.kinds  # what was deleted has its columns from definitions that exist
        return past

    def _store(self, revision: int, deleted: bool) -> Store:
        source = self._cluster.source
        if isinstance(source, RevisionStore):
            return source.view(revision, deleted=deleted)
        if not source.live or deleted:
            raise UsageError(
                f"{self._cluster.name} has no {'deleted keys to show' if deleted else 'past'}.",
                "A snapshot, a dead member's data directory and k3s's state.db have both.",
            )
        if self._cluster.index.tree().count > MOST_KEYS:
            raise UsageError(
                f"Pages show the past of a live etcd of at most {MOST_KEYS:,} keys.",
                "Save a snapshot and open it, or read single types: etcdview get TYPE --from live@REVISION.",
            )
        if isinstance(source, RoutedStore):
            return AtRevision(source.past, revision, source.not_at)
        return AtRevision(source, revision)
