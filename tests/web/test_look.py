"""Every page at two widths, light and dark: fits the window, is free of serious faults, and leaves a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from tests.web.axe import serious_faults

Theme = Literal["light", "dark"]
WIDE, NARROW = (1280, 900), (400, 860)
CRASHLOOP = quote("/registry/pods/shop/crashloop", safe="")
CREDENTIALS = quote("/registry/secrets/payments/db-credentials", safe="")
SMALL = quote("/registry/namespaces/shop", safe="")  # a row for each field: axe takes a minute for those of a pod

PAGES = {
    "overview": "/",
    "registry": "/registry",
    "pods": "/registry?resource=pods",
    "pods-wide": "/registry?resource=pods&namespace=kube-system&wide=1",
    "drawer": f"/registry?resource=pods&namespace=shop&key={CRASHLOOP}",
    "object": f"/object?key={CRASHLOOP}",
    "object-yaml": f"/object?key={CRASHLOOP}&view=yaml",
    "object-wire": f"/object?key={SMALL}&view=wire",
    "object-raw": f"/object?key={CRASHLOOP}&view=raw",
    "secret": f"/object?key={CREDENTIALS}",
    "history": f"/history?key={CRASHLOOP}",
    "health": "/health",
    "certificates": "/certificates",
    "search": "/search?q=/registry/pods/",
    "content": "/search/content?kind=text&q=cart&resource=pods",
    "watch": "/watch",
    "namespaces": "/namespaces?namespace=shop",
    "storage": "/storage?run=1",
    "encryption": "/encryption",
    "space": "/space",
    "compare": "/compare",
    "rescue": "/rescue",
    "restore-plan": "/restore-plan",
    "kubectl": "/kubectl",
    "learn": "/learn",
    "not-found": "/object?key=nope",
}


# axe looks at two of them, which have both widths and both themes between them: it takes seconds for a large page.
LOOKS: dict[tuple[int, int], tuple[tuple[Theme, bool], ...]] = {
    WIDE: (("light", True), ("dark", False)),
    NARROW: (("dark", True), ("light", False)),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_and_axe_finds_no_serious_fault(tab: Page, base_url: str, pictures: Path, name: str) -> None:
    for (width, height), themes in LOOKS.items():
        tab.set_viewport_size({"width": width, "height": height})
        tab.emulate_media(color_scheme=themes[0][0])
        tab.goto(base_url + PAGES[name])  # a page that opens on a phone folds what one that shrinks does not
        for theme, axe in themes:
            tab.emulate_media(color_scheme=theme)
            tab.screenshot(path=pictures / f"{name}-{width}-{theme}.png", full_page=False)

            assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (width, theme)
            assert not axe or serious_faults(tab) == [], (width, theme)


def test_dark_defines_every_colour_that_light_does() -> None:
    text = (Path(__file__).parents[2] / "static/css/tokens.css").read_text()
    blocks = [part.partition("}")[0] for part in text.split("{") if "--ground:" in part.partition("}")[0]]
    names = [{line.partition(":")[0].strip() for line in b.splitlines() if "--" in line} for b in blocks]

    assert len(names) == 3
    assert names[0] == names[1] == names[2]
