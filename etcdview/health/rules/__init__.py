"""The rules: each a pure function from facts to findings, registered under the ID that its findings carry.

A rule never fires on what was not asked or not answered: an unknown is said by the rules that are about unknowns.
"""

from etcdview.health.rules import (
    addresses,
    agreement,
    certificates,
    clocks,
    condition,
    performance,
    quorum,
    releases,
    space,
)
from etcdview.health.rules.base import RULES, Rule, RuleContext, examine, rule

__all__ = [
    "RULES",
    "Rule",
    "RuleContext",
    "addresses",
    "agreement",
    "certificates",
    "clocks",
    "condition",
    "examine",
    "performance",
    "quorum",
    "releases",
    "rule",
    "space",
]
