"""Where browsers find the product: at its own port; or with ETCDVIEW_BEHIND=1 (`make behind`) below a path of an nginx
with TLS, which has the configuration of docs/deploy. There, an address such as /registry means the one below the path.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, PageAssertions

from etcdview.demo.processes import free_ports
from tests.reverse_proxies import nginx
from tests.serving import serving

BEHIND = bool(os.environ.get("ETCDVIEW_BEHIND"))
PREFIX = "/ops/etcdview" if BEHIND else ""


@contextlib.contextmanager
def site(*flags: str) -> Iterator[str]:
    """The address of `etcdview serve` with these flags, without a slash at its end, until the block ends."""
    if not BEHIND:
        with serving(*flags) as port:
            yield f"http://127.0.0.1:{port}"
        return
    own = free_ports(1)[0]
    address = f"https://127.0.0.1:{own}"
    proxied = (f"--public-url={address}", f"--url-prefix={PREFIX}", "--trusted-proxies=127.0.0.1")
    with serving(*flags, *proxied) as port, nginx(own, port, prefix=PREFIX):
        yield address + PREFIX


@contextlib.contextmanager
def addresses_below(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """An address that begins with a slash is below the path: browsers would look for it at the host's root."""
    goto, to_have_url = Page.goto, PageAssertions.to_have_url

    def go(page: Page, url: str, **more: Any) -> Any:
        return goto(page, _below(url), **more)

    def have(expected: PageAssertions, url: Any, **more: Any) -> None:
        to_have_url(expected, _below(url) if isinstance(url, str) else url, **more)

    with patch.context() as patched:
        patched.setattr(Page, "goto", go)
        patched.setattr(PageAssertions, "to_have_url", have)
        yield


def _below(url: str) -> str:
    return PREFIX + url if url.startswith("/") else url
