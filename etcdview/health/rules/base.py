"""What a rule is, what it may look at, and how all of them together make a verdict."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from etcdview.health.certificate_inventory import CertificateInventory
from etcdview.health.facts import ClusterFacts
from etcdview.health.findings import Finding, Verdict, judge
from etcdview.health.history import History
from etcdview.kube import words

STATUS = "etcdctl endpoint status --cluster -w table"
HEALTH = "etcdctl endpoint health --cluster"
MEMBERS = "etcdctl member list -w table"
REASON_LENGTH = 200  # characters of an exception's text: it may quote what a member sent


@dataclass(frozen=True, slots=True)
class RuleContext:
    """What a rule may look at: the facts of this round and of the one before, the last hour, the certificates."""

    facts: ClusterFacts
    before: ClusterFacts | None = None
    history: History = field(default_factory=History)
    certificates: CertificateInventory = field(default_factory=CertificateInventory)


_log = logging.getLogger(__name__)
_logged: set[tuple[str, str]] = set()  # rules and their errors that are in the log already: a round comes every 5 s

RuleFn = Callable[[RuleContext], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule under its ID; `meaning` is its docstring, which docs/health.md repeats."""

    id: str
    check: RuleFn
    meaning: str


RULES: dict[str, Rule] = {}


def rule(rule_id: str) -> Callable[[RuleFn], RuleFn]:
    """Register a function as the rule `rule_id`. Its docstring says when it fires."""

    def register(check: RuleFn) -> RuleFn:
        if rule_id in RULES:
            raise ValueError(f"there are two rules {rule_id}")
        RULES[rule_id] = Rule(rule_id, check, " ".join((check.__doc__ or "").split()))
        return check

    return register


def examine(context: RuleContext) -> Verdict:
    """Every rule over what is known, and the verdict that follows. A rule that fails is a finding. Raises nothing."""
    findings = [finding for each in RULES.values() for finding in _apply(each, context)]
    return judge(context.facts.quorum.state, findings, context.facts.at)


def _apply(each: Rule, context: RuleContext) -> list[Finding]:
    try:
        return list(each.check(context))
    except Exception as error:  # noqa: BLE001 - one rule that fails must not hide what all the others found
        reason = f"{type(error).__name__}: {error}"[:REASON_LENGTH]
        if (each.id, reason) not in _logged:
            _logged.add((each.id, reason))
            _log.exception("health rule %s failed", each.id)
        return [_failed(each, reason, context.facts.at)]


def _failed(each: Rule, reason: str, at: datetime) -> Finding:
    return Finding(
        id="rule-failed",
        severity="warning",
        summary=f"Rule {each.id} failed: {reason}",
        evidence=f"The facts of this round {read_at(at)}.",
        why=f"What this rule finds is unknown: {each.meaning}",
        action="This is a fault of etcdview: report it, with the traceback in its log. All other rules were checked.",
        commands=(HEALTH, MEMBERS),
    )


def curl(url: str, page: str) -> str:
    """The command that reads one page of an endpoint; `pages.parts.commands.connected` adds what it needs."""
    return shlex.join(["curl", f"{url}/{page}"])


def read_at(at: datetime | None) -> str:
    """The moment of a reading, as evidence ends with it."""
    return f"(read {at:%H:%M:%S} UTC)" if at is not None else "(not read)"


def millis(seconds: float) -> str:
    """A duration in milliseconds."""
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"


def plural(count: float, one: str, many: str = "") -> str:
    """The number with its noun."""
    return f"{count:.0f} {words.plural(round(count), one, many)}"
