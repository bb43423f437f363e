"""The health page at its edges: no facts, half of them, odd answers, and what a narrow role may know."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from etcdview.access.roles import LOCAL, Scope, Viewer
from etcdview.cluster.setup import Setup
from etcdview.cluster.window import Window
from etcdview.deployment.deployment import Deployment, Flag
from etcdview.errors import DeniedError, NotFoundError
from etcdview.health.facts import NOT_PERMITTED, ClusterFacts, HttpHealth, Probe, Problem, WireFacts
from etcdview.health.findings import Verdict
from etcdview.health.history import History
from etcdview.health.monitor import Report
from etcdview.pages.health.deployment import deployment_section, describe
from etcdview.pages.health.page import MEANINGS, SHOWN_VERDICTS, begin_comparison, health_page
from etcdview.pages.health.probes import QUESTIONS, Answer, counter_rows, probe_rows
from etcdview.pages.parts.verdict import STATUSES
from tests.unit.health import conftest as build
from tests.unit.pages.registry_of import window_on
from tests.unit.webapp.fixed_reports import FixedMonitor, cluster_of, etcd_pod, report_of

OPERATOR = Viewer("olga", "operator", method="password")


def cell(question: str, number: int = 1, **bend: Any) -> Answer:
    """How member `number` answered a question, after it was bent."""
    rows = probe_rows(build.cluster(bend={number: bend}))
    answers = next(r for r in rows if r.member == f"cp{number}").answers
    return dict(zip((name for name, _ in QUESTIONS), answers, strict=True))[question]


def flags(where: str, **values: str) -> Deployment:
    return Deployment(
        "systemd unit", where, tuple(Flag(name.replace("_", "-"), value, "") for name, value in values.items())
    )


def lost() -> ClusterFacts:
    alone = {"status": {"leader_id": 0}, "read": build.failed()}
    return build.cluster(bend={1: alone}, down=(2, 3))


def test_a_file_has_a_page_without_members_and_nothing_to_compare() -> None:
    window = Window(window_on([]).cluster, OPERATOR)
    page = health_page(window, build.NOW)
    assert (page.state, page.probes, page.counters, page.hour, page.may_compare) == (None, (), (), None, False)
    assert page.verdict.status == "unknown"
    with pytest.raises(NotFoundError, match="This is a file"):
        begin_comparison(window)


def test_before_the_first_round_there_are_no_rows_and_an_honest_meaning() -> None:
    cluster = cluster_of(Report(None, Verdict("unknown", build.NOW)))
    page = health_page(Window(cluster, OPERATOR), build.NOW)
    assert (page.state, page.probes, page.counters, page.hour, page.headline) == (None, (), (), None, "")
    assert page.meaning == "There is not enough evidence for a verdict."


def test_every_verdict_has_a_meaning() -> None:
    assert set(MEANINGS) == set(STATUSES)


def test_only_the_latest_verdicts_are_listed_newest_first() -> None:
    history = History()
    for n in range(SHOWN_VERDICTS + 5):
        at = build.NOW + timedelta(minutes=n)
        history = history.judged(Verdict("at risk" if n % 2 else "healthy", at))
    report = replace(report_of(build.cluster()), history=history)
    shown = health_page(Window(cluster_of(report)), build.NOW).verdicts
    assert len(shown) == SHOWN_VERDICTS
    assert shown == tuple(reversed(history.verdicts))[:SHOWN_VERDICTS]


@pytest.mark.parametrize("viewer", [LOCAL, replace(OPERATOR, role="viewer"), replace(OPERATOR, scope=Scope(("shop",)))])
def test_who_may_not_compare_starts_nothing(viewer: Viewer) -> None:
    cluster = cluster_of(report_of(build.cluster()))
    with pytest.raises(DeniedError):
        begin_comparison(Window(cluster, viewer))
    assert cast(FixedMonitor, cluster.monitor).compared == 0


@pytest.mark.parametrize("question", [name for name, _ in QUESTIONS])
def test_a_healthy_member_answers_every_question_well(question: str) -> None:
    assert cell(question).tone == "good"


@pytest.mark.parametrize(
    ("kind", "text", "tone"),
    [
        ("DeadlineError", "no answer", "bad"),
        ("UnsupportedError", "not supported by this server", "quiet"),
        ("NoQuorumError", "no quorum", "bad"),
        ("SomethingNewError", "failed", "bad"),
        ("", "failed", "bad"),
    ],
)
def test_a_failure_has_a_few_words_and_an_unknown_kind_still_fails(kind: str, text: str, tone: str) -> None:
    answer = cell("Members", membership=build.failed(Problem(kind, "It did not work.")))
    assert (answer.text, answer.tone, answer.seconds) == (text, tone, None)


def test_what_was_not_asked_is_neither_good_nor_bad() -> None:
    nothing_probed = {"wire": WireFacts(), "membership": Probe(), "hash": Probe()}
    for question in ("TCP", "TLS", "Members", "HashKV", "/health", "/metrics"):
        assert cell(question, **nothing_probed) == Answer("quiet", "not asked")


def test_a_read_that_etcd_does_not_permit_has_proved_the_quorum() -> None:
    answer = cell("Linearizable read", read=build.failed(Problem(NOT_PERMITTED, "permission denied")))
    assert (answer.tone, answer.text) == ("good", "key denied")


def test_a_handshake_that_fails_in_tls_has_connected() -> None:
    wire = replace(build.wire(), handshake=build.failed(Problem("TlsError", "handshake failed")))
    assert (cell("TCP", wire=wire).tone, cell("TCP", wire=wire).text) == ("good", "connects")
    assert (cell("TLS", wire=wire).tone, cell("TLS", wire=wire).text) == ("bad", "TLS failed")


def test_a_port_that_refuses_has_no_tls_to_speak_of() -> None:
    wire = replace(build.wire(), handshake=build.failed(Problem("RefusedError", "refused")))
    assert (cell("TCP", wire=wire).text, cell("TLS", wire=wire)) == ("refused", Answer("quiet", "not asked"))


@pytest.mark.parametrize(("reason", "said"), [("RAFT NO LEADER", True), ("", False), (None, False)])
def test_a_member_that_calls_itself_unhealthy_is_quoted_where_it_gives_a_reason(reason: Any, said: bool) -> None:
    wire = build.wire(health=HttpHealth(False, reason))
    assert (cell("/health", wire=wire).tone, cell("/health", wire=wire).text) == ("bad", "false")
    problems = probe_rows(build.cluster(bend={1: {"wire": wire}}))[0].problems
    assert [p.what for p in problems] == (["https://10.0.0.1:2379/health says: RAFT NO LEADER."] if said else [])


def test_a_problem_that_several_probes_met_is_told_once() -> None:
    facts = build.cluster(bend={1: {"membership": build.failed(), "hash": build.failed()}})
    assert probe_rows(facts)[0].problems == (build.SILENT,)


def test_a_silent_member_has_one_row_that_says_why() -> None:
    row = next(r for r in probe_rows(build.cluster(down=(3,))) if "10.0.0.3" in r.url)
    assert (row.healthy, row.address) == (False, "10.0.0.3:2379")
    assert build.SILENT in row.problems
    assert not [answer for answer in row.answers if answer.tone == "good"]


def test_a_member_without_metrics_has_no_counters() -> None:
    wire = replace(build.wire(), metrics=build.failed())
    assert [row.member for row in counter_rows(build.cluster(bend={2: {"wire": wire}}))] == ["cp1", "cp3"]


def test_a_counter_that_a_release_does_not_tell_is_unknown_and_0_is_a_number() -> None:
    reported = build.metrics(leader_changes=None, slow_applies=0, peer_round_trip={})
    row = counter_rows(build.cluster(bend={1: {"wire": build.wire(metrics=reported)}}))[0]
    assert (row.leader_changes, row.slow_applies, row.peer_p99) == (None, 0, None)


def test_without_facts_and_files_the_deployment_is_unknown_and_nothing_is_drawn() -> None:
    section = describe(Setup(), None)
    assert section.words[0].startswith("Could not find how etcd is started")
    assert section.words[1].startswith("Unknown whether it is stacked or external")
    assert (section.picture, section.flags, section.sources, section.flags_configured) == (None, (), (), False)
    assert not any("quorum" in sentence for sentence in section.words)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (1, "With 1 voter a quorum is 1: none of them can fail."),
        (2, "With 2 voters a quorum is 2: none of them can fail."),
        (3, "With 3 voters a quorum is 2: 1 of them can fail."),
        (5, "With 5 voters a quorum is 3: 2 of them can fail."),
    ],
)
def test_how_many_voters_can_fail_is_in_words(size: int, words: str) -> None:
    assert words in describe(Setup(), build.cluster(size)).words


def test_api_servers_at_the_very_addresses_of_the_members_mean_stacked() -> None:
    hosts = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
    assert describe(Setup(api_servers=hosts), build.cluster()).words[1].startswith("Stacked")
    assert describe(Setup(api_servers=hosts[:2]), build.cluster()).words[1].startswith("Unknown")


def test_a_flag_that_all_share_stands_once_and_one_that_differs_by_member() -> None:
    both = (flags("a.service", name="a", data_dir="/d"), flags("b.service", name="b", data_dir="/d"))
    rows = {row.name: [(v.member, v.value) for v in row.values] for row in describe(Setup(both), None).flags}
    assert rows == {"name": [("a", "a"), ("b", "b")], "data-dir": [("", "/d")]}


def test_a_flag_that_only_one_member_has_is_not_told_of_all() -> None:
    both = (flags("a.service", name="a", auto_compaction_retention="1"), flags("b.service", name="b"))
    rows = {row.name: [(v.member, v.value) for v in row.values] for row in describe(Setup(both), None).flags}
    assert rows["auto-compaction-retention"] == [("a", "1")]


def test_the_members_own_words_stand_in_for_flags_that_cannot_be_read() -> None:
    section = describe(Setup(problem="No access."), build.cluster())
    assert [row.name for row in section.flags][:2] == ["name", "advertise-client-urls"]
    assert (section.flags_configured, section.problem) == (False, "No access.")


def test_a_narrow_role_learns_nothing_from_pods_outside_its_scope() -> None:
    pods = dict([etcd_pod(1)])
    cluster = cluster_of(report_of(build.cluster()), pods)
    whole = deployment_section(Window(cluster), build.cluster())
    narrow = deployment_section(Window(cluster, replace(LOCAL, scope=Scope(("shop",)))), build.cluster())
    assert any("etcd-cp1" in source for source in whole.sources)
    assert not any("etcd-cp1" in source for source in narrow.sources)
    assert narrow.problem == "Pods in kube-system are outside your role's scope."


def test_a_file_is_read_for_pods_though_there_are_no_facts() -> None:
    cluster = cluster_of(None, dict([etcd_pod(1)]))
    assert any("etcd-cp1" in source for source in deployment_section(Window(cluster), None).sources)
