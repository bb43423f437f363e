"""One look at a cluster: what an operation is judged by."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from etcdview.errors import NoQuorumError
from etcdview.health import once
from etcdview.health.facts import ClusterFacts, Problem
from etcdview.tls.files import TlsFiles

SOURCE = SimpleNamespace(endpoints=("http://127.0.0.1:1",), tls=TlsFiles())
NO_LEADER = Problem.of(NoQuorumError("It has no leader."))


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch, build: SimpleNamespace) -> SimpleNamespace:
    """Rounds see what is in `coming`, one after the other; `slept` has the pauses between them."""
    told = SimpleNamespace(coming=[], slept=[])

    class Rounds:
        def __init__(self, *_: object) -> None: ...

        def run(self, _hashes: object) -> ClusterFacts:
            return told.coming.pop(0)

        def close(self) -> None: ...

    monkeypatch.setattr(once, "Rounds", Rounds)
    monkeypatch.setattr(once, "time", SimpleNamespace(sleep=told.slept.append))
    return told


def electing(build: SimpleNamespace, seconds: float) -> ClusterFacts:
    """All three answer, and none serves a read."""
    unread = {"read": build.failed(NO_LEADER)}
    return build.replace(build.cluster(bend=dict.fromkeys((1, 2, 3), unread)), round_seconds=seconds)


@pytest.mark.parametrize(("round_seconds", "pause"), [(0.1, 1.4), (1.9, 0.0)])
def test_an_election_is_waited_for(
    looks: SimpleNamespace, build: SimpleNamespace, round_seconds: float, pause: float
) -> None:
    looks.coming = [electing(build, round_seconds), build.cluster()]

    assert once.facts_now(SOURCE).quorum.state == "has"
    assert looks.slept == [pytest.approx(pause)]


@pytest.mark.parametrize("down", [(), (3,), (2, 3), (1, 2, 3)], ids=["well", "one-down", "quorum-lost", "silent"])
def test_what_no_election_explains_is_told_at_once(
    looks: SimpleNamespace, build: SimpleNamespace, down: tuple[int, ...]
) -> None:
    met = build.cluster(down=down)
    looks.coming = [met]

    assert once.facts_now(SOURCE) is met
    assert looks.slept == []


def test_members_that_still_do_not_agree_are_told_after_two_rounds(
    looks: SimpleNamespace, build: SimpleNamespace
) -> None:
    looks.coming = [electing(build, 0.1), electing(build, 0.1)]

    assert once.facts_now(SOURCE).quorum.state != "has"
    assert looks.coming == []
