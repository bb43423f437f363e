"""What a feed has applied, how etcd proves that it still has the same past, and how far it is certainly true.

A watch begins at the revision that was applied last, not behind it: etcd then repeats that revision, and if it was not
written to the same key, this is another history (a restored cluster), whatever its revision and IDs are.
"""

from __future__ import annotations

from collections.abc import Sequence

from etcdview.index.lister import EVERYTHING, KeyRange
from etcdview.models import Event, NamesPiece, WatchBatch

# How long a revision that a progress answer names has to stand before it is believed: etcd before 3.4.25 and 3.5.8 may
# answer ahead of events that are still on their way (etcd issue 15220).
DOUBT_SECONDS = 0.5


class ForeignError(Exception):
    """What is held belongs to another history than what etcd now has. Never leaves the index."""


class UnprovenError(Exception):
    """etcd cannot show any more that its history is the one that is held. Never leaves the index."""


class EventHistory:
    """`applied`: the revision of the last event. `reached`: nothing is missing up to this one, which is not less.

    `proven` is false from the moment a watch is begun until it has repeated what is known.
    """

    def __init__(self) -> None:
        self.applied = 0
        self.reached = 0
        self.proven = True
        self._whole = False
        self._anchor: Event | None = None  # the last event
        self._repeating = False
        self._cluster = 0
        self._term = 0
        self._doubted = 0  # the revision of the last progress answer, while it is not believed yet
        self._doubted_at = 0.0

    @classmethod
    def loaded(cls, head: NamesPiece, key_range: KeyRange) -> EventHistory:
        """A history that begins with a load of `key_range` as of `head`."""
        history = cls()
        history._whole = key_range == EVERYTHING and head.revision > 1  # revision 1 is that of an empty etcd: no event
        history.applied = history.reached = head.revision
        history._cluster, history._term = head.cluster_id, head.raft_term
        return history

    def check(self, head: NamesPiece) -> None:
        """Whether who answers now can have the same past at all. Raises ForeignError."""
        # each of the three alone may look right after a restore: the same token and peers give the same ID, revisions
        # grow again, and so do terms; zeros come from servers that do not say
        if self._cluster and head.cluster_id and head.cluster_id != self._cluster:
            raise ForeignError(
                f"A different cluster answers now: its ID is {head.cluster_id:x}, before it was {self._cluster:x}."
            )
        if head.revision < self.reached:
            raise ForeignError(
                f"etcd's revision went back from {self.reached:,} to {head.revision:,}, as after a restore."
            )
        if self._term and head.raft_term and head.raft_term < self._term:
            raise ForeignError(f"etcd's raft term went back from {self._term} to {head.raft_term}, as after a restore.")
        self._term = max(self._term, head.raft_term)

    def resume(self) -> int:
        """The revision that the next watch has to begin at."""
        self._repeating = True
        self._doubted = 0
        # without an anchor nothing has to be repeated, unless everything was loaded: then some key was written last
        self.proven = self._anchor is None and not self._whole
        return max(self.applied, 1)

    def take(self, batch: WatchBatch) -> Sequence[Event]:
        """The events that are new. Raises ForeignError when the batch cannot follow what was applied, UnprovenError."""
        if not batch.events:
            return ()
        if batch.events[0].kv.mod_revision < self.applied:
            raise ForeignError(f"etcd sent revision {batch.events[0].kv.mod_revision:,} after {self.applied:,}.")
        # only the first batch of a watch repeats: from then on a revision may come in several batches
        if self._repeating:
            self._prove(batch)
        known = self.applied if self._repeating else 0
        self._repeating = False
        self._anchor = batch.events[-1]
        self.applied = self._anchor.kv.mod_revision
        self.reached = max(self.reached, self.applied)
        return [event for event in batch.events if event.kv.mod_revision > known] if known else batch.events

    def confirmed(self, batch: WatchBatch, now: float) -> float | None:
        """When it was certain that nothing is missing up to `reached`; None when this batch does not say.

        Ask after `take`. A batch of events says so when it brings the store's newest revision; a progress answer when
        it names the revision that is reached, or when one before it has stood for a while without events.
        Raises UnprovenError.
        """
        if not self.proven and not self._is_vain(batch, now):
            return None
        if batch.events or batch.revision <= self.reached:
            self._doubted = 0  # events came behind the answer that was doubted: it was ahead of them
            return now if batch.revision in (self.reached, self.applied) else None
        if not self._doubted:  # a first answer beyond what is reached: it may be ahead of its events
            self._doubted, self._doubted_at = batch.revision, now
            return None
        if now - self._doubted_at < DOUBT_SECONDS:
            return None
        # the older answer has stood without events; what this one adds begins to be doubted in its turn
        self.reached, certain_at = self._doubted, self._doubted_at
        self._doubted, self._doubted_at = batch.revision, now
        return certain_at

    def _prove(self, batch: WatchBatch) -> None:
        """The first events repeat the last revision that is known, if it wrote to the range at all."""
        repeated = [event.kv.key for event in batch.events if event.kv.mod_revision == self.applied]
        # a put is repeated for as long as it is not compacted; a deletion is dropped by a compaction at its revision
        if not repeated and not self.proven and (self._anchor is None or self._anchor.deleted):
            raise UnprovenError(_FORGOTTEN.format(self.applied))
        # the same number on another key: two histories that came to the same revision
        if self._anchor is not None and self._anchor.kv.key not in repeated:
            raise ForeignError(f"Revision {self.applied:,} has changed, as after a restore.")
        self.proven = True

    def _is_vain(self, batch: WatchBatch, now: float) -> bool:
        """Whether nothing will be repeated, because nothing is missing: a compaction drops what its revision deleted.

        A progress answer that has stood for a while tells so. Raises UnprovenError where something had to be repeated.
        """
        if batch.events or batch.revision < self.applied:
            return False
        if not self._doubted:
            self._doubted, self._doubted_at = batch.revision, now
        if now - self._doubted_at < DOUBT_SECONDS:
            return False
        if self._anchor is not None:
            raise UnprovenError(_FORGOTTEN.format(self.applied))
        self._doubted = 0
        self.proven = True
        return True


_FORGOTTEN = "etcd no longer returns what it wrote at revision {:,}, the last one that the index has seen."
