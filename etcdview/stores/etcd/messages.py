"""etcd's messages and our models, one into the other.

Fields newer than the client's schema come out of the messages' unknown fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from etcd3 import etcdrpc
from google.protobuf import unknown_fields
from google.protobuf.message import DecodeError

from etcdview.errors import FutureRevisionError
from etcdview.models import (
    MAX_REVISION,
    Alarm,
    Event,
    KeyValue,
    KvHash,
    Member,
    Membership,
    MemberStatus,
    NamesPiece,
    Range,
    RangeResult,
)

PROBE_KEY = b"health"  # the key `etcdctl endpoint health` reads
ALARM_KINDS = {0: "NONE", 1: "NOSPACE", 2: "CORRUPT"}

# StatusResponse and Member of etcd 3.4 to 3.6, fields that etcd3's schema does not have (rpc.proto)
_RAFT_APPLIED_INDEX, _ERRORS, _DB_SIZE_IN_USE, _IS_LEARNER = 7, 8, 9, 10
_STORAGE_VERSION, _DB_SIZE_QUOTA, _DOWNGRADE_INFO = 11, 12, 13
_MEMBER_IS_LEARNER = 5
_DOWNGRADE_ENABLED = 1


@dataclass(frozen=True, slots=True)
class Call:
    """One request: stub (`kv`, `cluster`, `maintenance`, `auth`), method and message.

    `needs_leader`: refuse at once, rather than wait, when the member knows of no leader.
    `large`: the answer may be so large that even a living member is long silent, and busy.
    """

    stub: str
    method: str
    request: Any
    needs_leader: bool = True
    large: bool = False


def range_request(request: Range) -> Any:
    """The request as etcd's message. Raises FutureRevisionError for a revision that no etcd can ever reach."""
    if request.revision > MAX_REVISION:
        raise FutureRevisionError(f"There is no revision {request.revision:,}.", "Choose one that exists.")
    return etcdrpc.RangeRequest(
        key=request.start or b"\0",
        range_end=request.end,
        revision=request.revision,
        limit=request.limit,
        keys_only=request.keys_only,
        count_only=request.count_only,
        serializable=request.serializable,
    )


def key_value(kv: Any) -> KeyValue:
    """mvccpb.KeyValue as a model."""
    return KeyValue(kv.key, kv.create_revision, kv.mod_revision, kv.version, kv.lease, kv.value)


def range_result(response: Any, revision: int = 0, *, serializable: bool = False) -> RangeResult:
    """A RangeResponse as a model, as of `revision` where one was asked for, else the header's."""
    return RangeResult(
        revision=revision or response.header.revision,
        kvs=tuple(map(key_value, response.kvs)),
        count=response.count,
        more=response.more,
        serializable=serializable,
    )


def names_piece(response: Any, revision: int = 0) -> NamesPiece:
    """A RangeResponse as names alone: a tenth of the time that `range_result` takes."""
    header = response.header
    names = [kv.key for kv in response.kvs]
    return NamesPiece(
        revision or header.revision, names, response.count, response.more, header.cluster_id, header.raft_term
    )


def event(message: Any) -> Event:
    """mvccpb.Event as a model."""
    deleted = message.type == message.DELETE
    previous = key_value(message.prev_kv) if message.HasField("prev_kv") else None
    return Event(key_value(message.kv), deleted, previous)


def membership(response: Any) -> Membership:
    """A MemberListResponse as a model."""
    return Membership(response.header.cluster_id, tuple(map(member, response.members)))


def status(response: Any) -> MemberStatus:
    """A StatusResponse as a model, with the fields of newer releases where the server sent them.

    protobuf leaves out zeros: a field of a release that has it, at zero, looks the same as a field that the
    release lacks. None means either; sizes and indexes of a living member are never zero.
    """
    newer = _unknown(response)
    header = response.header
    return MemberStatus(
        cluster_id=header.cluster_id,
        member_id=header.member_id,
        revision=header.revision,
        version=response.version,
        db_size_bytes=response.dbSize,
        leader_id=response.leader,
        raft_term=response.raftTerm,
        raft_index=response.raftIndex,
        raft_applied_index=_last(newer, _RAFT_APPLIED_INDEX),
        errors=_texts(newer, _ERRORS),
        db_size_in_use_bytes=_last(newer, _DB_SIZE_IN_USE),
        learner=bool(_last(newer, _IS_LEARNER)),
        storage_version=next(iter(_texts(newer, _STORAGE_VERSION)), None),
        quota_bytes=_last(newer, _DB_SIZE_QUOTA),
        downgrade_enabled=_downgrade(newer),
    )


def alarms(response: Any) -> tuple[Alarm, ...]:
    """An AlarmResponse as models."""
    return tuple(Alarm(a.memberID, ALARM_KINDS.get(a.alarm, str(a.alarm))) for a in response.alarms)


def kv_hash(response: Any, revision: int) -> KvHash:
    """A HashKVResponse as a model; `revision` is the one asked for."""
    header = response.header
    return KvHash(header.member_id, response.hash, revision or header.revision, response.compact_revision)


def ranges_of(responses: Iterable[Any]) -> Iterable[KeyValue]:
    """The keys of a transaction's range responses, in order."""
    return (key_value(kv) for response in responses for kv in response.response_range.kvs)


def member(message: Any) -> Member:
    """etcdserverpb.Member as a model."""
    learner = bool(_last(_unknown(message), _MEMBER_IS_LEARNER))
    return Member(message.ID, message.name, tuple(message.peerURLs), tuple(message.clientURLs), learner)


def _unknown(message: Any) -> dict[int, list[Any]]:
    """The fields that the schema does not have, by number: varints as int, what has a length as bytes."""
    found: dict[int, list[Any]] = {}
    for unknown in iter(unknown_fields.UnknownFieldSet(message)):
        found.setdefault(unknown.field_number, []).append(unknown.data)
    return found


def _last(fields: dict[int, list[Any]], number: int) -> int | None:
    values = [value for value in fields.get(number, ()) if isinstance(value, int)]
    return values[-1] if values else None


def _bytes(fields: dict[int, list[Any]], number: int) -> list[bytes]:
    return [value for value in fields.get(number, ()) if isinstance(value, bytes)]


def _texts(fields: dict[int, list[Any]], number: int) -> tuple[str, ...]:
    return tuple(value.decode("utf-8", "replace") for value in _bytes(fields, number))


def _downgrade(fields: dict[int, list[Any]]) -> bool | None:
    """DowngradeInfo{enabled = 1, targetVersion = 2}; read as bytes: its message type is not in the schema either."""
    values = _bytes(fields, _DOWNGRADE_INFO)
    if not values:
        return None
    try:
        # StatusRequest has no fields at all, so everything in the bytes comes out as unknown
        inner = _unknown(etcdrpc.StatusRequest.FromString(values[-1]))
    except DecodeError:
        return None
    return bool(_last(inner, _DOWNGRADE_ENABLED))
