"""The health of the stored state: what is stuck, orphaned, dangling or old in etcd itself. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from etcdview.checks.findings import ObjectFinding, Severity, about, by_ref, in_order, of_kind
from etcdview.checks.leases import LEASE_LIMIT, lease_words, part_of, silent_control_plane
from etcdview.describe.machinery import lease_expired_for
from etcdview.kube.crds import Definitions, version_rank, versions
from etcdview.kube.fields import deleting, dig, items, text
from etcdview.kube.lifecycle import dropped_by, next_release
from etcdview.kube.release import Release
from etcdview.kube.resources import ResourceType
from etcdview.kube.words import counted
from etcdview.relations.graph import Graph
from etcdview.relations.model import Object, Ref, kind_of, ref_of
from etcdview.relations.needed import Need, is_bootstrap
from etcdview.tables import human_duration, parse_time

# A deletion that takes longer than this, beyond the object's own grace period, is stuck.
DELETION_LIMIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class StoredState:
    """All objects there are, with their relations; the types there are keys of, with how many; and the CRDs.

    `live` is false for a file, whose leases are all over and tell nothing. `misnamed`: by what the key says, what the
    object there calls itself. `release` is Kubernetes', None where it is unknown.
    """

    graph: Graph
    now: datetime
    definitions: Definitions = field(default_factory=Definitions)
    types: tuple[tuple[ResourceType, int], ...] = ()
    live: bool = True
    misnamed: Mapping[Ref, str] = field(default_factory=dict)
    release: Release | None = None


Rule = Callable[[StoredState], Iterable[ObjectFinding]]


def stored_findings(state: StoredState) -> tuple[ObjectFinding, ...]:
    """Everything the rules find, most severe first."""
    return in_order(finding for rule in RULES for finding in rule(state))


def deletion_stuck(state: StoredState) -> Iterable[ObjectFinding]:
    """An object is taken out of etcd only when the last of its finalizers is gone."""
    stuck = [(obj, _overdue(obj, state.now)) for obj in state.graph if deleting(obj)]
    yield from about(
        "deletion-stuck",
        "warning",
        "{n} object{s} stuck in deletion",
        by_ref((obj, _stuck_words(obj, late)) for obj, late in stuck if late > DELETION_LIMIT),
        "Find the controller that its finalizers belong to; it is not running, or it cannot do its work.",
    )


def _overdue(obj: Object, now: datetime) -> timedelta:
    """How long ago the object should have been gone; deletionTimestamp has the grace period in it."""
    moment = parse_time(dig(obj, "metadata", "deletionTimestamp"))
    return timedelta(0) if moment is None else now - moment


def _stuck_words(obj: Object, late: timedelta) -> str:
    finalizers = [*items(obj, "metadata", "finalizers"), *items(obj, "spec", "finalizers")]
    held = ", ".join(map(str, finalizers))
    return f"for {human_duration(late)}, " + (f"held by {held}" if held else "with no finalizer left")


def owner_gone(state: StoredState) -> Iterable[ObjectFinding]:
    """The garbage collector deletes what has no owner left; what stays shows that it does not run, or is behind."""
    gone = {
        ref_of(obj): ", ".join(f"owned by {r.ref}" for r in state.graph.broken(obj) if r.relation == "owner")
        for obj in state.graph
    }
    yield from about(
        "owner-gone",
        "warning",
        "{n} object{s} whose owner is gone",
        {ref: words for ref, words in gone.items() if words},
        "See that kube-controller-manager runs: its garbage collector deletes them. If it does, delete them by hand.",
    )


class Lacking(NamedTuple):
    """How it is told that objects need what does not exist; `summary` as in about()."""

    severity: Severity
    summary: str
    action: str


LACKING: dict[Need, Lacking] = {
    "endpoint": Lacking(
        "warning",
        "{n} set{s} of endpoints that point to missing pods",
        "See that kube-controller-manager runs: its endpoint controllers take them out.",
    ),
    "role": Lacking("info", "{n} binding{s} to roles that are gone", "Delete the binding, or make the role."),
    "subject": Lacking(
        "info",
        "{n} binding{s} to service accounts that are gone",
        "Remove the subject from the binding, or delete the binding: anyone who creates that account gets its rights.",
    ),
}


def subject_gone(state: StoredState) -> Iterable[ObjectFinding]:
    """A service account of that name that is made later gets the rights at once. Kubernetes' own are as they are."""
    yield from _lacking("subject", [b for b in _all_bindings(state) if not is_bootstrap(b)], state)


def role_gone(state: StoredState) -> Iterable[ObjectFinding]:
    """A binding to no role gives nothing, until someone makes a role of that name."""
    yield from _lacking("role", _all_bindings(state), state)


def endpoint_gone(state: StoredState) -> Iterable[ObjectFinding]:
    """Endpoints that point to missing pods: traffic to them is lost."""
    yield from _lacking("endpoint", of_kind(state.graph, "EndpointSlice", "Endpoints"), state, "leads to ")


def _all_bindings(state: StoredState) -> list[Object]:
    return of_kind(state.graph, "RoleBinding", "ClusterRoleBinding")


def _lacking(need: Need, objects: Iterable[Object], state: StoredState, words: str = "") -> Iterable[ObjectFinding]:
    severity, summary, action = LACKING[need]
    lost = {
        ref_of(o): ", ".join(f"{words}{r.ref}" for r in state.graph.broken(o) if r.relation == need) for o in objects
    }
    yield from about(f"{need}-gone", severity, summary, {ref: said for ref, said in lost.items() if said}, action)


def key_differs(state: StoredState) -> Iterable[ObjectFinding]:
    """The API server finds an object by its key, and trusts the object for its name: the two must agree."""
    yield from about(
        "key-differs",
        "warning",
        "{n} object{s} stored under the key of another object",
        state.misnamed,
        "Write the object under its own key (kubectl apply), then delete this key with etcdctl.",
    )


def definition_gone(state: StoredState) -> Iterable[ObjectFinding]:
    """Custom resources of a type without a CRD: nobody can read or delete them through the API server."""
    custom = [(r, n) for r, n in state.types if not r.builtin and n and state.definitions.crd(r) is None]
    yield from about(
        "definition-gone",
        "warning",
        "{n} custom type{s} without a definition",
        {Ref(r.group, r.plural, "", ""): f"{counted(n, 'object')} below {r.prefix}/" for r, n in custom},
        "Create the CRD again to reach the objects, delete them, then delete the CRD.",
    )


def version_unserved(state: StoredState) -> Iterable[ObjectFinding]:
    """A CRD lists in its status the versions that objects may still be stored in; each must be there to be read."""
    crds = {ref_of(crd): crd for crd in state.definitions.crds.values()}
    found = {ref: _unserved(crd) for ref, crd in crds.items() if not state.graph.hides(ref)}
    yield from about(
        "version-unserved",
        "warning",
        "{n} definition{s} with objects stored in versions that are not served",
        {ref: words for ref, words in found.items() if words},
        "Serve the version again, rewrite all objects, then remove it from status.storedVersions.",
    )


def _unserved(crd: Object) -> str:
    served = {text(v, "name") for v in versions(crd) if v.get("served") is not False}
    lost = [str(v) for v in items(crd, "status", "storedVersions") if v not in served]
    return f"stored as {', '.join(lost)}; served are {', '.join(sorted(served)) or 'none'}" if lost else ""


def control_plane_silent(state: StoredState) -> Iterable[ObjectFinding]:
    """The leases of the control plane itself: without it nothing of what is stored is acted on."""
    return silent_control_plane(state.graph, state.now) if state.live else ()


def lease_expired(state: StoredState) -> Iterable[ObjectFinding]:
    """Leases whose holder has not renewed them for long. A lease without a holder was released, which is normal."""
    leases = [x for x in of_kind(state.graph, "Lease") if state.live and not part_of(x)]
    over = [(x, lease_expired_for(x, state.now)) for x in leases if text(x, "spec", "holderIdentity")]
    yield from about(
        "lease-expired",
        "info",
        "{n} lease{s} expired long ago",
        by_ref((x, lease_words(x, late)) for x, late in over if late > LEASE_LIMIT),
        "Check whether its holder still runs. A node's lease is deleted with the node; others can be deleted by hand.",
    )


def versions_mixed(state: StoredState) -> Iterable[ObjectFinding]:
    """Types stored in more than one version: what a storage migration would write anew."""
    stored: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for obj in state.graph:
        stored[kind_of(obj)][text(obj, "apiVersion").rpartition("/")[2]] += 1
    mixed = {Ref(*kind, "", ""): _counts(count) for kind, count in stored.items() if len(count) > 1}
    yield from about(
        "versions-mixed",
        "info",
        "{n} type{s} stored in several versions",
        mixed,
        "Before you drop an old version, rewrite its objects (StorageVersionMigration, or kubectl replace).",
    )


def version_dropped(state: StoredState) -> Iterable[ObjectFinding]:
    """Versions that the next release no longer has: what is stored in them must be rewritten before the upgrade."""
    if state.release is None:
        return
    following = next_release(state.release)
    stored = Counter((text(obj, "apiVersion"), text(obj, "kind")) for obj in state.graph)
    lost = {(*name, n): dropped_by(*name, following) for name, n in stored.items()}
    yield from about(
        "version-dropped",
        "warning",
        f"{{n}} type{{s}} stored in versions that Kubernetes {following} does not have",
        {
            Ref(api_version.rpartition("/")[0], kind, "", ""): dropped_words(n, api_version, gone)
            for (api_version, kind, n), gone in lost.items()
            if gone
        },
        DROPPED_ACTION,
    )


def dropped_words(count: int, api_version: str, gone: str) -> str:
    """How many objects are stored in a version, and which release dropped it, or will."""
    return f"{counted(count, 'object')} as {api_version}, which {gone} drops"


DROPPED_ACTION = (
    "Rewrite them before the upgrade (StorageVersionMigration, or kubectl replace), and see that no client and no "
    "manifest asks for the version."
)


def _counts(count: Counter[str]) -> str:
    ranked = sorted(count.items(), key=lambda pair: version_rank(pair[0]), reverse=True)
    return ", ".join(f"{n} as {version}" for version, n in ranked)


RULES: tuple[Rule, ...] = (
    deletion_stuck,
    owner_gone,
    subject_gone,
    role_gone,
    endpoint_gone,
    key_differs,
    definition_gone,
    version_unserved,
    control_plane_silent,
    lease_expired,
    versions_mixed,
    version_dropped,
)
