"""What a rule is, what it may look at, and how all of them together make a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from etcdview.health.facts import ClusterFacts
from etcdview.health.findings import Finding, Verdict, judge


@dataclass(frozen=True, slots=True)
class Sight:
    """All that a rule may look at: the facts of this round, and those of the round before where there was one."""

    facts: ClusterFacts
    before: ClusterFacts | None = None


RuleFn = Callable[[Sight], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule under its ID; `meaning` is its docstring, which docs/health.md repeats."""

    id: str
    check: RuleFn
    meaning: str


RULES: dict[str, Rule] = {}


def rule(rule_id: str) -> Callable[[RuleFn], RuleFn]:
    """Register a function as the rule `rule_id`. Its docstring says when it fires and why it matters."""

    def register(check: RuleFn) -> RuleFn:
        if rule_id in RULES:
            raise ValueError(f"there are two rules {rule_id}")
        RULES[rule_id] = Rule(rule_id, check, " ".join((check.__doc__ or "").split()))
        return check

    return register


def examine(facts: ClusterFacts, before: ClusterFacts | None = None) -> Verdict:
    """Every rule over the facts, and the verdict that follows."""
    sight = Sight(facts, before)
    findings = [finding for each in RULES.values() for finding in each.check(sight)]
    return judge(facts.quorum.state, findings, facts.at)


def read_at(at: datetime | None) -> str:
    """The moment of a reading, as evidence ends with it."""
    return f"(read {at:%H:%M:%S} UTC)" if at is not None else "(not read)"
