"""The verdict that every surface shows: of a file, before a round, after a failed one, and its headline."""

from __future__ import annotations

from dataclasses import replace

import pytest

from etcdview.cluster.window import Window
from etcdview.health.facts import Quorum
from etcdview.health.findings import Finding, Verdict
from etcdview.health.monitor import Report, broken
from etcdview.pages.parts.verdict import current_verdict, headline, latest_report, with_connection
from etcdview.stores.files.memory import StaticStore
from tests.unit.health import conftest as build
from tests.unit.pages.registry_of import window_on
from tests.unit.webapp.fixed_reports import cluster_of, report_of


def reported(report: Report) -> Report:
    return latest_report(Window(cluster_of(report)), build.NOW)


def with_quorum(**changes: object) -> Report:
    quorum = replace(Quorum("has", voters=3, answering=3, majority=2, agreeing=3), **changes)  # type: ignore[arg-type]
    return Report(replace(build.cluster(), quorum=quorum), Verdict("healthy", build.NOW))


def test_of_a_file_nothing_is_known_and_the_finding_names_it() -> None:
    verdict = current_verdict(window_on([]), build.NOW)
    assert (verdict.status, verdict.at) == ("unknown", build.NOW)
    [finding] = verdict.findings
    assert (finding.id, finding.severity) == ("file-opened", "info")
    assert finding.evidence.startswith("keys was opened")


def test_a_first_round_that_has_not_ended_is_told_as_such() -> None:
    report = reported(Report(None, Verdict("unknown", build.NOW)))
    assert [finding.id for finding in report.verdict.findings] == ["round-unfinished"]
    assert report.verdict.status == "unknown"
    assert headline(report) == ""


def test_a_first_round_that_failed_is_not_told_as_unfinished() -> None:
    report = reported(Report(None, broken(RuntimeError("boom"), build.NOW)))
    assert [finding.id for finding in report.verdict.findings] == ["round-failed"]


def test_a_round_that_ended_is_shown_as_it_is() -> None:
    report = reported(report_of(build.cluster()))
    assert (report.verdict.status, report.verdict.findings) == ("healthy", ())


def test_a_verdict_keeps_all_but_the_commands_of_its_findings() -> None:
    finding = Finding("x", "warning", "What.", "Evidence.", "Why.", "Do.", ("etcdctl endpoint status", "ls"), "cp1")
    verdict = with_connection(Verdict("at risk", build.NOW, (finding, finding)), StaticStore("keys", []))
    assert [replace(found, commands=finding.commands) for found in verdict.findings] == [finding, finding]
    assert all(len(found.commands) == 2 for found in verdict.findings)


@pytest.mark.parametrize(
    ("quorum", "expected"),
    [
        ({}, "3 of 3 voters answer; a quorum is 2, so 1 more may fail."),
        ({"answering": 2, "agreeing": 2}, "2 of 3 voters answer; a quorum is 2, so no more may fail."),
        ({"agreeing": 2}, "3 of 3 voters answer, 2 of them in the quorum; a quorum is 2, so no more may fail."),
        (
            {"voters": 1, "answering": 1, "agreeing": 1, "majority": 1},
            "1 of 1 voters answer; a quorum is 1, so no more may fail.",
        ),
        (
            {"state": "lost", "answering": 1, "agreeing": 0},
            "1 of 3 voters answer; a quorum is 2. Nothing can be written.",
        ),
        (
            {"state": "lost", "answering": 3, "agreeing": 0},
            "3 of 3 voters answer; a quorum is 2. Nothing can be written.",
        ),
        (
            {"state": "unknown", "answering": 0, "agreeing": 0},
            "0 of 3 voters answer; whether they have a quorum is unknown.",
        ),
    ],
)
def test_the_headline_counts_who_answers_and_how_many_more_may_fail(quorum: dict[str, object], expected: str) -> None:
    assert headline(with_quorum(**quorum)) == expected


def test_of_facts_that_are_too_old_the_headline_claims_nothing_of_now() -> None:
    for state in ("has", "lost", "unknown"):
        said = headline(replace(with_quorum(state=state), stale=True))
        assert said == "At 12:00:00 UTC, when they were last probed, 3 of 3 voters answered."
