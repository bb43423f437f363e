"""A change sent to one endpoint, once: a second attempt could do it twice, or hide that the first was done."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import grpc

from etcdview.errors import DeniedError, EtcdviewError, UnknownOutcomeError, UnreachableError, UnsafeError
from etcdview.models import Range
from etcdview.stores.etcd import messages
from etcdview.stores.etcd.channel import Channel
from etcdview.stores.etcd.failover import Failover
from etcdview.stores.etcd.grpc_errors import fault_of, translate
from etcdview.stores.etcd.login import Login
from etcdview.stores.etcd.messages import Call
from etcdview.stores.etcd.order import Order

LOOK = "Check before you try again: the change may have happened, or may still happen."
# etcd, or grpc, says these before anything is done
_NOT_DONE = (
    "Connection refused",
    "no leader",
    "not supported for learner",
    "too many requests",
)


class Once:
    """Sends calls to an endpoint that has just proved, by a linearizable read, that it can change something."""

    def __init__(self, order: Order, login: Login, failover: Failover) -> None:
        self._order = order
        self._login = login
        self._failover = failover

    def run(self, call: Call, timeout_seconds: float) -> Any:
        """The answer. Raises UnreachableError where nothing was sent, UnknownOutcomeError where no answer came."""
        begun = time.monotonic()
        read = messages.range_request(Range(messages.PROBE_KEY, b"", count_only=True))
        with suppress(DeniedError):  # a member that says so answers as well
            self._failover.run(Call("kv", "Range", read), timeout_seconds)
        channel = self._order.channels()[0]  # the one that has answered
        left = max(0.1, timeout_seconds - (time.monotonic() - begun))
        return send(channel, self._login, call, left)


def send(channel: Channel, login: Login, call: Call, timeout_seconds: float) -> Any:
    """The answer to a call sent to this endpoint, once. Raises as Once.run does."""
    try:
        return with_login(channel, login, call, timeout_seconds)
    except grpc.RpcError as error:
        raise failure(error, channel.name, call) from error


def with_login(channel: Channel, login: Login, call: Call, timeout_seconds: float) -> Any:
    """The answer to the call; a token that is refused is renewed once. Raises grpc.RpcError, EtcdviewError."""
    token = login.token(channel, timeout_seconds)
    try:
        return channel.ask(call, timeout_seconds, token)
    except grpc.RpcError as error:
        if not (fault_of(error).login and login.forget(token)):
            raise
    # etcd refuses a token before it reads the call, so that nothing is done twice
    token = login.token(channel, timeout_seconds)
    return channel.ask(call, timeout_seconds, token)


def failure(error: grpc.RpcError, endpoint: str, call: Call) -> EtcdviewError:
    """Our error for one that a change met."""
    ours, details = translate(error, endpoint, call.method), error.details() or ""
    if "unhealthy cluster" in details:
        return UnsafeError(
            "etcd rejects membership changes until all members have been connected for some seconds.",
            "Wait, and try again; nothing was done.",
        )
    if isinstance(ours, UnreachableError) and not any(piece in details for piece in _NOT_DONE):
        return UnknownOutcomeError(f"{ours.what} The outcome of {call.method} is unknown.", LOOK, endpoint=endpoint)
    return ours
