"""One round of probes every five seconds, for all browsers together, and the verdict on it.

When a member begins to fail the next rounds come sooner, for it may be an election. While nobody has asked for a
minute, a round every thirty seconds keeps the history and the metrics going.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import datetime

from etcdview import background
from etcdview.health.certificate_inventory import CertificateInventory, InventoryCache
from etcdview.health.facts import ClusterFacts
from etcdview.health.findings import Finding, Verdict
from etcdview.health.history import History
from etcdview.health.probes.budget import Clock, utc_now
from etcdview.health.probes.hashing import Hasher
from etcdview.health.probes.probing import ProbeSource
from etcdview.health.probes.rounds import Rounds
from etcdview.health.probes.wire import unverified
from etcdview.health.rules import RuleContext, examine
from etcdview.health.rules.base import HEALTH, STATUS

INTERVAL_SECONDS = 5.0
TROUBLED_INTERVAL_SECONDS = 1.5  # a round may meet an election: soon look again whether the problem stays
IDLE_INTERVAL_SECONDS = 30.0
IDLE_AFTER_SECONDS = 60.0
TROUBLED_FOR_SECONDS = 20.0  # then it is known that the problem stays
STALE_SECONDS = 45.0  # longer than the longest pause between rounds: facts older than that say nothing of now
SUMMARY_LENGTH = 300  # characters: an exception's text may quote what a member sent
WAIT_SECONDS = 1.9  # the longest that a page waits for a round: less than the 2 s it is allowed

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What is known now. `facts` is None until the first round has ended; they are `age_seconds` old.

    `stale`: so old that they say nothing of now. `comparing`: the members' data is being compared.
    """

    facts: ClusterFacts | None
    verdict: Verdict
    age_seconds: float = 0.0
    history: History = field(default_factory=History)
    certificates: CertificateInventory = field(default_factory=CertificateInventory)
    stale: bool = False
    comparing: bool = False


def stale(report: Report, now: datetime) -> Verdict:
    """The verdict on facts that are too old to say anything of now."""
    finding = Finding(
        id="facts-stale",
        severity="critical",
        summary="The members have not been probed for too long.",
        evidence=f"The last round ended {report.age_seconds:.0f} s ago.",
        why="The page may be out of date.",
        action="Check etcdview's own log, and restart it.",
        commands=("etcdview health",),
    )
    return Verdict("unknown", now, (finding,))


def broken(error: Exception, at: datetime) -> Verdict:
    """The verdict while a fault of etcdview itself ends each round, or keeps it from being judged."""
    finding = Finding(
        id="round-failed",
        severity="critical",
        summary=f"The last round of probes failed: {type(error).__name__}: {error}"[:SUMMARY_LENGTH],
        evidence=f"The round failed at {at:%H:%M:%S} UTC.",
        why="Without a round nothing is known of the members now.",
        action="This is a fault of etcdview: report it, with the traceback in its log. Ask etcd itself meanwhile.",
        commands=(HEALTH, STATUS),
    )
    return Verdict("unknown", at, (finding,))


class Monitor:
    """Watches the health of one live cluster from a thread of its own. Safe to ask from any thread."""

    def __init__(
        self,
        source: ProbeSource,
        *,
        interval_seconds: float = INTERVAL_SECONDS,
        now: Clock = utc_now,
    ) -> None:
        self._rounds = Rounds(source, unverified(source.tls), now)
        self._hasher = Hasher(source, now)
        self._inventories = InventoryCache(source.tls)
        self._interval_seconds = interval_seconds
        self._now = now
        self._changed = threading.Condition()  # guards all below
        self._report: Report | None = None
        self._began_at = float("-inf")  # monotonic, of the newest round
        self._done_at = float("-inf")  # monotonic, when the newest report was made
        self._failed: Verdict | None = None  # of the newest round, where it failed
        self._failed_at = float("-inf")  # monotonic
        self._logged = ""  # the newest fault of our own in the log; of the thread alone
        self._running = False
        self._healthy_at = time.monotonic()  # when all members were last healthy
        self._requested_at = 0.0  # monotonic
        self._hash_wanted = False
        self._hashes = self._hasher.results  # those in the newest report
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to probe. Calling it again does nothing; after `stop` it stays stopped."""
        with self._changed:
            if self._thread is None and not self._stopping:
                self._requested_at = time.monotonic()
                thread = threading.Thread(target=self._run, name="etcdview-health", daemon=True)
                self._thread = background.start(thread)

    def stop(self) -> None:
        """Stop probing permanently; the threads end by themselves within a second."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._hasher.stop()
        if self._thread is not None:
            self._thread.join(1.0)

    def latest(self, wait_seconds: float = WAIT_SECONDS) -> Report:
        """What the last round saw: at once where it is recent, else after at most `wait_seconds` for a new one."""
        with self._changed:
            self._requested_at = time.monotonic()
            if not self._settled():
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._stopping or self._settled(), wait_seconds)
            if self._report is None:
                return Report(None, self._failed or Verdict("unknown", self._now()))
            age_seconds = time.monotonic() - self._done_at
            comparing = self._hash_wanted or self._hasher.busy or self._hasher.results is not self._hashes
            report = replace(self._report, age_seconds=age_seconds, comparing=comparing)
            failed = self._failed
        old = report.age_seconds >= STALE_SECONDS
        if failed is not None:
            return replace(report, verdict=failed, stale=old)
        return replace(report, verdict=stale(report, self._now()), stale=True) if old else report

    def compare_hashes(self) -> None:
        """Ask for a comparison of the members' data after the next round, which begins now, however large it is."""
        with self._changed:
            self._hash_wanted = True
            self._began_at = float("-inf")
            self._requested_at = time.monotonic()
            self._changed.notify_all()

    def _settled(self) -> bool:
        """Whether there is nothing worth waiting for. A round after a healthy one takes milliseconds: one that is
        still under way has met a problem, and a page should wait to report it."""
        return self._recent() and not (self._running and not self._troubled())

    def _recent(self) -> bool:
        # A round in its turn may take a second or two: facts are as old as one interval and one round before it ends.
        newest = max(self._done_at, self._failed_at)
        return time.monotonic() - newest < self._interval_seconds + WAIT_SECONDS

    def _run(self) -> None:
        while self._pause():
            try:
                self._look()
            except Exception as error:  # noqa: BLE001
                # A fault of our own must not end the watch, and must not pass for a round that is still under way.
                self._log_once("a round of probes failed", error)
                with self._changed:
                    self._failed, self._failed_at = broken(error, self._now()), time.monotonic()
                    self._running = False
                    self._changed.notify_all()
        self._rounds.close()

    def _look(self) -> None:
        """One round, and what follows from it."""
        with self._changed:
            last = self._report or Report(None, Verdict("unknown", self._now()))
        hashes = self._hasher.results
        facts = self._rounds.run(hashes)
        report = self._judged(facts, last)
        with self._changed:
            if self._hash_wanted or self._hasher.due(facts):
                self._hasher.begin(facts)
            self._hash_wanted, self._hashes = False, hashes
            self._publish(report)

    def _judged(self, facts: ClusterFacts, last: Report) -> Report:
        """The facts with their verdict; they are worth showing also where a fault of our own keeps them unjudged."""
        history = last.history.add(facts)
        try:
            certificates = self._inventories.look(facts)
            verdict = examine(RuleContext(facts, last.facts, history, certificates))
        except Exception as error:  # noqa: BLE001 - the same: what was read of the members must not be lost with it
            self._log_once("a round of probes cannot be judged", error)
            certificates, verdict = last.certificates, broken(error, facts.at)
        return Report(facts, verdict, history=history.judged(verdict), certificates=certificates)

    def _log_once(self, what: str, error: Exception) -> None:
        """The same fault returns every few seconds: its traceback stands in the log once."""
        text = f"{type(error).__name__}: {error}"
        if text != self._logged:
            self._logged = text
            _log.error("%s", what, exc_info=error)

    def _publish(self, report: Report) -> None:
        """Make it the newest; the caller holds the lock."""
        self._report, self._done_at, self._running = report, time.monotonic(), False
        self._failed = None
        if not self._troubled():
            self._healthy_at = self._done_at
        self._changed.notify_all()

    def _pause(self) -> bool:
        """Sleep until the next round is due, which then begins; false when it is time to stop."""
        with self._changed:
            while not self._stopping:
                now = time.monotonic()
                due = self._began_at + self._interval(now)
                if now >= due:
                    self._began_at, self._running = now, True
                    return True
                self._changed.wait(due - now)
            return False

    def _interval(self, now: float) -> float:
        if now - self._requested_at >= IDLE_AFTER_SECONDS:
            return IDLE_INTERVAL_SECONDS
        lately = now - self._healthy_at < TROUBLED_FOR_SECONDS
        return (
            min(self._interval_seconds, TROUBLED_INTERVAL_SECONDS)
            if lately and self._troubled()
            else self._interval_seconds
        )

    def _troubled(self) -> bool:
        facts = self._report.facts if self._report is not None else None
        return facts is not None and any(m.probed and not m.healthy for m in facts.members)
