"""What `etcdview space` prints: all values are read once, in a process of its own, and then summed up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.window import Window
from etcdview.config import Settings
from etcdview.errors import UnreachableError
from etcdview.index.facts.live import FactStatus
from etcdview.models import Range
from etcdview.pages.space.report import BYS, By, csv_lines, space_report
from etcdview.space.report import SpaceReport, SpaceRow, report_json
from etcdview.stores.permitted import permitted_parts

__all__ = ["BYS", "By", "FactStatus", "SpaceReport", "SpaceRow", "csv_lines", "report_json", "space_now"]

_LOOK_SECONDS = 0.1


def space_now(settings: Settings, by: By, limit: int, tell: Callable[[FactStatus], None]) -> SpaceReport:
    """Read all values of the etcd or the file that the settings name; `tell` is told how far it is, again and again.

    Raises what the store raises, and UnreachableError where reading ends early.
    """
    cluster = open_cluster(replace(settings, facts="on", memory_limit=0))
    try:
        start = permitted_parts(cluster.source, b"\0", b"\0")[0].start
        cluster.source.range(Range(start, keys_only=True))  # says best why etcd cannot be reached
        _wait(cluster, tell)
        return space_report(Window(cluster), by, limit)
    finally:
        cluster.close()


def _wait(cluster: Cluster, tell: Callable[[FactStatus], None]) -> None:
    """Until the facts of all values are known."""
    facts = cluster.facts
    while facts is not None:
        status, names = facts.status, cluster.index.freshness()
        if status.state == "failed":
            raise UnreachableError(status.problem)
        if status.state == "starting" and names.state == "down":
            raise UnreachableError(names.problem)
        tell(status)
        if status.complete:
            return
        time.sleep(_LOOK_SECONDS)
