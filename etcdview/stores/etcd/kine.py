"""Reads from kine (k3s), which answers only what the API server asks of etcd: one key, or a folder after some key.

It has no serializable reads and no transactions of ranges; an end that is not a folder's is misread without a word. So
each range is read here as the part that is wanted of the folder that holds it. What kine does with a request is in its
pkg/server/list.go and pkg/logstructured/sqllog/sql.go, and differs between releases, as what they answer shows:

- 0.11 (2023) lists by age, not by name, after a key that must exist, and counts the whole folder, whatever the start.
- 0.13 lists by name after the key, which need not exist, and counts what comes after it.
- Since 0.14.4 it begins with the key, as etcd does, and has a keys-only form.

All begin at the folder's first key, or where the last page ended, when they are given a revision; without one 0.11
does not look at the start, and 0.14.4 begins again where nothing is left. So of 0.11 the whole folder is read, and
what was read last is kept for the next range of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from etcdview.errors import FutureRevisionError, UnsupportedError
from etcdview.models import KeyValue, Membership, Range, RangeResult
from etcdview.stores.etcd.messages import Call, key_value, range_request
from etcdview.stores.protocols import prefix_end

PAGE_KEYS = 1000
KEPT_BYTES = 32 << 20  # of values, of one folder
_END_OF_ALL = b"\0"


def is_kine(membership: Membership) -> bool:
    """kine lists itself as the only member, of a cluster without an ID; etcd's is never 0."""
    return membership.cluster_id == 0 and [member.name for member in membership.members] == ["kine"]


def folder_of(start: bytes, end: bytes) -> bytes:
    """The innermost folder, with its last slash, that holds every key in [start, end), as in Store.range."""
    if end == _END_OF_ALL:
        return b"/"
    if not end:
        return start[: start.rfind(b"/") + 1] or b"/"
    last = end[:-1] + (
        bytes([end[-1] - 1]) if end[-1] else b""
    )  # what every key before the end is at most, or begins with
    same = next((i for i, (a, b) in enumerate(zip(start, last, strict=False)) if a != b), min(len(start), len(last)))
    return start[: start.rfind(b"/", 0, same) + 1] or b"/"


def inside(start: bytes, end: bytes) -> Callable[[bytes], bool]:
    """Whether a key is in [start, end); both as in Store.range."""
    if not end:
        return lambda key: key == start
    return lambda key: key >= start and (end == _END_OF_ALL or key < end)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder at one revision: its first key (b"" where it is empty) and how many there are."""

    path: bytes
    revision: int
    first: bytes
    total: int


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a range begins in its folder: with `here`, which was read by itself, and what kine lists at `after`."""

    here: tuple[KeyValue, ...]
    after: bytes


@dataclass(frozen=True, slots=True)
class _Whole:
    """All keys of a folder at one revision, by name."""

    path: bytes
    revision: int
    kvs: tuple[KeyValue, ...]


class KineReads:
    """Ranges of kine. `run` sends a call and gives the answer."""

    def __init__(self, run: Callable[[Call], Any]) -> None:
        self._run = run
        self._seeks: bool | None = None  # whether a list may begin at a key that does not exist
        self._has_keys_only = True
        self._last: _Whole | None = None  # replaced whole

    def range(self, request: Range) -> RangeResult:
        """As Store.range; always linearizable, since kine has one database."""
        start, end = request.start, request.end
        if not end:
            found, revision = self._one(start, request.revision)
            return _result(revision, found, len(found), request.keys_only or request.count_only, request.count_only)
        folder = self._look(folder_of(start, end), request.revision)
        if end != _END_OF_ALL and start >= end:
            return RangeResult(folder.revision)
        if folder.first and not self._may_seek(folder):
            return self._cut_from(self._whole(folder), request)
        if request.count_only:
            return RangeResult(folder.revision, count=self._count(start, end, folder))
        kvs = self._read(start, end, folder, request.limit, request.keys_only)
        whole = not request.limit or len(kvs) <= request.limit
        count = len(kvs) if whole else self._count(start, end, folder)
        return _result(folder.revision, kvs[: request.limit or None], count, request.keys_only, False)

    def _cut_from(self, whole: _Whole, request: Range) -> RangeResult:
        wanted = inside(request.start, request.end)
        kvs = [kv for kv in whole.kvs if wanted(kv.key)]
        cut = kvs[: request.limit or None]
        without_values = request.keys_only or request.count_only
        return _result(whole.revision, cut, len(kvs), without_values, request.count_only)

    def _whole(self, folder: _Folder) -> _Whole:
        """Every key of the folder, from a kine that has its own order: read as that has them, and sorted."""
        last = self._last
        if last is not None and last.revision == folder.revision and folder.path.startswith(last.path):
            return last
        kvs: list[KeyValue] = []
        after = folder.path
        while True:
            response = self._ask(after, prefix_end(folder.path), folder.revision, limit=PAGE_KEYS)
            kvs += map(key_value, response.kvs)
            if not response.more or not response.kvs:
                break
            after = kvs[-1].key
        kvs.sort(key=lambda kv: kv.key)
        whole = _Whole(folder.path, folder.revision, tuple(kvs))
        if sum(kv.size_bytes for kv in kvs) <= KEPT_BYTES:
            self._last = whole
        return whole

    def _one(self, key: bytes, revision: int) -> tuple[list[KeyValue], int]:
        try:
            response = self._ask(key, b"", revision)
        except FutureRevisionError:
            # kine calls any revision a future one for a key that did not exist then
            if self._ask(key, b"", 0).header.revision < revision:
                raise
            return [], revision
        # for a key that ends in a slash kine gives the first of that folder
        kvs = [key_value(kv) for kv in response.kvs if kv.key == key]
        return kvs, revision or response.header.revision

    def _look(self, path: bytes, revision: int) -> _Folder:
        response = self._ask(path, prefix_end(path), revision, limit=1, keys_only=True)
        first = response.kvs[0].key if response.kvs else b""
        total = response.count if response.more else len(response.kvs)
        return _Folder(path, revision or response.header.revision, first, total)

    def _spot(self, start: bytes, folder: _Folder) -> _Spot:
        if start <= folder.first or not folder.first:
            return _Spot((), folder.path)
        last = start.removesuffix(b"\0")  # "after this key", as pages end
        here = tuple(self._one(last, folder.revision)[0])
        return _Spot(here if last == start else (), last + b"\0") if here else _Spot((), start)

    def _may_seek(self, folder: _Folder) -> bool:
        """Whether a list that begins at a key that does not exist goes on with the next, by name."""
        if self._seeks is None:
            nothing = folder.path + b"\x01"  # stands before every key of the folder
            found = self._ask(nothing, prefix_end(folder.path), folder.revision, limit=1, keys_only=True).kvs
            self._seeks = bool(found)
        return self._seeks

    def _read(self, start: bytes, end: bytes, folder: _Folder, limit: int, keys_only: bool) -> list[KeyValue]:
        """The keys of the range; of more than `limit` one more than that."""
        spot, wanted = self._spot(start, folder), inside(start, end)
        kvs, after = list(spot.here), spot.after
        while not limit or len(kvs) <= limit:
            size = limit - len(kvs) + 1 if limit and after >= start else PAGE_KEYS
            response = self._ask(after, prefix_end(folder.path), folder.revision, limit=size, keys_only=keys_only)
            page = [key_value(kv) for kv in response.kvs if kv.key >= after]
            kvs += [kv for kv in page if wanted(kv.key)]
            if not page or not response.more or (page[-1].key > start and not wanted(page[-1].key)):
                break
            after = page[-1].key + b"\0"
        return kvs

    def _count(self, start: bytes, end: bytes, folder: _Folder) -> int:
        beyond = 0 if end in (_END_OF_ALL, prefix_end(folder.path)) else self._count_from(end, folder)
        return self._count_from(start, folder) - beyond

    def _count_from(self, start: bytes, folder: _Folder) -> int:
        """How many keys of the folder are `start` or after it.

        The count-only form says how many the whole folder has where none is left, so a list of one is asked for.
        """
        spot = self._spot(start, folder)
        if spot.after == folder.path:
            return folder.total
        response = self._ask(spot.after, prefix_end(folder.path), folder.revision, limit=1, keys_only=True)
        return len(spot.here) + (int(response.count) if response.more else len(response.kvs))

    def _ask(self, start: bytes, end: bytes, revision: int, *, limit: int = 0, keys_only: bool = False) -> Any:
        if keys_only and self._has_keys_only:
            try:
                return self._send(Range(start, end, revision=revision, limit=limit, keys_only=True))
            except UnsupportedError:
                self._has_keys_only = False
        return self._send(Range(start, end, revision=revision, limit=limit))

    def _send(self, request: Range) -> Any:
        large = bool(request.end) and not request.limit
        return self._run(Call("kv", "Range", range_request(request), large=large))


def _result(revision: int, kvs: list[KeyValue], count: int, without_values: bool, without_keys: bool) -> RangeResult:
    if without_values:
        kvs = [KeyValue(kv.key, kv.create_revision, kv.mod_revision, kv.version, kv.lease) for kv in kvs]
    return RangeResult(revision, () if without_keys else tuple(kvs), count, not without_keys and count > len(kvs))
