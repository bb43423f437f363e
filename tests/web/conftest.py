"""A real browser before the real product: Chromium, `etcdview serve`, three etcd members with the captured registry."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from etcdview.demo.certificates import ClusterCertificates
from etcdview.demo.cluster import LocalCluster
from etcdview.models import no_progress
from etcdview.stores.etcd.bulk_load import load
from etcdview.stores.files.dump import read_dump
from tests.web.behind import BEHIND, addresses_below, site

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    *(("--ignore-certificate-errors",) if BEHIND else ()),
)
NAMES = ("cp1", "cp2", "cp3")
WIDE = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def etcd(tmp_path_factory: pytest.TempPathFactory, capture: Path) -> Iterator[LocalCluster]:
    """Three members with mutual TLS that hold the captured registry."""
    certificates = ClusterCertificates(tmp_path_factory.mktemp("web-pki"), NAMES)
    with LocalCluster(tmp_path_factory.mktemp("web-etcd"), NAMES, certificates=certificates) as running:
        load(running.endpoints[0], running.tls, list(read_dump(capture / "registry.jsonl.gz")), no_progress)
        yield running


@pytest.fixture(scope="session")
def base_url(etcd: LocalCluster, capture: Path) -> Iterator[str]:
    """Where the product is served, as its users serve it."""
    flags = {
        "endpoints": ",".join(etcd.endpoints),
        "cacert": etcd.tls.cacert,
        "cert": etcd.tls.cert,
        "key": etcd.tls.key,
        "encryption-config": str(capture / "encryption-config.yaml"),
        "cluster-name": "shop-cluster",
    }
    with site(*(f"--{name}={value}" for name, value in flags.items())) as address:
        yield address


@pytest.fixture(scope="session", autouse=BEHIND)
def _below() -> Iterator[None]:
    """Addresses of tests begin at the root, wherever the product is."""
    with addresses_below(pytest.MonkeyPatch()):
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="session")
def window(browser: Browser, base_url: str) -> Iterator[BrowserContext]:
    """A wide window of a user who prefers light: one for all, as each new one reads and compiles the scripts anew."""
    opened = browser.new_context(base_url=base_url, viewport=WIDE, color_scheme="light", ignore_https_errors=BEHIND)
    yield opened
    opened.close()


@pytest.fixture
def tab(window: BrowserContext, base_url: str) -> Iterator[Page]:
    """A new tab of it. What a page put into storage or a cookie is gone for the next; the cache of scripts stays."""
    opened = window.new_page()
    yield opened
    origin = "/".join(base_url.split("/")[:3])
    window.new_cdp_session(opened).send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    window.clear_cookies()
    opened.close()


@pytest.fixture
def page(tab: Page) -> Iterator[Page]:
    """One page; whatever its console calls an error is one, save the note of an answer that a test asked for."""
    problems: list[str] = []
    tab.on("console", lambda m: problems.append(m.text) if m.type == "error" and _is_problem(m.text) else None)
    tab.on("pageerror", lambda error: problems.append(str(error)))
    yield tab
    assert problems == []


def _is_problem(text: str) -> bool:
    """A status that a test asked for is none, nor is a request that typing on has cancelled (htmx logs it so)."""
    expected = (
        "Failed to load resource: the server responded with a status of 4",
        "htmx:sendAbort",
        "htmx:afterRequest",
    )
    return not text.startswith(expected)


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where the tests leave what they saw."""
    folder = Path(os.environ.get("ETCDVIEW_PICTURES", ".cache/pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
