"""Pods that should be ready and are not, each with its reason: its containers, its conditions, or its node. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from etcdview.checks.findings import ObjectFinding, about, by_ref, of_kind
from etcdview.kube.fields import condition, deleting, dig, text
from etcdview.relations.graph import Graph
from etcdview.relations.model import Object, Ref
from etcdview.relations.states import state_of
from etcdview.tables import age
from etcdview.tables.core_nodes import node_status
from etcdview.tables.core_pods import pod_state

# The status text of a pod whose containers are healthy as last reported by its kubelet: the reason is elsewhere.
_NO_REASON = frozenset({"Running", "Unknown", "NodeLost"})
_NODES_NAMED = 3


def unready_pods(objects: Iterable[Object], graph: Graph, now: datetime) -> Iterator[ObjectFinding]:
    """One finding about pods whose node is not ready, one about all others; those being deleted are left out."""
    pods = [p for p in of_kind(objects, "Pod") if state_of(p, now).healthy is False and not deleting(p)]
    lost = [(p, node) for p in pods if (node := _lost_node(p, graph, now)) is not None]
    counts = Counter(text(node, "metadata", "name") for _, node in lost)
    yield from about(
        "pods-not-ready",
        "warning",
        "{n} pod{s} not ready because of " + _nodes(counts).replace("{", "{{").replace("}", "}}"),
        by_ref((p, f"{state_of(p, now).text}; {_node_words(node, now)}") for p, node in lost),
        "Check the node: is it up, does its kubelet run, and does the kubelet reach the API server?",
    )
    on_lost_nodes = {id(p) for p, _ in lost}
    yield from about(
        "pods-not-ready",
        "warning",
        "{n} pod{s} not ready",
        by_ref((p, _words(p, graph, now)) for p in pods if id(p) not in on_lost_nodes),
        "Check the pod's page: containers, their last exit, conditions and events.",
    )


def _lost_node(pod: Object, graph: Graph, now: datetime) -> Object | None:
    """The node, where nothing else is wrong with the pod than that its node is not ready."""
    if pod_state(pod, now).reason not in _NO_REASON:
        return None
    node = graph.get(_node_of(pod))
    return node if node is not None and state_of(node, now).healthy is False else None


def _node_of(pod: Object) -> Ref:
    return Ref("", "Node", "", text(pod, "spec", "nodeName"))


def _nodes(counts: Counter[str]) -> str:
    if len(counts) == 1:
        return f"node {next(iter(counts))}"
    named = ", ".join(f"{name} ({n})" for name, n in counts.most_common(_NODES_NAMED))
    more = len(counts) - _NODES_NAMED
    return f"nodes {named}" + (f" and {more} more" if more > 0 else "")


def _node_words(node: Object, now: datetime) -> str:
    ready = condition(node, "Ready")
    parts = (node_status(node), text(ready, "reason"), text(ready, "message"), _for(ready, now))
    return f"its node {text(node, 'metadata', 'name')} is " + ", ".join(part for part in parts if part)


def _words(pod: Object, graph: Graph, now: datetime) -> str:
    state, found = state_of(pod, now), pod_state(pod, now)
    if found.reason in _NO_REASON and graph.hides(_node_of(pod)):
        return f"{state.text}; its node {text(pod, 'spec', 'nodeName')} is outside your role"
    restarts = f"restarted {found.restarts}" if found.restarts != "0" else ""
    unscheduled = text(condition(pod, "PodScheduled"), "message") if not text(pod, "spec", "nodeName") else ""
    return "; ".join(part for part in (state.text, _unexplained(pod, found.reason, now), restarts, unscheduled) if part)


def _unexplained(pod: Object, reason: str, now: datetime) -> str:
    """What to say of a pod that runs and whose Ready condition is false without a word why."""
    ready = condition(pod, "Ready")
    if reason != "Running" or text(ready, "reason") or text(ready, "message"):
        return ""
    return " ".join(part for part in ("its condition Ready is false", _for(ready, now), "without a reason") if part)


def _for(found: Object | None, now: datetime) -> str:
    since = dig(found, "lastTransitionTime")
    return f"for {age(since, now)}" if since else ""
