"""What the database files of a live etcd hold beside the current values, as far as Status says."""

from __future__ import annotations

from dataclasses import dataclass

from etcdview.cluster.window import Window
from etcdview.space.report import Sizes


@dataclass(frozen=True, slots=True)
class MemberSpace:
    """One member's database file, in bytes; None is unknown.

    `free` pages are what defragmentation gives back. `beside` is what is in use and no current value: keys, older
    revisions until a compaction, partly filled pages, and etcd's own buckets.
    """

    name: str
    size: int
    in_use: int | None
    free: int | None
    beside: int | None
    quota: int | None


def members_space(window: Window, sizes: Sizes | None) -> tuple[MemberSpace, ...]:
    """The members that answered in the last round of probes; none of a file. Waits for nothing."""
    monitor = window.cluster.monitor
    report = monitor.latest(wait_seconds=0) if monitor is not None else None
    if report is None or report.facts is None:
        return ()
    values = sizes.values if sizes is not None and window.viewer.scope.whole else None
    rows = []
    for member in report.facts.members:
        if member.status is None:
            continue
        size, in_use = member.status.db_size_bytes, member.status.db_size_in_use_bytes
        free = size - in_use if in_use is not None else None
        beside = max(in_use - values, 0) if in_use is not None and values is not None else None
        rows.append(MemberSpace(member.name, size, in_use, free, beside, member.quota_bytes))
    return tuple(rows)
