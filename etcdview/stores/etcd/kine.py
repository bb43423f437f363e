"""Reads from kine (k3s), which answers only what the API server asks of etcd: one key, or a folder after some key.

It has no keys-only form, no serializable reads and no transactions of ranges; an end that is no folder's is misread
without a word. So each range is read here as the part that is wanted of the folder that holds it. What kine does with
a request is in its pkg/server/list.go and pkg/logstructured/sqllog/sql.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from etcdview.errors import FutureRevisionError
from etcdview.models import KeyValue, Membership, Range, RangeResult
from etcdview.stores.etcd.messages import Call, key_value, range_request
from etcdview.stores.protocols import prefix_end

PAGE_KEYS = 1000
_END_OF_ALL = b"\0"


def is_kine(membership: Membership) -> bool:
    """kine lists itself as the only member, of a cluster without an ID; etcd's is never 0."""
    return membership.cluster_id == 0 and [member.name for member in membership.members] == ["kine"]


def folder_of(start: bytes, end: bytes) -> bytes:
    """The innermost folder, with its last slash, that holds every key in [start, end)."""
    if end == _END_OF_ALL:
        return b"/"
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


class KineReads:
    """Ranges of kine. `run` sends a call and gives the answer."""

    def __init__(self, run: Callable[[Call], Any]) -> None:
        self._run = run

    def range(self, request: Range) -> RangeResult:
        """As Store.range; always linearizable, since kine has one database."""
        start, end, revision, count_only = request.start, request.end, request.revision, request.count_only
        if not end:
            found, revision = self._one(start, revision)
            return _result(revision, found, len(found), request.keys_only or count_only, count_only)
        nothing = end != _END_OF_ALL and start >= end
        if count_only or nothing:
            revision = revision or self._one(start, 0)[1]
            return RangeResult(revision, count=0 if nothing else self._count(start, end, revision))
        kvs, revision, whole = self._read(start, end, revision, request.limit)
        count = len(kvs) if whole else self._count(start, end, revision)
        return _result(revision, kvs, count, request.keys_only, False)

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

    def _read(self, start: bytes, end: bytes, revision: int, limit: int) -> tuple[list[KeyValue], int, bool]:
        """The keys, their revision, and whether they are all of the range."""
        folder, wanted = folder_of(start, end), inside(start, end)
        kvs, revision = self._one(start, revision) if _may_exist(start, folder) else ([], revision)
        after = start
        while not limit or len(kvs) < limit:
            # one more than is wanted shows whether there are more
            response = self._ask(
                after, prefix_end(folder), revision, limit=limit - len(kvs) + 1 if limit else PAGE_KEYS
            )
            revision = revision or response.header.revision
            page = [key_value(kv) for kv in response.kvs]
            kvs += [kv for kv in page if wanted(kv.key)]
            if not response.more or (page and not wanted(page[-1].key) and page[-1].key > start):
                return (kvs[:limit], revision, len(kvs) <= limit) if limit else (kvs, revision, True)
            after = page[-1].key + b"\0"
        return kvs[:limit], revision, False

    def _count(self, start: bytes, end: bytes, revision: int) -> int:
        folder = folder_of(start, end)
        beyond = 0 if end in (_END_OF_ALL, prefix_end(folder)) else self._count_from(end, folder, revision)
        return self._count_from(start, folder, revision) - beyond

    def _count_from(self, start: bytes, folder: bytes, revision: int) -> int:
        """How many keys of the folder are `start` or after it; kine counts those after it only.

        Its count-only form says how many the whole folder has where none is left, so a list of one is asked for.
        """
        response = self._ask(start, prefix_end(folder), revision, limit=1)
        after: int = response.count if response.more else len(response.kvs)
        return after + (len(self._one(start, revision)[0]) if _may_exist(start, folder) else 0)

    def _ask(self, start: bytes, end: bytes, revision: int, *, limit: int = 0) -> Any:
        request = range_request(Range(start, end, revision=revision, limit=limit))
        return self._run(Call("kv", "Range", request, large=bool(end) and not limit))


def _may_exist(key: bytes, folder: bytes) -> bool:
    """Whether `key` itself is to be asked for: not a folder's beginning, and not "after that key" (with a zero)."""
    return key != folder and not key.endswith(b"\0") and key.startswith(folder)


def _result(revision: int, kvs: list[KeyValue], count: int, without_values: bool, without_keys: bool) -> RangeResult:
    if without_values:
        kvs = [KeyValue(kv.key, kv.create_revision, kv.mod_revision, kv.version, kv.lease) for kv in kvs]
    return RangeResult(revision, () if without_keys else tuple(kvs), count, not without_keys and count > len(kvs))
