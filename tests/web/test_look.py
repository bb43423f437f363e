"""Every page at two widths, light and dark: fits the window, is free of serious faults, and leaves a picture."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

WIDE, NARROW = (1280, 900), (400, 860)
CRASHLOOP = quote("/registry/pods/shop/crashloop", safe="")
CREDENTIALS = quote("/registry/secrets/payments/db-credentials", safe="")

PAGES = {
    "overview": "/",
    "registry": "/registry",
    "pods": "/registry?resource=pods",
    "pods-wide": "/registry?resource=pods&namespace=shop&wide=1",
    "object": f"/object?key={CRASHLOOP}",
    "object-yaml": f"/object?key={CRASHLOOP}&view=yaml",
    "object-json": f"/object?key={CRASHLOOP}&view=json",
    "object-wire": f"/object?key={CRASHLOOP}&view=wire",
    "object-raw": f"/object?key={CRASHLOOP}&view=raw",
    "secret": f"/object?key={CREDENTIALS}",
    "history": f"/history?key={CRASHLOOP}",
    "health": "/health",
    "certificates": "/certificates",
    "search": "/search?q=/registry/pods/",
    "not-found": "/object?key=nope",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "400"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_and_axe_finds_no_serious_fault(
    browser: Browser, base_url: str, pictures: Path, name: str, size: tuple[int, int], theme: str
) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=theme)
    page.goto(base_url + PAGES[name])
    page.screenshot(path=pictures / f"{name}-{size[0]}-{theme}.png", full_page=False)

    too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [
        (v["id"], [n["html"][:120] for n in v["nodes"][:3]]) for v in found if v["impact"] in ("serious", "critical")
    ]
    page.close()

    assert too_wide <= 0
    assert serious == []


def test_dark_defines_every_colour_that_light_does() -> None:
    text = (Path(__file__).parents[2] / "static/css/tokens.css").read_text()
    blocks = [part.partition("}")[0] for part in text.split("{") if "--ground:" in part.partition("}")[0]]
    names = [{line.partition(":")[0].strip() for line in b.splitlines() if "--" in line} for b in blocks]

    assert len(names) == 3
    assert names[0] == names[1] == names[2]
