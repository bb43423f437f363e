"""What the bytes of a database file are: keys that exist, their history, deletions, other buckets, free pages."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from etcdview.stores.files.bbolt import BoltFile, Span
from etcdview.stores.files.key_bucket import REVISION_BYTES, TOMBSTONE
from etcdview.stores.files.revisions import Revisions

KEYS = b"key"


@dataclass(frozen=True, slots=True)
class RecordSum:
    """How many records, and the bytes of their names and values as bbolt stores them."""

    records: int = 0
    bytes: int = 0

    def plus(self, other: RecordSum) -> RecordSum:
        """Both together."""
        return RecordSum(self.records + other.records, self.bytes + other.bytes)


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

    def bucket(self, name: bytes) -> _Packed:
        """What a bucket takes; add its pairs there."""
        packed = self._buckets.get(name)
        if packed is None:
            packed = self._buckets[name] = _Packed(self._page_size)
        return packed

    def pages(self) -> int:
        """About how many there are."""
        found = {name: packed.pages() for name, packed in self._buckets.items()}
        root = sum(_ELEMENT_HEAD + len(name) + _BUCKET_HEAD + inline for name, (_, inline) in found.items())
        return _ALWAYS + ceil((_PAGE_HEAD + root) / self._page_size) + sum(own for own, _ in found.values())


def measure(file: BoltFile, revisions: Revisions) -> FileSpace:
    """Sum up a file in one pass over all of its pages. Raises FileFormatError."""
    now, then = _Rewritten(file.page_size), _Rewritten(file.page_size)
    keys = _KeySums(revisions.live_flags(), now.bucket(KEYS), then.bucket(KEYS))
    buckets: dict[bytes, RecordSum] = {}
    for name, node, spans in file.all_leaves():
        if name == KEYS:
            keys.add(node, spans)
            continue
        sizes = [(value_at - key_at, end - value_at) for key_at, value_at, end, _ in spans]
        for one in (now, then):
            packed = one.bucket(name)
            for sizes_of_pair in sizes:
                packed.add(*sizes_of_pair)
        here = RecordSum(len(sizes), sum(map(sum, sizes)))
        buckets[name] = buckets.get(name, RecordSum()).plus(here)
    used = file.seen_pages().count(1)
    history, live, deletions = map(RecordSum, keys.records, keys.bytes)
    return FileSpace(
        size_bytes=file.size_bytes,
        page_size_bytes=file.page_size,
        pages=file.end,
        free_pages=file.end - used,
        live=live,
        history=history,
        deletions=deletions,
        other=tuple((name.decode("utf-8", "backslashreplace"), buckets[name]) for name in sorted(buckets)),
        in_log=revisions.records - sum(keys.records),
        defragmented_pages=now.pages(),
        compacted_pages=then.pages(),
    )


class _KeySums:
    """Records and bytes of the bucket "key": of history, of live values, of deletions."""

    def __init__(self, live: bytearray, now: _Packed, then: _Packed) -> None:
        """`live` flags each record; `now` and `then` take the pairs there are, and those that a compaction leaves."""
        self.records, self.bytes = [0, 0, 0], [0, 0, 0]
        self._live, self._now, self._then = live, now.add, then.add
        self._record = 0

    def add(self, node: bytes, spans: list[Span]) -> None:
        """The pairs of one more leaf."""
        for key_at, value_at, end, _ in spans:
            deleted = value_at - key_at > REVISION_BYTES and node[value_at - 1] == TOMBSTONE
            kind = 2 if deleted else self._live[self._record]
            self.records[kind] += 1
            self.bytes[kind] += end - key_at
            self._record += 1
            self._now(value_at - key_at, end - value_at)
            if kind == 1:
                self._then(value_at - key_at, end - value_at)
