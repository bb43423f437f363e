"""A moment as a revision: etcd keeps no times, but the leases that controllers renew every few seconds do."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from etcdview.cluster.cluster import Cluster
from etcdview.cluster.window import Window
from etcdview.errors import CompactedError
from etcdview.kube.fields import text
from etcdview.kubeapi.statuses import bad_request, expired
from etcdview.models import Range
from etcdview.stores.protocols import prefix_end

_LEASES = ("leases/kube-system/", "leases/kube-node-lease/")
_ENOUGH = 50
_MOST_DIGITS = 18


def revision_of(window: Window, moment: str) -> int:
    """The revision that an address names, or the last one before the time that it names.

    Raises StatusError: 400 for what is neither, 410 for a time before all that is kept.
    """
    if moment.isascii() and moment.isdigit() and len(moment) <= _MOST_DIGITS and int(moment):
        return int(moment)
    time = _time(moment)
    if time is None:
        raise bad_request(f'"{moment[:100]}" is neither a revision nor a time: write 1201, or 2026-11-28T02:55Z')
    cluster = window.cluster
    head = cluster.store.range(Range(cluster.keyspace.root)).revision
    newest = _clock(cluster, head)
    if newest is None:
        raise bad_request("No lease tells the time of any revision: name a revision instead")
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
        raise expired(f"etcd no longer holds what was before {time.isoformat()}")
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
    return max(filter(None, map(_time, times)), default=None)


def _time(written: str) -> datetime | None:
    """What a lease says, which is anything; without a zone it is in UTC."""
    try:
        time = datetime.fromisoformat(written)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
