"""The file that etcd keeps its keys in, read-only: the pages of a bbolt B+tree, each checked before it is believed.

Layout: bbolt's internal/common/page.go, meta.go and bucket.go. It is read by pread rather than mmap: a bad sector, or a
file that somebody truncates, is then an error to tell, where mapped memory would be a signal that ends the process.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from etcdview.errors import FileFormatError
from etcdview.kube.reasons import reason

MAGIC = 0xED0CDAED
VERSION = 2
LARGEST_NODE = 256 << 20  # bytes; bbolt splits nodes as soon as they hold four keys, and etcd takes values of 1.5 MB
DAMAGED = "Take another snapshot or copy: this file is damaged, or was copied while it was written to."

PAGE_HEAD = struct.Struct("<QHHI")  # its number, kind, count of elements, pages that follow as a part of it
_META = struct.Struct("<IIIIQQQQQQ")  # magic, version, page size, flags, root, sequence, free list, end, txid, checksum
_BRANCH = struct.Struct("<IIQ")  # where from here the key is, its size, the page below
LEAF_ELEMENT = struct.Struct("<IIII")  # flags, where from here the key is, its size, the value's
_BUCKET = struct.Struct("<QQ")  # root (0: the page follows in the value), sequence
_LEAF_PAGE = 2
_NODES = (1, _LEAF_PAGE)  # 1: of branches
_FREE_LIST_PAGE = 0x10
_NO_FREE_LIST = (1 << 64) - 1
_COUNT_FOLLOWS = 0xFFFF  # the count of free pages does not fit into the page's header
_IS_BUCKET = 1
_PAGE_SIZES = tuple(1024 << i for i in range(7))  # of the machine that wrote it: 4 KiB, 16 and 64 KiB on some
HEAD_BYTES = _PAGE_SIZES[-1] + PAGE_HEAD.size + 4  # the second meta page of the largest pages begins before
_AHEAD_BYTES = 256 << 10  # read at once at most
_CLOSE_PAGES = 8  # from one that is wanted to the next: to read what is between costs less than another call
_FNV_START, _FNV_PRIME, _FNV_MASK = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1


Span = tuple[int, int, int, bool]  # where a pair's key, its value, and its end are in a leaf; whether it is a bucket


class Item(NamedTuple):
    """A key and its value in a leaf. `position` is where in the file the value begins.

    A tuple, because there is one for every revision, and a frozen dataclass takes four times as long.
    """

    key: bytes
    value: memoryview
    position: int
    is_bucket: bool


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where a bucket's pairs are: below a page, or in `inline`, which stands at `position` in the file."""

    root: int
    inline: memoryview
    position: int


@dataclass(frozen=True, slots=True)
class _Meta:
    page_size: int
    root: int
    free: int  # the page of the free list
    end: int  # the first page that was never used
    txid: int


def is_bolt(head: bytes) -> bool:
    """Whether a file with these first HEAD_BYTES looks like one."""
    magic = MAGIC.to_bytes(4, "little")
    return any(head[at : at + 4] == magic for at in (PAGE_HEAD.size + offset for offset in (0, *_PAGE_SIZES)))


class BoltFile:
    """An open file; everything that is wrong with it raises FileFormatError. Any thread may call `read`."""

    def __init__(self, path: Path, descriptor: int | None = None) -> None:
        """The file at `path`; or one that is open already and came from there."""
        self.path = path
        try:
            self._fd = os.open(path, os.O_RDONLY) if descriptor is None else descriptor
        except OSError as error:
            raise self._unreadable(error) from error
        try:
            self.size_bytes = os.fstat(self._fd).st_size
            self._meta = self._newest_meta()
        except BaseException:
            self.close()
            raise
        self._seen = bytearray(self._meta.end)  # one a page: no page stands in two places of a tree

    def __del__(self) -> None:
        if hasattr(self, "_fd"):
            self.close()

    def fileno(self) -> int:
        """The descriptor."""
        return self._fd

    def close(self) -> None:
        """Let go of the file; it may be called twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def read(self, position: int, size: int) -> bytes:
        """Exactly so many bytes."""
        try:
            data = os.pread(self._fd, size, position)
        except (OSError, OverflowError) as error:
            raise self._unreadable(error) from error
        if len(data) != size:
            raise self.broken(f"ends at byte {self.size_bytes:,}, before something that it says it holds")
        return data

    def buckets(self) -> dict[bytes, Bucket]:
        """The buckets at the top, by name."""
        self._seen = bytearray(self._meta.end)
        leaves = self._leaves(self._meta.root)
        found = (item for position, node, count in leaves for item in self._leaf(node, position, count))
        return {item.key: self._bucket(item) for item in found if item.is_bucket}

    def items(self, bucket: Bucket) -> Iterator[Item]:
        """The pairs of a bucket in the order of their keys."""
        for position, node, count in self.leaves(bucket):
            yield from self._leaf(node, position, count)

    @property
    def end(self) -> int:
        """The high water mark: the number of the first page that was never used."""
        return self._meta.end

    @property
    def page_size(self) -> int:
        """Bytes of a page."""
        return self._meta.page_size

    def leaves(self, bucket: Bucket) -> Iterator[tuple[int, bytes, int]]:
        """The leaves of a bucket in the order of their keys: where each begins in the file, it, how many pairs it has.

        `spans` tells where in it they are. Who reads millions of them does that himself, by LEAF_ELEMENT.
        """
        if bucket.root:
            yield from self._leaves(bucket.root)
            return
        inline = bucket.inline
        if len(inline) < PAGE_HEAD.size:
            raise self.broken("is damaged: a bucket inside a value is too short")
        _, kind, count, _ = PAGE_HEAD.unpack_from(inline)
        if kind != _LEAF_PAGE or PAGE_HEAD.size + LEAF_ELEMENT.size * count > len(inline):
            raise self._no_node("A bucket", kind, count)
        yield bucket.position, bytes(inline), count

    def all_leaves(self) -> Iterator[tuple[bytes, bytes, list[Span]]]:
        """The leaves of all buckets, each with the name of the bucket at the top, and where its pairs are.

        A bucket within one is a pair too.
        """
        todo = list(self.buckets().items())
        while todo:
            name, bucket = todo.pop()
            for position, node, count in self.leaves(bucket):
                spans = self.spans(node, position, count)
                todo += [(name, self._bucket(_item(node, position, span))) for span in spans if span[3]]
                yield name, node, spans

    def pages_in_use(self) -> bytes:
        """One byte a page: 1 where a tree has it, or a meta page or the free list. Reads all of the file.

        Raises FileFormatError for a page that cannot be, and for one that two branches point to.
        """
        for _ in self.all_leaves():
            pass
        return self.seen_pages()

    def seen_pages(self) -> bytes:
        """The same of what `all_leaves` has gone through."""
        used = self._seen
        used[:2] = b"\1\1"
        if self._meta.free != _NO_FREE_LIST:
            for number in range(self._meta.free, self._meta.free + 1 + self._free_page()[3]):
                used[number] = 1
        return bytes(used)

    def free_pages(self) -> list[int] | None:
        """The numbers in the free list, as they stand there; None where none is kept, as etcd has it on Linux."""
        if self._meta.free == _NO_FREE_LIST:
            return None
        _, _, count, more = self._free_page()
        data = self.read(
            self._meta.free * self._meta.page_size + PAGE_HEAD.size, (1 + more) * self._meta.page_size - PAGE_HEAD.size
        )
        numbers = [number for (number,) in struct.iter_unpack("<Q", data)]
        if count == _COUNT_FOLLOWS:
            count = numbers.pop(0)
        if count > len(numbers):
            raise self.broken(f"is damaged: its list of free pages cannot hold {count:,}")
        return numbers[:count]

    def misplaced(self, position: int) -> FileFormatError:
        """The error for a pair that is not where one can be, in the leaf at a position."""
        return self.broken(f"is damaged: a key near byte {position:,} lies outside of its page, or in another")

    def broken(self, what: str) -> FileFormatError:
        """The error for this file: `what` goes on behind its name."""
        return FileFormatError(f"{self.path} {what}.", DAMAGED)

    def _free_page(self) -> tuple[int, int, int, int]:
        """The header of the free list: its number, kind, count, pages that follow."""
        meta = self._meta
        if not 2 <= meta.free < meta.end:
            raise self.broken(f"has its free list on page {meta.free:,}, and has pages 2 to {meta.end - 1:,}")
        number, kind, count, more = PAGE_HEAD.unpack(self.read(meta.free * meta.page_size, PAGE_HEAD.size))
        if kind != _FREE_LIST_PAGE or number != meta.free or number + more >= meta.end:
            raise self.broken(f"is damaged: page {meta.free:,} is not a list of free pages")
        return number, kind, count, more

    def _unreadable(self, error: Exception) -> FileFormatError:
        return FileFormatError(f"{self.path} cannot be read: {reason(error)}.", "Check the path and its permissions.")

    def _newest_meta(self) -> _Meta:
        """Of the two that bbolt writes in turn, the newer one that is whole."""
        # the second stands one page behind the first, and how large a page is only the first one says: where that is
        # damaged, every size is tried
        metas = [self._meta_at(0)]
        metas += [self._meta_at(size) for size in ((metas[0].page_size,) if metas[0] else _PAGE_SIZES)]
        whole = [meta for meta in metas if meta is not None]
        if not whole:
            raise self.broken("has no valid meta page: it is not an etcd database, or both meta pages are damaged")
        # bbolt writes the other meta last of all in a transaction: the greater number is the newest that is whole
        meta = max(whole, key=lambda meta: meta.txid)
        if meta.end * meta.page_size > self.size_bytes:
            raise self.broken(f"is cut short: {self.size_bytes:,} of {meta.end * meta.page_size:,} bytes are there")
        return meta

    def _meta_at(self, offset: int) -> _Meta | None:
        if offset + PAGE_HEAD.size + _META.size > self.size_bytes:
            return None
        data = self.read(offset + PAGE_HEAD.size, _META.size)
        magic, version, page_size, _, root, _, free, end, txid, checksum = _META.unpack(data)
        # the checksum covers all before itself; a page size of another file's meta would move every page
        whole = magic == MAGIC and version == VERSION and checksum == fnv64a(data[:-8])
        if not whole or page_size not in _PAGE_SIZES or offset not in (0, page_size):
            return None
        return _Meta(page_size, root, free, end, txid)

    def _leaves(self, root: int) -> Iterator[tuple[int, bytes, int]]:
        """The leaves below a page, in order. Each page is read once, so it ends."""
        # a stack of its own: how deep the tree is, the file decides, and Python's recursion has an end
        todo = [root]
        page_size = self._meta.page_size
        ahead = _Ahead(self._fd, page_size)
        while todo:
            number = todo.pop()
            kind, count, node = self._node(number, ahead, todo)
            if kind == _LEAF_PAGE:
                yield number * page_size, node, count
            else:
                elements = _BRANCH.iter_unpack(node[PAGE_HEAD.size : PAGE_HEAD.size + _BRANCH.size * count])
                # the first child is wanted next, and the stack gives the last
                todo += reversed([child for _, _, child in elements])

    def _node(self, number: int, ahead: _Ahead, todo: Sequence[int]) -> tuple[int, int, bytes]:
        """Kind and count of a page, and it with those that follow as parts of it.

        `todo` are wanted after it, the last of them first.
        """
        page_size, end = self._meta.page_size, self._meta.end
        if not 2 <= number < end:
            raise self.broken(f"points to page {number:,}, and has pages 2 to {end - 1:,}")
        at = (number - ahead.first) * page_size
        if not 0 <= at < len(ahead.data):
            ahead.read(number, todo)
            at = 0
        data = ahead.data
        if len(data) - at < page_size:
            data, at = self.read(number * page_size, page_size), 0
        own, kind, count, more = PAGE_HEAD.unpack_from(data, at)
        if own != number:
            raise self.broken(f"has page {own:,} where page {number:,} should be")
        # checked before it is read: a damaged count would ask for gigabytes
        size = (1 + more) * page_size
        if number + more >= end or size > LARGEST_NODE:
            raise self.broken(f"has a page {number:,} of {size:,} bytes, more than there can be")
        # without this a page that leads back to its parent would be read for ever
        if self._seen.find(1, number, number + 1 + more) >= 0:
            raise self.broken(f"is damaged: page {number:,} is referenced twice")
        self._seen[number : number + 1 + more] = b"\1" * (1 + more)
        if kind not in _NODES or PAGE_HEAD.size + LEAF_ELEMENT.size * count > size:
            raise self._no_node(f"Page {number:,}", kind, count)
        node = data[at : at + size]
        return kind, count, node if len(node) == size else self.read(number * page_size, size)

    def _no_node(self, what: str, kind: int, count: int) -> FileFormatError:
        if kind not in _NODES:
            return self.broken(f"is damaged: {what} of it is of kind {kind:#x}, where keys should be")
        return self.broken(f"is damaged: {what} of it cannot hold {count:,} keys")

    def _leaf(self, node: bytes, position: int, count: int) -> Iterator[Item]:
        for span in self.spans(node, position, count):
            yield _item(node, position, span)

    def spans(self, node: bytes, position: int, count: int) -> list[Span]:
        """Where in a leaf each pair has its key, its value and its end, and whether it is a bucket.

        bbolt writes them one behind the other: records that lie over each other make much of a small file.
        """
        # keys stand behind all elements; offsets count from their own element, not from the page
        size, at = len(node), PAGE_HEAD.size
        begin = first = at + LEAF_ELEMENT.size * count
        found = []
        for flags, offset, key_size, value_size in LEAF_ELEMENT.iter_unpack(node[at:begin]):
            key_at = at + offset
            value_at = key_at + key_size
            end = value_at + value_size
            if key_at < first or end > size:
                raise self.misplaced(position)
            found.append((key_at, value_at, end, flags & _IS_BUCKET != 0))
            first = end
            at += LEAF_ELEMENT.size
        return found

    def _bucket(self, item: Item) -> Bucket:
        if len(item.value) < _BUCKET.size:
            raise self.broken(f"is damaged: its bucket {item.key!r} has no root")
        root, _ = _BUCKET.unpack_from(item.value)
        return Bucket(root, item.value[_BUCKET.size :], item.position + _BUCKET.size)


class _Ahead:
    """Pages that are wanted one after the other: `data` is those that stand close together, from page `first` on."""

    def __init__(self, fd: int, page_size: int) -> None:
        self._fd, self._page_size = fd, page_size
        self.data, self.first = b"", 0

    def read(self, number: int, todo: Sequence[int]) -> None:
        """A page, and those of `todo` that are close behind; fewer bytes or none where they cannot be read."""
        last = number
        for wanted in reversed(todo):
            if not last < wanted <= last + _CLOSE_PAGES or wanted - number >= _AHEAD_BYTES // self._page_size:
                break
            last = wanted
        size = (last + 1 - number) * self._page_size
        self.first = number
        try:
            self.data = os.pread(self._fd, size, number * self._page_size)
        except (OSError, OverflowError):  # who wants the page itself is told
            self.data = b""


def _item(node: bytes, position: int, span: Span) -> Item:
    key_at, value_at, end, is_bucket = span
    return Item(node[key_at:value_at], memoryview(node)[value_at:end], position + value_at, is_bucket)


def fnv64a(data: bytes) -> int:
    """The checksum of a meta page."""
    found = _FNV_START
    for byte in data:
        found = (found ^ byte) * _FNV_PRIME & _FNV_MASK
    return found
