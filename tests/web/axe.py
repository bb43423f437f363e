"""What axe finds wrong with a page, as far as it is serious."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

ALIKE = "tbody tr:nth-child(n+13)"  # a table's further rows, which are as the first twelve: axe looks at each cell


def serious_faults(page: Page) -> list[tuple[str, list[str]]]:
    """The rules that the page breaks, each with the first elements that do."""
    looked = Axe().run(page, context={"exclude": [[ALIKE]]}, options={"resultTypes": ["violations"]})
    found = looked.response["violations"]
    return [
        (v["id"], [n["html"][:120] for n in v["nodes"][:3]]) for v in found if v["impact"] in ("serious", "critical")
    ]
