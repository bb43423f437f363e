"""One call, several endpoints: the first that answers within the deadline wins.

An endpoint that is silent for PATIENCE is asked for its Status, which a living member answers from memory at once.
A long answer to a large request is thus told from a member that hangs: only the latter costs a second attempt.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from etcd3 import etcdrpc

from etcdview.errors import DeadlineError, NoQuorumError, UnreachableError
from etcdview.stores._channel import Channel
from etcdview.stores._explain import Explainer
from etcdview.stores._faults import fault_of, translate
from etcdview.stores._login import Login
from etcdview.stores._messages import Call
from etcdview.stores._outage import Outage

PATIENCE_SECONDS = 0.4
CHECK_SECONDS = 0.4
AGAIN_SECONDS = 1.0
EXPLAIN_SHARE = 0.15  # of the deadline, kept for finding out why nobody answered
SHUN_SECONDS = 5.0
ELECTION_SECONDS = 2.5  # etcd elects a leader within 1 to 2 s at its default timeouts
ELECTION_LOOKS_SECONDS = 0.2


class Failover:
    """The endpoints in the order of trust: the one that answered last first, those that failed of late last."""

    def __init__(self, channels: Sequence[Channel], login: Login, explain: Explainer) -> None:
        self.login = login
        self.explain = explain
        self._lock = threading.Lock()  # guards the order
        self._order = tuple(channels)
        self._shunned: dict[str, float] = {}
        self._outages = {True: Outage(), False: Outage()}  # by whether the call needs a leader

    def order(self) -> tuple[Channel, ...]:
        """All channels, the most trusted first."""
        now = time.monotonic()
        with self._lock:
            return tuple(sorted(self._order, key=lambda c: self._shunned.get(c.name, 0.0) > now))

    def trust(self, channel: Channel) -> None:
        """It answered: ask it first from now on."""
        with self._lock:
            self._shunned.pop(channel.name, None)
            if self._order[0] is not channel:
                self._order = (channel, *(c for c in self._order if c is not channel))

    def shun(self, channel: Channel) -> None:
        """It did not answer: ask it last for a while."""
        with self._lock:
            self._shunned[channel.name] = time.monotonic() + SHUN_SECONDS

    def run(self, call: Call, timeout_seconds: float) -> Any:
        """The answer to the call. Raises the EtcdviewError that tells most of why there is none."""
        outage = self._outages[call.needs_leader]
        begun = time.monotonic()
        # a cluster may be between two leaders; one that is known to have lost its quorum is not waited for
        patient_until = begun + (0.0 if outage.known else min(ELECTION_SECONDS, timeout_seconds))
        outage.admit(timeout_seconds)
        while True:
            race = _Race(self, call, begun + timeout_seconds * (1 - EXPLAIN_SHARE), begun + timeout_seconds)
            try:
                answer = race.answer()
            except NoQuorumError as error:
                if call.repeatable and time.monotonic() < patient_until:
                    time.sleep(ELECTION_LOOKS_SECONDS)
                    continue
                outage.met(error, time.monotonic() - begun)
                raise
            except UnreachableError as error:
                if race.hopeless:
                    outage.met(error, time.monotonic() - begun)
                raise
            outage.over()
            return answer


@dataclass(slots=True)
class _Attempt:
    channel: Channel
    token: str
    future: Any
    check: Any = None
    check_at: float = 0.0
    suspect: bool = False
    leaderless: bool = False


@dataclass(slots=True)
class _Race:
    """The attempts of one call, side by side; used by one thread, woken by grpc's callbacks through the queue.

    Answers are waited for until `deadline`, and why there is none is known at `explain_until`. `hopeless`, after
    it failed: no endpoint was alive, as opposed to alive and slow.
    """

    pool: Failover
    call: Call
    deadline: float
    explain_until: float
    waiting: list[Channel] = field(default_factory=list)
    running: list[_Attempt] = field(default_factory=list)
    errors: list[tuple[Channel, UnreachableError]] = field(default_factory=list)
    renewed: bool = False
    hopeless: bool = False
    done: queue.SimpleQueue[tuple[_Attempt, Any]] = field(default_factory=queue.SimpleQueue)

    def answer(self) -> Any:
        """The first good answer. Raises EtcdviewError."""
        self.waiting = list(self.pool.order())
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
        """Start the next endpoint; raise when none is left and none is running."""
        while self.waiting:
            channel = self.waiting.pop(0)
            try:
                self._start(channel)
            except UnreachableError as error:
                self._note(channel, error)
            else:
                return
        if not self.running:
            self.hopeless = True
            raise self.pool.explain.verdict(self.errors, self.explain_until)

    def _start(self, channel: Channel) -> None:
        token = self.pool.login.token(channel, self._left())
        attempt = _Attempt(channel, token, channel.start(self.call, self._left(), token))
        attempt.check_at = time.monotonic() + PATIENCE_SECONDS
        self.running.append(attempt)
        attempt.future.add_done_callback(lambda future: self.done.put((attempt, future)))

    def _wait(self) -> Any:
        """Let something happen; gives the answer once there is one."""
        now = time.monotonic()
        wake = min([self.deadline, *(a.check_at for a in self.running if a.check is None and not a.suspect)])
        try:
            attempt, future = self.done.get(timeout=max(0.0, wake - now))
        except queue.Empty:
            self._overdue()
            return None
        if future is attempt.check:
            self._checked(attempt)
            return None
        return self._finished(attempt)

    def _finished(self, attempt: _Attempt) -> Any:
        self.running.remove(attempt)
        error = attempt.future.exception()
        if error is None:
            self.pool.trust(attempt.channel)
            self.pool.explain.forget(attempt.channel)
            return attempt.future.result()
        fault = fault_of(error)
        ours = translate(error, attempt.channel.name, self.call.method)
        if fault.login and not self.renewed and self.pool.login.forget(attempt.token):
            self.renewed = True
            self.waiting.insert(0, attempt.channel)
        elif not fault.elsewhere or not self.call.repeatable or not isinstance(ours, UnreachableError):
            raise ours from error
        else:
            ours.__cause__ = error
            self._note(attempt.channel, ours)
        self._next()
        return None

    def _overdue(self) -> None:
        """Nobody spoke: look after those that are silent."""
        now = time.monotonic()
        if now >= self.deadline:
            self.hopeless = all(attempt.suspect for attempt in self.running)
            for attempt in self.running:
                self._note(attempt.channel, _silent(attempt))
            raise self.pool.explain.verdict(self.errors, self.explain_until)
        for attempt in self.running:
            if attempt.check is None and not attempt.suspect and attempt.check_at <= now:
                self._check(attempt)

    def _check(self, attempt: _Attempt) -> None:
        status = Call("maintenance", "Status", etcdrpc.StatusRequest(), needs_leader=False)
        attempt.check = attempt.channel.start(status, CHECK_SECONDS, attempt.token)
        attempt.check.add_done_callback(lambda future: self.done.put((attempt, future)))

    def _checked(self, attempt: _Attempt) -> None:
        """A living member answers Status at once, and has a leader."""
        error, check = attempt.check.exception(), attempt.check
        attempt.check = None
        attempt.check_at = time.monotonic() + AGAIN_SECONDS
        attempt.leaderless = error is None and self.call.needs_leader and not check.result().leader
        unasked = error is not None and fault_of(error).error is not DeadlineError and _is_answer(error)
        if (error is None or unasked) and not attempt.leaderless:
            return
        attempt.suspect = True
        self.pool.shun(attempt.channel)
        if self.waiting:
            self._next()
        elif all(a.suspect for a in self.running) and self._quorum_is_lost():
            # nobody is left who could answer: no use in waiting for the deadline
            self.deadline = min(self.deadline, time.monotonic())

    def _quorum_is_lost(self) -> bool:
        return any(a.leaderless for a in self.running) or any(isinstance(e, NoQuorumError) for _, e in self.errors)

    def _note(self, channel: Channel, error: UnreachableError) -> None:
        self.pool.shun(channel)
        self.errors.append((channel, error))

    def _left(self) -> float:
        return max(0.001, self.deadline - time.monotonic())


def _silent(attempt: _Attempt) -> UnreachableError:
    name = attempt.channel.name
    if attempt.leaderless:
        return NoQuorumError(
            f"{name} answers, but the cluster has no leader: fewer than a majority of its members are up.",
            "Bring a majority of the members back; `etcdview health` names those that do not answer.",
            endpoint=name,
        )
    return DeadlineError(
        f"{name} did not answer in time.",
        "Is the member stopped, overloaded, or behind a firewall? `etcdview doctor` tests each step.",
        endpoint=name,
    )


def _is_answer(error: grpc.RpcError) -> bool:
    """Whether the server itself said no (permission, unimplemented): it lives."""
    return fault_of(error).error is not UnreachableError
