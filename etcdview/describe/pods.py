"""Pods and pod templates: containers with their states, mounts, volumes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from etcdview.describe.sections import (
    Field,
    Section,
    ago,
    field,
    fields,
    listed,
    named,
    show,
    table,
    without_empty_columns,
)
from etcdview.kube.fields import condition, dig, items, mapping, number, text
from etcdview.kube.words import counted
from etcdview.relations.model import Object
from etcdview.relations.severity import Severity, severity_of
from etcdview.relations.states import state_of
from etcdview.tables import age
from etcdview.tables.core_pods import pod_state

_STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
_STARTING = frozenset({"ContainerCreating", "PodInitializing"})


def pod(obj: Object, now: datetime) -> Iterator[Section]:
    """A pod."""
    spec, status = mapping(obj, "spec"), mapping(obj, "status")
    namespace = text(obj, "metadata", "namespace")
    state = pod_state(obj, now)
    yield fields(
        "Pod",
        Field("Status", state.reason, severity=severity_of(obj, now)),
        field("Phase", status.get("phase")),
        Field("Ready", f"{state.ready} of {state.total} containers"),
        Field("Restarts", state.restarts),
        field("Message", status.get("message")),
        named("Node", "", "Node", "", text(spec, "nodeName")),
        field("Node's address", status.get("hostIP")),
        field("Addresses", [text(a, "ip") for a in items(status, "podIPs")] or status.get("podIP")),
        named("Service account", "", "ServiceAccount", namespace, text(spec, "serviceAccountName")),
        named("Priority class", "scheduling.k8s.io", "PriorityClass", "", text(spec, "priorityClassName")),
        field("Priority", spec.get("priority")),
        field("Quality of service", status.get("qosClass")),
        ago("Started", status.get("startTime"), now),
        field("Restart policy", spec.get("restartPolicy")),
        field("Node selector", spec.get("nodeSelector")),
        listed("Tolerations", [toleration(t) for t in items(spec, "tolerations")]),
    )
    yield from _containers(obj, now)
    yield from template_parts(spec)


def problems(obj: Object, now: datetime) -> Iterator[Section]:
    """Why a pod is unhealthy, in a line for each container that has stopped, and for the pod itself."""
    state = state_of(obj, now)
    if state.healthy is not False:
        return
    found = [_problem(s, now) for kind in _STATUSES for s in items(obj, "status", kind)]
    stopped = [entry for entry in found if entry is not None]
    said = [text(obj, "status", "reason"), text(obj, "status", "message"), _unscheduled(obj)]
    of_pod = ": ".join(part for part in said if part) or ("" if stopped else state.text)
    yield fields("Needs attention", Field("Pod", of_pod, severity=severity_of(obj, now)), *stopped)


def _container_severity(status: Any) -> Severity:
    """One that only waits for others is not an error."""
    return "warning" if text(status, "state", "waiting", "reason") in _STARTING else "error"


def _problem(status: Any, now: datetime) -> Field | None:
    """What a container's status says of how it stopped; None where it runs, starts, or has done its work."""
    waiting, ended = dig(status, "state", "waiting"), dig(status, "state", "terminated")
    if waiting is None and (ended is None or not number(ended, "exitCode")):
        return None
    if waiting is not None and text(waiting, "reason") in _STARTING and not number(status, "restartCount"):
        return None
    last, restarts = _state(dig(status, "lastState"), now), number(status, "restartCount")
    parts = [
        _state(dig(status, "state"), now),
        f"ended last: {last}" if last else "",
        f"restarted {counted(restarts, 'time')}" if restarts else "",
    ]
    return Field(
        f"Container {text(status, 'name')}",
        "; ".join(part for part in parts if part),
        severity=_container_severity(status),
    )


def _unscheduled(obj: Object) -> str:
    return "" if text(obj, "spec", "nodeName") else text(condition(obj, "PodScheduled"), "message")


def pod_template(obj: Object, now: datetime) -> Iterator[Section]:
    """A pod template."""
    spec = mapping(obj, "template", "spec")
    yield template_containers(spec)
    yield from template_parts(spec)


def template_parts(spec: Mapping[str, Any]) -> Iterator[Section]:
    """Mounts and volumes of a pod spec."""
    containers = [*items(spec, "initContainers"), *items(spec, "containers")]
    mounts = ((text(c, "name"), m) for c in containers for m in items(c, "volumeMounts"))
    yield table(
        "Mounts",
        ("Container", "Path", "Volume", "Read-only"),
        ((name, text(m, "mountPath"), text(m, "name"), dig(m, "readOnly") is True) for name, m in mounts),
    )
    yield table("Volumes", ("Name", "Kind", "From"), map(_volume, items(spec, "volumes")))


def template_containers(spec: Mapping[str, Any]) -> Section:
    """The containers of a template, as they are asked for."""
    return table(
        "Containers",
        ("Name", "Image", "Ports", "Requests", "Limits"),
        ((text(c, "name"), text(c, "image"), *_ports_and_resources(c)) for c in items(spec, "containers")),
    )


def toleration(found: Any) -> str:
    """A toleration in one line: key=value:Effect for 300s."""
    key, value, seconds = text(found, "key") or "anything", text(found, "value"), dig(found, "tolerationSeconds")
    effect = f":{text(found, 'effect')}" if text(found, "effect") else ""
    return key + (f"={value}" if value else "") + effect + (f" for {seconds}s" if seconds is not None else "")


def _containers(obj: Object, now: datetime) -> Iterator[Section]:
    for title, kind in (("Init containers", "init"), ("Containers", ""), ("Ephemeral containers", "ephemeral")):
        member = f"{kind}Containers" if kind else "containers"
        statuses = {text(s, "name"): s for s in items(obj, "status", f"{member[:-1]}Statuses")}
        found = table(
            title,
            ("Name", "Image", "State", "Ready", "Restarts", "Last ended", "Ports", "Requests", "Limits"),
            (_container(c, statuses.get(text(c, "name")), now) for c in items(obj, "spec", member)),
        )
        yield without_empty_columns(found)


def _container(container: Any, status: Any, now: datetime) -> tuple[object, ...]:
    return (
        text(container, "name"),
        text(container, "image"),
        _state(dig(status, "state"), now),
        dig(status, "ready"),
        number(status, "restartCount"),
        _state(dig(status, "lastState"), now),
        *_ports_and_resources(container),
    )


def _ports_and_resources(container: Any) -> tuple[object, object, object]:
    ports = [f"{number(p, 'containerPort')}/{text(p, 'protocol') or 'TCP'}" for p in items(container, "ports")]
    return ports, mapping(container, "resources", "requests"), mapping(container, "resources", "limits")


def _state(state: Any, now: datetime) -> str:
    for name, details in mapping(state).items():
        since = dig(details, "finishedAt") or dig(details, "startedAt")
        code = dig(details, "exitCode")
        parts = [
            name,
            text(details, "reason"),
            f"exit code {code}" if code is not None else "",
            text(details, "message"),
            f"{age(since, now)} ago" if since else "",
        ]
        return ", ".join(part for part in parts if part)
    return ""


def _volume(volume: Any) -> tuple[str, str, str]:
    """The name of a volume, which kind of source it has, and the source itself in a line."""
    for kind, source in mapping(volume).items():
        if kind == "projected":
            return text(volume, "name"), kind, ", ".join(filter(None, map(_projected, items(source, "sources"))))
        if kind != "name":
            return text(volume, "name"), kind, show(source)
    return text(volume, "name"), "", ""


def _projected(source: Any) -> str:
    """One of several sources of a volume: its kind and its name, or the paths that are made of it."""
    for kind, found in mapping(source).items():
        paths = [text(item, "path") for item in items(found, "items")]
        parts = [_SOURCES.get(kind, kind), text(found, "name") or text(found, "path") or ", ".join(paths)]
        return " ".join(part for part in parts if part)
    return ""


_SOURCES = {
    "serviceAccountToken": "service account token at",
    "configMap": "config map",
    "secret": "secret",
    "downwardAPI": "downward API as",
    "clusterTrustBundle": "trust bundle",
    "podCertificate": "pod certificate",
}
