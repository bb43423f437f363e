"""How grave an object's state is, on the one scale that lists, object pages, members and findings share. Pure.

The API's "state" keeps three words (see states.health_of); this says more: what has just begun is not yet a problem,
what is done is not running, and what is short of some is not as bad as what is down.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

from etcdview.kube.fields import condition, deleting, dig, is_true, items, number, text
from etcdview.relations.model import Object, State, kind_of
from etcdview.relations.states import STARTING, state_of, status_in
from etcdview.tables import parse_time
from etcdview.tables.batch import job_status
from etcdview.tables.certificates import csr_status
from etcdview.tables.core_nodes import node_status
from etcdview.tables.core_pods import pod_state

Severity = Literal["ok", "progressing", "warning", "error", "unknown", "done"]

PATIENCE = timedelta(minutes=2)  # what takes longer to begin or to end deserves a look
_INITIALIZING = re.compile(r"Init:\d+/\d+")
# Conditions that are bad when they are true; every other is good then.
_ADVERSE = re.compile(
    r".*(Pressure|Unavailable|Failed|Failure|FailureTarget|Degraded|Stalled|Terminating|Problem|Deadlock|Remaining)"
    r"|NamespaceDeletion.*|Denied|Suspended|NonStructuralSchema|KubernetesAPIApprovalPolicyNonconformant|Error.*"
)

# A limit that holds, a pod that will be moved: said, and neither good nor bad by itself.
_NEITHER = frozenset({"ScalingLimited", "DisruptionTarget", "PodReadyToStartContainers"})


def severity_of(obj: Object, now: datetime, pod_status: str = "") -> Severity:
    """How grave the state of an object of any kind is. `pod_status` saves making a pod's STATUS again."""
    kind = text(obj, "kind")
    if kind == "Pod":
        return _pod(obj, pod_status or pod_state(obj, now).reason, now)
    if deleting(obj):
        return _within_patience(dig(obj, "metadata", "deletionTimestamp"), now)
    state = state_of(obj, now)
    judge = _JUDGES.get(kind_of(obj))
    return judge(obj, state, now) if judge else _by_health(state, obj, now)


def severity_of_word(kind: str, word: str, created: datetime | None, now: datetime) -> Severity:
    """Of an unhealthy object of which no more is known than its kind and the words for its state."""
    begun = created is not None and now - created < PATIENCE
    if kind == "Node":
        return "error"
    if kind == "Pod":
        reason = status_in(word)
        waits = reason in STARTING or reason in ("Running", "NotReady") or _INITIALIZING.fullmatch(reason)
        return ("progressing" if begun else "warning") if waits else "error"
    if begun:
        return "progressing"
    return (
        "error"
        if word.startswith("0 of ") or word in ("Failed", "FailureTarget", "Lost", "not available")
        else "warning"
    )


def condition_severity(found: Any) -> Severity:
    """Of one of an object's conditions, by its type: some are good when they are true, others bad."""
    kind, status = text(found, "type"), text(found, "status")
    if status not in ("True", "False"):
        return "unknown"
    if kind in _NEITHER:
        return "unknown"
    if _ADVERSE.fullmatch(kind):
        return "error" if status == "True" else "ok"
    return "ok" if status == "True" else "warning"


def share_severity(part: int, whole: int) -> Severity:
    """Of so many that there should be: none is an error, too few a warning, and only all of them are healthy."""
    if part >= whole:
        return "ok"
    return "warning" if part else "error"


def _by_health(state: State, obj: Object, now: datetime) -> Severity:
    if state.healthy is None or text(condition(obj, "Ready"), "status") == "Unknown":
        return "unknown"
    return "ok" if state.healthy else _once_due(obj, now, "error")


def _once_due(obj: Object, now: datetime, severity: Severity) -> Severity:
    """`severity`, unless the object is too young to be judged."""
    created = dig(obj, "metadata", "creationTimestamp")
    return "progressing" if _within_patience(created, now) == "progressing" else severity


def _within_patience(since: Any, now: datetime) -> Severity:
    moment = parse_time(since)
    return "progressing" if moment is not None and now - moment < PATIENCE else "warning"


def _pod(obj: Object, reason: str, now: datetime) -> Severity:
    if text(obj, "status", "phase") == "Succeeded":
        return "done"
    if deleting(obj) and reason != "Unknown":
        return _within_patience(dig(obj, "metadata", "deletionTimestamp"), now)
    if reason in STARTING or _INITIALIZING.fullmatch(reason):
        return _once_due(obj, now, "warning")
    if reason in ("Running", "NotReady"):
        return "ok" if reason == "Running" and _is_whole(obj) else _once_due(obj, now, "warning")
    return "done" if reason == "Completed" else "error"


def _is_whole(pod: Object) -> bool:
    """Whether a running pod is ready, with all of its containers."""
    ready = sum(dig(status, "ready") is True for status in items(pod, "status", "containerStatuses"))
    return is_true(pod, "Ready") and ready >= len(items(pod, "spec", "containers"))


def _node(obj: Object, state: State, now: datetime) -> Severity:
    word, _, kept_away = node_status(obj).partition(",")
    return "error" if word != "Ready" else "warning" if kept_away else "ok"


def _replicas(obj: Object, state: State, now: datetime) -> Severity:
    wanted, ready = number(obj, "spec", "replicas", default=1), number(obj, "status", "readyReplicas")
    return _enough(obj, ready, wanted, now)


def _daemon_set(obj: Object, state: State, now: datetime) -> Severity:
    return _enough(obj, number(obj, "status", "numberReady"), number(obj, "status", "desiredNumberScheduled"), now)


def _enough(obj: Object, part: int, whole: int, now: datetime) -> Severity:
    severity = share_severity(part, whole)
    return severity if severity == "ok" else _once_due(obj, now, severity)


def _job(obj: Object, state: State, now: datetime) -> Severity:
    return _JOBS.get(job_status(obj), "progressing")


def _policy(obj: Object, state: State, now: datetime) -> Severity:
    """A budget that is not met, a scaler without metrics: what they guard may run all the same."""
    return "unknown" if state.healthy is None else "ok" if state.healthy else "warning"


def _claim(obj: Object, state: State, now: datetime) -> Severity:
    return _PHASES.get(state.text, "unknown") if state.text != "Pending" else _once_due(obj, now, "warning")


def _waiting(obj: Object, state: State, now: datetime) -> Severity:
    """What waits for another: a load balancer's address, an allocation, endpoints that are ready."""
    return "ok" if state.healthy else "unknown" if state.healthy is None else _once_due(obj, now, "warning")


def _event(obj: Object, state: State, now: datetime) -> Severity:
    return "warning" if text(obj, "type") == "Warning" else "done"


def _signing_request(obj: Object, state: State, now: datetime) -> Severity:
    words = csr_status(obj).split(",")
    if "Denied" in words or "Failed" in words:
        return "error"
    return "ok" if "Issued" in words else _once_due(obj, now, "warning")


Judge = Callable[[Object, State, datetime], Severity]

_JOBS: dict[str, Severity] = {
    "Complete": "done",
    "SuccessCriteriaMet": "done",
    "Suspended": "done",
    "Failed": "error",
    "FailureTarget": "error",
    "Terminating": "progressing",
}
_PHASES: dict[str, Severity] = {
    "Bound": "ok",
    "Available": "ok",
    "Released": "warning",
    "Lost": "error",
    "Failed": "error",
}
_JUDGES: dict[tuple[str, str], Judge] = {
    ("", "Node"): _node,
    ("apps", "Deployment"): _replicas,
    ("apps", "ReplicaSet"): _replicas,
    ("apps", "StatefulSet"): _replicas,
    ("", "ReplicationController"): _replicas,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _claim,
    ("", "Service"): _waiting,
    ("resource.k8s.io", "ResourceClaim"): _waiting,
    ("discovery.k8s.io", "EndpointSlice"): _waiting,
    ("", "Endpoints"): _waiting,
    ("autoscaling", "HorizontalPodAutoscaler"): _policy,
    ("policy", "PodDisruptionBudget"): _policy,
    ("", "Event"): _event,
    ("certificates.k8s.io", "CertificateSigningRequest"): _signing_request,
}
