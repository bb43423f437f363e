"""Two ordered streams of keys, merged: what one has and the other lacks, and what differs. Memory stays flat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, runtime_checkable

from etcdview.errors import CompactedError
from etcdview.models import KeyValue, Range
from etcdview.stores.paging import PieceReader, next_start
from etcdview.stores.permitted import overlapping
from etcdview.stores.protocols import Store

Pair = tuple[KeyValue | None, KeyValue | None]
Line = bytes | KeyValue  # what a file has of a key; a KeyValue where that is more than its bytes
Same = Callable[[KeyValue, KeyValue], bool]
_NAMES_AT_ONCE = 50_000  # etcd counts the rest of a range for each piece
_VALUES_AT_ONCE = 100


def by_value(one: KeyValue, other: KeyValue) -> bool:
    """Whether the values are the same bytes."""
    return one.value == other.value


def never(_: KeyValue, __: KeyValue) -> bool:
    """Two states of a key are a pair, whatever they are: all keys are wanted."""
    return False


def by_revision(one: KeyValue, other: KeyValue) -> bool:
    """Whether both are the same write, as of one store."""
    return one.mod_revision == other.mod_revision


@dataclass(frozen=True, slots=True)
class KeyState:
    """What a store holds at a revision."""

    store: Store
    revision: int


def state_of(store: Store, revision: int = 0, readable: Range = Range(b"\0", b"\0")) -> KeyState:  # noqa: B008 - frozen
    """The state at `revision`, 0: the newest. `readable` are keys that may be read.

    Raises CompactedError, FutureRevisionError, and what the store raises.
    """
    found = store.range(Range(readable.start, readable.end, revision=revision, limit=1, keys_only=True))
    return KeyState(store, revision or found.revision)


def differing(old: KeyState, new: KeyState, ranges: Sequence[Range]) -> Iterator[Pair]:
    """The keys of `ranges`, in order, that are in one state only, or whose values are not the same bytes."""
    for part in ranges:
        if old.store is new.store:
            yield from _of_one_store(old, new, part)
        elif isinstance(old.store, LineStore) and isinstance(new.store, LineStore):
            yield from _of_lines((old.store, old.revision), (new.store, new.revision), part)
        else:
            yield from merged(key_values(old, part), key_values(new, part))


@runtime_checkable
class LineStore(Protocol):
    """A store whose keys are lines or records of a file: equal ones are equal keys and values, and are not decoded."""

    def rows(self, start: bytes, end: bytes, revision: int = 0) -> Iterator[tuple[bytes, Line]]:
        """The keys of [start, end) at a revision with their lines, in order."""

    def parsed(self, line: bytes) -> KeyValue:
        """What a line of it says."""


def _of_lines(one_side: tuple[LineStore, int], other_side: tuple[LineStore, int], part: Range) -> Iterator[Pair]:
    """`one_side` and `other_side` are stores with the revision to read them at."""
    (old, old_revision), (new, new_revision) = one_side, other_side
    before, after = old.rows(part.start, part.end, old_revision), new.rows(part.start, part.end, new_revision)
    one, other = next(before, None), next(after, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            yield (_parsed(old, one[1]) if one else None), None
            one = next(before, None)
        elif one is None or other[0] < one[0]:
            yield None, _parsed(new, other[1])
            other = next(after, None)
        else:
            if one[1] != other[1]:
                pair = _parsed(old, one[1]), _parsed(new, other[1])
                if not by_value(*pair):
                    yield pair
            one, other = next(before, None), next(after, None)


def _parsed(store: LineStore, line: Line) -> KeyValue:
    return store.parsed(line) if isinstance(line, bytes) else line


def merged(old: Iterable[KeyValue], new: Iterable[KeyValue], same: Same = by_value) -> Iterator[Pair]:
    """The same of two streams that are in the order of their keys; `same` judges two states of one key."""
    before, after = iter(old), iter(new)
    one, other = next(before, None), next(after, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one.key < other.key):
            yield one, None
            one = next(before, None)
        elif one is None or other.key < one.key:
            yield None, other
            other = next(after, None)
        else:
            if not same(one, other):
                yield one, other
            one, other = next(before, None), next(after, None)


def all_pairs(old: KeyState, new: KeyState, ranges: Sequence[Range]) -> Iterator[Pair]:
    """Every key of `ranges`, in order, as both states have it."""
    for part in ranges:
        yield from merged(key_values(old, part), key_values(new, part), never)


def differing_writes(old: KeyState, new: KeyState, part: Range) -> Iterator[Pair]:
    """The keys of two states of one cluster that were not last written at the same revision; without values."""
    return merged(key_facts(old, part), key_facts(new, part), by_revision)


def common_ranges(ranges: Sequence[Range], permitted: tuple[Range, ...] | None) -> tuple[Range, ...]:
    """The parts of `ranges` that may be read; all of them for None."""
    if permitted is None:
        return tuple(ranges)
    return tuple(part for whole in ranges for part in overlapping(permitted, whole.start, whole.end))


def key_values(state: KeyState, part: Range) -> Iterator[KeyValue]:
    """The keys of a range with their values, in order, read in pieces."""
    for piece in PieceReader(state.store, revision=state.revision).read(part.start, part.end):
        yield from piece.kvs


def _of_one_store(old: KeyState, new: KeyState, part: Range) -> Iterator[Pair]:
    """Values are read where the revision says that they were written between: that is quick for a short time."""
    pairs = differing_writes(old, new, part)
    while some := list(islice(pairs, _VALUES_AT_ONCE)):
        before, after = _read(old, [one for one, _ in some]), _read(new, [other for _, other in some])
        for one, other in some:
            pair = one and before[one.key], other and after[other.key]
            if pair[0] is None or pair[1] is None or not by_value(pair[0], pair[1]):
                yield pair


def key_facts(state: KeyState, part: Range) -> Iterator[KeyValue]:
    """What a state says of the keys of a range, in order, without their values."""
    start = part.start
    while True:
        request = Range(start, part.end, revision=state.revision, limit=_NAMES_AT_ONCE, keys_only=True)
        found = state.store.range(request)
        yield from found.kvs
        if not found.more:
            return
        start = next_start(state.store.name, start, found.kvs[-1].key if found.kvs else None)


def _read(state: KeyState, kvs: Sequence[KeyValue | None]) -> dict[bytes, KeyValue]:
    keys = [kv.key for kv in kvs if kv is not None]
    found = state.store.get_many(keys, revision=state.revision)
    if len(found) < len(keys):
        raise CompactedError(
            f"Revision {state.revision:,} of {state.store.name} was compacted meanwhile.", "Try again."
        )
    return found
