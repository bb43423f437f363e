"""Which keys members hold differently: their data at one revision, merged; and which state the majority has. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from etcdview.models import KeyValue, Range
from etcdview.recovery.merge import KeyState, key_facts, key_values

States = tuple[KeyValue | None, ...]


@dataclass(frozen=True, slots=True)
class DifferingKey:
    """One key that not all members hold alike: its state in each, None where a member lacks it."""

    key: bytes
    states: States

    @property
    def majority(self) -> tuple[int, ...]:
        """The members that hold what more than half of all hold; none where no state has so many."""
        state, count = Counter(self.states).most_common(1)[0]
        if 2 * count <= len(self.states):
            return ()
        return tuple(number for number, found in enumerate(self.states) if found == state)


def differing_keys(members: Sequence[KeyState], parts: Iterable[Range], *, values: bool) -> Iterator[DifferingKey]:
    """The keys of `parts` that differ, in order. Without `values` only what etcd says of keys is read and compared."""
    read = key_values if values else key_facts
    for part in parts:
        yield from merged_members([read(member, part) for member in members])


def merged_members(streams: Sequence[Iterator[KeyValue]]) -> Iterator[DifferingKey]:
    """The same of streams that are in the order of their keys."""
    heads = [next(stream, None) for stream in streams]
    while True:
        key = min((head.key for head in heads if head is not None), default=None)
        if key is None:
            return
        states = tuple(head if head is not None and head.key == key else None for head in heads)
        if any(state != states[0] for state in states[1:]):
            yield DifferingKey(key, states)
        for number, state in enumerate(states):
            if state is not None:
                heads[number] = next(streams[number], None)
