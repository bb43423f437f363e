"""The verdict on what Kubernetes has stored: its control plane's leases, and the facts of all values.

No object is read, however many there are, but the leases of the control plane.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from etcdview.checks.leases import (
    CONTROL_PLANE_LIMIT,
    CONTROL_PLANE_NAMESPACE,
    part_of,
)
from etcdview.cluster.scope import FactSource
from etcdview.cluster.window import Window
from etcdview.describe.machinery import lease_expired_for
from etcdview.errors import EtcdviewError
from etcdview.health.findings import Status
from etcdview.kube.fields import text
from etcdview.kube.resources import BY_PREFIX, ResourceType
from etcdview.kube.words import counted, listed, plural
from etcdview.pages.attention import NOTHING, AttentionList, AttentionQuery, attention_list
from etcdview.pages.parts.addresses import href
from etcdview.pages.parts.facts_state import FactsState, facts_state
from etcdview.pages.problems import unhealthy_href
from etcdview.relations.model import Object
from etcdview.relations.severity import Severity
from etcdview.stores.deadline import waiting
from etcdview.tables import human_duration, parse_time

# What is judged, by storage prefix, in the order in which it is told. What only follows from these (replica sets,
# endpoints, budgets) is left to its own lists.
JUDGED = (
    "minions",
    "pods",
    "deployments",
    "statefulsets",
    "daemonsets",
    "jobs",
    "persistentvolumeclaims",
    "persistentvolumes",
    "apiregistration.k8s.io/apiservices",
)
_EVERYTHING = AttentionQuery()
LEASES = 200  # of kube-system: one for each part of the control plane, and those of add-ons
LEASE_SECONDS = 1.0  # the page does not wait longer for them
CONTROL_PLANE = (
    ("kube-apiserver", "API server"),
    ("kube-scheduler", "Scheduler"),
    ("kube-controller-manager", "Controller manager"),
)


@dataclass(frozen=True, slots=True)
class ClusterPart:
    """A part of the cluster in a few words: of the control plane, of the nodes, the pods."""

    name: str
    severity: Severity
    words: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class KubernetesVerdict:
    """One word, the reason in a sentence, and the objects behind it. `unhealthy` is how many there are in all.

    `facts` says how far the facts are where they are not complete: the word is "unknown" then.
    """

    status: Status
    reason: str
    parts: tuple[ClusterPart, ...] = ()
    attention: AttentionList = NOTHING
    unhealthy: int = 0
    facts: FactsState | None = None
    narrowed: bool = False


def kubernetes_verdict(window: Window, now: datetime, query: AttentionQuery = _EVERYTHING) -> KubernetesVerdict:
    """The verdict on what this viewer may see; waits a second at most, for the leases."""
    silent, control_plane = _control_plane(window, now)
    facts, narrowed = window.value_facts, not window.viewer.scope.whole
    if facts is None:
        state = facts_state(window)
        reason = _sentence([silent] if silent else []) or "The stored objects have not been checked yet."
        return KubernetesVerdict("degraded" if silent else "unknown", reason, control_plane, facts=state)
    try:
        return _by_facts(facts, now, query, silent, control_plane, narrowed=narrowed)
    except EtcdviewError as error:  # mostly because they are being read again
        reason = "The stored objects cannot be judged at this moment." if narrowed else error.what
        return KubernetesVerdict("unknown", reason, control_plane)


def _by_facts(
    facts: FactSource,
    now: datetime,
    query: AttentionQuery,
    silent: str,
    control_plane: tuple[ClusterPart, ...],
    *,
    narrowed: bool,
) -> KubernetesVerdict:
    keys: Counter[str] = Counter()
    unhealthy: Counter[str] = Counter()
    inside: dict[str, Counter[str]] = defaultdict(Counter)
    for total in facts.totals():
        keys[total.resource] += total.keys
        if total.state == "unhealthy" and total.resource in JUDGED:
            unhealthy[total.resource] += total.keys
            inside[total.resource][total.namespace] += total.keys
    clauses = [silent] if silent else []
    clauses += [
        _clause(resource, unhealthy[resource.prefix], keys[resource.prefix], len(inside[resource.prefix]))
        for resource in _judged(unhealthy)
    ]
    lost = bool(keys["minions"]) and unhealthy["minions"] == keys["minions"]
    status: Status = "degraded" if silent or lost else "at risk" if unhealthy else "healthy"
    checked = counted(sum(keys[prefix] for prefix in JUDGED), "object")
    return KubernetesVerdict(
        status if keys else "unknown",
        _sentence(clauses) or (f"No problems found in {checked} of the kinds that are judged." if keys else "No keys."),
        (*control_plane, *_counts(keys, unhealthy)),
        attention_list(facts, {prefix: inside[prefix] for prefix in JUDGED if inside[prefix]}, now, query),
        sum(unhealthy.values()),
        narrowed=narrowed,
    )


def _judged(unhealthy: Counter[str]) -> Iterator[ResourceType]:
    return (BY_PREFIX[prefix] for prefix in JUDGED if unhealthy[prefix])


def _clause(resource: ResourceType, bad: int, total: int, namespaces: int) -> str:
    """2 of 5 nodes are not ready; 22 of 40 pods are not ready, in 3 namespaces."""
    words = {"pods": "not ready", "minions": "not ready", "jobs": "failed", "persistentvolumeclaims": "not bound"}
    word = words.get(resource.prefix, "unhealthy")
    where = f", in {namespaces:,} namespaces" if namespaces > 1 else ""
    noun = resource.plural if total != 1 else resource.singular
    said = f"{plural(bad, 'has', 'have')} failed" if word == "failed" else f"{plural(bad, 'is', 'are')} {word}"
    return f"{bad:,} of {total:,} {noun} {said}{where}"


def _sentence(clauses: list[str]) -> str:
    """The first three; how many kinds more there are is said, too."""
    more = len(clauses) - 3
    said = "; ".join(clauses[:3])
    rest = f"; and {counted(more, 'more kind')} with problems" if more > 0 else ""
    return f"{said[:1].upper()}{said[1:]}{rest}." if said else ""


def _counts(keys: Counter[str], unhealthy: Counter[str]) -> Iterator[ClusterPart]:
    for prefix, name in (("minions", "Nodes"), ("pods", "Pods")):
        total, bad = keys[prefix], unhealthy[prefix]
        if total:
            severity: Severity = "ok" if not bad else "error" if prefix == "minions" else "warning"
            address = (
                unhealthy_href(BY_PREFIX[prefix].id, "") if bad else href("/registry", resource=BY_PREFIX[prefix].id)
            )
            yield ClusterPart(
                name, severity, f"{bad:,} of {total:,} not ready" if bad else f"{total:,}, all ready", address
            )


def _control_plane(window: Window, now: datetime) -> tuple[str, tuple[ClusterPart, ...]]:
    """Which parts do not run, in words ("" for none), and each part. Of a file nothing is said: it is of the past."""
    leases = BY_PREFIX["leases"]
    names = window.index.freshness()
    if not window.cluster.store.live:
        return "", ()
    if not window.touches(*window.objects.bounds(leases, CONTROL_PLANE_NAMESPACE)):
        return "", ()
    if names.state == "down":
        return "", (ClusterPart("Control plane", "unknown", "unknown while etcd has no quorum or no connection"),)
    try:
        with waiting(LEASE_SECONDS):
            rows = list(islice(window.objects.read(leases, CONTROL_PLANE_NAMESPACE), LEASES))
    except EtcdviewError:  # the verdict on etcd says why
        return "", ()
    found = [row.object for row in rows if row.object is not None]
    parts = tuple(_lease_part(name, title, found, now) for name, title in CONTROL_PLANE)
    silent = [part.name.lower().replace("api", "API") for part in parts if part.severity == "error"]
    renewed = plural(len(silent), "has not renewed its lease", "have not renewed their leases")
    said = f"{listed([f'the {name}' for name in silent])} {renewed}" if silent else ""
    return said, parts if any(part.severity != "unknown" for part in parts) else ()


def _lease_part(name: str, title: str, leases: Iterable[Object], now: datetime) -> ClusterPart:
    own = [lease for lease in leases if part_of(lease) == name]
    renewed = [moment for lease in own if (moment := parse_time(text(lease, "spec", "renewTime"))) is not None]
    if not renewed:
        return ClusterPart(title, "unknown", "no lease")
    since = human_duration(max(now - max(renewed), timedelta(0)))
    if min(lease_expired_for(lease, now) for lease in own) <= CONTROL_PLANE_LIMIT:
        return ClusterPart(title, "ok", f"lease renewed {since} ago")
    address = href("/registry", resource="leases", namespace=CONTROL_PLANE_NAMESPACE)
    return ClusterPart(title, "error", f"lease not renewed for {since}", address)
