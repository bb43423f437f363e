"""Search every value of a scope, at one revision, and report how much was searched.

Values are read in pieces of a few megabytes, between names that the index gives, so that etcd counts nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from etcdview.errors import CompactedError, EtcdviewError, QueryError
from etcdview.index.base import KeyIndex
from etcdview.models import KeyValue
from etcdview.stores.ahead import read_ahead
from etcdview.stores.paging import PieceReader
from etcdview.stores.protocols import Store

STRETCH_NAMES = 5_000  # from one name that the index gives to the next

Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Looked:
    """A value as it can be searched: its object, None where it cannot be decoded; `masked` parts are not in it."""

    object: Mapping[str, Any] | None
    masked: bool = False


# Of some values those that have to be decoded, since they may match, and how many of the others have masked parts.
Sift = Callable[[Sequence[KeyValue]], tuple[Sequence[KeyValue], int]]
Decode = Callable[[KeyValue], Looked]


@dataclass(frozen=True, slots=True)
class Match:
    """Where in an object it was found: a path as kubectl writes it, and what stands there, shortened."""

    path: str = ""
    excerpt: str = ""


Predicate = Callable[[Mapping[str, Any]], Match | None]


@dataclass(frozen=True, slots=True)
class ValueHit:
    """A key whose value matches."""

    key: bytes
    mod_revision: int
    match: Match


@dataclass(frozen=True, slots=True)
class SearchStep:
    """How far the search is. The last step is `done`; `complete`: every key of the scope was searched.

    All as of one `revision`. `looked` keys of about `total` were read, of which `undecodable` could not be decoded
    and so could not be searched; `masked` had secret values, which are not searched. `hits` are those of this step
    alone, `found` counts all. `why` it ended early.
    """

    revision: int
    looked: int
    total: int
    undecodable: int
    masked: int
    found: int
    hits: tuple[ValueHit, ...] = ()
    done: bool = False
    complete: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class SearchRange:
    """The keys to search: [start, end), `end` as in Store.range."""

    start: bytes
    end: bytes

    def holds(self, key: bytes) -> bool:
        """Whether the key is one of them."""
        return self.start <= key and (self.end == b"\0" or key < self.end)


@dataclass(slots=True)
class _Count:
    revision: int = 0
    looked: int = 0
    total: int = 0
    undecodable: int = 0
    masked: int = 0
    found: int = 0
    hits: list[ValueHit] = field(default_factory=list)

    def step(self, *, done: bool = False, complete: bool = False, why: str = "") -> SearchStep:
        hits, self.hits = tuple(self.hits), []
        return SearchStep(
            self.revision, self.looked, self.total, self.undecodable, self.masked, self.found, hits, done, complete, why
        )


def search_content(
    store: Store,
    names: KeyIndex,
    scopes: Sequence[SearchRange],
    decode: Decode,
    predicate: Predicate,
    *,
    sift: Sift = lambda kvs: (kvs, 0),
    max_hits: int = 1000,
    stop: Stop = lambda: False,
) -> Iterator[SearchStep]:
    """A step after each piece, and one at the end that says whether the search was complete.

    What `decode` masks is not found. What `sift` leaves out is not decoded, nor known to be undecodable.
    `names` only tells where to cut.

    Raises QueryError when there is no scope, and what the store raises before the first piece.
    """
    if not scopes:
        raise QueryError("Nothing was named to search in.", "Name a resource type, a namespace or a prefix.")
    count = _Count(total=sum(names.page(scope.start, scope.end, limit=1).count for scope in scopes))
    try:
        for revision, kvs in read_ahead(_pieces(store, names, scopes)):
            count.revision = revision
            left, masked = sift(kvs)
            count.looked += len(kvs) - len(left)
            count.masked += masked
            for kv in left:
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
    looked = decode(kv)
    count.masked += looked.masked
    if looked.object is None:
        count.undecodable += 1
        return
    match = predicate(looked.object)
    if match is not None:
        count.found += 1
        count.hits.append(ValueHit(kv.key, kv.mod_revision, match))


def _pieces(store: Store, names: KeyIndex, scopes: Sequence[SearchRange]) -> Iterator[tuple[int, Sequence[KeyValue]]]:
    reader = PieceReader(store)
    for scope in scopes:
        for start, end in _stretches(names, scope):
            for piece in reader.read(start, end):
                yield reader.revision, piece.kvs


def _stretches(names: KeyIndex, scope: SearchRange) -> Iterator[tuple[bytes, bytes]]:
    """The scope in parts of about STRETCH_NAMES keys. Names may have come or gone since; the parts make up it all."""
    start = scope.start
    while True:
        following = names.page(start, scope.end, limit=STRETCH_NAMES).next_after
        if following is None:
            yield start, scope.end
            return
        yield start, following + b"\0"
        start = following + b"\0"


def _why(error: EtcdviewError) -> str:
    if isinstance(error, CompactedError):
        return "etcd compacted the revision that was searched; the rest was not searched. Search again."
    return f"{error} The rest was not searched."
