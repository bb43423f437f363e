"""Which keys a database file holds at which revision, and where: names, and 28 bytes a revision, no values."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, count, islice
from operator import eq, not_
from typing import NamedTuple

from etcdview.stores.files.memory import bounds

_LATELY = 1 << 15  # names; together they take a few megabytes


class Where(NamedTuple):
    """Where a record stands: for a deletion there is none, and `size` is 0."""

    revision: int
    position: int
    size: int


@dataclass(frozen=True, slots=True)
class KeysFound:
    """How many keys a range holds, and the first of them, each with the number of its record."""

    count: int
    names: Sequence[bytes]
    records: Sequence[int]


class Revisions:
    """Filled by `extend` or `add` in the order of revisions; `finish` it, then ask from any thread."""

    def __init__(self) -> None:
        self.revisions, self.positions, self.sizes = array("Q"), array("Q"), array("I")
        self.before = array("q")  # the record before of the same key, or -1
        self._added: list[bytes] = []  # the name of each record, until `finish`
        self._lately: dict[bytes, bytes] = {}  # names of late: of a key that is written often one is held, not all
        self._names: list[bytes] = []
        self._newest = array("q")  # for each name, its newest record
        self._live_names: list[bytes] = []  # the same without those that are deleted
        self._live = array("q")

    def add(self, name: bytes, revision: int, position: int, size: int) -> None:
        """A record of `size` bytes at `position`, or a deletion (size 0)."""
        self.extend((name,), (revision,), (position,), (size,))

    def extend(
        self, names: Sequence[bytes], revisions: Iterable[int], positions: Iterable[int], sizes: Iterable[int]
    ) -> None:
        """Many of them."""
        self._added.extend(map(self._lately.setdefault, names, names))
        if len(self._lately) > _LATELY:
            self._lately.clear()
        self.revisions.extend(revisions)
        self.positions.extend(positions)
        self.sizes.extend(sizes)

    def finish(self) -> None:
        """There are no more."""
        # somebody waits for a million of them: whole columns at once, and one by one only what is rare
        added, self._added, self._lately = self._added, [], {}
        order = array("q", sorted(range(len(added)), key=added.__getitem__))  # records of one name: the newest last
        names = list(map(added.__getitem__, order))
        del added
        self.before = array("q", (-1,)) * len(order)
        older = list(compress(count(), map(eq, names, islice(names, 1, None))))
        for at in older:
            self.before[order[at + 1]] = order[at]
        self._names, self._newest = _without(older, names, order)
        deleted = compress(count(), map(not_, map(self.sizes.__getitem__, self._newest)))
        self._live_names, self._live = _without(list(deleted), self._names, self._newest)

    def look_at(self, revision: int, *, deleted: bool = False) -> None:
        """Have `find` tell the keys of another revision; or those `deleted` by then, each with its last record."""
        found = list(self._deleted_at(revision) if deleted else self._at(b"\0", b"\0", revision))
        self._live_names = [name for name, _ in found]
        self._live = array("q", [record for _, record in found])

    @property
    def records(self) -> int:
        """How many there are, deletions too."""
        return len(self.revisions)

    @property
    def live_bytes(self) -> int:
        """The sizes of all records that `find` finds."""
        return sum(map(self.sizes.__getitem__, self._live))

    def live_flags(self) -> bytearray:
        """One byte a record, in the order that they were added in: 1 where it is the newest of a key that exists."""
        flags = bytearray(len(self.revisions))
        for record in self._newest:
            flags[record] = self.sizes[record] > 0
        return flags

    def resume(self) -> None:
        """There are more, after `finish`: `add` them, and `finish` again."""
        self._added = [b""] * len(self.revisions)
        for name, record in zip(self._names, self._newest, strict=True):
            while record >= 0:
                self._added[record] = name
                record = self.before[record]

    @property
    def newest(self) -> int:
        """The last revision that changed anything; 0 where none did."""
        return self.revisions[-1] if self.revisions else 0

    def find(self, start: bytes, end: bytes, limit: int = 0) -> KeysFound:
        """The keys of [start, end), `end` as in Store.range, at the newest revision."""
        first, last = bounds(self._live_names, start, end)
        stop = min(last, first + limit) if limit else last
        return KeysFound(last - first, self._live_names[first:stop], self._live[first:stop])

    def find_at(self, start: bytes, end: bytes, revision: int, limit: int = 0) -> KeysFound:
        """The same at another revision: each key's records are looked through, from the newest back."""
        found = list(self._at(start, end, revision))
        names, records = zip(*found[: limit or None], strict=True) if found else ((), ())
        return KeysFound(len(found), names, records)

    def records_of(self, name: bytes, before: int) -> Iterator[int]:
        """The records of one key before a revision, newest first, those of deletions (size 0) too."""
        at = bisect_left(self._names, name)
        record = self._newest[at] if at < len(self._names) and self._names[at] == name else -1
        while record >= 0:
            if self.revisions[record] < before:
                yield record
            record = self.before[record]

    def where(self, record: int) -> Where:
        """Where a record stands in the file."""
        return Where(self.revisions[record], self.positions[record], self.sizes[record])

    def _deleted_at(self, revision: int) -> Iterator[tuple[bytes, int]]:
        """The keys that a revision lacks and an older one that is still there has, with their last record."""
        for name, newest in zip(self._names, self._newest, strict=True):
            record = newest
            while record >= 0 and self.revisions[record] > revision:
                record = self.before[record]
            if record >= 0 and not self.sizes[record]:
                before = self.before[record]
                if before >= 0 and self.sizes[before]:
                    yield name, before

    def _at(self, start: bytes, end: bytes, revision: int) -> Iterator[tuple[bytes, int]]:
        first, last = bounds(self._names, start, end)
        for name, newest in zip(self._names[first:last], self._newest[first:last], strict=True):
            record = newest
            while record >= 0 and self.revisions[record] > revision:
                record = self.before[record]
            if record >= 0 and self.sizes[record]:
                yield name, record


def _without(places: list[int], names: list[bytes], records: array[int]) -> tuple[list[bytes], array[int]]:
    """Names and their records without those that stand at some places."""
    if not places:
        return names, records
    kept = bytearray(b"\1") * len(names)
    for at in places:
        kept[at] = 0
    return list(compress(names, kept)), array("q", compress(records, kept))
