"""What the rules say: findings with their evidence, and the verdict that follows from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from etcdview.health.facts import QuorumState

Severity = Literal["info", "warning", "critical"]
Status = Literal["healthy", "at risk", "degraded", "no quorum", "unknown"]

# What explains most of the other findings stands before them.
_CAUSES = ("quorum-lost", "quorum-unknown", "alarm-space", "alarm-corrupt", "member-down", "member-cut-off")
_RANK: dict[Severity, int] = {"critical": 0, "warning": 1, "info": 2}

# Exit status of `etcdview health`, as monitoring plugins have it.
EXIT_STATUS: dict[Status, int] = {"healthy": 0, "at risk": 1, "degraded": 1, "no quorum": 2, "unknown": 3}


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem, or a fact worth knowing.

    `id` is the rule's. `evidence` holds the very numbers and when they were read; `why` it matters; `action` is what
    to do; `commands` show or fix it. `member` is the name of the member it is about, "" for the whole cluster.
    """

    id: str
    severity: Severity
    summary: str
    evidence: str
    why: str
    action: str
    commands: tuple[str, ...] = ()
    member: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, as of `at`, and the findings it rests on, most severe first."""

    status: Status
    at: datetime
    findings: tuple[Finding, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The verdict as the JSON API and `etcdview health -o json` give it."""
        return {
            "verdict": self.status,
            "at": self.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "findings": [asdict(f) | {"commands": list(f.commands)} for f in self.findings],
        }

    @property
    def exit_status(self) -> int:
        """0 healthy, 1 at risk or degraded, 2 no quorum, 3 unknown."""
        return EXIT_STATUS[self.status]


def judge(quorum: QuorumState, findings: Iterable[Finding], at: datetime) -> Verdict:
    """The verdict: what quorum says comes first; then the gravest finding decides.

    A critical finding means that something is broken, or will be within days: degraded. A warning: at risk.
    """
    ordered = tuple(sorted(findings, key=lambda f: (_RANK[f.severity], _first(f.id), f.id, f.member)))
    return Verdict(_status(quorum, {f.severity for f in ordered}), at, ordered)


def _first(rule_id: str) -> int:
    return _CAUSES.index(rule_id) if rule_id in _CAUSES else len(_CAUSES)


def _status(quorum: QuorumState, severities: set[Severity]) -> Status:
    if quorum == "lost":
        return "no quorum"
    if quorum == "unknown":
        return "unknown"
    if "critical" in severities:
        return "degraded"
    return "at risk" if "warning" in severities else "healthy"
