"""What the bytes of a database file are: keys that exist, their history, deletions, other buckets, free pages."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from etcdview.stores.files.bbolt import BoltFile, Item
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
    `defragmented_pages`: about how many there are after a defragmentation; `compacted_pages`: after a compaction at the
    newest revision, and then a defragmentation.
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
    defragmented_pages: int = 0
    compacted_pages: int = 0

    @property
    def defragmented_bytes(self) -> int:
        """About the size after a defragmentation: never more than now."""
        return min(self.defragmented_pages, self.pages) * self.page_size_bytes

    @property
    def compacted_bytes(self) -> int:
        """The same after a compaction and a defragmentation."""
        return min(self.compacted_pages, self.pages) * self.page_size_bytes

    @property
    def free_bytes(self) -> int:
        """What a defragmentation gives back at least."""
        return self.free_pages * self.page_size_bytes


# How etcd's defragmentation fills pages (FillPercent 0.9 in server/storage/backend/backend.go), and bbolt splits them
# (splitIndex and inlineable in its node.go and bucket.go).
_FILL = 0.9
_LEAST_IN_A_PAGE = 2
_PAGE_HEAD = _ELEMENT_HEAD = _BUCKET_HEAD = 16
_ALWAYS = 3  # two meta pages, and the list of free pages or what the last transaction freed


class _Packed:
    """The pages of one bucket that is written anew in the order of its keys."""

    def __init__(self, page_size: int) -> None:
        self._page_size = page_size
        self._used = self._count = self._branch_bytes = 0
        self._pages = 0
        self._bytes = _PAGE_HEAD

    def add(self, key_size: int, value_size: int) -> None:
        """One more pair."""
        size = _ELEMENT_HEAD + key_size + value_size
        if self._count >= _LEAST_IN_A_PAGE and _PAGE_HEAD + self._used + size > _FILL * self._page_size:
            self._end_page()
        if not self._count:
            self._branch_bytes += _ELEMENT_HEAD + key_size
        self._used += size
        self._count += 1
        self._bytes += size

    def pages(self) -> tuple[int, int]:
        """How many pages it takes of its own, and how many bytes in the page that lists the buckets."""
        if self._bytes <= self._page_size // 4:
            return 0, self._bytes
        self._end_page()
        leaves, pages = self._pages, self._pages
        branch = self._branch_bytes
        while leaves > 1:  # a level of branches above another, until one page is left
            level = max(1, ceil(branch / (_FILL * self._page_size - _PAGE_HEAD)))
            branch, leaves, pages = branch * level // leaves, level, pages + level
        return pages, 0

    def _end_page(self) -> None:
        if self._count:
            self._pages += ceil((_PAGE_HEAD + self._used) / self._page_size)
        self._used = self._count = 0


class _Rewritten:
    """The pages of a database with these pairs, written anew."""

    def __init__(self, page_size: int) -> None:
        self._page_size = page_size
        self._buckets: dict[bytes, _Packed] = {}

    def add(self, bucket: bytes, item: Item) -> None:
        """One more pair."""
        packed = self._buckets.get(bucket)
        if packed is None:
            packed = self._buckets[bucket] = _Packed(self._page_size)
        packed.add(len(item.key), len(item.value))

    def pages(self) -> int:
        """About how many there are."""
        found = {name: packed.pages() for name, packed in self._buckets.items()}
        root = sum(_ELEMENT_HEAD + len(name) + _BUCKET_HEAD + inline for name, (_, inline) in found.items())
        return _ALWAYS + ceil((_PAGE_HEAD + root) / self._page_size) + sum(own for own, _ in found.values())


def measure(file: BoltFile, revisions: Revisions) -> FileSpace:
    """Sum up a file in one pass over all of its pages. Raises FileFormatError."""
    live = revisions.live_flags()
    sums = [RecordSum(), RecordSum(), RecordSum()]  # history, live, deletions
    buckets: dict[bytes, RecordSum] = {}
    record = 0
    now, then = _Rewritten(file.page_size), _Rewritten(file.page_size)
    for name, item in file.all_items():
        size = len(item.key) + len(item.value)
        now.add(name, item)
        if name != KEYS or item.is_bucket:
            buckets[name] = buckets.get(name, RecordSum()).plus(size)
            then.add(name, item)
            continue
        kind = 2 if item.key[17:] == b"t" else live[record]
        sums[kind] = sums[kind].plus(size)
        if kind == 1:
            then.add(name, item)
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
        defragmented_pages=now.pages(),
        compacted_pages=then.pages(),
    )
