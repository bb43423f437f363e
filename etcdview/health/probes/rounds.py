"""One round: every known endpoint is probed in parallel, so that a hanging member delays no other."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable
from dataclasses import replace

from etcdview import background
from etcdview.endpoints import is_endpoint
from etcdview.health.assemble import address, assemble
from etcdview.health.facts import ClusterFacts, EndpointFacts, Probe, Problem
from etcdview.health.probes.budget import Budget, Clock
from etcdview.health.probes.hashing import Hashes, hash_of
from etcdview.health.probes.probing import ENDPOINT_SECONDS, EndpointProber, ProbeSource, late
from etcdview.health.probes.wire import ContextFn
from etcdview.models import Membership

_Heard = queue.SimpleQueue[EndpointFacts | Membership]
_GRACE_SECONDS = 0.1  # over the endpoints' own budget, for threads to report


class Rounds:
    """Runs rounds, and remembers between them: connections, and the membership as last read.

    `run` is for one thread at a time. Each endpoint is asked in a thread of its own; one that is still busy from the
    round before is not asked again, but reported late.
    """

    def __init__(self, source: ProbeSource, context: ContextFn, now: Clock) -> None:
        self._source = source
        self._context = context
        self._now = now
        self._probers: dict[str, EndpointProber] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._membership: Membership | None = None

    def run(self, hashes: Hashes) -> ClusterFacts:
        """Ask every endpoint that is given or advertised; put the answers together, with `hashes`. Raises nothing."""
        begun = time.monotonic()
        seen = self._collect()
        facts = assemble(
            [self._completed(e, hashes) for e in seen],
            at=self._now(),
            known=self._membership,
            round_seconds=time.monotonic() - begun,
        )
        self._membership = facts.membership
        self._forget(e.url for e in seen)
        return facts

    def close(self, wait_seconds: float = 0.8) -> None:
        """Close every connection, once the threads that use them are done or `wait_seconds` are over."""
        budget = Budget(wait_seconds)
        for thread in self._threads.values():
            thread.join(budget.left_seconds)
        for prober in self._probers.values():
            prober.close()
        self._probers.clear()
        self._threads.clear()

    def _collect(self) -> list[EndpointFacts]:
        heard: _Heard = queue.SimpleQueue()
        seen: dict[str, EndpointFacts | None] = {}  # by address; None while its answer is awaited
        urls: dict[str, str] = {}

        def begin(more: Iterable[str]) -> None:
            for url in more:
                if address(url) not in seen:
                    urls[address(url)] = url
                    seen[address(url)] = None if self._start(url, heard) else self._busy(url)

        begin(self._source.endpoints)
        begin(_client_urls(self._membership))
        budget = Budget(ENDPOINT_SECONDS + _GRACE_SECONDS)
        while None in seen.values():
            try:
                news = heard.get(timeout=budget.left_seconds)
            except queue.Empty:
                break
            if isinstance(news, Membership):
                begin(_client_urls(news))
            else:
                seen[address(news.url)] = news
        return [facts or self._probers[urls[key]].overdue() for key, facts in seen.items()]

    def _start(self, url: str, heard: _Heard) -> bool:
        """Whether the endpoint is being asked; false while it is still busy with an earlier round."""
        busy = self._threads.get(url)
        if busy is not None and busy.is_alive():
            return False
        prober = self._probers.setdefault(url, EndpointProber(self._source, url, self._context, self._now))
        thread = threading.Thread(
            target=_work, args=(prober, heard), name=f"etcdview-probe-{address(url)}", daemon=True
        )
        prober.begin()
        self._threads[url] = background.start(thread)
        return True

    def _busy(self, url: str) -> EndpointFacts:
        """An endpoint that is still being asked an earlier round's questions."""
        return EndpointFacts(url, status=Probe(problem=late(url, ENDPOINT_SECONDS), at=self._now()))

    def _completed(self, endpoint: EndpointFacts, hashes: Hashes) -> EndpointFacts:
        given = {address(url) for url in self._source.endpoints}
        hashed = hash_of(endpoint.status.value, hashes.get(endpoint.url, Probe()))
        return replace(endpoint, given=address(endpoint.url) in given, hash=hashed)

    def _forget(self, urls: Iterable[str]) -> None:
        for url in set(self._probers) - set(urls):
            if not self._threads[url].is_alive():
                self._probers.pop(url).close()
                self._threads.pop(url)


def _work(prober: EndpointProber, heard: _Heard) -> None:
    """The outermost frame of a probe's thread: whatever goes wrong there must not look like a member that is late."""
    try:
        heard.put(prober.ask_all(heard.put))
    except Exception as error:  # noqa: BLE001
        problem = Problem(
            type(error).__name__, f"Probing {prober.url} failed: {error}.", "This is a fault of etcdview."
        )
        heard.put(EndpointFacts(prober.url, status=Probe(problem=problem, at=prober.now())))


def _client_urls(membership: Membership | None) -> Iterable[str]:
    members = membership.members if membership else ()
    return [url for member in members for url in member.client_urls if is_endpoint(url)]
