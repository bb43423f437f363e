"""Why an object is unhealthy, in one sentence: from its status, its conditions, what it refers to, and its events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from etcdview.kube.fields import condition, deleting, dig, is_true, items, mapping, number, text
from etcdview.kube.words import counted, listed
from etcdview.pages.object.related import Around, Branch, Relation
from etcdview.relations.model import Object, Ref, kind_of
from etcdview.relations.severity import Severity, condition_severity, severity_of
from etcdview.relations.states import state_of
from etcdview.tables import age
from etcdview.tables.core_pods import pod_state

MOST_CAUSES = 3
LONGEST = 300  # characters of a message from a condition or an event
_WORKLOADS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")
_PRESSURE = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason in words; `href` leads to the object that it is about, "" where that is this one or is missing."""

    words: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """What is wrong, and its causes, the nearest first; none where the object does not say."""

    severity: Severity
    what: str
    causes: tuple[Cause, ...]


def why(obj: Object, around: Around, now: datetime) -> Why | None:
    """The sentence; None for an object that is healthy, or of which nobody can say."""
    if deleting(obj):
        return Why("warning", *_deletion(obj, now))
    explain = _EXPLAINERS.get(kind_of(obj))
    severity = severity_of(obj, now)
    if text(obj, "kind") == "Service":
        what, causes = _service(obj, around)
        if what:
            return Why("warning", what, tuple(causes))
    if severity not in ("warning", "error"):
        return None
    what, found = explain(obj, around, now) if explain else (state_of(obj, now).text, _conditions(obj))
    return Why(severity, what, _distinct(found))


Explained = tuple[str, Iterator[Cause]]


def _distinct(found: Iterator[Cause]) -> tuple[Cause, ...]:
    """The first of them; what an earlier one says already is left out."""
    kept: list[Cause] = []
    for cause in found:
        said = cause.words.partition(": ")[2] or cause.words
        if cause.words and not any(said in other.words for other in kept):
            kept.append(cause)
    return tuple(kept[:MOST_CAUSES])


def _deletion(obj: Object, now: datetime) -> tuple[str, tuple[Cause, ...]]:
    since = age(dig(obj, "metadata", "deletionTimestamp"), now)
    held = [str(each) for each in items(obj, "metadata", "finalizers")]
    held += [f"{each} (of its spec)" for each in items(obj, "spec", "finalizers")]
    causes = (Cause(f"finalizers hold it: {listed(held)}"),) if held else ()
    return f"Being deleted for {since}", causes


def _pod(pod: Object, around: Around, now: datetime) -> Explained:
    state = pod_state(pod, now)
    runs = text(pod, "status", "phase") == "Running"
    what = (
        f"Running, but not ready ({state.ready} of {state.total} containers)"
        if runs
        else f"Not running ({state.reason})"
    )
    if text(pod, "status", "phase") == "Failed":
        what = f"Failed ({state.reason})"
    return what, _pod_causes(pod, around)


def _pod_causes(pod: Object, around: Around) -> Iterator[Cause]:
    yield from _missing(around)
    yield from _bad(around, "PersistentVolumeClaim", "its claim {name} is {state}")
    scheduled = condition(pod, "PodScheduled")
    if text(scheduled, "status") == "False":
        yield Cause(_said(text(scheduled, "message") or text(scheduled, "reason")))
    for status in (*items(pod, "status", "initContainerStatuses"), *items(pod, "status", "containerStatuses")):
        yield from _container(status)
    yield from _bad(around, "Node", "its node {name} is {state}")
    yield Cause(_said(text(pod, "status", "message")))
    ready = condition(pod, "Ready")
    if text(ready, "status") != "True" and text(ready, "reason") not in ("", "ContainersNotReady", "PodCompleted"):
        yield Cause(_said(text(ready, "message") or text(ready, "reason")))
    for gate in items(pod, "spec", "readinessGates"):
        kind = text(gate, "conditionType")
        if kind and not is_true(pod, kind):
            yield Cause(f"its readiness gate {kind} is not true")
    yield from _warning(around)


def _container(status: Object) -> Iterator[Cause]:
    name = text(status, "name")
    waiting, ended = mapping(status, "state", "waiting"), mapping(status, "state", "terminated")
    before = mapping(status, "lastState", "terminated")
    if waiting:
        exits = f", after it ended with {_exit(before)}" if before else ""
        said = _said(text(waiting, "message"))
        reason = text(waiting, "reason")
        if reason not in ("", "ContainerCreating", "PodInitializing"):
            yield Cause(f"container {name} waits: {reason}{exits}" + (f" ({said})" if said and not exits else ""))
    elif ended and (number(ended, "exitCode") or number(ended, "signal")):
        yield Cause(f"container {name} ended with {_exit(ended)}")


def _exit(ended: Object) -> str:
    how = f"signal {number(ended, 'signal')}" if number(ended, "signal") else f"exit code {number(ended, 'exitCode')}"
    reason = text(ended, "reason")
    return f"{how} ({reason})" if reason and reason != "Error" else how


def _workload(obj: Object, around: Around, now: datetime) -> Explained:
    def causes() -> Iterator[Cause]:
        for kind, bad in (("ReplicaFailure", "True"), ("Progressing", "False")):
            found = condition(obj, kind)
            if text(found, "status") == bad:
                yield Cause(_said(text(found, "message") or text(found, "reason")))
        yield from _missing(around)
        yield from _pods_below(around)
        available = condition(obj, "Available")
        if text(available, "status") == "False":
            yield Cause(_said(text(available, "message") or text(available, "reason")))
        yield from _warning(around)

    return f"Not available: {state_of(obj, now).text}", causes()


def _pods_below(around: Around) -> Iterator[Cause]:
    """What it owns or selects and is unhealthy, pods before replica sets: how many, and the worst of them."""
    below: dict[Ref, Branch | Relation] = {each.ref: each for each in _leaves(around.owners)}
    below |= {each.ref: each for each in around.relations if each.ref.kind == "Pod" and not each.missing}
    for kind, noun in (("Pod", "pod"), ("ReplicaSet", "replica set"), ("Job", "job")):
        alike = [each for each in below.values() if each.ref.kind == kind]
        bad = sorted((x for x in alike if x.severity in ("error", "warning")), key=lambda x: x.severity != "error")
        if bad:
            others = f", and {len(bad) - 1:,} more of its {counted(len(alike), noun)}" if len(bad) > 1 else ""
            yield Cause(f"{noun} {bad[0].ref.name} is {bad[0].state}{others}", bad[0].href)
            return


def _leaves(branch: Branch | None, below: bool = False) -> Iterator[Branch]:
    """What the object of the page owns, at any depth."""
    if branch is None:
        return
    if below:
        yield branch
    for child in branch.children:
        yield from _leaves(child, below or branch.current)


def _job(job: Object, around: Around, now: datetime) -> Explained:
    def causes() -> Iterator[Cause]:
        failed = condition(job, "Failed")
        yield Cause(_said(": ".join(p for p in (text(failed, "reason"), text(failed, "message")) if p)))
        yield from _missing(around)
        yield from _pods_below(around)
        yield from _warning(around)

    return f"Failed, after {counted(number(job, 'status', 'failed'), 'failed pod')}", causes()


def _claim(claim: Object, around: Around, now: datetime) -> Explained:
    def causes() -> Iterator[Cause]:
        yield from _missing(around)
        yield from _warning(around)
        wanted = text(claim, "spec", "storageClassName")
        if not wanted:
            yield Cause("it names no storage class, and no volume fits it")
        else:
            yield Cause(f"no volume of the storage class {wanted} has been provided for it")

    return f"No volume: {state_of(claim, now).text}", causes()


def _node(node: Object, around: Around, now: datetime) -> Explained:
    def causes() -> Iterator[Cause]:
        ready = condition(node, "Ready")
        if text(ready, "status") != "True":
            since = dig(ready, "lastTransitionTime")
            said = _said(text(ready, "message") or text(ready, "reason")) or "it has no condition Ready"
            yield Cause(f"{said}{f', for {age(since, now)}' if since else ''}")
        for kind in _PRESSURE:
            if is_true(node, kind):
                yield Cause(f"{kind}: {_said(text(condition(node, kind), 'message')) or 'true'}")
        if dig(node, "spec", "unschedulable") is True:
            yield Cause("it is cordoned")

    ready = text(condition(node, "Ready"), "status") == "True"
    word = state_of(node, now).text
    unsaid = "Not ready" if word == "NotReady" else f"Not ready: {word}"
    return "Ready, but takes no new pods" if ready else unsaid, causes()


def _service(service: Object, around: Around) -> tuple[str, list[Cause]]:
    """What to say of a service that selects pods of which none is ready; "" for any other."""
    if not mapping(service, "spec", "selector") or text(service, "spec", "type") == "ExternalName":
        return "", []
    if {"Pod", "EndpointSlice"} & {*around.cut, *around.outside}:
        return "", []
    pods = [each for each in around.relations if each.ref.kind == "Pod"]
    if any(pod.severity == "ok" for pod in pods):
        return "", []
    if not pods:
        return "No endpoints", [Cause(f"its selector ({_labels(service)}) matches no pod")]
    worst = min(pods, key=lambda pod: pod.severity != "error")
    others = f"; none of the {len(pods):,} that it selects is ready" if len(pods) > 1 else ""
    return "No endpoint is ready", [Cause(f"pod {worst.ref.name} is {worst.state}{others}", worst.href)]


def _labels(service: Object) -> str:
    return ", ".join(f"{name}={value}" for name, value in mapping(service, "spec", "selector").items())


def _conditions(obj: Object) -> Iterator[Cause]:
    """What the object's own conditions say that are bad; and its status' message."""
    for found in items(obj, "status", "conditions"):
        if condition_severity(found) in ("error", "warning"):
            said = ": ".join(part for part in (text(found, "reason"), text(found, "message")) if part)
            yield Cause(_said(said or f"{text(found, 'type')} is {text(found, 'status')}"))
    yield Cause(_said(text(obj, "status", "message")))


def _missing(around: Around) -> Iterator[Cause]:
    """What it needs and does not exist; an optional one is not an error."""
    for found in around.relations:
        if found.missing and found.severity == "error":
            yield Cause(f"{found.ref.kind} {_name(found.ref)} is missing")


def _bad(around: Around, kind: str, words: str) -> Iterator[Cause]:
    for found in around.relations:
        if found.ref.kind == kind and not found.missing and _is_bad(found):
            yield Cause(words.format(name=found.ref.name, state=found.state), found.href)


def _is_bad(found: Relation) -> bool:
    return found.severity == "error" or (found.severity == "warning" and found.ref.kind == "PersistentVolumeClaim")


def _name(ref: Ref) -> str:
    return f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name


def _warning(around: Around) -> Iterator[Cause]:
    """The newest warning about it."""
    for event in around.events:
        if event.kind == "Warning":
            yield Cause(_said(f"{event.reason}: {event.message}"), event.href)
            return


def _said(message: str) -> str:
    """A message as a part of a sentence."""
    line = " ".join(message.split()).rstrip(".")
    return line if len(line) <= LONGEST else line[:LONGEST] + "…"


Explainer = Callable[[Object, Around, datetime], Explained]
_EXPLAINERS: dict[tuple[str, str], Explainer] = {
    ("", "Pod"): _pod,
    ("", "Node"): _node,
    ("", "PersistentVolumeClaim"): _claim,
    ("batch", "Job"): _job,
    ("", "ReplicationController"): _workload,
    **{("apps", kind): _workload for kind in _WORKLOADS},
}
