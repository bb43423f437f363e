"""Look into every value of a scope, at one revision, and say how much of it was looked into.

Values are read in pieces that the index bounds, so that etcd counts nothing twice, and that hold a few megabytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from etcdview.errors import CompactedError, EtcdviewError, QueryError
from etcdview.index.base import Names
from etcdview.models import KeyValue
from etcdview.stores.base import Store

PIECE_BYTES = 4 << 20
FIRST_PIECE = 16
MAX_PIECE = 1000

Decode = Callable[[KeyValue], Mapping[str, Any] | None]
Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Match:
    """Where in an object it was found: a path as kubectl writes it, and what stands there, shortened."""

    path: str = ""
    excerpt: str = ""


Predicate = Callable[[Mapping[str, Any]], Match | None]


@dataclass(frozen=True, slots=True)
class Hit:
    """A key whose value matches."""

    key: bytes
    mod_revision: int
    match: Match


@dataclass(frozen=True, slots=True)
class Step:
    """How far the search is. The last step is `done`; `complete`: every key of the scope was looked into.

    All as of one `revision`. `looked` keys of about `total` were read, of which `undecodable` could not be decoded
    and so could not be searched. `hits` are those of this step alone, `found` counts all. `why` it ended early.
    """

    revision: int
    looked: int
    total: int
    undecodable: int
    found: int
    hits: tuple[Hit, ...] = ()
    done: bool = False
    complete: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """The keys to look into: [start, end), `end` as in Store.range."""

    start: bytes
    end: bytes


@dataclass(slots=True)
class _Count:
    revision: int = 0
    looked: int = 0
    total: int = 0
    undecodable: int = 0
    found: int = 0
    hits: list[Hit] = field(default_factory=list)

    def step(self, *, done: bool = False, complete: bool = False, why: str = "") -> Step:
        hits, self.hits = tuple(self.hits), []
        return Step(self.revision, self.looked, self.total, self.undecodable, self.found, hits, done, complete, why)


def search_content(
    store: Store,
    names: Names,
    scopes: Sequence[Scope],
    decode: Decode,
    predicate: Predicate,
    *,
    max_hits: int = 1000,
    stop: Stop = lambda: False,
) -> Iterator[Step]:
    """A step after each piece, and one at the end that says whether the search was complete.

    `decode` gives None for what it cannot decode; what it masks is not found. `names` only tells where to cut.
    Raises QueryError when there is no scope, and what the store raises before the first piece.
    """
    if not scopes:
        raise QueryError("Nothing was named to search in.", "Name a resource type, a namespace or a prefix.")
    count = _Count(total=sum(names.page(scope.start, scope.end, limit=1).count for scope in scopes))
    try:
        for kvs in _pieces(store, names, scopes, count):
            for kv in kvs:
                _look(kv, decode, predicate, count)
                if count.found >= max_hits:
                    yield count.step(done=True, why=f"The first {max_hits:,} hits are shown.")
                    return
            if stop():
                yield count.step(done=True, why="Stopped.")
                return
            yield count.step()
    except EtcdviewError as error:
        if not count.looked:
            raise
        yield count.step(done=True, why=_why(error))
        return
    yield count.step(done=True, complete=True)


def _look(kv: KeyValue, decode: Decode, predicate: Predicate, count: _Count) -> None:
    count.looked += 1
    obj = decode(kv)
    if obj is None:
        count.undecodable += 1
        return
    match = predicate(obj)
    if match is not None:
        count.found += 1
        count.hits.append(Hit(kv.key, kv.mod_revision, match))


def _pieces(store: Store, names: Names, scopes: Sequence[Scope], count: _Count) -> Iterator[Sequence[KeyValue]]:
    size = FIRST_PIECE
    for scope in scopes:
        cursor: bytes | None = scope.start
        while cursor is not None:
            end = _cut(names, cursor, scope.end, size)
            result = store.range(cursor, end, revision=count.revision)
            count.revision = result.revision
            yield result.kvs
            size = _next_size(size, result.kvs)
            cursor = end if end != scope.end else None


def _cut(names: Names, start: bytes, end: bytes, size: int) -> bytes:
    """Where a piece of about `size` keys ends. Names may have come or gone since the revision; the range has all."""
    page = names.page(start, end, limit=size)
    return page.keys[-1] + b"\0" if page.next_after is not None else end


def _next_size(size: int, kvs: Sequence[KeyValue]) -> int:
    held = sum(kv.size_bytes for kv in kvs)
    fits = size * 4 if held == 0 else size * PIECE_BYTES // held
    return max(1, min(fits, size * 4, MAX_PIECE))


def _why(error: EtcdviewError) -> str:
    if isinstance(error, CompactedError):
        return "etcd compacted the revision that was searched; the rest was not looked into. Search again."
    return f"{error} The rest was not looked into."
