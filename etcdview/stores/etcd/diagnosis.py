"""The diagnosis of an endpoint, taken on from TLS to what only etcd's own calls can show: permission, and quorum."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import grpc

from etcdview.errors import TlsError, UnreachableError, UnsupportedError
from etcdview.models import Range
from etcdview.stores.etcd.channel import Channel
from etcdview.stores.etcd.grpc_errors import translate
from etcdview.stores.etcd.login import Login
from etcdview.stores.etcd.messages import Call, range_request
from etcdview.stores.protocols import prefix_end
from etcdview.tls import diagnosis
from etcdview.tls.diagnosis import Step, cause, run_step

DIAGNOSIS = (*diagnosis.STEPS, "authorisation", "read")
_TOLERATED = "etcdview connects all the same; etcdctl may not."


def diagnose_endpoint(channel: Channel, login: Login, prefix: bytes, timeout_seconds: float) -> tuple[Step, ...]:
    """The steps of DIAGNOSIS in order, as far as the first that fails. Closes the channel. Raises nothing.

    gRPC, by which etcd is called, has the last word on TLS: only what it refuses is a TLS failure.
    """
    deadline = time.monotonic() + timeout_seconds
    steps = diagnosis.diagnose(channel.endpoint, channel.files, timeout_seconds)
    readings = [_reading(channel, login, prefix, serializable, deadline) for serializable in (True, False)]
    try:
        if cause(steps) is not None and not isinstance(cause(steps), TlsError):
            return steps
        may = run_step("authorisation", readings[0])
        steps = _judged(steps, may)
        if may.ok and cause(steps) is None:
            steps += (run_step("read", readings[1]),)
        return steps
    finally:
        channel.close()


def _judged(steps: tuple[Step, ...], may: Step) -> tuple[Step, ...]:
    """The steps as far as the client certificate, found with ssl, in the light of a call by gRPC."""
    last = steps[-1]
    if not last.ok:
        return steps if isinstance(may.error, UnreachableError) else (*_tolerated(steps), may)
    if isinstance(may.error, TlsError):
        return (*steps[: diagnosis.STEPS.index("tls")], replace(may, name="tls"))
    return (*steps, may)


def _tolerated(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps where ssl refuses what gRPC takes, so that calls get through: what is amiss stays told."""
    last = steps[-1]
    said = replace(last, ok=True, what=f"{last.what} {_TOLERATED}", error=None)
    rest = diagnosis.STEPS[len(steps) :]
    return (*steps[:-1], said, *(Step(name, True, "The calls get through.") for name in rest))


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
        return f"Keys below {shown} can be read." if response.kvs else f"Reading is allowed; no key is below {shown}."

    return read


def _ask(channel: Channel, login: Login, prefix: bytes, serializable: bool, deadline: float) -> Any:
    left = max(0.1, deadline - time.monotonic())
    request = range_request(Range(prefix, prefix_end(prefix), limit=1, serializable=serializable))
    call = Call("kv", "Range", request, needs_leader=not serializable)
    try:
        return channel.start(call, left, login.token(channel, left)).result()
    except grpc.RpcError as error:
        raise translate(error, channel.name, call.method) from error
