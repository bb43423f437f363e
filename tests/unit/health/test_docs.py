"""docs/health.md tells every rule, in the words of its code."""

from __future__ import annotations

import re
from pathlib import Path

from etcdview.health.rules import RULES

DOCS = Path(__file__).parents[3] / "docs" / "health.md"


def test_every_rule_is_documented_in_its_own_words() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", DOCS.read_text("utf-8"), re.MULTILINE))
    assert rows == {rule.id: rule.meaning for rule in RULES.values()}
