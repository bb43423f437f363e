"""One endpoint asked all its questions, within one budget of time. Whatever fails is a fact, not an exception."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from etcdview.errors import EtcdviewError
from etcdview.health.facts import EndpointFacts, Probe, Problem, WireFacts
from etcdview.health.metrics import MetricFacts
from etcdview.health.probes.budget import Budget, Clock
from etcdview.health.probes.wire import ContextFn, ask_wire
from etcdview.models import Membership, MemberStatus, TlsFiles
from etcdview.stores.protocols import MemberProbe

T = TypeVar("T")

CALL_SECONDS = 0.8  # a member that has not answered one call by then hangs, for all that a page can wait
ENDPOINT_SECONDS = 1.6  # all of one round for one endpoint: a call that fails, and the store finding out why
WIRE_INTERVAL_SECONDS = 10.0  # a member takes some milliseconds and 150 kB to tell its metrics; sooner where it failed
WINDOW_SECONDS = 120.0  # how far back counters and histograms are compared


class ProbeSource(Protocol):
    """Where connections to single members come from: the live store."""

    @property
    def endpoints(self) -> tuple[str, ...]: ...

    @property
    def tls(self) -> TlsFiles: ...

    def probe(self, endpoint: str) -> MemberProbe: ...


class EndpointProber:
    """Asks one endpoint, over a connection that is kept while it works and made anew when it does not."""

    def __init__(self, source: ProbeSource, url: str, context: ContextFn, now: Clock) -> None:
        self.url = url
        self.now = now
        self.so_far = EndpointFacts(url)  # replaced whole
        self._source = source
        self._context = context
        self._connection: MemberProbe | None = None
        self._wire = WireFacts()
        self._wire_due = 0.0  # monotonic
        self._samples: deque[tuple[float, Probe[MetricFacts]]] = deque()  # with their monotonic time

    def begin(self) -> None:
        """A new round: nothing is known yet but what is asked less often."""
        self.so_far = EndpointFacts(self.url, wire=self._wire)

    def ask_all(self, on_membership: Callable[[Membership], None]) -> EndpointFacts:
        """One round's questions. A member that does not answer the first is asked no other: it hangs, or is down.

        `on_membership` hears of the members as soon as they are known; `so_far` holds what is known while the slower
        questions are still under way.
        """
        budget = Budget(ENDPOINT_SECONDS)
        status = self._ask(lambda probe, seconds: probe.status(seconds), budget)
        self._learn(status=status)
        if status.failed and not self.so_far.denied:
            self.close()
            return self._learn(wire=self._ask_wire(budget, force=True))
        membership = self._ask(lambda probe, seconds: probe.members(seconds), budget)
        if membership.value is not None:
            on_membership(membership.value)
        self._learn(membership=membership)
        self._learn(local_read=self._ask(lambda probe, seconds: probe.read(seconds, serializable=True), budget))
        self._learn(read=self._read(status.value, budget))
        # Where we are not let in, the member's own /health stands for the read: that must be of this round, too.
        wire = self._ask_wire(budget, force=self.so_far.denial is not None)
        return self._learn(wire=wire, metrics_before=self._earlier_sample())

    def overdue(self) -> EndpointFacts:
        """What is known of an endpoint that has not answered everything when the round ends."""
        problem: Probe[Any] = Probe(problem=late(self.url, ENDPOINT_SECONDS), at=self.now())
        if not self.so_far.status.ok:
            return replace(self.so_far, status=problem)
        return self.so_far if self.so_far.read.at else replace(self.so_far, read=problem)

    def close(self) -> None:
        """Let go of the connection; the next round makes a new one, with the certificate files as they are then."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _learn(self, **more: Any) -> EndpointFacts:
        self.so_far = replace(self.so_far, **more)
        return self.so_far

    def _read(self, status: MemberStatus | None, budget: Budget) -> Probe[int]:
        """A learner serves no linearizable read, so it is not asked for one."""
        if status is not None and status.learner:
            return Probe()
        return self._ask(lambda probe, seconds: probe.read(seconds, serializable=False), budget)

    def _ask(self, call: Callable[[MemberProbe, float], T], budget: Budget) -> Probe[T]:
        at, begun = self.now(), time.monotonic()
        seconds = min(CALL_SECONDS, budget.left_seconds)
        if seconds <= 0:
            return Probe(problem=late(self.url, ENDPOINT_SECONDS), at=at)
        try:
            if self._connection is None:
                self._connection = self._source.probe(self.url)
            value = call(self._connection, seconds)
        except EtcdviewError as error:
            return Probe(problem=Problem.of(error), latency_seconds=time.monotonic() - begun, at=at)
        return Probe(value, latency_seconds=time.monotonic() - begun, at=at)

    def _ask_wire(self, budget: Budget, *, force: bool = False) -> WireFacts:
        begun = time.monotonic()
        unread = not self._wire.handshake.ok or self._wire.health.failed or self._wire.metrics.failed
        if (force or unread or begun >= self._wire_due) and budget.left_seconds > 0:
            self._wire_due = begun + WIRE_INTERVAL_SECONDS
            self._wire = ask_wire(self.url, self._context, budget, self.now)
            if self._wire.metrics.ok:
                self._samples.append((begun, self._wire.metrics))
            while self._samples and self._samples[0][0] < begun - WINDOW_SECONDS:
                self._samples.popleft()
        return self._wire

    def _earlier_sample(self) -> Probe[MetricFacts]:
        return self._samples[0][1] if len(self._samples) > 1 else Probe()


def late(url: str, seconds: float) -> Problem:
    """The problem of an endpoint that is still busy when the round ends."""
    return Problem(
        "DeadlineError",
        f"{url} did not answer within {seconds:g} s.",
        "Check the member's process and log: the process, its disk or its network hangs.",
    )
