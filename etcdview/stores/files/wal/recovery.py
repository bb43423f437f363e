"""What the log of a member adds to its database: all that is committed, and what is not known to be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from etcdview.codec.protobuf.wire import WireError
from etcdview.models import Member
from etcdview.stores.files.members import parse_member
from etcdview.stores.files.records import parse_fields
from etcdview.stores.files.wal.log import CONF_CHANGE, Log, LogCut, RaftEntry, all_committed
from etcdview.stores.files.wal.replay import DatabaseKeys, LogChange, Replay, ReplayStart, ValuePlace
from etcdview.stores.files.wal.requests import DeleteRange, LeaseRevoke, Put, Request, Txn, parse_request

SHOWN = 100  # changes that are not known to be committed, of which each is told

_ADD, _REMOVE, _UPDATE, _ADD_LEARNER = range(4)  # raftpb.ConfChangeType
_TYPE, _NODE, _CONTEXT = 2, 3, 4  # fields of raftpb.ConfChange


@dataclass(frozen=True, slots=True)
class Uncommitted:
    """Entries that the member has and that nothing here shows to be committed. `changes` are the first SHOWN of them:
    a verb and a key each."""

    first: int
    last: int
    changes: tuple[tuple[str, bytes], ...]

    @property
    def count(self) -> int:
        """How many entries."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Raise:
    """How to have etcd bring in all of a log, up to the entry with this term and index.

    `record` belongs at byte `size` of the file `name`, where the log ends.
    """

    term: int
    index: int
    name: str
    size: int
    record: bytes


@dataclass(frozen=True, slots=True)
class Recovered:
    """`changes` follow what the database has; `applied` is the index of the last entry that they come from.

    `commit` is the index up to which the log itself says that it is committed; `fault` says what could not be used.
    `raised` is None where the log says that all of it is committed. `torn`: the fault is what a crash leaves, see Log.
    """

    changes: tuple[LogChange, ...]
    revision: int
    compacted: int
    applied: int
    term: int
    commit: int
    members: tuple[Member, ...]
    uncommitted: Uncommitted | None = None
    fault: str = ""
    cut: LogCut | None = None
    raised: Raise | None = None
    torn: bool = False


def recover(base: DatabaseKeys, start: ReplayStart, members: tuple[Member, ...], log: Log) -> Recovered:
    """Apply what the log has behind its `after`, as far as it is committed. Raises FileFormatError.

    An entry is committed if the log says so, or if this member alone has a vote: it is its own majority.
    """
    replay = Replay(base, start, frozenset(_revoked(log)), _reader(log))
    found, term, applied, fault = {member.id: member for member in members}, log.after_term, log.after, log.fault
    for entry in log.entries():
        alone = {member.id for member in found.values() if not member.learner} == {log.node_id}
        if entry.index > log.commit and not alone:
            break
        try:
            if entry.kind == CONF_CHANGE:
                _change_members(found, entry.data)
            else:
                replay.apply(parse_request(entry.data), entry)
        except (WireError, ValueError) as error:
            fault = f"entry {entry.index:,} cannot be decoded ({error})"
            break
        applied, term = entry.index, entry.term
    return Recovered(
        tuple(replay.changes),
        replay.revision,
        replay.compacted,
        applied,
        term,
        log.commit,
        tuple(found.values()),
        _uncommitted(log, applied) if log.commit <= applied < log.last else None,
        fault,
        log.cut,
        _raise(log) if fault == log.fault else None,
        log.torn and fault == log.fault,
    )


def _raise(log: Log) -> Raise | None:
    if log.end is None or log.commit >= log.last or log.last == log.after:
        return None
    if not all(map(_is_known, log.entries(behind=log.commit))):
        return None  # etcd does not start on what it cannot decode
    return Raise(log.last_term, log.last, log.end.name, log.end.size, all_committed(log, log.end))


def _reader(log: Log) -> Callable[[ValuePlace], bytes]:
    return lambda place: log.segments[place.segment].read(place.position, place.size)


def _revoked(log: Log) -> Iterator[int]:
    for entry in log.entries():
        request = _request(entry)
        if isinstance(request, LeaseRevoke):
            yield request.id


def _request(entry: RaftEntry) -> Request | None:
    try:
        return None if entry.kind == CONF_CHANGE else parse_request(entry.data)
    except WireError:
        return None


def _is_known(entry: RaftEntry) -> bool:
    return entry.kind == CONF_CHANGE or _request(entry) is not None


def _change_members(members: dict[int, Member], change: bytes) -> None:
    """Take over a raftpb.ConfChange: its context is the member as JSON. Raises ValueError."""
    numbers, texts = parse_fields(change)
    kind, node, context = numbers.get(_TYPE, 0), numbers.get(_NODE, 0), texts.get(_CONTEXT, b"")
    if kind == _REMOVE:
        members.pop(node, None)
    elif kind in (_ADD, _ADD_LEARNER, _UPDATE):
        member = parse_member(context)
        before = members.get(node)
        if before is not None and json.loads(context).get("isPromote"):
            members[node] = replace(before, learner=False)
        elif before is not None and kind == _UPDATE:
            members[node] = replace(before, peer_urls=member.peer_urls)
        else:
            members[node] = member


def _uncommitted(log: Log, applied: int) -> Uncommitted:
    changes: list[tuple[str, bytes]] = []
    for entry in log.entries(behind=applied):
        if len(changes) >= SHOWN:
            break
        changes += _told(_request(entry))
    return Uncommitted(applied + 1, log.last, tuple(changes[:SHOWN]))


def _told(request: Request | None) -> Iterator[tuple[str, bytes]]:
    match request:
        case Put(key=key):
            yield "put", key
        case DeleteRange(start, end):
            yield "delete from" if end else "delete", start
        case Txn(success=success, failure=failure):
            for operation in (*success, *failure):
                for verb, key in _told(operation):
                    yield f"{verb.removesuffix(' if')} if", key
