"""The diagnosis of an endpoint: the steps up to TLS, then those that need calls to etcd: permission and quorum."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import grpc

from etcdview.errors import NotPermittedError, TlsError, UnreachableError, UnsupportedError
from etcdview.kube.keys import show
from etcdview.models import Range
from etcdview.stores.etcd.channel import Channel
from etcdview.stores.etcd.grpc_errors import translate
from etcdview.stores.etcd.login import Login
from etcdview.stores.etcd.messages import Call, range_request
from etcdview.stores.etcd.permissions import common_name_of, readable_by
from etcdview.stores.permitted import overlapping, permitted_text
from etcdview.stores.protocols import prefix_end
from etcdview.tls import diagnosis
from etcdview.tls.diagnosis import Step, cause, run_step

DIAGNOSIS = (*diagnosis.STEPS, "authorisation", "read")
_TOLERATED = "etcdview connects all the same; etcdctl may not."


def diagnose_endpoint(channel: Channel, login: Login, prefix: bytes, timeout_seconds: float) -> tuple[Step, ...]:
    """The steps of DIAGNOSIS in order, as far as the first that fails. Closes the channel. Raises nothing.

    gRPC, which calls etcd, decides about TLS: only what gRPC rejects is a TLS failure.
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
    """The steps that ssl found, up to the client certificate, corrected by the result of a gRPC call."""
    last = steps[-1]
    if not last.ok:
        return steps if isinstance(may.error, UnreachableError) else (*_tolerated(steps), may)
    if isinstance(may.error, TlsError):
        return (*steps[: diagnosis.STEPS.index("tls")], replace(may, name="tls"))
    return (*steps, may)


def _tolerated(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps where ssl rejects what gRPC accepts. They pass, since calls get through, and name the fault."""
    last = steps[-1]
    said = replace(last, ok=True, what=f"{last.what} {_TOLERATED}", error=None)
    rest = diagnosis.STEPS[len(steps) :]
    return (*steps[:-1], said, *(Step(name, True, "The calls get through.") for name in rest))


def _reading(channel: Channel, login: Login, prefix: bytes, serializable: bool, deadline: float) -> Callable[[], str]:
    """A read of one key. Serializable, it shows that reading is permitted; linearizable, that a quorum agrees."""

    def read() -> str:
        asked = Range(prefix, prefix_end(prefix), limit=1, serializable=serializable)
        try:
            response = _ask(channel, login, asked, deadline)
        except UnsupportedError:  # kine has linearizable reads only
            response = _ask(channel, login, replace(asked, serializable=False), deadline)
        except NotPermittedError:
            permitted = _permitted(channel, login, deadline)
            parts = overlapping(permitted, asked.start, asked.end)
            if not parts:
                raise
            response = _ask(channel, login, replace(asked, start=parts[0].start, end=parts[0].end), deadline)
            if serializable:
                return f"etcd permits this user {permitted_text(permitted)}."
        shown = show(prefix)
        if not serializable:
            return f"A majority agrees on revision {response.header.revision}."
        return f"Keys below {shown} can be read." if response.kvs else f"Reading is allowed; no key is below {shown}."

    return read


def _permitted(channel: Channel, login: Login, deadline: float) -> tuple[Range, ...]:
    """What the user may read; () where that is unknown."""
    user = login.user or common_name_of(channel.files.cert)
    return (readable_by(lambda call: _send(channel, login, call, deadline), user) or ()) if user else ()


def _ask(channel: Channel, login: Login, request: Range, deadline: float) -> Any:
    call = Call("kv", "Range", range_request(request), needs_leader=not request.serializable)
    return _send(channel, login, call, deadline)


def _send(channel: Channel, login: Login, call: Call, deadline: float) -> Any:
    left = max(0.1, deadline - time.monotonic())
    try:
        return channel.ask(call, left, login.token(channel, left))
    except grpc.RpcError as error:
        raise translate(error, channel.name, call.method) from error
