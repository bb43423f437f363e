"""A store over a file that holds every revision since a compaction: names in memory, values left on disk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Self

from etcdview.errors import CompactedError, FutureRevisionError
from etcdview.models import Event, KeyValue, NamesPiece, Range, RangeResult
from etcdview.stores.files.revisions import KeysFound, Revisions
from etcdview.stores.key_past import KeyPast, PastRequest


class RevisionStore(ABC):
    """The Store protocol over Revisions. `notes` are what has to be said beside all that is read from it.

    `compacted` is the oldest revision that can be read.
    """

    live = False

    def __init__(self, name: str, revisions: Revisions, compacted: int, notes: tuple[str, ...] = ()) -> None:
        self.name = name
        self.notes = notes
        self.compacted = compacted
        self.revision = max(revisions.newest, compacted, 1)
        self._revisions = revisions

    @property
    def value_bytes(self) -> int:
        """About how many bytes the values have that it shows."""
        return self._revisions.live_bytes

    def add_notes(self, *notes: str) -> None:
        """More that has to be said beside all that is read."""
        self.notes = (*notes, *self.notes)

    def look_at(self, revision: int = 0, *, deleted: bool = False) -> None:
        """Show the file as it was at a revision (0: the newest); or the keys that were deleted by then, with their
        last values. Called before anything is read. Raises CompactedError, FutureRevisionError."""
        if revision not in (0, self.revision):
            self._find(b"\0", b"", revision, 0)  # says best why it cannot be
            self.add_notes(f"As of revision {revision:,}; the newest in this file is {self.revision:,}.")
        self.revision = revision or self.revision
        self._revisions.look_at(self.revision, deleted=deleted)
        if deleted:
            self.add_notes(
                "Only deleted keys are shown, with their last values: those deleted since the last compaction"
                f"{f' (revision {self.compacted:,})' if self.compacted else ''}."
            )

    def view(self, revision: int = 0, *, deleted: bool = False) -> Self:
        """The same file as `look_at` would show it, beside this store, which closes it."""
        other = copy(self)
        other._revisions = copy(self._revisions)
        other.look_at(revision, deleted=deleted)
        return other

    def range(self, request: Range) -> RangeResult:
        """See Store.range; raises FileFormatError too, where the file is no longer what it was."""
        found = self._find(request.start, request.end, request.revision, request.limit)
        kvs = () if request.count_only else tuple(map(self._read, found.names, found.records))
        if request.keys_only:
            kvs = tuple(replace(kv, value=b"") for kv in kvs)
        more = not request.count_only and len(found.names) < found.count
        return RangeResult(request.revision or self.revision, kvs, count=found.count, more=more)

    def list_names(self, request: Range, timeout_seconds: float = 0.0) -> NamesPiece:
        """See NameLister.list_names: nothing is read from the file."""
        found = self._find(request.start, request.end, request.revision, request.limit)
        return NamesPiece(request.revision or self.revision, found.names, found.count, len(found.names) < found.count)

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        """See Store.get_many."""
        found = (self.range(Range(key, revision=revision, keys_only=keys_only)).kvs for key in keys)
        return {kvs[0].key: kvs[0] for kvs in found if kvs}

    def has_deleted(self, key: bytes) -> bool:
        """Whether a key was deleted last, and is kept as it was before; by the index alone."""
        records = self._revisions.records_of(key, self.revision + 1)
        sizes = [self._revisions.where(record).size for record in records]
        return any(sizes) and not sizes[0]

    def key_past(self, wanted: PastRequest) -> KeyPast:
        """See KeepsPast.key_past."""
        events: list[Event] = []
        size_bytes = 0
        for record in self._revisions.records_of(wanted.key, min(wanted.before, self.revision + 1)):
            where = self._revisions.where(record)
            size_bytes += where.size
            if len(events) == wanted.limit or size_bytes > wanted.max_bytes:
                return KeyPast(tuple(events), self.compacted, more=True)
            gone = KeyValue(wanted.key, 0, where.revision, 0)
            events.append(Event(self._read(wanted.key, record)) if where.size else Event(gone, deleted=True))
        return KeyPast(tuple(events), self.compacted)

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""

    @abstractmethod
    def _read(self, name: bytes, record: int) -> KeyValue:
        """A record of a key, which is not a deletion. Raises FileFormatError."""

    def _find(self, start: bytes, end: bytes, revision: int, limit: int) -> KeysFound:
        if revision in (0, self.revision):
            return self._revisions.find(start, end, limit)
        if revision > self.revision:
            raise FutureRevisionError(
                f"{self.name} ends at revision {self.revision:,}, before {revision:,}.", "Ask for an older one."
            )
        if revision < self.compacted:
            raise CompactedError(
                f"Revision {revision:,} had been compacted when {self.name} was made.",
                f"Its oldest revision is {self.compacted:,}.",
                oldest=self.compacted,
            )
        return self._revisions.find_at(start, end, revision, limit)
