"""What the bytes of a database file are: keys that exist, their history, deletions, other buckets, free pages."""

from __future__ import annotations

from dataclasses import dataclass

from etcdview.stores.files.bbolt import BoltFile
from etcdview.stores.files.revisions import Revisions

KEYS = b"key"


@dataclass(frozen=True, slots=True)
class RecordSum:
    """How many records, and the bytes of their names and values as bbolt stores them."""

    records: int = 0
    bytes: int = 0

    def plus(self, size: int) -> RecordSum:
        """With one record more."""
        return RecordSum(self.records + 1, self.bytes + size)


@dataclass(frozen=True, slots=True)
class FileSpace:
    """`live` are the newest values of keys that exist, `history` all older ones, `deletions` what etcd writes for each.

    A compaction discards history and deletions; a defragmentation gives the free pages back to the file system.
    `other`: buckets beside the keys', by name. `in_log`: changes of the log that the database lacks.
    """

    size_bytes: int
    page_size_bytes: int
    pages: int
    free_pages: int
    live: RecordSum
    history: RecordSum
    deletions: RecordSum
    other: tuple[tuple[str, RecordSum], ...]
    in_log: int = 0

    @property
    def free_bytes(self) -> int:
        """What a defragmentation gives back at least."""
        return self.free_pages * self.page_size_bytes


def measure(file: BoltFile, revisions: Revisions) -> FileSpace:
    """Sum up a file in one pass over all of its pages. Raises FileFormatError."""
    live = revisions.live_flags()
    sums = [RecordSum(), RecordSum(), RecordSum()]  # history, live, deletions
    buckets: dict[bytes, RecordSum] = {}
    record = 0
    for name, item in file.all_items():
        size = len(item.key) + len(item.value)
        if name != KEYS or item.is_bucket:
            buckets[name] = buckets.get(name, RecordSum()).plus(size)
            continue
        kind = 2 if item.key[17:] == b"t" else live[record]
        sums[kind] = sums[kind].plus(size)
        record += 1
    used = file.seen_pages().count(1)
    return FileSpace(
        size_bytes=file.size_bytes,
        page_size_bytes=file.page_size,
        pages=file.end,
        free_pages=file.end - used,
        live=sums[1],
        history=sums[0],
        deletions=sums[2],
        other=tuple((name.decode("utf-8", "backslashreplace"), buckets[name]) for name in sorted(buckets)),
        in_log=revisions.records - record,
    )
