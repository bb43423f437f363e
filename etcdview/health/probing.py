"""One endpoint asked all its questions, within one budget of time. Whatever fails is a fact, not an exception."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from etcdview.errors import EtcdviewError
from etcdview.health.facts import EndpointFacts, Probe, Trouble
from etcdview.models import Membership
from etcdview.stores.base import MemberProbe

T = TypeVar("T")
Clock = Callable[[], datetime]

CALL_SECONDS = 1.0  # a member that has not answered one call by then hangs, for all that a page can wait
ENDPOINT_SECONDS = 1.5  # all calls of one round to one endpoint together


class ProbeSource(Protocol):
    """Where connections to single members come from: the live store."""

    @property
    def endpoints(self) -> tuple[str, ...]: ...

    def probe(self, endpoint: str) -> MemberProbe: ...


class Budget:
    """How much of a time allowance is left."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    @property
    def left_seconds(self) -> float:
        return max(0.0, self._until - time.monotonic())


class EndpointProber:
    """Asks one endpoint, over a connection that is kept while it works and made anew when it does not."""

    def __init__(self, source: ProbeSource, url: str, now: Clock) -> None:
        self.url = url
        self._source = source
        self.now = now
        self._connection: MemberProbe | None = None

    def ask_all(self, on_membership: Callable[[Membership], None]) -> EndpointFacts:
        """One round's questions. A member that does not answer the first is not asked the others: it hangs, or is down.

        `on_membership` hears of the members as soon as they are known, while the slower reads are still under way.
        """
        budget = Budget(ENDPOINT_SECONDS)
        status = self._ask(lambda probe, seconds: probe.status(seconds), budget)
        if not status.ok:
            self.close()
            return EndpointFacts(self.url, status=status)
        membership = self._ask(lambda probe, seconds: probe.members(seconds), budget)
        if membership.value is not None:
            on_membership(membership.value)
        local_read = self._ask(lambda probe, seconds: probe.read(seconds, serializable=True), budget)
        read: Probe[int] = Probe()
        if status.value is not None and not status.value.learner:
            read = self._ask(lambda probe, seconds: probe.read(seconds, serializable=False), budget)
        return EndpointFacts(self.url, status=status, membership=membership, local_read=local_read, read=read)

    def close(self) -> None:
        """Let go of the connection; the next round makes a new one, with the certificate files as they are then."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, call: Callable[[MemberProbe, float], T], budget: Budget) -> Probe[T]:
        at, begun = self.now(), time.monotonic()
        seconds = min(CALL_SECONDS, budget.left_seconds)
        if seconds <= 0:
            return Probe(trouble=late(self.url, ENDPOINT_SECONDS), at=at)
        try:
            if self._connection is None:
                self._connection = self._source.probe(self.url)
            value = call(self._connection, seconds)
        except EtcdviewError as error:
            return Probe(trouble=Trouble.of(error), latency_seconds=time.monotonic() - begun, at=at)
        return Probe(value, latency_seconds=time.monotonic() - begun, at=at)


def late(url: str, seconds: float) -> Trouble:
    """The trouble of an endpoint that is still busy when the round ends."""
    return Trouble(
        "DeadlineError",
        f"{url} did not answer within {seconds:g} s.",
        "Look at the member's process and log: it hangs, or its disk or its network does.",
    )
