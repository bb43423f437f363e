"""What leases tell of who runs: the control plane's own, and all others. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from etcdview.checks.findings import ObjectFinding, about, by_ref, of_kind
from etcdview.describe.machinery import lease_expired_for
from etcdview.kube.fields import number, text
from etcdview.relations.model import Object
from etcdview.tables import human_duration

# A lease that was over for longer than this has no holder any more.
LEASE_LIMIT = timedelta(minutes=5)
# The control plane renews its leases every few seconds; the rest is for clocks that differ.
CONTROL_PLANE_LIMIT = timedelta(minutes=2)
CONTROL_PLANE_NAMESPACE = "kube-system"
_API_SERVER = "kube-apiserver"

# lease -> (what is said, and what stands still meanwhile)
_SILENT: dict[str, tuple[str, str]] = {
    _API_SERVER: (
        "{n} kube-apiserver{s} not renewing the lease",
        "Check its container and log on that machine. Another running API server deletes this lease.",
    ),
    "kube-controller-manager": (
        "The controller manager is not running",
        "No pods are created, endpoints updated or garbage collected: check its container and log.",
    ),
    "kube-scheduler": (
        "The scheduler is not running",
        "New pods stay Pending: check its container and log.",
    ),
    "cloud-controller-manager": (
        "The cloud controller manager is not running",
        "New nodes and load balancers are not set up: check its container and log.",
    ),
}


def silent_control_plane(objects: Iterable[Object], now: datetime) -> Iterator[ObjectFinding]:
    """Parts of the control plane that do not renew their leases; one given back that nobody took counts too."""
    leases = [(lease, part_of(lease)) for lease in of_kind(objects, "Lease")]
    for part, (summary, action) in _SILENT.items():
        over = [(x, lease_expired_for(x, now)) for x, held_by in leases if held_by == part]
        silent = by_ref((x, lease_words(x, late)) for x, late in over if late > CONTROL_PLANE_LIMIT)
        yield from about("control-plane-silent", "warning", summary, silent, action)


def part_of(lease: Object) -> str:
    """Which part of the control plane the lease is of; "" for any other lease."""
    if text(lease, "metadata", "namespace") != CONTROL_PLANE_NAMESPACE:
        return ""
    if text(lease, "metadata", "labels", "apiserver.kubernetes.io/identity") == _API_SERVER:
        return _API_SERVER
    name = text(lease, "metadata", "name")
    return name if name in _SILENT else ""


def lease_words(lease: Object, late: timedelta) -> str:
    """Who holds it, and since when it is over."""
    seconds, renewed = number(lease, "spec", "leaseDurationSeconds"), text(lease, "spec", "renewTime")
    holder = text(lease, "spec", "holderIdentity")
    held = f"held by {holder}" if holder else "released, with no new holder"
    return f"{held}, over for {human_duration(late)} (it lasts {seconds} s, and was renewed last {renewed})"
