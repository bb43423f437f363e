"""Operations are judged by one round of health's facts, and refused where they would hurt. No etcd is needed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from etcdview.errors import DeniedError, UnreachableError
from etcdview.health.facts import NOT_PERMITTED, ClusterFacts, Problem
from etcdview.maintenance import plans
from etcdview.maintenance.members import ClusterNow, MemberNow, judged
from etcdview.models import Alarm
from tests.unit.health.conftest import cluster, failed, member


def now(**changes: Any) -> ClusterNow:
    return judged(cluster(**changes))


def cp(number: int, seen: ClusterNow) -> MemberNow:
    found = seen.by_id(0xA0 + number)
    assert found is not None
    return found


def test_members_have_the_roles_that_the_facts_give_them() -> None:
    seen = now(down=(3,))
    assert [(m.name, m.role) for m in seen.members] == [("cp1", "leader"), ("cp2", "follower"), ("cp3", "down")]
    assert "did not answer" in cp(3, seen).problem


@pytest.mark.parametrize(
    ("bend", "why"),
    [
        ({"read": failed()}, "linearizable reads through it fail"),
        ({"status": {"leader_id": 0}}, "does not follow cp1"),
        ({"status": {"raft_term": 2}}, "does not follow cp1"),
    ],
    ids=["no linearizable read", "no leader known", "an older term"],
)
def test_a_member_that_answers_but_is_cut_off_does_not_take_part(bend: dict[str, Any], why: str) -> None:
    seen = now(bend={3: bend})
    assert why in seen.apart(cp(3, seen))
    assert "cp3" in plans.defragment(seen, cp(2, seen)).refusal
    assert "cp3" in plans.defragment_all(seen).refusal
    assert "quorum" in plans.remove(seen, cp(2, seen)).refusal
    assert plans.move_leader(seen, cp(3, seen)).refusal


@pytest.mark.parametrize("kind", ["UnsupportedError", NOT_PERMITTED, "DeniedError"])
def test_a_read_that_etcd_does_not_permit_is_nothing_against_the_member(kind: str) -> None:
    seen = now(bend={2: {"read": failed(Problem(kind, "no"))}})
    assert seen.apart(cp(2, seen)) == ""


def test_a_learner_takes_part_without_a_linearizable_read() -> None:
    members = (member(1), member(2), member(3, learner=True))
    seen = now(members=members, bend={3: {"status": {"learner": True}, "read": failed()}})
    assert cp(3, seen).role == "learner"
    assert "is already a learner" in plans.add_learner(seen, "https://10.0.0.4:2380", "cp4").refusal


def test_a_member_that_has_never_started_has_its_id_for_a_name() -> None:
    members = (member(1), member(2), member(3, name="", client_urls=()))
    seen = now(members=members)
    assert (cp(3, seen).name, cp(3, seen).role) == ("a3", "not started")
    assert "never started" in cp(3, seen).problem
    assert "a3 does not answer" in plans.defragment_all(seen).refusal


def test_nothing_is_judged_by_a_membership_of_an_earlier_round() -> None:
    with pytest.raises(UnreachableError, match="did not answer within 1 s"):
        judged(cluster(down=(1, 2, 3)))


def test_a_membership_that_etcd_denies_is_denied_not_down() -> None:
    denied = failed(Problem("DeniedError", "etcd wants a login.", "Give one."))
    bent = {n: {"status": denied, "membership": denied} for n in (1, 2, 3)}
    with pytest.raises(DeniedError, match="wants a login"):
        judged(cluster(bend=bent))


def alarmed() -> ClusterFacts:
    return cluster(bend={n: {"status": {"errors": ("memberID:162 alarm:NOSPACE ",)}} for n in (1, 2, 3)})


def test_an_alarm_that_all_members_tell_of_is_one_alarm() -> None:
    seen = judged(alarmed())
    assert seen.alarms == (Alarm(0xA2, "NOSPACE"),)
    assert plans.disarm(seen, Alarm(0xA2, "NOSPACE")).refusal == ""
    assert "already disarmed" in plans.disarm(seen, Alarm(0xA2, "CORRUPT")).refusal


@pytest.mark.parametrize("kind", ["NOSPACE", "CORRUPT"])
def test_what_a_plan_says_is_filled_in(kind: str) -> None:
    plan = plans.disarm(now(), Alarm(0xA2, kind))
    said = (plan.title, plan.does, plan.risk, plan.confirm, plan.refusal)
    assert not [text for text in said if "{" in text]
    assert ("clients of cp2 may read wrong data" in plan.risk) is (kind == "CORRUPT")


def test_the_last_voter_is_never_removed() -> None:
    seen = now(size=1)
    assert "last voter" in plans.remove(seen, cp(1, seen)).refusal


def test_without_a_leader_no_member_is_removed_or_promoted_and_the_newest_gives_the_snapshot() -> None:
    bent = {n: {"status": {"leader_id": 0, "revision": 1000 + n}, "read": failed()} for n in (1, 2)}
    seen = now(bend=bent, down=(3,))
    assert plans.remove(seen, cp(3, seen)).refusal
    assert plans.move_leader(seen, cp(2, seen)).refusal
    assert (source := plans.snapshot_source(seen)) is not None
    assert source.name == "cp2"


def test_a_learner_is_promoted_only_when_it_has_caught_up() -> None:
    members = (member(1), member(2), member(3, learner=True))
    behind = now(members=members, bend={3: {"status": {"learner": True, "raft_applied_index": 4499}}})
    ready = now(members=members, bend={3: {"status": {"learner": True, "raft_applied_index": 4500}}})
    assert "89 % of the leader's log" in plans.promote(behind, cp(3, behind)).refusal
    assert plans.promote(ready, cp(3, ready)).refusal == ""


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("10.0.0.4:2380", "scheme, host and port"),
        ("https://10.0.0.4", "scheme, host and port"),
        ("https://[::1", "scheme, host and port"),
        ("https://10.0.0.1:2380", "belongs to cp1"),
        ("http://10.0.0.4:2380", "use https"),
    ],
)
def test_a_peer_url_that_cannot_be_is_refused(url: str, why: str) -> None:
    assert why in plans.add_learner(now(), url, "cp4").refusal


@pytest.mark.parametrize("revision", [0, -1, 1202])
def test_compaction_takes_only_revisions_that_exist(revision: int) -> None:
    assert "between 1 and 1201" in plans.compact(now(), revision).refusal


def test_the_leader_is_defragmented_last_and_the_largest_first() -> None:
    seen = now(bend={3: {"status": {"db_size_bytes": 30_000_000}}})
    assert [m.name for m in plans.defragment_order(seen)] == ["cp3", "cp2", "cp1"]


def test_a_new_member_is_told_all_the_others() -> None:
    seen = now()
    added = MemberNow(replace(member(4), name="", peer_urls=("https://10.0.0.4:2380",)))
    flags = plans.start_flags(seen, added, "cp4")
    assert flags[1].count("=https://") == 4
    assert flags[0] == "--name=cp4"


def test_without_a_quorum_everything_that_writes_is_refused_with_the_count() -> None:
    seen = now(down=(1, 2), bend={3: {"status": {"leader_id": 0}, "read": failed()}})
    left = cp(3, seen)
    said = "No quorum: 1 of 3 voters answer, 2 are needed. Nothing can be written."

    assert plans.no_quorum(seen) == plans.compact(seen, 1).refusal == said
    assert all(
        plan.refusal
        for plan in (plans.defragment(seen, left), plans.move_leader(seen, left), plans.remove(seen, cp(1, seen)))
    )
    assert plans.no_quorum(now()) == plans.no_quorum(now(down=(3,))) == ""


def test_voters_that_answer_without_a_leader_are_not_said_to_be_too_few() -> None:
    seen = now(bend={number: {"status": {"leader_id": 0}} for number in (1, 2, 3)})

    assert plans.no_quorum(seen) == (
        "No quorum: 3 of 3 voters answer, but fewer than 2 follow one leader. "
        "An election takes some seconds: try again then."
    )
