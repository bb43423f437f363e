"""One call, several endpoints: the first that answers within the deadline wins, and an outage is told at once."""

from __future__ import annotations

import time
from typing import Any

from etcdview.errors import BudgetError, EtcdviewError, NoQuorumError, UnreachableError
from etcdview.stores.deadline import seconds_left
from etcdview.stores.etcd.explain import Explainer
from etcdview.stores.etcd.login import Login
from etcdview.stores.etcd.messages import Call
from etcdview.stores.etcd.order import Order
from etcdview.stores.etcd.outage import Outage
from etcdview.stores.etcd.race import Race

EXPLAIN_SHARE = 0.15  # of the deadline, kept for finding out why nobody answered
ELECTION_SECONDS = 2.0  # etcd elects a leader within 1 to 2 s at its default timeouts
ELECTION_LOOKS_SECONDS = 0.2


class Failover:
    """Calls to whichever endpoint answers."""

    def __init__(self, order: Order, login: Login, explain: Explainer) -> None:
        self._order = order
        self._login = login
        self._explain = explain
        self._leaderless = Outage()  # of calls that need a leader
        self._dead = Outage()  # of calls that any living member answers

    def run(self, call: Call, timeout_seconds: float) -> Any:
        """The answer to the call. Raises the EtcdviewError that tells most of why there is none.

        It takes no longer than `stores.deadline` leaves, and raises BudgetError then if a member still works on it.
        """
        left = seconds_left()
        hurried = left < timeout_seconds
        timeout_seconds = min(timeout_seconds, max(left, 0.0))
        outage = self._leaderless if call.needs_leader else self._dead
        # a cluster may be between two leaders; one that is known to have lost its quorum is not waited for
        election_seconds = 0.0 if outage.known else ELECTION_SECONDS
        outage.admit(timeout_seconds)
        begun = time.monotonic()
        patient_until = 0.0
        lost: NoQuorumError | None = None  # tells more than that a later look at it ran out of time
        while True:
            race = self._race(call, begun, timeout_seconds, hurried)
            try:
                answer = race.answer()
            except UnreachableError as error:
                patient_until = patient_until or min(time.monotonic() + election_seconds, race.deadline)
                if isinstance(error, NoQuorumError):
                    lost = error
                    if time.monotonic() + ELECTION_LOOKS_SECONDS < patient_until:
                        time.sleep(ELECTION_LOOKS_SECONDS)
                        continue
                if race.hopeless:
                    outage.met(lost or error, time.monotonic() - begun)
                raise lost or error from error.__cause__
            except BudgetError as error:  # no member answered, and none failed
                raise lost or error from None
            except EtcdviewError:
                outage.over()  # a member answered, with a refusal: etcd is back
                raise
            outage.over()
            return answer

    def _race(self, call: Call, begun: float, timeout_seconds: float, hurried: bool) -> Race:
        deadline = begun + timeout_seconds * (1 - EXPLAIN_SHARE)
        return Race(self._order, self._login, self._explain, call, deadline, begun + timeout_seconds, hurried)
