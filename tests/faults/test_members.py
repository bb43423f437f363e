"""Members that stop, die, come and go, on a real cluster of three."""

from __future__ import annotations

import time
from typing import Any

Ring = Any
Lab = Any


def test_a_healthy_cluster_is_healthy(trio: Ring, lab: Lab) -> None:
    with lab.look(trio.store()) as eye:
        verdict = eye.says("healthy")
        facts = eye.monitor.latest().facts
    assert {f.severity for f in verdict.findings} <= {"info"}
    assert [m.role for m in facts.members].count("leader") == 1
    assert all(m.healthy and m.metrics and m.quota_bytes for m in facts.members)
    assert all(m.endpoint.wire.handshake.value.certificate_der for m in facts.members)


def test_members_that_were_not_given_are_found(trio: Ring, lab: Lab) -> None:
    with lab.look(trio.store(trio.endpoints[:1])) as eye:
        eye.says("healthy")
        assert [m.name for m in eye.monitor.latest().facts.members] == [n.name for n in trio.nodes]


def test_stop_one_then_two_then_none_at_the_usual_pace(trio: Ring, lab: Lab) -> None:
    with lab.look(trio.store(), interval_seconds=5.0) as eye:
        eye.says("healthy")
        first, second = trio.followers()
        first.pause()
        finding = eye.finds("member-down", member=first.name)
        assert finding.severity == "critical"
        assert eye.monitor.latest().verdict.status == "degraded"
        begun = time.monotonic()
        eye.monitor.latest()
        assert time.monotonic() - begun < 2.0
        second.pause()
        assert eye.says("no quorum").exit_status == 2
        first.resume()
        second.resume()
        eye.says("healthy", "at risk")


def test_the_leader_stopped(trio: Ring, lab: Lab) -> None:
    with lab.look(trio.store()) as eye:
        eye.says("healthy")
        leader = trio.leader()
        leader.pause()
        eye.finds("member-down", member=leader.name)
        eye.finds("no-spare")
        leader.resume()
        eye.sees_no_harm()
        eye.finds("leader-changes")


def test_a_follower_killed(trio: Ring, lab: Lab) -> None:
    with lab.look(trio.store()) as eye:
        node = trio.followers()[0]
        node.kill()
        assert "listens" in eye.finds("member-down", member=node.name).evidence
        node.start()
        eye.sees_no_harm()


def test_two_of_three_killed(trio: Ring, lab: Lab) -> None:
    with lab.look(trio.store()) as eye:
        eye.says("healthy", "at risk")
        nodes = trio.followers()
        for node in nodes:
            node.kill()
        eye.says("no quorum")
        eye.finds("quorum-lost")
        eye.finds("leader-missing")
        for node in nodes:
            node.start()
        eye.sees_no_harm()


def test_all_stopped_is_unknown(trio: Ring, lab: Lab) -> None:
    with lab.look(trio.store()) as eye:
        eye.says("healthy", "at risk")
        for node in trio.nodes:
            node.pause()
        verdict = eye.says("unknown")
        assert verdict.exit_status == 3
        eye.finds("quorum-unknown")
        for node in trio.nodes:
            node.resume()
        eye.sees_no_harm()
