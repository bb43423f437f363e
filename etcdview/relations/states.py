"""The state of an object in a word or two, and whether it is healthy. The words are those of kubectl's tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from etcdview.kube.fields import condition, deleting, dig, is_true, items, number, text
from etcdview.relations.model import Health, Object, State, health, kind_of
from etcdview.tables.autoscaling import autoscaler_conditions
from etcdview.tables.batch import job_status
from etcdview.tables.certificates import csr_status
from etcdview.tables.core_nodes import node_status
from etcdview.tables.core_pods import pod_state
from etcdview.tables.devices import claim_state

STARTING = frozenset({"Pending", "ContainerCreating", "PodInitializing", "SchedulingGated"})


def state_of(obj: Object, now: datetime) -> State:
    """The state of an object of any kind. What is being deleted says so, whatever else it is."""
    kind = text(obj, "kind")
    if deleting(obj) and kind != "Pod":
        return State("being deleted", None)
    speaker = HEALTH_KINDS.get(kind_of(obj))
    return speaker(obj, now) if speaker else _by_conditions(obj)


def health_of(obj: Object, now: datetime, pod_status: str = "") -> Health:
    """The health in state_of. Who has made the cells of a pod gives its STATUS, which takes as long as all the rest."""
    if pod_status and text(obj, "kind") == "Pod":
        return health(_pod_is_healthy(obj, pod_status))
    return state_of(obj, now).health


def runs_unready(pod: Object | None) -> bool:
    """Whether the containers of a pod run, and the pod does not count as ready: its node is lost, or a gate shut."""
    ready = condition(pod, "Ready")
    return ready is not None and text(pod, "status", "phase") == "Running" and text(ready, "status") != "True"


def status_in(words: str) -> str:
    """What the words for a state begin with: of a pod its STATUS, as kubectl prints it."""
    return words.partition(", ")[0]


def _pod(obj: Object, now: datetime) -> State:
    state = pod_state(obj, now)
    words = f"{state.reason}, {state.ready} of {state.total} containers ready"
    healthy = _pod_is_healthy(obj, state.reason)
    if text(obj, "status", "phase") == "Succeeded":
        return State("Completed" if state.reason == "Completed" else f"{state.reason}, completed", healthy)
    if state.reason == "Running" and healthy is False:
        ready = condition(obj, "Ready")
        why = ": ".join(part for part in (text(ready, "reason"), text(ready, "message")) if part)
        return State(f"{words}, but the pod is not ready" + (f" ({why})" if why else ""), healthy)
    return State(words, healthy)


def _pod_is_healthy(obj: Object, reason: str) -> bool | None:
    """By the word for the pod, which says nothing of a pod that runs and is not ready."""
    if text(obj, "status", "phase") == "Succeeded":
        return True
    if reason in STARTING or deleting(obj):
        return False if reason in ("Pending", "SchedulingGated") else None
    return reason == "Running" and is_true(obj, "Ready")


def _node(obj: Object, now: datetime) -> State:
    status = node_status(obj)
    return State(status, status.split(",")[0] == "Ready")


def _namespace(obj: Object, now: datetime) -> State:
    return State(text(obj, "status", "phase"), True)


def _replicas(obj: Object, now: datetime) -> State:
    """Deployments, replica sets, stateful sets, replication controllers."""
    wanted, ready = number(obj, "spec", "replicas", default=1), number(obj, "status", "readyReplicas")
    return State(f"{ready} of {wanted} ready", ready >= wanted)


def _daemon_set(obj: Object, now: datetime) -> State:
    wanted, ready = number(obj, "status", "desiredNumberScheduled"), number(obj, "status", "numberReady")
    return State(f"{ready} of {wanted} ready", ready >= wanted)


def _job(obj: Object, now: datetime) -> State:
    status = job_status(obj)
    return State(status, status not in ("Failed", "FailureTarget"))


def _cron_job(obj: Object, now: datetime) -> State:
    if dig(obj, "spec", "suspend") is True:
        return State("suspended", None)
    return State(f"{len(items(obj, 'status', 'active'))} active", True)


def _claim(obj: Object, now: datetime) -> State:
    phase = text(obj, "status", "phase") or "Pending"
    return State(phase, phase == "Bound")


def _volume(obj: Object, now: datetime) -> State:
    phase = text(obj, "status", "phase") or "Pending"
    return State(phase, phase in ("Bound", "Available"))


def _service(obj: Object, now: datetime) -> State:
    kind = text(obj, "spec", "type") or "ClusterIP"
    waiting = kind == "LoadBalancer" and not items(obj, "status", "loadBalancer", "ingress")
    return State(f"{kind}, no address yet" if waiting else kind, False if waiting else None)


def is_ready(endpoint: Any) -> bool:
    """Whether an endpoint of a slice takes traffic; one that does not say, does."""
    return dig(endpoint, "conditions", "ready") is not False


def _slice(obj: Object, now: datetime) -> State:
    """Endpoints of pods that are being deleted are not ready, which is normal."""
    endpoints = [e for e in items(obj, "endpoints") if dig(e, "conditions", "terminating") is not True]
    ready = sum(map(is_ready, endpoints))
    return State(f"{ready} of {len(endpoints)} ready", 0 < ready == len(endpoints))


def _endpoints(obj: Object, now: datetime) -> State:
    subsets = items(obj, "subsets")
    ready = sum(len(items(s, "addresses")) for s in subsets)
    total = ready + sum(len(items(s, "notReadyAddresses")) for s in subsets)
    return State(f"{ready} of {total} ready", 0 < ready == total)


def _autoscaler(obj: Object, now: datetime) -> State:
    current, wanted = number(obj, "status", "currentReplicas"), number(obj, "status", "desiredReplicas")
    active = [text(c, "status") == "True" for c in autoscaler_conditions(obj) if text(c, "type") == "ScalingActive"]
    return State(f"{current} of {wanted} replicas", active[0] if active else None)


def _budget(obj: Object, now: datetime) -> State:
    healthy, wanted = number(obj, "status", "currentHealthy"), number(obj, "status", "desiredHealthy")
    return State(f"{healthy} healthy, {wanted} needed", healthy >= wanted)


def _event(obj: Object, now: datetime) -> State:
    kind = text(obj, "type")
    return State(f"{kind}: {text(obj, 'reason')}", kind != "Warning")


def _signing_request(obj: Object, now: datetime) -> State:
    status = csr_status(obj)
    return State(status, None if status == "Pending" else "Issued" in status)


def _resource_claim(obj: Object, now: datetime) -> State:
    state = claim_state(obj)
    return State(state, state.startswith("allocated"))


def _api_service(obj: Object, now: datetime) -> State:
    available = is_true(obj, "Available")
    return State("available" if available else "not available", available)


def _by_conditions(obj: Object) -> State:
    """Custom resources, as far as they follow the custom of a Ready or Available condition; else their phase."""
    for kind in ("Ready", "Available", "Established"):
        found = condition(obj, kind)
        if found is not None:
            status, reason = text(found, "status"), text(found, "reason")
            return State(kind if status == "True" else f"not {kind}: {reason or status}", status == "True")
    return State(text(obj, "status", "phase"), None)


HEALTH_KINDS: dict[tuple[str, str], Callable[[Object, datetime], State]] = {
    ("", "Pod"): _pod,
    ("", "Node"): _node,
    ("", "Namespace"): _namespace,
    ("apps", "Deployment"): _replicas,
    ("apps", "ReplicaSet"): _replicas,
    ("apps", "StatefulSet"): _replicas,
    ("", "ReplicationController"): _replicas,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _cron_job,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
    ("", "Service"): _service,
    ("discovery.k8s.io", "EndpointSlice"): _slice,
    ("", "Endpoints"): _endpoints,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("policy", "PodDisruptionBudget"): _budget,
    ("", "Event"): _event,
    ("certificates.k8s.io", "CertificateSigningRequest"): _signing_request,
    ("resource.k8s.io", "ResourceClaim"): _resource_claim,
    ("apiregistration.k8s.io", "APIService"): _api_service,
}
