"""Pods and pod templates: containers with their states, mounts, volumes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from etcdview.relations.model import Object
from etcdview.relations.states import state_of
from etcdview.relations.summaries.sections import Field, Section, ago, field, fields, named, show, table
from etcdview.tables import age
from etcdview.tables.core_pods import pod_state
from etcdview.tables.reading import dig, items, mapping, number, text


def pod(obj: Object, now: datetime) -> Iterator[Section]:
    """A pod."""
    spec, status = mapping(obj, "spec"), mapping(obj, "status")
    namespace = text(obj, "metadata", "namespace")
    state = pod_state(obj, now)
    yield fields(
        "Pod",
        Field("Status", state.reason, well=state_of(obj, now).well),
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
        field("Tolerations", [toleration(t) for t in items(spec, "tolerations")]),
    )
    yield from _containers(obj, now)
    yield from template_parts(spec)


def pod_template(obj: Object, now: datetime) -> Iterator[Section]:
    """A pod template."""
    spec = mapping(obj, "template", "spec")
    yield containers_asked_for(spec)
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


def containers_asked_for(spec: Mapping[str, Any]) -> Section:
    """The containers of a template, as they are asked for."""
    return table(
        "Containers",
        ("Name", "Image", "Ports", "Requests", "Limits"),
        ((text(c, "name"), text(c, "image"), *_asked(c)) for c in items(spec, "containers")),
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
        yield table(
            title,
            ("Name", "Image", "State", "Ready", "Restarts", "Last ended", "Ports", "Requests", "Limits"),
            (_container(c, statuses.get(text(c, "name")), now) for c in items(obj, "spec", member)),
        )


def _container(container: Any, status: Any, now: datetime) -> tuple[object, ...]:
    return (
        text(container, "name"),
        text(container, "image"),
        _state(dig(status, "state"), now),
        dig(status, "ready"),
        number(status, "restartCount"),
        _state(dig(status, "lastState"), now),
        *_asked(container),
    )


def _asked(container: Any) -> tuple[object, object, object]:
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
        if kind != "name":
            return text(volume, "name"), kind, show(source)
    return text(volume, "name"), "", ""
