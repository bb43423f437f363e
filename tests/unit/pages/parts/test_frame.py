"""The frame: what everybody must know, and the verdict once a round has ended or failed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from etcdview.access.roles import LOCAL
from etcdview.cluster.window import Window
from etcdview.errors import NotFoundError
from etcdview.health.findings import Finding, Verdict
from etcdview.health.monitor import Report, broken
from etcdview.pages.parts.frame import page_frame
from etcdview.pages.parts.links import named_links
from etcdview.pages.parts.types import find_type, named_tree
from tests.unit.health import conftest as build
from tests.unit.pages.registry_of import kv, obj, window_on
from tests.unit.webapp.fixed_reports import FixedMonitor

WARNING = Finding("space", "warning", "It fills.", "", "", "")
NOTE = Finding("note", "info", "A note.", "", "", "")


def frame_with(report: Report | None) -> tuple[str, str]:
    window = window_on([])
    window.cluster.monitor = cast(Any, FixedMonitor(report)) if report else None
    frame = page_frame(window)
    return frame.verdict, frame.verdict_reason


@pytest.mark.parametrize(
    ("report", "shown"),
    [
        (None, ("", "")),
        (Report(None, Verdict("unknown", build.NOW)), ("", "")),
        (Report(build.cluster(), Verdict("healthy", build.NOW, (NOTE,))), ("healthy", "")),
        (Report(build.cluster(), Verdict("at risk", build.NOW, (WARNING, NOTE))), ("at risk", "It fills.")),
    ],
)
def test_the_frame_shows_the_verdict_and_its_gravest_reason(report: Report | None, shown: tuple[str, str]) -> None:
    assert frame_with(report) == shown


def test_a_round_that_failed_is_shown_in_the_frame_too() -> None:
    verdict, reason = frame_with(Report(None, broken(ValueError("x"), build.NOW)))
    assert verdict == "unknown"
    assert "ValueError: x" in reason


def test_audit_is_for_admins() -> None:
    window = window_on([])
    navs = {
        role: page_frame(Window(window.cluster, replace(LOCAL, role=role, method="password"))).nav
        for role in ("viewer", "admin")
    }
    assert [("/audit", "Audit") in navs[role] for role in ("viewer", "admin")] == [False, True]
    assert ("/maintenance", "Maintenance") not in navs["admin"]  # a file


POD = obj(
    "Pod",
    "shop",
    "cart",
    spec={
        "containers": [{"name": "c"}],
        "nodeName": "worker-1",
        "volumes": [{"name": "v", "secret": {"secretName": "s"}}],
    },
)


def test_what_an_object_names_leads_to_its_page() -> None:
    links = named_links(window_on([kv("/registry/pods/shop/cart", POD)]), POD, {})
    assert links["worker-1"].text == "Node/worker-1"
    assert links["s"].href.startswith("/object")


@pytest.mark.parametrize("odd", [{}, {"spec": 5}, {"kind": "Pod", "spec": {"volumes": "x", "nodeName": []}}])
def test_an_object_of_any_shape_names_nothing(odd: dict[str, Any]) -> None:
    assert named_links(window_on([]), odd, {}) == {}


@pytest.mark.parametrize("name", ["pods", "po", "pod", "Pod"])
def test_a_type_is_found_by_any_of_its_names(name: str) -> None:
    window = window_on([kv("/registry/pods/shop/cart", POD)])
    assert find_type(window, named_tree(window), name).count == 1


@pytest.mark.parametrize("name", ["", "podz", "\0", "x" * 10_000])
def test_an_unknown_type_is_not_found(name: str) -> None:
    window = window_on([kv("/registry/pods/shop/cart", POD)])
    with pytest.raises(NotFoundError):
        find_type(window, named_tree(window), name)
