"""What pages need to know about key names: memory kept true by a watch, bounded reads, or a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from etcdview.index.changes import ChangeReader
from etcdview.index.churn import Churn
from etcdview.index.lister import KeyRange
from etcdview.index.stopping import Stop
from etcdview.kube.resources import ResourceType
from etcdview.models import Event

State = Literal["static", "loading", "live", "behind", "down", "bounded"]
Mode = Literal["prefix", "contains", "glob", "regex"]


@dataclass(frozen=True, slots=True)
class Freshness:
    """How true the names are, and as of when.

    `complete`: every name is known as of `revision`. `age_seconds`: since etcd last confirmed that revision.
    `done` of `total` keys are loaded while `state` is "loading"; `total` 0: not known how many there are.
    `problem` says what is wrong, and what to do.
    `limited`: what etcd permits its user to read, for a sentence, where that is not all.
    "bounded": answered by bounded reads for want of memory; "static": a file, which does not change.
    """

    state: State
    revision: int
    complete: bool
    age_seconds: float = 0.0
    done: int = 0
    total: int = 0
    problem: str = ""
    limited: str = ""


@dataclass(frozen=True, slots=True)
class TypeCount:
    """How many keys one storage prefix holds, and how many of them each namespace ("" for none) holds."""

    resource: ResourceType
    prefix: bytes
    count: int
    namespaces: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tree:
    """The registry by resource type, in order of storage prefix.

    `unrecognised` counts the keys that fit no pattern; `denied` are prefixes that etcd would not let us read.
    """

    revision: int
    complete: bool
    types: tuple[TypeCount, ...]
    unrecognised: int = 0
    denied: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """All keys, placed or not."""
        return sum(t.count for t in self.types) + self.unrecognised


@dataclass(frozen=True, slots=True)
class KeyPage:
    """One page of names in byte order. `count` is of the whole answer; `count_is_exact` false: at least so many.

    `next_after` is the name to go on after, None on the last page.
    """

    revision: int
    complete: bool
    keys: tuple[bytes, ...]
    count: int
    next_after: bytes | None = None
    count_is_exact: bool = True


class KeyIndex(Protocol):
    """All key names of one cluster or file. Safe to call from any thread; never blocks on loading."""

    def freshness(self) -> Freshness: ...

    def tree(self) -> Tree: ...

    def page(self, start: bytes, end: bytes, *, after: bytes | None = None, limit: int = 100) -> KeyPage:
        """Names in [start, end), those after `after` only; `end` as in Store.range."""

    def count(self, start: bytes, end: bytes) -> int:
        """How many names are in [start, end); by bounded reads at most 30 s old."""

    def unrecognised(self, *, after: bytes | None = None, limit: int = 100) -> KeyPage:
        """Names that fit no pattern."""

    def search(
        self, text: str, mode: Mode, *, after: bytes | None = None, limit: int = 100, stop: Stop | None = None
    ) -> KeyPage:
        """Names that match, as far as it gets until `stop` says so or SEARCH_BUDGET_SECONDS are over.

        Raises QueryError for a bad pattern, or one that costs too much.
        """

    def close(self) -> None: ...


@runtime_checkable
class Changing(Protocol):
    """Names of a live store: with a log of what changed lately, and how often each storage prefix is written."""

    @property
    def changes(self) -> ChangeReader: ...

    def churn(self) -> tuple[Churn, ...]:
        """Writes by storage prefix over the last hour, the busiest first."""


@runtime_checkable
class Announcing(Protocol):
    """Names whose changes can be listened to."""

    def listen(self, listener: Listener) -> None:
        """Tell someone more of what is applied, from now on."""

    def followed(self) -> tuple[FollowedRange, ...]:
        """The ranges whose changes are applied: not those that etcd denies."""


@dataclass(frozen=True, slots=True)
class FollowedRange:
    """A range whose changes are applied up to a revision, which is that of the etcd with the number `source`."""

    key_range: KeyRange
    revision: int
    source: int = 0


class Listener(Protocol):
    """Who is told what an index applies, in the index's thread: it must not take long."""

    def changed(self, events: Sequence[Event], followed: FollowedRange) -> None:
        """Events of a range that were applied, in order, each once, perhaps none; and how far the range is now."""

    def reloaded(self) -> None:
        """Names were let go or loaded again: changes may have been missed."""
