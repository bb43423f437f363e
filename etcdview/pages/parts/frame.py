"""What the frame around every page shows: which cluster, how fresh the names are, and what everybody must know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from etcdview.cluster.cluster import Cluster
from etcdview.cluster.window import Window
from etcdview.health.findings import Status
from etcdview.index.base import Freshness

# The pages of the bar: address, name. An address is listed here once its page is there.
NAV = (
    ("/", "Overview"),
    ("/registry", "Registry"),
    ("/namespaces", "Namespaces"),
    ("/search", "Search"),
    ("/watch", "Watch"),
    ("/health", "Health"),
    ("/certificates", "Certificates"),
    ("/storage", "Storage"),
    ("/encryption", "Encryption"),
)
NAV_OF_ADMINS = (("/audit", "Audit"),)


@dataclass(frozen=True, slots=True)
class Frame:
    """`warnings` stand above every page, for as long as they hold.

    `verdict` is the last round's on the cluster; "" for a file, and until a round has ended. `verdict_reason` is the
    gravest finding that made it.
    """

    cluster_name: str
    live: bool
    freshness: Freshness
    warnings: tuple[str, ...]
    verdict: Status | Literal[""]
    nav: tuple[tuple[str, str], ...] = NAV
    verdict_reason: str = ""


def page_frame(window: Window) -> Frame:
    """The frame; asks etcd nothing and waits for nothing."""
    cluster = window.cluster
    nav = (*NAV, *NAV_OF_ADMINS) if window.viewer.may("audit") else NAV
    if cluster.store.live and window.viewer.may("snapshot"):
        nav = (*nav, ("/maintenance", "Maintenance"))
    status, reason = _verdict(cluster)
    return Frame(
        cluster.name, cluster.store.live, window.index.freshness(), cluster.warnings, status, nav, verdict_reason=reason
    )


def _verdict(cluster: Cluster) -> tuple[Status | Literal[""], str]:
    report = cluster.monitor.latest(wait_seconds=0) if cluster.monitor is not None else None
    if report is None or report.facts is None:
        return "", ""
    return report.verdict.status, next((f.summary for f in report.verdict.findings if f.severity != "info"), "")
