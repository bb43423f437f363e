"""Namespace by namespace: what is in it, and its problems, each with its evidence. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from etcdview.checks.findings import ObjectFinding, about, by_ref, in_order, of_kind
from etcdview.checks.leases import CONTROL_PLANE_NAMESPACE, silent_control_plane
from etcdview.checks.unready_pods import unready_pods
from etcdview.kube.fields import condition, deleting, dig, items, mapping, number, text
from etcdview.kube.quantities import quantity
from etcdview.kube.words import counted
from etcdview.relations.graph import Graph
from etcdview.relations.model import Object, Ref, Reference, kind_of, ref_of
from etcdview.relations.states import is_ready, state_of
from etcdview.tables import age, parse_time

# Kinds that the rules look at, as (group, kind): what has to be read for an overview. What tells of the health of
# another kind comes before it, so that the rules hold of the first few kinds as well.
KINDS: tuple[tuple[str, str], ...] = (
    ("", "Namespace"),
    ("", "Pod"),
    ("", "PersistentVolumeClaim"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("", "Service"),
    ("", "Event"),
    ("", "ConfigMap"),
    ("", "Secret"),
    ("", "ServiceAccount"),
    ("", "ResourceQuota"),
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("apps", "ReplicaSet"),
    ("batch", "Job"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("policy", "PodDisruptionBudget"),
    ("coordination.k8s.io", "Lease"),
    ("", "Node"),
)
# Kinds that are read for one namespace only: each node has a lease in another.
ONLY_IN: dict[str, str] = {"Lease": CONTROL_PLANE_NAMESPACE}
RECENT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class NamespaceView:
    """One namespace: its phase, how many objects of each kind are in it, and its problems."""

    name: str
    phase: str
    counts: tuple[tuple[str, int], ...]
    findings: tuple[ObjectFinding, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing but remarks was found."""
        return all(f.severity == "info" for f in self.findings)


@dataclass(frozen=True, slots=True)
class RuleInput:
    """What a rule reads: one namespace, its objects, all relations, and the moment.

    `name` is the namespace's. `left` is how many keys of any kind are in it, None where that is not known; `live` is
    false for a file.
    """

    namespace: Object
    objects: Sequence[Object]
    graph: Graph
    now: datetime
    left: int | None = None
    live: bool = True
    name: str = ""

    def hides(self, group: str, kind: str) -> bool:
        """Whether the viewer's role leaves this kind out here, so that no object of it says nothing."""
        return self.graph.hides(Ref(group, kind, self.name, "any"))


Rule = Callable[[RuleInput], Iterable[ObjectFinding]]


def namespace_views(
    objects: Iterable[Object],
    now: datetime,
    keys: Mapping[str, int] | None = None,
    *,
    live: bool = True,
    outside: Callable[[Ref], bool] = lambda _ref: False,
) -> tuple[NamespaceView, ...]:
    """Every namespace by name. `objects` are all of KINDS; a kind that was not read is never reported as missing.

    `keys` says how many keys of any kind each namespace has; `live` is false for a file. Of what is `outside` of the
    viewer's role nothing is said.
    """
    graph = Graph(objects, outside=outside)
    inside: dict[str, list[Object]] = defaultdict(list)
    for obj in graph:
        inside[text(obj, "metadata", "namespace")].append(obj)
    namespaces = {text(n, "metadata", "name"): n for n in of_kind(inside.pop("", ()), "Namespace")}
    return tuple(
        _view(
            RuleInput(
                namespaces.get(name, {}),
                inside.get(name, ()),
                graph,
                now,
                left=None if keys is None else keys.get(name, 0),
                live=live,
                name=name,
            ),
            name,
        )
        for name in sorted({*namespaces, *inside})
    )


def _view(rule_input: RuleInput, name: str) -> NamespaceView:
    counts = tuple(sorted(Counter(text(obj, "kind") for obj in rule_input.objects).items()))
    findings = in_order(finding for rule in RULES for finding in rule(rule_input))
    return NamespaceView(name, text(rule_input.namespace, "status", "phase"), counts, findings)


def namespace_ending(rule_input: RuleInput) -> Iterable[ObjectFinding]:
    """A namespace that is being deleted goes only when nothing with finalizers is left in it."""
    namespace = rule_input.namespace
    if not deleting(namespace):
        return
    said = [text(c, "message") for c in items(namespace, "status", "conditions") if text(c, "status") == "True"]
    since = age(dig(namespace, "metadata", "deletionTimestamp"), rule_input.now)
    yield from about(
        "namespace-ending",
        "warning",
        "The namespace is being deleted",
        {ref_of(namespace): "; ".join([f"for {since}", *said])},
        "It is empty: check that kube-controller-manager runs, which removes the namespace's own finalizer."
        if rule_input.left == 0
        else "Check the remaining objects, and the controllers that should remove their finalizers.",
    )


def pods_not_ready(rule_input: RuleInput) -> Iterable[ObjectFinding]:
    """Pods that should run and do not; those being deleted are left to stored.py."""
    return unready_pods(rule_input.objects, rule_input.graph, rule_input.now)


def workloads_short(rule_input: RuleInput) -> Iterable[ObjectFinding]:
    """Deployments, stateful sets and daemon sets with fewer pods ready than asked for."""
    workloads = of_kind(rule_input.objects, "Deployment", "StatefulSet", "DaemonSet")
    short = [(w, state_of(w, rule_input.now)) for w in workloads]
    yield from about(
        "workloads-short",
        "warning",
        "{n} workload{s} below the desired replicas",
        by_ref((w, state.text) for w, state in short if state.healthy is False),
        "Check its pods; if there are too few, check its conditions and events.",
    )


def jobs_failed(rule_input: RuleInput) -> Iterable[ObjectFinding]:
    """Jobs that have given up."""
    failed = [j for j in of_kind(rule_input.objects, "Job") if state_of(j, rule_input.now).healthy is False]
    yield from about(
        "jobs-failed",
        "warning",
        "{n} job{s} failed",
        by_ref((j, _failure(j)) for j in failed),
        "Check the logs of its pods; delete the job if you no longer need it.",
    )


def _failure(job: Object) -> str:
    found = condition(job, "Failed")
    said = ": ".join(part for part in (text(found, "reason"), text(found, "message")) if part)
    return said or f"{number(job, 'status', 'failed')} failed pods"


def claims_unbound(rule_input: RuleInput) -> Iterable[ObjectFinding]:
    """Claims without a volume. With a class that waits for the first consumer this is normal until a pod exists."""
    claims = [c for c in of_kind(rule_input.objects, "PersistentVolumeClaim") if not deleting(c)]
    states = [(c, state_of(c, rule_input.now)) for c in claims]
    yield from about(
        "claims-unbound",
        "warning",
        "{n} claim{s} without a volume",
        by_ref((c, _claim_words(c, s.text, rule_input.now)) for c, s in states if s.healthy is False),
        "Check the claim's events: does the storage class exist, does its provisioner run, does a pod use the claim?",
    )


def _claim_words(claim: Object, phase: str, now: datetime) -> str:
    wanted = text(claim, "spec", "resources", "requests", "storage")
    kind = text(claim, "spec", "storageClassName") or "the default class"
    return f"{phase} for {age(dig(claim, 'metadata', 'creationTimestamp'), now)}, {wanted} of {kind}"


def warning_events(rule_input: RuleInput) -> Iterable[ObjectFinding]:
    """Warnings of the last hour, those of one reason about one object as one."""
    warnings: dict[Ref, list[str]] = defaultdict(list)
    for event in of_kind(rule_input.objects, "Event"):
        if text(event, "type") == "Warning" and _recent(event, rule_input.now):
            warnings[_about(event)].append(f"{text(event, 'reason')}: {text(event, 'message') or text(event, 'note')}")
    yield from about(
        "warning-events",
        "info",
        "Warnings about {n} object{s} in the last hour",
        {ref: f"{max(said, key=said.count)} ({len(said)} in all)" for ref, said in sorted(warnings.items())},
        "Read the events of the object, the newest first.",
    )


def _recent(event: Object, now: datetime) -> bool:
    names = ("lastTimestamp", "deprecatedLastTimestamp", "eventTime")
    seen = dig(event, "series", "lastObservedTime") or next((event[name] for name in names if event.get(name)), None)
    moment = parse_time(seen)
    return moment is not None and now - moment <= RECENT


def _about(event: Object) -> Ref:
    target = dig(event, "involvedObject") or dig(event, "regarding")
    return Ref(*kind_of(target), text(target, "namespace"), text(target, "name"))


def services_unanswered(rule_input: RuleInput) -> Iterable[ObjectFinding]:
    """Services that select pods, and have no endpoint that is ready."""
    ready = {
        text(s, "metadata", "labels", "kubernetes.io/service-name")
        for s in of_kind(rule_input.objects, "EndpointSlice")
        if any(map(is_ready, items(s, "endpoints")))
    }
    if rule_input.hides("discovery.k8s.io", "EndpointSlice"):
        return
    services = [s for s in of_kind(rule_input.objects, "Service") if mapping(s, "spec", "selector")]
    silent = [s for s in services if text(s, "metadata", "name") not in ready]
    yield from about(
        "services-unanswered",
        "warning",
        "{n} service{s} without an endpoint that is ready",
        by_ref((s, _selects(rule_input, s)) for s in silent),
        "If it selects no pods, compare its selector with their labels; otherwise find out why they are not ready.",
    )


def _selects(rule_input: RuleInput, service: Object) -> str:
    if rule_input.hides("", "Pod"):
        return "its pods are outside your role"
    return f"selects {counted(len(rule_input.graph.selected_by(service)), 'pod')}"


def references_missing(rule_input: RuleInput) -> Iterable[ObjectFinding]:
    """Pods that refer to a missing config map, secret, claim or service account."""
    pods = [p for p in of_kind(rule_input.objects, "Pod") if text(p, "status", "phase") not in ("Succeeded", "Failed")]
    wanting = {ref_of(p): ", ".join(f"needs {r.ref}" for r in _needed(rule_input.graph, p)) for p in pods}
    yield from about(
        "references-missing",
        "warning",
        "{n} pod{s} referring to a missing object",
        {ref: words for ref, words in wanting.items() if words},
        "Create the missing object, or remove the reference from the pod's template.",
    )


_NEEDED = frozenset({"config", "secret", "claim", "identity"})


def _needed(graph: Graph, pod: Object) -> Iterator[Reference]:
    return (r for r in graph.broken(pod) if r.relation in _NEEDED)


def autoscalers_blind(rule_input: RuleInput) -> Iterable[ObjectFinding]:
    """Autoscalers that get no metrics, so that they do not scale."""
    scalers = [(h, condition(h, "ScalingActive")) for h in of_kind(rule_input.objects, "HorizontalPodAutoscaler")]
    yield from about(
        "autoscalers-blind",
        "warning",
        "{n} autoscaler{s} not scaling",
        by_ref((h, f"{text(c, 'reason')}: {text(c, 'message')}") for h, c in scalers if text(c, "status") == "False"),
        "See that the metrics API answers (metrics-server), and that its target has resource requests.",
    )


def budgets_blocking(rule_input: RuleInput) -> Iterable[ObjectFinding]:
    """Budgets that allow no eviction: a node with such a pod cannot be drained."""
    budgets = [
        b
        for b in of_kind(rule_input.objects, "PodDisruptionBudget")
        if number(b, "status", "expectedPods") and not number(b, "status", "disruptionsAllowed")
    ]
    yield from about(
        "budgets-blocking",
        "info",
        "{n} disruption budget{s} allowing no eviction",
        by_ref((b, state_of(b, rule_input.now).text) for b in budgets),
        "Before you drain a node, get its pods healthy or loosen the budget.",
    )


def control_plane_silent(rule_input: RuleInput) -> Iterable[ObjectFinding]:
    """The leases of the control plane, in kube-system: without it nothing of what is asked for is done."""
    return silent_control_plane(rule_input.objects, rule_input.now) if rule_input.live else ()


def quotas_full(rule_input: RuleInput) -> Iterable[ObjectFinding]:
    """Quotas of which something is used up."""
    found = {ref_of(q): ", ".join(_used_up(q)) for q in of_kind(rule_input.objects, "ResourceQuota")}
    yield from about(
        "quotas-full",
        "warning",
        "{n} quota{s} used up",
        {ref: words for ref, words in found.items() if words},
        "Nothing that needs more of it can be created: raise the quota, or delete what you no longer need.",
    )


def _used_up(quota: Object) -> Iterator[str]:
    used = mapping(quota, "status", "used")
    for name, most in mapping(quota, "status", "hard").items():
        have, limit = quantity(str(used.get(name, "0"))), quantity(str(most))
        if have is not None and limit is not None and limit > 0 and have >= limit:
            yield f"{name} {used[name]} of {most}"


RULES: tuple[Rule, ...] = (
    namespace_ending,
    pods_not_ready,
    workloads_short,
    jobs_failed,
    claims_unbound,
    warning_events,
    services_unanswered,
    references_missing,
    autoscalers_blind,
    budgets_blocking,
    control_plane_silent,
    quotas_full,
)
