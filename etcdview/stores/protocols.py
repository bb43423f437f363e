"""The protocols that every source of keys keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from etcdview.models import (
    Alarm,
    KeyValue,
    KvHash,
    Member,
    Membership,
    MemberStatus,
    NamesPiece,
    Range,
    RangeResult,
    SnapshotPiece,
    TlsFiles,
    WatchBatch,
)


def prefix_end(prefix: bytes) -> bytes:
    """The `range_end` that makes a range of all keys beginning with `prefix`.

    It is the prefix with its last byte that is not 0xff made one larger; b"\\0" ("to the end of the
    keyspace") for an empty prefix or one of 0xff only. Source: RangeRequest.range_end in etcd's rpc.proto.
    """
    for i in range(len(prefix) - 1, -1, -1):
        if prefix[i] < 0xFF:
            return prefix[:i] + bytes([prefix[i] + 1])
    return b"\0"


def least_end(one: bytes, other: bytes) -> bytes:
    """The lesser of two ends of ranges, of which b"\\0" is the greatest."""
    ends = [end for end in (one, other) if end != b"\0"]
    return min(ends, default=b"\0")


class Store(Protocol):
    """Keys and values to read. Every call ends within the store's deadline, or raises an EtcdviewError."""

    name: str
    live: bool

    def range(self, request: Range) -> RangeResult:
        """The keys that `request` asks for. Linearizable unless it is serializable.

        Raises CompactedError, DeniedError, FutureRevisionError, UnreachableError.
        """

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        """The given keys, all as of one revision; keys that do not exist are left out."""

    def close(self) -> None:
        """Let go of connections, files and threads."""


@runtime_checkable
class NameLister(Protocol):
    """A store with a quick way to key names alone, for the index of all of them."""

    def list_names(self, request: Range, timeout_seconds: float = 0.0) -> NamesPiece:
        """As Store.range, with keys_only; it raises the same. `timeout_seconds` in place of the store's own."""


@runtime_checkable
class Restricted(Protocol):
    """A store that may permit its user a part of the keys only."""

    def permitted(self) -> tuple[Range, ...] | None:
        """The ranges that may be read, in order; None where they are not limited, or that cannot be told.

        Raises UnreachableError, and DeniedError for a login that fails.
        """


@runtime_checkable
class Watchable(Protocol):
    """A store whose changes can be followed."""

    def watch(self, start: bytes, end: bytes, revision: int) -> Watch:
        """All changes in [start, end) from `revision` on, with progress notifications asked for."""


@runtime_checkable
class WatchableStore(Store, Watchable, Protocol):
    """A live etcd, or what stands before one."""


class Watch(Protocol):
    """A running watch. Iterating blocks; `cancel` from another thread ends the iteration at once.

    Raises CompactedError when the start revision is gone, UnreachableError when the connection is.
    """

    def __iter__(self) -> Iterator[WatchBatch]: ...

    def request_progress(self) -> None:
        """Ask the server to say how far it is (etcd 3.4 and later); no answer from a server without."""

    def cancel(self) -> None: ...


class MemberProbe(Protocol):
    """One endpoint on a connection of its own, so that a hanging member delays nobody.

    Each call takes its own deadline in seconds, and raises UnreachableError, DeniedError or UnsupportedError.
    """

    endpoint: str

    def status(self, timeout_seconds: float) -> MemberStatus: ...

    def members(self, timeout_seconds: float) -> Membership: ...

    def alarms(self, timeout_seconds: float) -> tuple[Alarm, ...]: ...

    def read(self, timeout_seconds: float, *, serializable: bool) -> int:
        """Read one key, which may be missing; gives the revision. Linearizable it proves quorum."""

    def hash_kv(self, revision: int, timeout_seconds: float) -> KvHash: ...

    def close(self) -> None: ...


@runtime_checkable
class Writable(Protocol):
    """A store whose keys can be changed. Each change is one transaction that compares `mod_revision` first.

    `mod_revision` is the one that the caller has seen, 0: there must be no such key. Raises ConflictError where it is
    another (nothing is changed then), UnknownOutcomeError where etcd was asked and did not answer, DeniedError,
    QueryError, UnreachableError. Gives the revision of the change.
    """

    def put(self, key: bytes, value: bytes, *, mod_revision: int, lease: int = 0) -> int: ...

    def delete(self, key: bytes, *, mod_revision: int) -> int: ...

    def delete_many(self, mod_revisions: Mapping[bytes, int]) -> int:
        """Delete all of these keys (at most 128) in one transaction, or none of them."""


class MaintainedMember(MemberProbe, Protocol):
    """One member, to be maintained. Calls raise UnknownOutcomeError beside what those of a MemberProbe raise."""

    def defragment(self, timeout_seconds: float) -> None:
        """Rewrite the member's database file. It answers nobody meanwhile."""

    def move_leader(self, member_id: int, timeout_seconds: float) -> None:
        """Ask this member, which must be the leader, to hand over to another."""

    def snapshot(self) -> Iterator[SnapshotPiece]:
        """The member's database, and the hash of it as the last piece. Close the iterator to end it early."""


@runtime_checkable
class Maintainable(Protocol):
    """A cluster that can be looked after. Calls raise what those of Writable raise."""

    endpoints: tuple[str, ...]
    tls: TlsFiles
    timeout_seconds: float

    @property
    def user(self) -> str:
        """Whom etcd knows it as; "" without a login."""

    def members(self) -> Membership: ...

    def probe(self, endpoint: str) -> MaintainedMember: ...

    def compact(self, revision: int) -> None:
        """Drop what is older than `revision`; done on all members when it returns."""

    def disarm(self, alarm: Alarm) -> None: ...

    def add_learner(self, peer_urls: Sequence[str]) -> Member:
        """Add a member without a vote; gives it with its new ID."""

    def promote(self, member_id: int) -> None:
        """Give a learner that has caught up its vote."""

    def remove(self, member_id: int) -> None: ...


class LiveEtcd(Store, Watchable, Writable, Maintainable, Restricted, Protocol):
    """One live etcd, with all that can be done with it."""
