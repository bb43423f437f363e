"""A moment as a revision: etcd keeps no times, but the leases that controllers renew every few seconds do."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from etcdview.cluster.cluster import Cluster
from etcdview.errors import CompactedError, NotFoundError
from etcdview.kube.fields import text
from etcdview.models import Range
from etcdview.stores.protocols import prefix_end
from etcdview.tables import parse_time

_LEASES = ("leases/kube-system/", "leases/kube-node-lease/")
_ENOUGH = 50


def revision_at(cluster: Cluster, time: datetime) -> int:
    """The last revision of the first etcd before a time.

    Raises CompactedError for a time before all that is kept, NotFoundError where no lease tells the time.
    """
    head = cluster.store.range(Range(cluster.keyspace.root)).revision
    newest = _clock(cluster, head)
    if newest is None:
        raise NotFoundError("No lease tells the time of any revision.", "Name a revision instead.")
    return head if newest <= time else _last_before(cluster, time, head)


@lru_cache(maxsize=64)
def _last_before(cluster: Cluster, time: datetime, head: int) -> int:
    """The last revision whose clock is not past `time`; between two renewals the clock stands still."""
    low, high, found = 1, head, 0
    while low <= high:
        middle = (low + high) // 2
        clock = _clock(cluster, middle)
        if clock is None or clock <= time:
            low = middle + 1
            found = middle if clock is not None else found
        else:
            high = middle - 1
    if not found:
        raise CompactedError(f"etcd no longer holds what was before {time.isoformat()}.", "Name a later time.")
    return found


def _clock(cluster: Cluster, revision: int) -> datetime | None:
    """The newest renewal of a lease at a revision; None where there is none, or the revision is compacted."""
    times = []
    for prefix in _LEASES:
        start = cluster.keyspace.root + prefix.encode()
        try:
            found = cluster.store.range(Range(start, prefix_end(start), revision=revision, limit=_ENOUGH))
        except CompactedError:
            return None
        times += [text(cluster.codec.decode(kv.key, kv.value).object, "spec", "renewTime") for kv in found.kvs]
    return max(filter(None, map(parse_time, times)), default=None)
