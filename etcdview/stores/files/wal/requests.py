"""What an entry asks of etcd: etcdserverpb.InternalRaftRequest, of 3.4 to 3.7, as far as it changes keys.

Source: etcd's raft_internal.proto and rpc.proto. Values stay where they are: a Put says where in the log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from etcdview.codec.protobuf.wire import BYTES, MAX_DEPTH, VARINT, Piece, WireError, pieces, varint

_SIGN = 1 << 63
EQUAL, GREATER, LESS, NOT_EQUAL = range(4)
VERSION, CREATE, MOD, VALUE, LEASE = range(5)
ACTIVATE, DEACTIVATE = 1, 2
_OTHERS = {
    11: "lease checkpoint",
    1000: "auth enable",
    1011: "auth disable",
    1012: "authenticate",
    1013: "auth status",
    1100: "auth user add",
    1101: "auth user delete",
    1102: "auth user get",
    1103: "auth user change password",
    1104: "auth user grant role",
    1105: "auth user revoke role",
    1106: "auth user list",
    1107: "auth role list",
    1200: "auth role add",
    1201: "auth role delete",
    1202: "auth role get",
    1203: "auth role grant permission",
    1204: "auth role revoke permission",
    1300: "cluster version",
    1301: "member attributes",
    1302: "downgrade",
    9900: "downgrade version test",
}


@dataclass(frozen=True, slots=True)
class Put:
    """Set a key; the value is `value_size` bytes at `value_at`, counted from where the entry's data begins."""

    key: bytes
    value_at: int
    value_size: int
    lease: int
    ignore_value: bool
    ignore_lease: bool


@dataclass(frozen=True, slots=True)
class Read:
    """A read, which changes nothing; a transaction fails where its `revision` cannot be read."""

    revision: int


@dataclass(frozen=True, slots=True)
class DeleteRange:
    """Delete the keys of [start, end), `end` as in Store.range."""

    start: bytes
    end: bytes


@dataclass(frozen=True, slots=True)
class Compare:
    """A condition on each key of [start, end): its `target` is EQUAL to, GREATER than ... `number` or `value`."""

    result: int
    target: int
    start: bytes
    end: bytes
    number: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Txn:
    """`success` where all compares hold, else `failure`."""

    compares: tuple[Compare, ...]
    success: tuple[Operation, ...]
    failure: tuple[Operation, ...]


Operation = Put | Read | DeleteRange | Txn


@dataclass(frozen=True, slots=True)
class Compaction:
    """Discard what is older than `revision`."""

    revision: int


@dataclass(frozen=True, slots=True)
class LeaseGrant:
    """A new lease; `ttl` in seconds."""

    id: int
    ttl: int


@dataclass(frozen=True, slots=True)
class LeaseRevoke:
    """End a lease and delete its keys."""

    id: int


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """ACTIVATE or DEACTIVATE an alarm of a member."""

    action: int
    member_id: int
    kind: int


@dataclass(frozen=True, slots=True)
class OtherRequest:
    """A request that changes no key, by name."""

    name: str


Request = Operation | Compaction | LeaseGrant | LeaseRevoke | AlarmChange | OtherRequest


def parse_request(data: bytes) -> Request:
    """The request in an entry's data. Raises WireError for what is none."""
    if not data:
        return OtherRequest("a new leader's empty entry")
    found: Request = OtherRequest("unknown request")
    for piece in pieces(data, 0, len(data)):
        if piece.number == 2:
            return OtherRequest(
                "request of etcd's API 2"
            )  # which keeps members and versions up to 3.5, and none of the keys
        if piece.wire_type != BYTES:
            continue
        if piece.number in _REQUESTS:
            found = _REQUESTS[piece.number](_Message(data, piece.value_start, piece.end))
        elif piece.number in _OTHERS:
            found = OtherRequest(_OTHERS[piece.number])
    return found


class _Message:
    """The fields of one message in the data of an entry."""

    def __init__(self, data: bytes, start: int, end: int, depth: int = 0) -> None:
        if depth > MAX_DEPTH:
            raise WireError(f"transactions nested deeper than {MAX_DEPTH} levels", start)
        self._data = data
        self._depth = depth
        self._pieces: dict[int, list[Piece]] = {}
        for piece in pieces(data, start, end):
            self._pieces.setdefault(piece.number, []).append(piece)

    def number(self, field: int) -> int:
        """A number of 64 bits with its sign; 0 where it is missing."""
        piece = self._last(field, VARINT)
        if piece is None:
            return 0
        value, _ = varint(self._data, piece.value_start, piece.end)
        return value - 2 * _SIGN if value & _SIGN else value

    def bytes(self, field: int) -> bytes:
        start, size = self.place(field)
        return self._data[start : start + size]

    def place(self, field: int) -> tuple[int, int]:
        """Where the bytes of a field are, and how many."""
        piece = self._last(field, BYTES)
        return (piece.value_start, piece.end - piece.value_start) if piece else (0, 0)

    def messages(self, field: int) -> list[_Message]:
        """All messages of a field that is repeated."""
        found = (piece for piece in self._pieces.get(field, ()) if piece.wire_type == BYTES)
        return [_Message(self._data, piece.value_start, piece.end, self._depth + 1) for piece in found]

    def _last(self, field: int, wire_type: int) -> Piece | None:
        return next((piece for piece in reversed(self._pieces.get(field, ())) if piece.wire_type == wire_type), None)


def _put(message: _Message) -> Put:
    at, size = message.place(2)
    return Put(message.bytes(1), at, size, message.number(3), bool(message.number(5)), bool(message.number(6)))


def _read(message: _Message) -> Read:
    return Read(message.number(4))


def _delete(message: _Message) -> DeleteRange:
    return DeleteRange(message.bytes(1), message.bytes(2))


def _txn(message: _Message) -> Txn:
    return Txn(tuple(map(_compare, message.messages(1))), _operations(message, 2), _operations(message, 3))


def _operations(message: _Message, field: int) -> tuple[Operation, ...]:
    return tuple(
        make(inner)
        for operation in message.messages(field)
        for number, make in _OPERATIONS.items()
        for inner in operation.messages(number)[-1:]
    )


def _compare(message: _Message) -> Compare:
    target = message.number(2)
    number = message.number({VERSION: 4, CREATE: 5, MOD: 6, LEASE: 8}.get(target, 0))
    return Compare(message.number(1), target, message.bytes(3), message.bytes(64), number, message.bytes(7))


_OPERATIONS: dict[int, Callable[[_Message], Operation]] = {1: _read, 2: _put, 3: _delete, 4: _txn}
_REQUESTS: dict[int, Callable[[_Message], Request]] = {
    3: _read,
    4: _put,
    5: _delete,
    6: _txn,
    7: lambda message: Compaction(message.number(1)),
    8: lambda message: LeaseGrant(message.number(2), message.number(1)),
    9: lambda message: LeaseRevoke(message.number(1)),
    10: lambda message: AlarmChange(message.number(1), message.number(2), message.number(3)),
}
