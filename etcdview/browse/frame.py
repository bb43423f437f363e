"""What the frame around every page shows: which cluster, how fresh the names are, and what everybody must know."""

from __future__ import annotations

from dataclasses import dataclass

from etcdview.browse.window import Window
from etcdview.index.base import Freshness

# The pages of the bar: address, name. An address is listed here once its page is there.
NAV = (
    ("/", "Overview"),
    ("/registry", "Registry"),
    ("/namespaces", "Namespaces"),
    ("/search", "Search"),
    ("/watch", "Watch"),
    ("/storage", "Storage"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """`warnings` stand above every page, for as long as they hold."""

    cluster_name: str
    live: bool
    freshness: Freshness
    warnings: tuple[str, ...]
    nav: tuple[tuple[str, str], ...] = NAV


def page_frame(window: Window) -> Frame:
    """The frame; asks etcd nothing."""
    cluster = window.cluster
    return Frame(cluster.name, cluster.store.live, window.names.freshness(), cluster.warnings)
