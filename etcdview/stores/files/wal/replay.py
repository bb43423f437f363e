"""Applies requests of the log to what the database has, as etcd does: the same revisions, the same refusals.

Source: etcd's server/etcdserver/apply and txn, storage/mvcc/kvstore_txn.go and lease/lessor.go, alike from 3.4 to 3.7.
Who may do what is not applied again: where etcd's authentication is on, a write that it refused is in the log as well.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from etcdview.models import KeyMeta, KeyValue
from etcdview.stores.files.memory import bounds
from etcdview.stores.files.wal.log import RaftEntry
from etcdview.stores.files.wal.requests import (
    ACTIVATE,
    CREATE,
    DEACTIVATE,
    EQUAL,
    GREATER,
    LEASE,
    LESS,
    MOD,
    NOT_EQUAL,
    VALUE,
    VERSION,
    AlarmChange,
    Compaction,
    Compare,
    DeleteRange,
    LeaseGrant,
    LeaseRevoke,
    Operation,
    Put,
    Read,
    Request,
    Txn,
)

_T = TypeVar("_T", int, bytes)
_NOSPACE, _CORRUPT = 1, 2
_LONGEST_TTL = 9_000_000_000  # seconds; etcd refuses longer ones
_NONE = 2  # no value to compare with, which is never what is wanted
_NUMBERS = {VERSION: "version", CREATE: "create_revision", MOD: "mod_revision", LEASE: "lease"}


class DatabaseKeys(Protocol):
    """The keys of the database, at its newest revision."""

    def get(self, key: bytes) -> KeyValue | None:
        """One key with its value."""

    def names(self, start: bytes, end: bytes) -> Sequence[bytes]:
        """The keys of [start, end), `end` as in Store.range."""

    def leased(self, leases: frozenset[int]) -> Iterator[tuple[bytes, int]]:
        """The keys that have one of these leases, each with its lease."""


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """Where a value stands in the log."""

    segment: int
    position: int
    size: int


@dataclass(frozen=True, slots=True)
class LogChange:
    """A record that the log adds: a value, or a deletion (version 0).

    `value`: where it is; None: the put kept the newest value that the database has of the key.
    """

    meta: KeyMeta
    value: ValuePlace | None = None

    @property
    def deleted(self) -> bool:
        """Whether the key ends here."""
        return self.meta.version == 0


@dataclass(slots=True)
class ReplayStart:
    """What the database says beside its keys."""

    revision: int
    compacted: int
    leases: set[int]
    alarms: set[tuple[int, int]]  # member ID, kind


class Replay:
    """The keys as of the last entry that was applied. `changes` are the records that the database lacks, in order."""

    def __init__(
        self, base: DatabaseKeys, start: ReplayStart, revoked: frozenset[int], value: Callable[[ValuePlace], bytes]
    ) -> None:
        """`revoked`: the leases that entries will revoke, so that their keys are looked for once; `value` reads one."""
        self.revision, self.compacted = start.revision, start.compacted
        self.changes: list[LogChange] = []
        self._base, self._placed = base, value
        self._leases, self._alarms = start.leases, start.alarms
        self._newest: dict[bytes, LogChange] = {}
        self._names: list[bytes] = []  # those of _newest, sorted
        self._lease_of = dict(base.leased(revoked)) if revoked else {}
        self._keys_of: dict[int, set[bytes]] = {}
        for key, lease in self._lease_of.items():
            self._keys_of.setdefault(lease, set()).add(key)

    def apply(self, request: Request, entry: RaftEntry) -> None:
        """What etcd does when it applies the entry that the request is in."""
        kinds = {kind for _, kind in self._alarms}
        if _CORRUPT in kinds and not isinstance(request, AlarmChange):
            return
        if _NOSPACE in kinds and _needs_space(request):
            return
        match request:
            case Put() | DeleteRange() | Txn():
                self._write(request, entry)
            case LeaseRevoke(lease):
                self._revoke(lease)
            case LeaseGrant(lease, ttl):
                if lease and ttl <= _LONGEST_TTL:
                    self._leases.add(lease)
            case Compaction(revision):
                if self.compacted < revision <= self.revision:
                    self.compacted = revision
            case AlarmChange():
                self._alarm(request)

    def _alarm(self, change: AlarmChange) -> None:
        alarm = (change.member_id, change.kind)
        if change.action == ACTIVATE and change.kind:
            self._alarms.add(alarm)
        elif change.action == DEACTIVATE:
            self._alarms.discard(alarm)

    def _write(self, request: Operation, entry: RaftEntry) -> None:
        """All compares and checks are of what there was before; then all is done, or nothing."""
        steps = list(self._chosen(request))
        if all(map(self._may, steps)):
            before = len(self.changes)
            for step in steps:
                self._do(step, entry)
            self.revision += len(self.changes) > before

    def _chosen(self, request: Operation) -> Iterator[Operation]:
        """The operations of a request, those of the branches that its compares choose."""
        if not isinstance(request, Txn):
            yield request
            return
        for operation in request.success if all(map(self._holds, request.compares)) else request.failure:
            yield from self._chosen(operation)

    def _holds(self, compare: Compare) -> bool:
        names = self._live(compare.start, compare.end)
        if compare.target == VALUE:
            found: Iterable[int] = (_sign(self._value(name), compare.value) for name in names) if names else (_NONE,)
        else:
            metas = [self._meta(name) for name in names] or [None]
            found = (_sign(_number(meta, compare.target), compare.number) for meta in metas)
        return all(sign != _NONE and self._compared(compare.result, sign) for sign in found)

    @staticmethod
    def _compared(result: int, sign: int) -> bool:
        """Whether a comparison that gave -1, 0 or 1 is what a Compare wants."""
        return {EQUAL: sign == 0, NOT_EQUAL: sign != 0, GREATER: sign > 0, LESS: sign < 0}.get(result, True)

    def _may(self, step: Operation) -> bool:
        match step:
            case Put(key=key, lease=lease, ignore_value=keep_value, ignore_lease=keep_lease):
                kept = not (keep_value or keep_lease) or self._meta(key) is not None
                return kept and (not lease or lease in self._leases)
            case Read(revision):
                return not revision or self.compacted <= revision <= self.revision
        return True

    def _do(self, step: Operation, entry: RaftEntry) -> None:
        match step:
            case Put():
                self._put(step, entry)
            case DeleteRange(start, end):
                self._delete(self._live(start, end))

    def _put(self, put: Put, entry: RaftEntry) -> None:
        revision = self.revision + 1
        meta = self._meta(put.key)
        lease = meta.lease if meta and put.ignore_lease else put.lease
        created, version = (meta.create_revision, meta.version) if meta else (revision, 0)
        place: ValuePlace | None = ValuePlace(entry.segment, entry.position + put.value_at, put.value_size)
        if put.ignore_value:
            before = self._newest.get(put.key)
            place = before.value if before else None
        self._add(LogChange(KeyMeta(put.key, created, revision, version + 1, lease), place))
        self._attach(put.key, lease)

    def _delete(self, names: Sequence[bytes]) -> None:
        for name in names:
            self._add(LogChange(KeyMeta(name, 0, self.revision + 1, 0)))
            self._attach(name, 0)

    def _revoke(self, lease: int) -> None:
        if lease not in self._leases:
            return
        self._leases.discard(lease)
        before = len(self.changes)
        self._delete([name for name in sorted(self._keys_of.get(lease, ())) if self._meta(name) is not None])
        self.revision += len(self.changes) > before

    def _attach(self, key: bytes, lease: int) -> None:
        self._keys_of.get(self._lease_of.pop(key, 0), set()).discard(key)
        if lease:
            self._lease_of[key] = lease
            self._keys_of.setdefault(lease, set()).add(key)

    def _add(self, change: LogChange) -> None:
        self.changes.append(change)
        key = change.meta.key
        if key not in self._newest:
            insort(self._names, key)
        self._newest[key] = change

    def _meta(self, key: bytes) -> KeyMeta | None:
        """The key as it is now; None where it does not exist."""
        change = self._newest.get(key)
        if change is None:
            return self._base.get(key)
        return None if change.deleted else change.meta

    def _value(self, key: bytes) -> bytes:
        """The value of a key that exists."""
        change = self._newest.get(key)
        if change is not None and change.value is not None:
            return self._placed(change.value)
        kv = self._base.get(key)
        return kv.value if kv else b""

    def _live(self, start: bytes, end: bytes) -> list[bytes]:
        """The keys of [start, end) that exist now, in order."""
        first, last = bounds(self._names, start, end)
        own = self._names[first:last]
        if not own:
            return list(self._base.names(start, end))
        there = set(self._base.names(start, end)).difference(own)
        return sorted(there.union(name for name in own if not self._newest[name].deleted))


def _number(meta: KeyMeta | None, target: int) -> int:
    """What a comparison looks at: 0 of a key that does not exist."""
    return getattr(meta, _NUMBERS.get(target, ""), 0)


def _sign(found: _T, wanted: _T) -> int:
    return (found > wanted) - (found < wanted)


def _needs_space(request: Request) -> bool:
    """Whether it is refused while the NOSPACE alarm is on."""
    match request:
        case Put() | LeaseGrant():
            return True
        case Txn(success=success, failure=failure):
            return any(map(_needs_space, (*success, *failure)))
    return False
