"""Comparing the members' data: one after the other, rarely, and a difference is believed only when it stays."""

from __future__ import annotations

import time
from types import SimpleNamespace as Build

import pytest

from etcdview.errors import CompactedError, DeadlineError, NotPermittedError, UnsupportedError
from etcdview.health.facts import Probe
from etcdview.health.probes.hashing import AUTOMATIC_BYTES, Hasher, agree, hash_of
from etcdview.models import KvHash


class HashingMember:
    """Gives the hashes of a script, one a call."""

    def __init__(self, *hashes: int | Exception) -> None:
        self.script = list(hashes)
        self.requests: list[int] = []

    def hash_kv(self, revision: int, timeout_seconds: float) -> KvHash:
        self.requests.append(revision)
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
    assert [m.requests for m in members] == [[1100]] * 3


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


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is to be asked again, may be asked at once."""
    monkeypatch.setattr("etcdview.health.probes.hashing.AGAIN_SECONDS", 0.0)


def test_what_agrees_is_left_alone_until_members_come_go_or_start(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    hasher = run(build, *(HashingMember(7) for _ in range(3)))
    restarted = build.wire(metrics=build.metrics(started_at=build.now.timestamp()))
    silent = build.replace(build.wire(), metrics=build.failed())
    assert not hasher.due(build.cluster())
    assert not hasher.due(build.cluster(bend={2: {"wire": silent}}))
    assert hasher.due(build.cluster(down=(3,)))
    replaced = (build.member(1), build.member(2), build.member(3, id=0xBB))
    assert hasher.due(build.cluster(members=replaced, bend={3: {"status": {"member_id": 0xBB}}}))
    assert hasher.due(build.cluster(bend={2: {"wire": restarted}}))


def test_a_difference_and_a_failure_are_looked_at_again_soon(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch)
    for second in (8, DeadlineError("late")):
        assert run(build, HashingMember(7), HashingMember(second)).due(build.cluster(2))


def test_what_the_server_does_not_have_is_not_asked_for_again_soon(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    for problem in (UnsupportedError("none"), NotPermittedError("no")):
        assert not run(build, HashingMember(problem), HashingMember(problem)).due(build.cluster(2))


def test_a_hash_is_of_the_member_that_gave_it(build: Build) -> None:
    probe = build.ok(KvHash(0xA2, 7, 1201, 900))
    assert hash_of(build.status(2), probe) == hash_of(None, probe) == probe
    assert hash_of(build.status(2, member_id=0xBB), probe) == Probe()


def test_nothing_asked_is_nothing_to_disagree_about() -> None:
    assert agree({})
    assert not agree({"x": Probe()})
