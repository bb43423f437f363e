"""One endpoint on a connection of its own: what one member says, whatever the others do."""

from __future__ import annotations

from typing import Any

import grpc
from etcd3 import etcdrpc

from etcdview.errors import UnreachableError
from etcdview.models import Alarm, KvHash, Membership, MemberStatus, Range
from etcdview.stores.etcd import messages
from etcdview.stores.etcd.channel import Channel
from etcdview.stores.etcd.explain import Explainer
from etcdview.stores.etcd.grpc_errors import translate
from etcdview.stores.etcd.login import Login
from etcdview.stores.etcd.maintenance import MemberMaintenance
from etcdview.stores.etcd.plausible import check_members
from etcdview.stores.etcd.send_once import with_login


class EtcdProbe(MemberMaintenance):
    """The MemberProbe protocol. Deadlines are the caller's; nothing is tried twice."""

    def __init__(self, channel: Channel, login: Login, explain: Explainer) -> None:
        self.endpoint = channel.name
        self._channel = channel
        self._login = login
        self._explain = explain

    def status(self, timeout_seconds: float) -> MemberStatus:
        """See MemberProbe.status."""
        return messages.status(self._call(_maintenance("Status", etcdrpc.StatusRequest()), timeout_seconds))

    def members(self, timeout_seconds: float) -> Membership:
        """See MemberProbe.members."""
        call = messages.Call("cluster", "MemberList", etcdrpc.MemberListRequest(), needs_leader=False)
        response = self._call(call, timeout_seconds)
        check_members(self.endpoint, response.members)
        return messages.membership(response)

    def alarms(self, timeout_seconds: float) -> tuple[Alarm, ...]:
        """See MemberProbe.alarms."""
        request = etcdrpc.AlarmRequest(action=etcdrpc.AlarmRequest.GET)
        return messages.alarms(self._call(_maintenance("Alarm", request), timeout_seconds))

    def read(self, timeout_seconds: float, *, serializable: bool) -> int:
        """See MemberProbe.read."""
        request = messages.range_request(Range(messages.PROBE_KEY, b"", count_only=True, serializable=serializable))
        call = messages.Call("kv", "Range", request, needs_leader=not serializable)
        revision: int = self._call(call, timeout_seconds).header.revision
        return revision

    def hash_kv(self, revision: int, timeout_seconds: float) -> KvHash:
        """See MemberProbe.hash_kv."""
        call = _maintenance("HashKV", etcdrpc.HashKVRequest(revision=revision))
        return messages.kv_hash(self._call(call, timeout_seconds), revision)

    def close(self) -> None:
        """Let go of the connection."""
        self._channel.close()

    def _call(self, call: messages.Call, timeout_seconds: float) -> Any:
        try:
            return with_login(self._channel, self._login, call, timeout_seconds)
        except grpc.RpcError as error:
            ours = translate(error, self.endpoint, call.method)
            if isinstance(ours, UnreachableError):
                ours = self._explain(self._channel, ours, timeout_seconds)
            raise ours from error


def _maintenance(method: str, request: Any) -> messages.Call:
    return messages.Call("maintenance", method, request, needs_leader=False)
