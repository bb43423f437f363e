"""Whether all members hold the same data: HashKV at one common revision, now and then, one member after the other.

HashKV reads a member's whole keyspace and holds its writes back meanwhile. So it is asked of one member at a time, by
itself only every ten minutes and only while the data is small; otherwise when somebody wants to know. What it found is
looked at again sooner where it may hold no more: it was a difference or a failure, or members came, went or started.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from etcdview import background
from etcdview.errors import EtcdviewError
from etcdview.health.facts import ClusterFacts, Probe, Problem
from etcdview.health.probes.budget import Clock
from etcdview.health.probes.probing import ProbeSource
from etcdview.models import KvHash, MemberStatus

INTERVAL_SECONDS = 600.0
AGAIN_SECONDS = 45.0  # after a difference, a failure, or a change among the members
AUTOMATIC_BYTES = 512 * 1024 * 1024  # about a second of reading
CALL_SECONDS = 10.0
_TRIES = 3
_PAUSE_SECONDS = 0.5

Hashes = Mapping[str, Probe[KvHash]]
_Starts = Mapping[tuple[str, int], float | None]  # when each member that answers started, by its URL and ID


class Hasher:
    """Compares in a thread of its own, one comparison at a time; `results` are by endpoint URL."""

    def __init__(self, source: ProbeSource, now: Clock) -> None:
        self.results: Hashes = {}  # replaced whole
        self._source = source
        self._now = now
        self._thread: threading.Thread | None = None
        self._begun_at: float | None = None  # monotonic
        self._begun_of: _Starts = {}
        self._stopping = threading.Event()
        self._starting = threading.Lock()  # guards that nothing starts once it is stopping

    @property
    def busy(self) -> bool:
        """Whether a comparison is under way."""
        return self._thread is not None and self._thread.is_alive()

    def due(self, facts: ClusterFacts) -> bool:
        """Whether it is time for a comparison by itself, on data small enough for that."""
        sizes = [m.status.db_size_bytes for m in facts.members if m.status]
        if self.busy or not sizes or max(sizes) > AUTOMATIC_BYTES:
            return False
        if self._begun_at is None:
            return True
        again = not settled(self.results) or _changed(self._begun_of, _starts(facts))
        return time.monotonic() - self._begun_at >= (AGAIN_SECONDS if again else INTERVAL_SECONDS)

    def begin(self, facts: ClusterFacts) -> None:
        """Start a comparison of the members that answer, unless one is under way."""
        with self._starting:
            if not self.busy and not self._stopping.is_set():
                self._begun_at, self._begun_of = time.monotonic(), _starts(facts)
                thread = threading.Thread(target=self._run, args=(facts,), name="etcdview-health-hash", daemon=True)
                self._thread = background.start(thread)

    def wait(self) -> None:
        """Until the comparison under way is done; each call in it has its deadline."""
        if self._thread is not None:
            self._thread.join()

    def stop(self, wait_seconds: float = 0.5) -> None:
        """Begin no further call; one that is under way is left to its deadline."""
        with self._starting:
            self._stopping.set()
        if self._thread is not None:
            self._thread.join(wait_seconds)

    def _run(self, facts: ClusterFacts) -> None:
        urls = [m.endpoint.url for m in facts.members if m.alive]
        for _ in range(_TRIES):
            found = {url: self._ask(url, facts.common_revision) for url in urls}
            if self._stopping.is_set():
                return
            self.results = found
            if agree(found):
                return
            # Members compact at slightly different moments; only a difference that stays is one.
            self._stopping.wait(_PAUSE_SECONDS)

    def _ask(self, url: str, revision: int) -> Probe[KvHash]:
        at, begun = self._now(), time.monotonic()
        if self._stopping.is_set():
            return Probe()
        try:
            connection = self._source.probe(url)
            try:
                value = connection.hash_kv(revision, CALL_SECONDS)
            finally:
                connection.close()
        except EtcdviewError as error:
            return Probe(problem=Problem.of(error), latency_seconds=time.monotonic() - begun, at=at)
        return Probe(value, latency_seconds=time.monotonic() - begun, at=at)


def settled(hashes: Hashes) -> bool:
    """Whether asking again soon would tell nothing new: all agree, or the server does not have it or let us ask."""
    problems = [probe.problem for probe in hashes.values()]
    never = any(t is not None and (t.unsupported or t.denied) for t in problems)
    return never or agree(hashes)


def hash_of(status: MemberStatus | None, probe: Probe[KvHash]) -> Probe[KvHash]:
    """The hash, if it is of the member that answers there now; of another one it says nothing."""
    if status is None or probe.value is None or probe.value.member_id == status.member_id:
        return probe
    return Probe()


def _starts(facts: ClusterFacts) -> _Starts:
    return {(m.endpoint.url, m.id): m.metrics.started_at if m.metrics else None for m in facts.members if m.alive}


def _changed(before: _Starts, now: _Starts) -> bool:
    """Whether others answer, or one has started since; when it did is not always known."""
    pairs = [(before[key], now[key]) for key in before.keys() & now.keys()]
    return before.keys() != now.keys() or any(a != b for a, b in pairs if a is not None and b is not None)


def agree(hashes: Hashes) -> bool:
    """Whether every member gave the same hash, at the same revision and the same compact revision."""
    values = [probe.value for probe in hashes.values()]
    return (
        all(v is not None for v in values) and len({(v.hash, v.revision, v.compact_revision) for v in values if v}) <= 1
    )
