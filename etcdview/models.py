"""What travels between the layers: etcd's own facts as frozen dataclasses.

Names are those of etcd's rpc.proto and kv.proto; nothing here knows how it was fetched or how it looks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

MAX_REVISION = 2**63 - 1  # int64 in rpc.proto
_REVISION_DIGITS = 18  # all numbers of so many are below it


def revision_written(text: str) -> int:
    """The revision that an address or a flag names by its number; 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _REVISION_DIGITS else 0


@dataclass(frozen=True, slots=True)
class KeyMeta:
    """A key and etcd's facts about it (mvccpb.KeyValue without the value)."""

    key: bytes
    create_revision: int
    mod_revision: int
    version: int
    lease: int = 0

    @property
    def is_new(self) -> bool:
        """Whether this is the key's first value. kine counts no versions, so there the revisions tell."""
        return self.version == 1 or (not self.version and self.create_revision == self.mod_revision != 0)


@dataclass(frozen=True, slots=True)
class KeyValue(KeyMeta):
    """A key with its value, byte for byte as etcd holds it."""

    value: bytes = b""

    @property
    def size_bytes(self) -> int:
        """Length of the value alone, in bytes."""
        return len(self.value)


@dataclass(frozen=True, slots=True)
class Range:
    """A question for keys in [start, end) in byte order; `end` empty: that one key; `end` b"\\0": to the end.

    `revision` 0 is the newest, `limit` 0 all of them. `serializable`: one member may answer from what it has.
    """

    start: bytes
    end: bytes = b""
    revision: int = 0
    limit: int = 0
    keys_only: bool = False
    count_only: bool = False
    serializable: bool = False


@dataclass(frozen=True, slots=True)
class RangeResult:
    """Keys in [start, end) in byte order, all as of one `revision`.

    `count` is how many keys the whole range holds, whatever the limit; `more` that the limit cut it.
    With `keys_only` the values are empty. `serializable`: one member told what it has, which may be behind.
    """

    revision: int
    kvs: tuple[KeyValue, ...] = ()
    count: int = 0
    more: bool = False
    serializable: bool = False


@dataclass(frozen=True, slots=True)
class NamesPiece:
    """Names of a range, in byte order, as of one `revision`; `count` and `more` as in RangeResult.

    `cluster_id` and `raft_term` are who answered, 0 where that is not known.
    """

    revision: int
    names: Sequence[bytes]
    count: int = 0
    more: bool = False
    cluster_id: int = 0
    raft_term: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """One change that a watch reports; `kv.value` is empty when `deleted`."""

    kv: KeyValue
    deleted: bool = False
    previous: KeyValue | None = None


@dataclass(frozen=True, slots=True)
class WatchBatch:
    """Events of one watch response, in order. No events: a progress notification, true up to `revision`."""

    revision: int
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """One member as the cluster's membership lists it (etcdserverpb.Member)."""

    id: int
    name: str
    peer_urls: tuple[str, ...]
    client_urls: tuple[str, ...]
    learner: bool = False


@dataclass(frozen=True, slots=True)
class Membership:
    """The members of the cluster as one member knows them."""

    cluster_id: int
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """What one member says of itself (etcdserverpb.StatusResponse); None where its release does not say.

    Sizes are bytes. It is answered from the member's own memory: it proves nothing about quorum.
    """

    cluster_id: int
    member_id: int
    revision: int
    version: str
    db_size_bytes: int
    leader_id: int
    raft_term: int
    raft_index: int
    raft_applied_index: int | None = None
    errors: tuple[str, ...] = ()
    db_size_in_use_bytes: int | None = None
    learner: bool = False
    storage_version: str | None = None
    quota_bytes: int | None = None
    downgrade_enabled: bool | None = None

    @property
    def has_raft(self) -> bool:
        """Whether the server takes part in raft: kine, with one database, has no IDs, no term and no leader."""
        return bool(self.member_id or self.cluster_id or self.raft_term or self.leader_id)


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm a member has raised: NOSPACE or CORRUPT."""

    member_id: int
    kind: str


@dataclass(frozen=True, slots=True)
class KvHash:
    """HashKV of one member; comparable only at equal `revision` and `compact_revision`."""

    member_id: int
    hash: int
    revision: int
    compact_revision: int


@dataclass(frozen=True, slots=True)
class SnapshotPiece:
    """A part of a snapshot as a member sends it; `remaining_bytes` are still to come, its hash (32 bytes) apart."""

    data: bytes
    remaining_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long step is; `total` is 0 while it is not known."""

    done: int
    total: int = 0
    what: str = ""


ProgressFn = Callable[[Progress], None]


def no_progress(_: Progress) -> None:
    """The ProgressFn for callers that do not look."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Paths of the client's TLS files; empty where not given."""

    cacert: str = ""
    cert: str = ""
    key: str = ""
    server_name: str = ""
    insecure_skip_verify: bool = field(default=False)

    @property
    def given(self) -> bool:
        """Whether any file is named."""
        return bool(self.cacert or self.cert or self.key)
