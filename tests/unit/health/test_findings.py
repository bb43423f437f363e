"""The verdict that follows from quorum and findings, and how it is given as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from etcdview.health.findings import Finding, judge

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def finding(rule_id: str, severity: Any) -> Finding:
    return Finding(rule_id, severity, "s", "e", "w", "a", ("c",), "cp1")


@pytest.mark.parametrize(
    ("quorum", "severities", "status", "exit_status"),
    [
        ("has", (), "healthy", 0),
        ("has", ("info",), "healthy", 0),
        ("has", ("info", "warning"), "at risk", 1),
        ("has", ("warning", "critical"), "degraded", 1),
        ("lost", (), "no quorum", 2),
        ("lost", ("critical",), "no quorum", 2),
        ("unknown", (), "unknown", 3),
    ],
)
def test_quorum_comes_first_and_then_the_gravest_finding(
    quorum: Any, severities: tuple[str, ...], status: str, exit_status: int
) -> None:
    verdict = judge(quorum, [finding("x", s) for s in severities], AT)
    assert (verdict.status, verdict.exit_status) == (status, exit_status)


def test_the_gravest_stand_first_and_causes_before_what_follows_from_them() -> None:
    given = [
        finding("a", "info"),
        finding("a", "critical"),
        finding("member-down", "critical"),
        finding("b", "warning"),
    ]
    assert [f.id for f in judge("has", given, AT).findings] == ["member-down", "a", "b", "a"]


def test_json_has_the_fields_of_the_api() -> None:
    assert judge("has", [finding("x", "info")], AT).as_json() == {
        "verdict": "healthy",
        "at": "2026-11-23T12:00:00Z",
        "findings": [
            {
                "id": "x",
                "severity": "info",
                "summary": "s",
                "evidence": "e",
                "why": "w",
                "action": "a",
                "commands": ["c"],
                "member": "cp1",
            }
        ],
    }
