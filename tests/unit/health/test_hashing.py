"""Comparing the members' data: one after the other, rarely, and a difference is believed only when it stays."""

from __future__ import annotations

import time
from types import SimpleNamespace as Build

from etcdview.errors import CompactedError
from etcdview.health.facts import Probe
from etcdview.health.hashing import AUTOMATIC_BYTES, Hasher, agree
from etcdview.models import KvHash


class HashingMember:
    """Gives the hashes of a script, one a call."""

    def __init__(self, *hashes: int | Exception) -> None:
        self.script = list(hashes)
        self.asked: list[int] = []

    def hash_kv(self, revision: int, timeout_seconds: float) -> KvHash:
        self.asked.append(revision)
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, Exception):
            raise answer
        return KvHash(1, answer, revision, 5)

    def close(self) -> None: ...


class Source:
    def __init__(self, members: dict[str, HashingMember]) -> None:
        self.members = members
        self.endpoints = tuple(members)

    def probe(self, endpoint: str) -> HashingMember:
        return self.members[endpoint]


def run(build: Build, *members: HashingMember) -> Hasher:
    source = Source({f"https://10.0.0.{n}:2379": m for n, m in enumerate(members, 1)})
    hasher = Hasher(source, lambda: build.now)  # type: ignore[arg-type]
    hasher.begin(build.cluster(len(members), bend={1: {"status": {"revision": 1100}}}))
    until = time.monotonic() + 10
    while hasher.busy and time.monotonic() < until:
        time.sleep(0.01)
    hasher.stop()
    return hasher


def test_all_members_are_asked_at_the_revision_that_all_have(build: Build) -> None:
    members = [HashingMember(7), HashingMember(7), HashingMember(7)]
    assert agree(run(build, *members).results)
    assert [m.asked for m in members] == [[1100]] * 3


def test_a_difference_that_passes_is_not_reported(build: Build) -> None:
    assert agree(run(build, HashingMember(7), HashingMember(8, 7)).results)


def test_a_difference_that_stays_is(build: Build) -> None:
    assert not agree(run(build, HashingMember(7), HashingMember(8)).results)


def test_a_member_that_does_not_answer_is_unknown_not_equal(build: Build) -> None:
    hasher = run(build, HashingMember(7), HashingMember(CompactedError("compacted")))
    assert not agree(hasher.results)
    assert [p.failed for p in hasher.results.values()] == [False, True]


def test_large_data_is_compared_only_when_asked_for(build: Build) -> None:
    hasher = Hasher(Source({}), lambda: build.now)  # type: ignore[arg-type]
    assert hasher.due(build.cluster())
    large = build.cluster(bend={1: {"status": {"db_size_bytes": AUTOMATIC_BYTES + 1}}})
    assert not hasher.due(large)


def test_nothing_asked_is_nothing_to_disagree_about() -> None:
    assert agree({})
    assert not agree({"x": Probe()})
