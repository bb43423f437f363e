"""One call sent to several endpoints, one after the other as each turns out not to answer.

An endpoint that is silent for PATIENCE is asked for its Status, which a living member answers from memory at once.
A long answer to a large request is thus told from a member that hangs: only the latter costs a second attempt.
"""

from __future__ import annotations

import queue
import time
from dataclasses import dataclass, field
from typing import Any, NoReturn

import grpc
from etcd3 import etcdrpc

from etcdview.errors import BudgetError, DeadlineError, NoQuorumError, SlowError, UnreachableError
from etcdview.stores.etcd.channel import Channel
from etcdview.stores.etcd.explain import Explainer
from etcdview.stores.etcd.grpc_errors import CLOSED, fault_of, translate
from etcdview.stores.etcd.login import Login
from etcdview.stores.etcd.messages import Call
from etcdview.stores.etcd.order import Order

PATIENCE_SECONDS = 0.4
PATIENCE_LARGE_SECONDS = 1.5  # asking a second member for hundreds of megabytes in vain would cost more
CHECK_SECONDS = 0.4
AGAIN_SECONDS = 1.0
GRACE_SECONDS = 0.5  # so that this race's own deadline comes before grpc's, which looks like a fault of the member
SLOW = "etcd is slow, or what it is asked for is large. Choose a namespace or a longer prefix; see /health."


@dataclass(slots=True, eq=False)
class RacingCall:
    channel: Channel
    token: str
    future: Any
    check: Any = None
    check_at: float = 0.0
    suspect: bool = False
    alive: bool = False
    leaderless: bool = False


@dataclass(slots=True)
class Race:
    """The attempts of one call, side by side; used by one thread, woken by grpc's callbacks through the queue.

    Answers are waited for until `deadline`, and why there is none is known at `explain_until`. `hurried`: the deadline
    is that of a request, which says nothing about the members. `hopeless`, after it failed: no endpoint was alive, as
    opposed to alive and slow.
    """

    order: Order
    login: Login
    explain: Explainer
    call: Call
    deadline: float
    explain_until: float
    hurried: bool = False
    waiting: list[Channel] = field(default_factory=list)
    running: list[RacingCall] = field(default_factory=list)
    errors: list[tuple[Channel, UnreachableError]] = field(default_factory=list)
    renewed: bool = False
    hopeless: bool = False
    done: queue.SimpleQueue[tuple[RacingCall, Any]] = field(default_factory=queue.SimpleQueue)

    def answer(self) -> Any:
        """The first good answer. Raises EtcdviewError."""
        self.waiting = list(self.order.channels())
        try:
            self._next()
            while True:
                got = self._wait()
                if got is not None:
                    return got
        finally:
            for attempt in self.running:
                attempt.future.cancel()
                if attempt.check is not None:
                    attempt.check.cancel()

    def _next(self) -> None:
        """Start the next endpoint where one is left; give up where nobody is left to wait for."""
        while self.waiting:
            channel = self.waiting.pop(0)
            try:
                self._start(channel)
            except UnreachableError as error:
                self._note(channel, error)
            else:
                return
        # nobody is left to ask; an attempt that still runs may answer until the deadline, unless that is hopeless
        if not self.running or self._quorum_is_lost():
            self._give_up()

    def _start(self, channel: Channel) -> None:
        # logging in has a share of the time only, since this endpoint may hang too
        token = self.login.token(channel, self._left() / (1 + len(self.waiting)))
        # the call may take all that is left, though: the race ends it as soon as another one answers
        seconds = self._left() + (GRACE_SECONDS if self.hurried else 0.0)
        attempt = RacingCall(channel, token, channel.start(self.call, seconds, token))
        attempt.check_at = time.monotonic() + self._patience(PATIENCE_SECONDS)
        self.running.append(attempt)
        attempt.future.add_done_callback(lambda future: self.done.put((attempt, future)))

    def _wait(self) -> Any:
        """Let something happen; gives the answer once there is one."""
        now = time.monotonic()
        wake = min([self.deadline, *(attempt.check_at for attempt in self._looked_after())])
        try:
            attempt, future = self.done.get(timeout=max(0.0, wake - now))
        except queue.Empty:
            self._overdue()
            return None
        if attempt not in self.running:
            return None  # its check answers after the call itself has ended: that says nothing about another member
        if future is attempt.check:
            self._checked(attempt)
            return None
        return self._finished(attempt)

    def _finished(self, attempt: RacingCall) -> Any:
        self.running.remove(attempt)
        if attempt.check is not None:
            attempt.check.cancel()
        error = _failure(attempt.future)
        if error is None:
            self.order.trust(attempt.channel)
            self.explain.forget(attempt.channel)
            return attempt.future.result()
        fault = fault_of(error)
        ours = translate(error, attempt.channel.name, self.call.method)
        # a stale token is renewed once a race: an endpoint that refuses each new one would go on for ever
        if fault.login and not self.renewed and self.login.forget(attempt.token):
            self.renewed = True
            self.waiting.insert(0, attempt.channel)
        # compacted, denied, too large: every member would say the same
        elif not fault.elsewhere or not isinstance(ours, UnreachableError):
            raise ours from error
        else:
            ours.__cause__ = error
            self._note(attempt.channel, ours)
        # a suspect has been replaced already: while the replacement may answer, a third member is not asked
        if not (attempt.suspect and any(not other.suspect for other in self.running)):
            self._next()
        return None

    def _overdue(self) -> None:
        """Nobody spoke: look after those that are silent."""
        now = time.monotonic()
        if now >= self.deadline:
            self._give_up()
        for attempt in self._looked_after():
            if attempt.check_at <= now:
                self._check(attempt)

    def _looked_after(self) -> list[RacingCall]:
        """A suspect has been replaced, and may still win. Where nobody is left for that, it may be well again."""
        nobody_else = not self.waiting and all(attempt.suspect for attempt in self.running)
        return [a for a in self.running if a.check is None and (nobody_else or not a.suspect)]

    def _check(self, attempt: RacingCall) -> None:
        status = Call("maintenance", "Status", etcdrpc.StatusRequest(), needs_leader=False)
        # on the same connection: it tells a member that works on a long answer from one that is gone
        attempt.check = attempt.channel.start(status, self._patience(CHECK_SECONDS), attempt.token)
        attempt.check.add_done_callback(lambda future: self.done.put((attempt, future)))

    def _checked(self, attempt: RacingCall) -> None:
        """A living member answers Status at once, and has a leader."""
        error, check = _failure(attempt.check), attempt.check
        attempt.check = None
        attempt.check_at = time.monotonic() + AGAIN_SECONDS
        attempt.leaderless = error is None and self.call.needs_leader and _leaderless(check.result())
        # a server that says no to Status (kine, or no permission) lives as well
        alive = error is None or not issubclass(fault_of(error).error, UnreachableError)
        attempt.suspect = not alive or attempt.leaderless
        attempt.alive = alive
        if not attempt.suspect:
            return
        # its call is not cancelled: a member that was only stopped for a moment may still be the first to answer
        self.order.shun(attempt.channel)
        self._next()

    def _quorum_is_lost(self) -> bool:
        """Whether a member says so, and the others hang: no use in waiting for the deadline."""
        quorum_lost = any(a.leaderless for a in self.running) or any(
            isinstance(e, NoQuorumError) for _, e in self.errors
        )
        return quorum_lost and all(a.suspect for a in self.running)

    def _give_up(self) -> NoReturn:
        self.hopeless = all(attempt.suspect for attempt in self.running)
        if self.hurried and not self.hopeless:
            names = ", ".join(attempt.channel.name for attempt in self.running)
            raise BudgetError(f"Reading was stopped: {names} did not answer in the time that was left.", SLOW)
        for attempt in self.running:
            self._note(attempt.channel, _silent(attempt))
        raise self.explain.verdict(self.errors, self.explain_until)

    def _note(self, channel: Channel, error: UnreachableError) -> None:
        self.order.shun(channel)
        self.errors.append((channel, error))

    def _patience(self, seconds: float) -> float:
        return PATIENCE_LARGE_SECONDS if self.call.large else seconds

    def _left(self) -> float:
        return max(0.001, self.deadline - time.monotonic())


def _silent(attempt: RacingCall) -> UnreachableError:
    name = attempt.channel.name
    if attempt.leaderless:
        return NoQuorumError(
            f"{name} answers, but the cluster has no leader: fewer than a majority of its members are up.",
            "Bring a majority of the members back; `etcdview health` names those that do not answer.",
            endpoint=name,
        )
    if attempt.alive:
        return SlowError(
            f"{name} did not answer in time, though it lives.",
            "It is overloaded, or what it is asked for is large; `etcdview doctor` tests each step.",
            endpoint=name,
        )
    return DeadlineError(
        f"{name} did not answer in time.",
        "Is the member stopped, overloaded, or behind a firewall? `etcdview doctor` tests each step.",
        endpoint=name,
    )


def _leaderless(status: Any) -> bool:
    """A member that knows of no leader; kine, whose cluster has no ID, has none to know of."""
    return bool(status.header.cluster_id and not status.leader)


def _failure(future: Any) -> grpc.RpcError | None:
    """The error of a call that has ended; raises UnreachableError when the store was closed meanwhile."""
    if future.cancelled():
        raise UnreachableError(CLOSED)
    error: grpc.RpcError | None = future.exception()
    return error
