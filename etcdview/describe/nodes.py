"""Nodes, namespaces, quotas, events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from etcdview.describe.sections import Field, Section, ago, field, fields, table
from etcdview.kube.fields import condition, dig, items, mapping, number, text
from etcdview.relations.model import Object, Ref, kind_of
from etcdview.relations.severity import condition_severity, severity_of
from etcdview.tables import age
from etcdview.tables.core_nodes import node_roles, node_status


def node(obj: Object, now: datetime) -> Iterator[Section]:
    """A node."""
    status, info = mapping(obj, "status"), mapping(obj, "status", "nodeInfo")
    state = node_status(obj)
    yield fields(
        "Node",
        Field("Status", state, severity=severity_of(obj, now)),
        field("Roles", node_roles(obj)),
        field("Addresses", [f"{text(a, 'type')} {text(a, 'address')}" for a in items(status, "addresses")]),
        field("Pod addresses", dig(obj, "spec", "podCIDRs") or dig(obj, "spec", "podCIDR")),
        field("Provider's ID", dig(obj, "spec", "providerID")),
        field("Taints", [_taint(t) for t in items(obj, "spec", "taints")]),
        field("Kubelet", info.get("kubeletVersion")),
        field("Operating system", info.get("osImage")),
        field("Kernel", info.get("kernelVersion")),
        field("Architecture", info.get("architecture")),
        field("Container runtime", info.get("containerRuntimeVersion")),
        field("Images", len(items(status, "images")) or None),
        field("Volumes in use", dig(status, "volumesInUse")),
    )
    capacity, allocatable = mapping(status, "capacity"), mapping(status, "allocatable")
    rows = ((name, capacity.get(name), allocatable.get(name)) for name in sorted({*capacity, *allocatable}))
    yield table("Resources", ("Name", "Capacity", "For pods"), rows)


def problems(obj: Object, now: datetime) -> Iterator[Section]:
    """Why a node needs attention: conditions that are bad, and that it is cordoned."""
    said = [_condition(c, now) for c in items(obj, "status", "conditions")]
    if condition(obj, "Ready") is None:
        said.insert(0, Field("Ready", "its kubelet has never reported", severity="error"))
    if dig(obj, "spec", "unschedulable") is True:
        said.append(Field("Scheduling", "cordoned: new pods are kept away", severity="warning"))
    yield fields("Needs attention", *said)


def _condition(found: Object, now: datetime) -> Field | None:
    """A condition that is bad, since when, and why. That the others are unknown too, Ready says for all."""
    severity, kind, status = condition_severity(found), text(found, "type"), text(found, "status")
    if severity not in ("warning", "error") and (kind != "Ready" or status == "True"):
        return None
    since = dig(found, "lastTransitionTime")
    why = ": ".join(part for part in (text(found, "reason"), text(found, "message")) if part)
    words = f"{status} for {age(since, now)}" if since else status
    return Field(kind, f"{words}; {why}" if why else words, severity="error" if kind == "Ready" else severity)


def _taint(taint: object) -> str:
    value = text(taint, "value")
    return f"{text(taint, 'key')}{'=' + value if value else ''}:{text(taint, 'effect')}"


def namespace(obj: Object, now: datetime) -> Iterator[Section]:
    """A namespace."""
    phase = text(obj, "status", "phase")
    yield fields(
        "Namespace",
        Field("Status", phase, severity=severity_of(obj, now)),
        field("Finalizers of the namespace", dig(obj, "spec", "finalizers")),
    )


def resource_quota(obj: Object, now: datetime) -> Iterator[Section]:
    """A quota."""
    hard, used = mapping(obj, "status", "hard"), mapping(obj, "status", "used")
    yield table("Quota", ("Resource", "Used", "At most"), ((k, used.get(k), most) for k, most in sorted(hard.items())))
    yield fields("Scope", field("Scopes", dig(obj, "spec", "scopes")))


def event(obj: Object, now: datetime) -> Iterator[Section]:
    """An event."""
    about = dig(obj, "involvedObject") or dig(obj, "regarding")
    ref = Ref(*kind_of(about), text(about, "namespace"), text(about, "name"))
    yield fields(
        "Event",
        Field("Type", text(obj, "type"), severity=severity_of(obj, now)),
        field("Reason", obj.get("reason")),
        field("Message", obj.get("message") or obj.get("note")),
        Field("About", str(ref) if ref.name else "", ref if ref.name else None),
        field("Part", dig(about, "fieldPath")),
        *_reporter(obj),
        field("Count", number(obj, "series", "count") or number(obj, "count") or number(obj, "deprecatedCount") or 1),
        ago("First", obj.get("firstTimestamp") or obj.get("deprecatedFirstTimestamp") or obj.get("eventTime"), now),
        ago("Last", _last(obj), now),
    )


def _reporter(obj: Object) -> tuple[Field, Field]:
    source = dig(obj, "source") or dig(obj, "deprecatedSource")
    by = text(source, "component") or text(obj, "reportingComponent") or text(obj, "reportingController")
    return field("Reported by", by), field("Host", text(source, "host") or text(obj, "reportingInstance"))


def _last(obj: Object) -> Any:
    return dig(obj, "series", "lastObservedTime") or obj.get("lastTimestamp") or obj.get("deprecatedLastTimestamp")
