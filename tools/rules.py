"""Write the tables of docs/health.md anew from the rules: python -m tools.rules."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from etcdview.health.rules import RULES
from tools.given import arguments

DOCS = Path(__file__).resolve().parent.parent / "docs" / "health.md"
BEGIN, END = "### Who answers\n", "## Deploying\n"
TITLES = {
    "quorum": "Who answers",
    "agreement": "What members must agree on",
    "addresses": "Addresses",
    "space": "Room",
    "condition": "How a member is",
    "performance": "What members count of themselves",
    "certificates": "Certificates",
    "releases": "Releases",
    "clocks": "Clocks",
}


def tables() -> str:
    """A table for each module of rules."""
    by_module = defaultdict(list)
    for rule in RULES.values():
        by_module[rule.check.__module__.rpartition(".")[2]].append(f"| `{rule.id}` | {rule.meaning} |")
    head = "| rule | fires when |\n|---|---|\n"
    return "".join(f"### {title}\n\n{head}" + "\n".join(by_module[name]) + "\n\n" for name, title in TITLES.items())


def main() -> None:
    """Put the tables in the place of those that stand there."""
    text = DOCS.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCS.write_text(before + tables() + END + after, "utf-8")


if __name__ == "__main__":
    arguments(__doc__, takes_any=False)
    main()
