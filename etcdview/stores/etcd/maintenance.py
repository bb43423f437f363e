"""Looking after a cluster: compaction, alarms, membership, and what one member does by itself.

Messages that the client's schema lacks are those of other calls with the same fields, or have theirs as unknown ones.
Source: etcdserverpb/rpc.proto.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import grpc
from etcd3 import etcdrpc

from etcdview.errors import QueryError
from etcdview.models import Alarm, Member, SnapshotPiece
from etcdview.stores.etcd import messages
from etcdview.stores.etcd.channel import Channel, metadata
from etcdview.stores.etcd.grpc_errors import translate
from etcdview.stores.etcd.login import Login
from etcdview.stores.etcd.messages import Call
from etcdview.stores.etcd.send_once import Once, send

_IS_LEARNER = b"\x10\x01"  # MemberAddRequest.isLearner, field 2: true
_LOGIN_SECONDS = 5.0
_COMPACT_SECONDS = 60.0  # a compaction goes on after that all the same


class MaintenanceCalls:
    """The Maintainable protocol's half of a live store."""

    timeout_seconds: float
    _once: Once

    def compact(self, revision: int) -> None:
        """See Maintainable.compact. Waits until the members have dropped the old values, not only decided to."""
        request = etcdrpc.CompactionRequest(revision=revision, physical=True)
        self._maintain("kv", "Compact", request, _COMPACT_SECONDS)

    def disarm(self, alarm: Alarm) -> None:
        """See Maintainable.disarm."""
        kind = next((number for number, name in messages.ALARM_KINDS.items() if name == alarm.kind), None)
        if kind is None:
            raise QueryError(f"There is no alarm {alarm.kind!r}.", "Choose NOSPACE or CORRUPT.")
        request = etcdrpc.AlarmRequest(action=etcdrpc.AlarmRequest.DEACTIVATE, memberID=alarm.member_id, alarm=kind)
        self._maintain("maintenance", "Alarm", request)

    def add_learner(self, peer_urls: Sequence[str]) -> Member:
        """See Maintainable.add_learner."""
        plain = etcdrpc.MemberAddRequest(peerURLs=peer_urls).SerializeToString()
        request = etcdrpc.MemberAddRequest.FromString(plain + _IS_LEARNER)
        return messages.member(self._maintain("cluster", "MemberAdd", request).member)

    def promote(self, member_id: int) -> None:
        """See Maintainable.promote. MemberPromote's messages have the fields of MemberRemove's."""
        self._maintain("cluster", "MemberPromote", etcdrpc.MemberRemoveRequest(ID=member_id))

    def remove(self, member_id: int) -> None:
        """See Maintainable.remove."""
        self._maintain("cluster", "MemberRemove", etcdrpc.MemberRemoveRequest(ID=member_id))

    def _maintain(self, stub: str, method: str, request: Any, timeout_seconds: float = 0.0) -> Any:
        return self._once.run(Call(stub, method, request), timeout_seconds or self.timeout_seconds)


class MemberMaintenance:
    """The MemberUpkeep protocol's half of a probe: what one member is asked to do by itself."""

    endpoint: str
    _channel: Channel
    _login: Login

    def defragment(self, timeout_seconds: float) -> None:
        """See MemberUpkeep.defragment."""
        self._send(Call("maintenance", "Defragment", etcdrpc.DefragmentRequest(), needs_leader=False), timeout_seconds)

    def move_leader(self, member_id: int, timeout_seconds: float) -> None:
        """See MemberUpkeep.move_leader."""
        self._send(Call("maintenance", "MoveLeader", etcdrpc.MoveLeaderRequest(targetID=member_id)), timeout_seconds)

    def snapshot(self) -> Iterator[SnapshotPiece]:
        """See MemberUpkeep.snapshot. No deadline: a database takes what it takes; keepalive finds a dead member."""
        token = self._login.token(self._channel, _LOGIN_SECONDS)
        rows = metadata(False, token)
        call = self._channel.begin(
            lambda stubs: stubs["maintenance"].Snapshot(etcdrpc.SnapshotRequest(), metadata=rows, wait_for_ready=False)
        )
        try:
            for message in call:
                yield SnapshotPiece(message.blob, message.remaining_bytes)
        except grpc.RpcError as error:
            raise translate(error, self.endpoint, "Snapshot") from error
        finally:
            call.cancel()

    def _send(self, call: Call, timeout_seconds: float) -> None:
        send(self._channel, self._login, call, timeout_seconds)
