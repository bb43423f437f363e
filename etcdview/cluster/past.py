"""A cluster as it was at a revision or in another snapshot, or what was deleted: opened beside it, kept for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict

from etcdview.cluster.cluster import Cluster
from etcdview.cluster.shared import Flights
from etcdview.errors import BusyError, NotFoundError, UsageError
from etcdview.index import names_for
from etcdview.stores.at_revision import at_revision
from etcdview.stores.files.revision_store import RevisionStore
from etcdview.stores.protocols import Store
from etcdview.stores.routed import PinnedRevision

MOST_KEYS = 1_000_000  # of a live etcd, whose names have to be read for it
KEPT, KEPT_KEYS = 32, 2 * MOST_KEYS  # pasts, and the names that all of them hold together
OPENING = 2  # at a time; others wait
WAIT_SECONDS = 10.0
Which = tuple[int, tuple[tuple[int, int], ...], bool, str]  # revision, of each etcd, whether deleted keys, file


class PastClusters:
    """Opens the past of one cluster. Any thread may call it; those that are open wait for none that is being opened.

    They have nothing to close.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._lock = threading.Lock()  # guards _kept
        self._kept: OrderedDict[Which, Cluster] = OrderedDict()
        self._flights = Flights()
        self._places = threading.BoundedSemaphore(OPENING)

    def get(self, revision: int, *, deleted: bool = False, file: str = "") -> Cluster:
        """The cluster at a revision (0: the newest); `deleted`: the keys that were deleted by then; `file`: in that
        snapshot of the folder that is open.

        Raises UsageError where the source has no past, NotFoundError for an unknown file, FileFormatError,
        CompactedError, FutureRevisionError, UnreachableError; BusyError while too many others are being opened.
        """
        each = tuple(sorted(revision.all().items())) if isinstance(revision, PinnedRevision) else ()
        which = revision, each, deleted, file
        with self._lock:
            found = self._kept.get(which)
            if found is not None:
                self._kept.move_to_end(which)
                return found
        return self._flights.get(which, lambda: self._open(which))

    def _open(self, which: Which) -> Cluster:
        if not self._places.acquire(timeout=WAIT_SECONDS):
            raise BusyError("Others are opening other revisions at this moment.", "Try again in a few seconds.")
        try:
            revision, _, deleted, file = which
            found = self._opened(revision, deleted, file)
        finally:
            self._places.release()
        with self._lock:
            self._kept[which] = found
            while len(self._kept) > 1 and (len(self._kept) > KEPT or self._held_keys() > KEPT_KEYS):
                self._kept.popitem(last=False)
        return found

    def _held_keys(self) -> int:
        return sum(past.index.tree().count for past in self._kept.values())

    def _opened(self, revision: int, deleted: bool, file: str) -> Cluster:
        now = self.cluster
        source = self._file(file) if file else now.source
        store = source if file and not (revision or deleted) else self._store(source, revision, deleted)
        past = Cluster(
            name=now.name,
            store=store,
            index=names_for(store, now.keyspace),
            codec=now.releases.base if file else now.codec,
            keyspace=now.keyspace,
            warnings=getattr(store, "notes", ()),
            shows_secrets=now.shows_secrets,
            others=now.others,
            files=now.files,
            timeline=now.timeline,
            shown_file=file or now.shown_file,
        )
        past.is_past = True
        past.held, past.recalling = now.held, now.recalling  # what requests may hold, they hold together
        past.redactor = now.redactor  # fingerprints can be compared with those of now
        if deleted and not file:
            past.kinds = now.kinds  # what was deleted has its columns from definitions that exist
        return past

    def _file(self, name: str) -> Store:
        file = next((file for file in self.cluster.timeline if file.name == name), None)
        if file is None:
            raise NotFoundError(f"There is no snapshot {name[:100]!r} in this folder.", "Choose one in the header.")
        files = self.cluster.files
        return files[name if name in files else str(file.path)]

    def _store(self, source: Store, revision: int, deleted: bool) -> Store:
        if isinstance(source, RevisionStore):
            return source.view(revision, deleted=deleted)
        if not source.live or deleted:
            raise UsageError(
                f"{self.cluster.name} has no {'deleted keys to show' if deleted else 'past'}.",
                "A snapshot, a dead member's data directory and k3s's state.db have them.",
            )
        if self.cluster.index.tree().count > MOST_KEYS:
            raise UsageError(
                f"Pages show the past of a live etcd of at most {MOST_KEYS:,} keys.",
                "Save a snapshot and open it, or read single types: etcdview get TYPE --from live@REVISION.",
            )
        return at_revision(source, self.cluster.moment(revision))
