"""Links of the documents lead to files and headings that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
LINKS = [
    (path.relative_to(ROOT), target)
    for path in DOCUMENTS
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", path.read_text("utf-8")))
    if "://" not in target
]


def slugs(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-").lower() for heading in headings}


def test_there_are_links() -> None:
    assert len(LINKS) > 30


@pytest.mark.parametrize(("document", "target"), LINKS, ids=str)
def test_a_link_leads_somewhere(document: Path, target: str) -> None:
    name, _, anchor = target.partition("#")
    path = (ROOT / document).parent / name if name else ROOT / document

    assert path.exists()
    assert not anchor or anchor in slugs(path)
