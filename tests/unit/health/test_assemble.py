"""Endpoints become members and a quorum; what is unknown stays unknown."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from etcdview.health.assemble import assemble
from etcdview.health.facts import Problem, alarms_in
from etcdview.health.rules import RuleContext, examine
from etcdview.models import Alarm, Membership


def test_three_members_that_answer_are_healthy(build: SimpleNamespace) -> None:
    facts = build.cluster()
    assert facts.quorum.state == "has"
    assert facts.quorum.may_fail == 1
    assert [m.role for m in facts.members] == ["leader", "follower", "follower"]
    assert examine(RuleContext(facts)).status == "healthy"


def test_one_silent_member_of_three_is_degraded_and_named(build: SimpleNamespace) -> None:
    verdict = examine(RuleContext(build.cluster(down=(3,))))
    assert verdict.status == "degraded"
    assert verdict.exit_status == 1
    assert "cp3" in verdict.findings[0].summary


def test_a_survivor_that_cannot_read_has_lost_quorum(build: SimpleNamespace) -> None:
    facts = build.cluster(down=(1, 2), bend={3: {"read": build.failed()}})
    assert facts.quorum.state == "lost"
    assert examine(RuleContext(facts)).status == "no quorum"


def test_quorum_is_lost_when_no_member_knows_a_leader(build: SimpleNamespace) -> None:
    bent = {n: {"read": build.failed(), "status": {"leader_id": 0}} for n in (1, 2, 3)}
    assert build.cluster(bend=bent).quorum.state == "lost"


def test_a_majority_that_answers_but_too_slowly_is_unknown_not_lost(build: SimpleNamespace) -> None:
    facts = build.cluster(bend={n: {"read": build.failed()} for n in (1, 2, 3)})
    assert facts.quorum.state == "unknown"
    assert examine(RuleContext(facts)).exit_status == 3


def test_when_nobody_answers_quorum_is_unknown(build: SimpleNamespace) -> None:
    verdict = examine(RuleContext(build.cluster(down=(1, 2, 3))))
    assert verdict.status == "unknown"


def test_membership_that_cannot_be_read_is_the_last_known(build: SimpleNamespace) -> None:
    facts = build.cluster(down=(1, 2, 3))
    assert [m.name for m in facts.members] == ["cp1", "cp2", "cp3"]
    assert not facts.membership_fresh


def test_an_endpoint_under_another_name_belongs_to_the_member_that_answers_there(build: SimpleNamespace) -> None:
    members = (build.member(1),)
    local = replace(build.endpoint(1, members), url="https://127.0.0.1:2379")
    facts = assemble([local, build.silent(1)], at=build.now)
    assert len(facts.members) == 1
    assert [e.url for e in facts.members[0].endpoints] == ["https://127.0.0.1:2379", "https://10.0.0.1:2379"]
    assert facts.members[0].healthy


def test_a_given_endpoint_that_nobody_advertises_and_that_is_silent_is_still_shown(build: SimpleNamespace) -> None:
    members = (build.member(1),)
    facts = assemble([build.endpoint(1, members), build.silent(9)], at=build.now)
    assert [m.name for m in facts.members] == ["cp1", "10.0.0.9:2379"]
    assert facts.quorum.voters == 1


def test_without_membership_nothing_is_said_of_how_many_voters_there_are(build: SimpleNamespace) -> None:
    verdict = examine(RuleContext(assemble([build.silent(1)], at=build.now)))
    assert [f.id for f in verdict.findings] == ["quorum-unknown"]


def test_where_no_member_answers_each_reason_is_told_once(build: SimpleNamespace) -> None:
    facts = build.cluster(down=(1, 2, 3))
    findings = examine(RuleContext(facts)).findings
    reasons = {member.problem.what for member in facts.members}

    assert [f.id for f in findings if any(reason in f.evidence for reason in reasons)] == ["quorum-unknown"]
    assert all(findings[0].evidence.count(reason) == 1 for reason in reasons)


def test_the_view_of_a_member_in_quorum_is_believed_over_that_of_one_cut_off(build: SimpleNamespace) -> None:
    old, new = (build.member(1), build.member(2)), (build.member(1),)
    cut_off = build.endpoint(2, old, read=build.failed(), status={"raft_term": 9})
    facts = assemble([cut_off, build.endpoint(1, new)], at=build.now)
    assert facts.membership == Membership(facts.cluster_id, new)


def test_a_learner_is_healthy_by_a_local_read_and_counts_in_no_quorum(build: SimpleNamespace) -> None:
    members = (build.member(1), build.member(2, learner=True))
    facts = build.cluster(members=members, bend={2: {"read": build.failed(), "status": {"learner": True}}})
    assert facts.quorum.voters == 1
    assert facts.members[1].healthy
    assert facts.members[1].role == "learner"


def test_alarms_are_read_from_the_errors_of_status(build: SimpleNamespace) -> None:
    errors = ("memberID:161 alarm:NOSPACE ", "etcdserver: no leader", "memberID:162 alarm:CORRUPT ")
    assert alarms_in(build.status(1, errors=errors)) == (Alarm(161, "NOSPACE"), Alarm(162, "CORRUPT"))


def test_a_server_without_status_and_membership_is_judged_by_its_reads(build: SimpleNamespace) -> None:
    lacking = build.failed(Problem("UnsupportedError", "This server does not have the call."))
    kine = build.endpoint(1, (), status=lacking, membership=lacking, hash=lacking)
    verdict = examine(RuleContext(assemble([kine], at=build.now)))
    assert (verdict.status, [f.id for f in verdict.findings]) == ("healthy", ["unsupported"])


def test_where_even_status_is_denied_the_member_still_lives(build: SimpleNamespace) -> None:
    denied = build.failed(Problem("DeniedError", "etcd requires a user name and password."))
    shut = build.endpoint(1, (), status=denied, membership=denied, local_read=denied, read=denied, hash=denied)
    verdict = examine(RuleContext(assemble([shut], at=build.now)))
    assert verdict.status == "at risk"
    assert "member-down" not in [f.id for f in verdict.findings]


def test_where_reads_are_denied_the_members_own_word_proves_quorum(build: SimpleNamespace) -> None:
    denied = build.failed(Problem("DeniedError", "etcd requires a user name and password."))
    facts = build.cluster(bend={n: {"read": denied} for n in (1, 2, 3)})
    assert facts.quorum.state == "has"
    assert examine(RuleContext(facts)).status == "at risk"
