"""One look at a cluster, for a command that ends: two rounds when they are quick, since some rules want a second."""

from __future__ import annotations

import time

from etcdview.health.certificate_inventory import InventoryCache
from etcdview.health.facts import ClusterFacts
from etcdview.health.history import History
from etcdview.health.monitor import Report
from etcdview.health.probes.budget import Clock, utc_now
from etcdview.health.probes.hashing import Hasher
from etcdview.health.probes.probing import ProbeSource
from etcdview.health.probes.rounds import Rounds
from etcdview.health.probes.wire import unverified
from etcdview.health.rules import RuleContext, examine

_QUICK_SECONDS = 0.6  # a round that took longer has met a member that hangs; the answer is due within two seconds
_PAUSE_SECONDS = 0.3
_ELECTION_SECONDS = 1.5  # etcd's default election timeout is 1 s


def look_once(source: ProbeSource, *, compare_data: bool = False, now: Clock = utc_now) -> Report:
    """The verdict as of now. With `compare_data` the members' hashes are compared too, which reads all their data."""
    rounds, hasher = Rounds(source, unverified(source.tls), now), Hasher(source, now)
    try:
        before, facts = None, rounds.run({})
        if compare_data:
            hasher.begin(facts)
            hasher.wait()
        if compare_data or facts.round_seconds < _QUICK_SECONDS or _electing(facts):
            time.sleep(_ELECTION_SECONDS if _electing(facts) else _PAUSE_SECONDS)
            before, facts = facts, rounds.run(hasher.results)
        certificates = InventoryCache(source.tls).look(facts)
        history = History().add(facts)
        return Report(
            facts,
            examine(RuleContext(facts, before, history, certificates)),
            history=history,
            certificates=certificates,
        )
    finally:
        hasher.stop()
        rounds.close()


def facts_now(source: ProbeSource, *, now: Clock = utc_now) -> ClusterFacts:
    """One round, begun now, over connections of its own: what an operation is judged by. Raises nothing.

    An election refuses every operation and is soon over: a round that met one is followed by a second.
    """
    rounds = Rounds(source, unverified(source.tls), now)
    try:
        facts = rounds.run({})
        if not _electing(facts):
            return facts
        time.sleep(max(0.0, _ELECTION_SECONDS - facts.round_seconds))
        return rounds.run({})
    finally:
        rounds.close()


def _electing(facts: ClusterFacts) -> bool:
    """A majority answers and cannot agree: most likely just now, while it elects a leader."""
    return facts.quorum.state != "has" and facts.quorum.answering >= facts.quorum.majority
