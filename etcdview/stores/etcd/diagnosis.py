"""The diagnosis of an endpoint, taken on from TLS to what only etcd's own calls can show: permission, and quorum."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import grpc

from etcdview.errors import UnsupportedError
from etcdview.models import Range
from etcdview.stores.etcd.channel import Channel
from etcdview.stores.etcd.grpc_errors import translate
from etcdview.stores.etcd.login import Login
from etcdview.stores.etcd.messages import Call, range_request
from etcdview.stores.protocols import prefix_end
from etcdview.tls import diagnosis
from etcdview.tls.diagnosis import Step, run_step

DIAGNOSIS = (*diagnosis.STEPS, "authorisation", "read")


def diagnose_endpoint(channel: Channel, login: Login, prefix: bytes, timeout_seconds: float) -> tuple[Step, ...]:
    """The steps of DIAGNOSIS in order, as far as the first that fails. Closes the channel. Raises nothing."""
    deadline = time.monotonic() + timeout_seconds
    steps = list(diagnosis.diagnose(channel.endpoint, channel.files, timeout_seconds))
    try:
        for name, serializable in zip(DIAGNOSIS[-2:], (True, False), strict=True):
            if steps[-1].ok:
                steps.append(run_step(name, _reading(channel, login, prefix, serializable, deadline)))
    finally:
        channel.close()
    return tuple(steps)


def _reading(channel: Channel, login: Login, prefix: bytes, serializable: bool, deadline: float) -> Callable[[], str]:
    """A read of one key; serializable it shows that we may, linearizable that a quorum agrees."""

    def read() -> str:
        try:
            response = _ask(channel, login, prefix, serializable, deadline)
        except UnsupportedError:  # kine has linearizable reads only
            response = _ask(channel, login, prefix, False, deadline)
        shown = prefix.decode("utf-8", "replace")
        if not serializable:
            return f"A majority agrees on revision {response.header.revision}."
        return f"Keys below {shown} may be read." if response.kvs else f"Reading is allowed; no key is below {shown}."

    return read


def _ask(channel: Channel, login: Login, prefix: bytes, serializable: bool, deadline: float) -> Any:
    left = max(0.1, deadline - time.monotonic())
    request = range_request(Range(prefix, prefix_end(prefix), limit=1, serializable=serializable))
    call = Call("kv", "Range", request, needs_leader=not serializable)
    try:
        return channel.start(call, left, login.token(channel, left)).result()
    except grpc.RpcError as error:
        raise translate(error, channel.name, call.method) from error
