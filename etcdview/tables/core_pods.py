"""Pods: what `kubectl get pods` makes of phases, conditions and container states (printPod in Kubernetes)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from etcdview.kube.fields import NONE, Composed, deleting, dig, is_true, items, mapping, number, text
from etcdview.kube.release import Release
from etcdview.tables.base import (
    AGE,
    NAME,
    UNRELEASED,
    Cells,
    Column,
    Object,
    created,
    name_of,
    release_table,
    table,
)
from etcdview.tables.durations import age
from etcdview.tables.texts import container_cells, labels_text

_STATE = (
    "metadata.deletionTimestamp", "spec.containers", "spec.initContainers", "status.conditions",
    "status.containerStatuses", "status.initContainerStatuses", "status.phase", "status.reason",
)  # fmt: skip
_INITIALIZING = "PodInitializing"
_GATED = "SchedulingGated"
# The first releases that tell when a container was restarted; that know scheduling gates; that count sidecars; that
# leave the word of an ended pod while it is deleted; that name a failed container beside completed ones.
_RESTART_TIMES, _GATES, _SIDECARS, _ENDED_STAYS, _FAILED_NAMED = (Release(1, minor) for minor in (22, 26, 28, 31, 35))


@dataclass(frozen=True, slots=True)
class _Restarts:
    """How often containers were restarted, and when the last of them had ended ("" where unknown)."""

    count: int = 0
    last: str = ""

    def plus(self, status: Any) -> _Restarts:
        ended = text(status, "lastState", "terminated", "finishedAt")
        return _Restarts(self.count + number(status, "restartCount"), max(self.last, ended))

    def cell(self, now: datetime, release: Release) -> str:
        when = self.last and release >= _RESTART_TIMES and (self.count or release < _SIDECARS)
        return f"{self.count} ({age(self.last, now)} ago)" if when else str(self.count)


@dataclass(frozen=True, slots=True)
class _Init:
    """What the init containers come to. `reason` is "" when all of them are done, or run as sidecars."""

    ready: int = 0
    reason: str = ""
    restarts: _Restarts = _Restarts()
    sidecar_restarts: _Restarts = _Restarts()


@dataclass(frozen=True, slots=True)
class _Container:
    """A container's status; `stopped` is why it waits or has ended, "" where it runs."""

    status: Any
    stopped: str
    ready: bool

    @classmethod
    def of(cls, status: Any) -> _Container:
        stopped = _stopped_reason(status)
        runs = not stopped and dig(status, "ready") is True and dig(status, "state", "running") is not None
        return cls(status, stopped, runs)


@dataclass(frozen=True, slots=True)
class PodState:
    """The words for a pod: how many containers are ready, of how many, and what it does."""

    ready: int
    total: int
    reason: str
    restarts: str
    restart_count: int


@dataclass(frozen=True, slots=True)
class _Judged:
    """What makes a PodState at any moment."""

    ready: int
    total: int
    reason: str
    restarts: _Restarts


def pod_state(pod: Object, now: datetime, release: Release = UNRELEASED) -> PodState:
    """The READY, STATUS and RESTARTS of a pod as of `now`, as API servers of the release say it."""
    if isinstance(pod, Composed):  # of its metadata only that it is being deleted counts
        found = pod.common.worked((_judged, deleting(pod), release), lambda: _judged(pod, release))
    else:
        found = _judged(pod, release)
    restarts = found.restarts
    return PodState(found.ready, found.total, found.reason, restarts.cell(now, release), restarts.count)


def _judged(pod: Object, release: Release) -> _Judged:
    sidecars = _sidecars(pod) if release >= _SIDECARS else set()
    total = len(items(pod, "spec", "containers")) + len(sidecars)
    init = _init(pod, sidecars)
    reason, ready, restarts = init.reason or _phase(pod, release), init.ready, init.restarts
    if not init.reason or (release >= _SIDECARS and is_true(pod, "Initialized")):
        containers = [_Container.of(status) for status in items(pod, "status", "containerStatuses")]
        start = init.sidecar_restarts if release >= _SIDECARS else _Restarts(0, init.restarts.last)
        restarts = _sum_restarts((c.status for c in containers), start)
        ready += sum(c.ready for c in containers)
        reason = _running_reason(pod, containers, reason, release)
    return _Judged(ready, total, _ending(pod, release) or reason, restarts)


def _sidecars(pod: Object) -> set[str]:
    return {text(c, "name") for c in items(pod, "spec", "initContainers") if text(c, "restartPolicy") == "Always"}


def _phase(pod: Object, release: Release) -> str:
    gated = release >= _GATES and any(
        text(c, "type") == "PodScheduled" and text(c, "reason") == _GATED for c in items(pod, "status", "conditions")
    )
    return _GATED if gated else text(pod, "status", "reason") or text(pod, "status", "phase")


def _ending(pod: Object, release: Release) -> str:
    """The word for a pod that is being deleted; "" for any other."""
    if not deleting(pod):
        return ""
    if text(pod, "status", "reason") == "NodeLost":
        return "Unknown"
    ended = release >= _ENDED_STAYS and text(pod, "status", "phase") in ("Succeeded", "Failed")
    return "" if ended else "Terminating"


def _init(pod: Object, sidecars: set[str]) -> _Init:
    """Init containers in order, up to the first that is neither done nor a sidecar that has started."""
    state = _Init()
    for position, status in enumerate(items(pod, "status", "initContainerStatuses")):
        sidecar = text(status, "name") in sidecars
        state = replace(
            state,
            restarts=state.restarts.plus(status),
            sidecar_restarts=state.sidecar_restarts.plus(status) if sidecar else state.sidecar_restarts,
        )
        terminated = dig(status, "state", "terminated")
        if terminated is not None and number(terminated, "exitCode") == 0:
            continue
        if sidecar and dig(status, "started") is True:
            state = replace(state, ready=state.ready + (dig(status, "ready") is True))
            continue
        return replace(
            state, reason="Init:" + _init_reason(status, position, len(items(pod, "spec", "initContainers")))
        )
    return state


def _init_reason(status: Any, position: int, count: int) -> str:
    terminated = dig(status, "state", "terminated")
    if terminated is not None:
        return _exit_reason(terminated)
    waiting = text(status, "state", "waiting", "reason")
    return waiting if waiting and waiting != _INITIALIZING else f"{position}/{count}"


def _exit_reason(terminated: Any) -> str:
    if reason := text(terminated, "reason"):
        return reason
    signal = number(terminated, "signal")
    return f"Signal:{signal}" if signal else f"ExitCode:{number(terminated, 'exitCode')}"


def _sum_restarts(statuses: Iterable[Any], start: _Restarts) -> _Restarts:
    for status in statuses:
        start = start.plus(status)
    return start


def _stopped_reason(status: Any) -> str:
    if waiting := text(status, "state", "waiting", "reason"):
        return waiting
    terminated = dig(status, "state", "terminated")
    return "" if terminated is None else _exit_reason(terminated)


def _failed(status: Any) -> bool:
    """Ended with an error, and not waiting to be started again."""
    waiting = text(status, "state", "waiting", "reason")
    return not waiting and number(dig(status, "state", "terminated"), "exitCode") != 0


def _running_reason(pod: Object, containers: list[_Container], reason: str, release: Release) -> str:
    """The first container that is stopped names the pod; "Completed" gives way to a failed or a running one."""
    reason = next((c.stopped for c in containers if c.stopped), reason)
    if reason != "Completed":
        return reason
    running = any(c.ready for c in containers)
    if running and is_true(pod, "Ready"):
        return "Running"
    errors = [c.stopped for c in containers if _failed(c.status) and release >= _FAILED_NAMED]
    return errors[0] if errors else "NotReady" if running else reason


@release_table(
    "",
    "Pod",
    columns=(
        NAME,
        Column("Ready", description="Containers that are ready, of all.", reads=_STATE),
        Column("Status", description="What the pod does, in one word.", reads=_STATE),
        Column("Restarts", "integer", description="How often containers were restarted.", until=21, reads=_STATE),
        Column("Restarts", description="How often containers were restarted, and when last.", since=22, reads=_STATE),
        AGE,
        Column("IP", priority=1, description="The pod's first address.", reads=("status.podIP", "status.podIPs")),
        Column("Node", priority=1, description="The node it runs on.", reads=("spec.nodeName",)),
        Column(
            "Nominated Node",
            priority=1,
            description="The node where room is being made for it.",
            reads=("status.nominatedNodeName",),
        ),
        Column(
            "Readiness Gates",
            priority=1,
            description="Conditions of its own that hold, of all it asks for.",
            reads=("spec.readinessGates", "status.conditions"),
        ),
    ),
)
def pod(obj: Object, now: datetime, release: Release) -> Cells:
    """A pod in any state."""
    state = pod_state(obj, now, release)
    return (
        name_of(obj),
        f"{state.ready}/{state.total}",
        state.reason,
        state.restart_count,
        state.restarts,
        created(obj, now),
        _first_ip(obj) or NONE,
        text(obj, "spec", "nodeName") or NONE,
        text(obj, "status", "nominatedNodeName") or NONE,
        _gates(obj),
    )


def _first_ip(obj: Object) -> str:
    """podIP counts where it differs from podIPs, which old kubelets do not write."""
    addresses = items(obj, "status", "podIPs")
    return text(obj, "status", "podIP") or (text(addresses[0], "ip") if addresses else "")


def _gates(obj: Object) -> str:
    gates = items(obj, "spec", "readinessGates")
    if not gates:
        return NONE
    return f"{sum(is_true(obj, text(gate, 'conditionType')) for gate in gates)}/{len(gates)}"


@table(
    "",
    "PodTemplate",
    columns=(
        NAME,
        Column("Containers", description="The template's containers."),
        Column("Images", description="Their images."),
        Column("Pod Labels", description="The labels that pods made from it carry."),
    ),
)
def pod_template(obj: Object, now: datetime) -> Cells:
    """A pod template."""
    return (
        name_of(obj),
        *container_cells(dig(obj, "template", "spec")),
        labels_text(mapping(obj, "template", "metadata", "labels")),
    )
