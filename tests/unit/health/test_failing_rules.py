"""A rule that fails is a finding of its own, and takes nothing else with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest

from etcdview.health.findings import Finding
from etcdview.health.rules import RULES, RuleContext, examine
from etcdview.health.rules.base import REASON_LENGTH


def fails_at_once(_: RuleContext) -> Iterator[Finding]:
    raise ValueError("Invalid IPv6 URL")


def fails_after_a_finding(context: RuleContext) -> Iterator[Finding]:
    yield Finding("clock-skew", "critical", "One.", "", "", "")
    raise RecursionError("x" * 1_000)


@pytest.fixture(autouse=True)
def an_empty_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etcdview.health.rules.base._logged", set())


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_any_rule_may_fail_and_all_others_are_checked(
    build: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, rule_id: str
) -> None:
    context = RuleContext(build.cluster())
    others = [f for f in examine(context).findings if f.id != rule_id]
    monkeypatch.setitem(RULES, rule_id, replace(RULES[rule_id], check=fails_at_once))

    verdict = examine(context)

    failed = [f for f in verdict.findings if f.id == "rule-failed"]
    assert [f.summary for f in failed] == [f"Rule {rule_id} failed: ValueError: Invalid IPv6 URL"]
    assert failed[0].severity == "warning"
    assert RULES[rule_id].meaning in failed[0].why
    assert [f for f in verdict.findings if f.id not in ("rule-failed", rule_id)] == others


def test_the_text_of_the_error_is_cut_and_half_an_answer_is_not_used(
    build: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RULES, "clock-skew", replace(RULES["clock-skew"], check=fails_after_a_finding))

    findings = examine(RuleContext(build.cluster())).findings

    summary = next(f.summary for f in findings if f.id == "rule-failed")
    assert len(summary) == len("Rule clock-skew failed: ") + REASON_LENGTH
    assert "clock-skew" not in [f.id for f in findings]


def test_the_log_has_one_traceback_for_a_fault_that_returns_every_round(
    build: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(RULES, "clock-skew", replace(RULES["clock-skew"], check=fails_at_once))
    for _ in range(3):
        examine(RuleContext(build.cluster()))
    assert caplog.text.count("Traceback") == 1


def test_a_broken_rule_leaves_a_lost_quorum_the_verdict(
    build: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rule_id, rule in list(RULES.items()):
        monkeypatch.setitem(RULES, rule_id, replace(rule, check=fails_at_once))
    facts = build.cluster()
    lost = replace(facts, quorum=replace(facts.quorum, state="lost"))

    verdict = examine(RuleContext(lost))

    assert verdict.status == "no quorum"
    assert [f.id for f in verdict.findings] == ["rule-failed"] * len(RULES)
