"""What makes pods: deployments, sets, jobs; and what watches over them: autoscalers, budgets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from etcdview.describe.pods import template_containers, template_parts
from etcdview.describe.sections import Field, Section, ago, field, fields, named, table
from etcdview.kube.fields import dig, items, mapping, number, text
from etcdview.relations.model import Object, Ref, kind_of
from etcdview.relations.severity import severity_of
from etcdview.relations.states import state_of
from etcdview.tables.autoscaling import metric_rows
from etcdview.tables.batch import job_status
from etcdview.tables.texts import labels_text, selector_cell


def deployment(obj: Object, now: datetime) -> Iterator[Section]:
    """A deployment."""
    strategy = mapping(obj, "spec", "strategy")
    rolling = mapping(strategy, "rollingUpdate")
    yield fields(
        "Deployment",
        *_replicas(obj, now),
        field("Up to date", number(obj, "status", "updatedReplicas")),
        field("Available", number(obj, "status", "availableReplicas")),
        field("Selector", selector_cell(dig(obj, "spec", "selector"))),
        field("Strategy", strategy.get("type")),
        field("At a time", [f"{k} {v}" for k, v in rolling.items()]),
        field("Paused", dig(obj, "spec", "paused")),
        field("Revision", text(obj, "metadata", "annotations", "deployment.kubernetes.io/revision")),
    )
    yield from _template(obj)


def replica_set(obj: Object, now: datetime) -> Iterator[Section]:
    """A replica set, or a replication controller."""
    selector = dig(obj, "spec", "selector")
    old = text(obj, "kind") == "ReplicationController"
    shown = labels_text(mapping(selector)) if old else selector_cell(selector)
    yield fields(text(obj, "kind"), *_replicas(obj, now), field("Selector", shown))
    yield from _template(obj)


def stateful_set(obj: Object, now: datetime) -> Iterator[Section]:
    """A stateful set."""
    namespace = text(obj, "metadata", "namespace")
    yield fields(
        "StatefulSet",
        *_replicas(obj, now),
        field("Selector", selector_cell(dig(obj, "spec", "selector"))),
        named("Service", "", "Service", namespace, text(obj, "spec", "serviceName")),
        field("Update strategy", dig(obj, "spec", "updateStrategy", "type")),
        field("Pod management", dig(obj, "spec", "podManagementPolicy")),
        field("Current revision", dig(obj, "status", "currentRevision")),
        field("Update revision", dig(obj, "status", "updateRevision")),
    )
    claims = items(obj, "spec", "volumeClaimTemplates")
    rows = (
        (
            text(c, "metadata", "name"),
            dig(c, "spec", "resources", "requests", "storage"),
            dig(c, "spec", "accessModes"),
            dig(c, "spec", "storageClassName"),
        )
        for c in claims
    )
    yield table("Volume claim templates", ("Name", "Size", "Access modes", "Class"), rows)
    yield from _template(obj)


def daemon_set(obj: Object, now: datetime) -> Iterator[Section]:
    """A daemon set."""
    status = mapping(obj, "status")
    state = state_of(obj, now)
    yield fields(
        "DaemonSet",
        Field("Ready", state.text, severity=severity_of(obj, now)),
        field("Up to date", number(status, "updatedNumberScheduled")),
        field("On the wrong node", number(status, "numberMisscheduled")),
        field("Selector", selector_cell(dig(obj, "spec", "selector"))),
        field("Node selector", dig(obj, "spec", "template", "spec", "nodeSelector")),
        field("Update strategy", dig(obj, "spec", "updateStrategy", "type")),
    )
    yield from _template(obj)


def job(obj: Object, now: datetime) -> Iterator[Section]:
    """A job."""
    spec, status = mapping(obj, "spec"), mapping(obj, "status")
    word = job_status(obj)
    yield fields(
        "Job",
        Field("Status", word, severity=severity_of(obj, now)),
        field("Completions", spec.get("completions")),
        field("Parallelism", spec.get("parallelism")),
        field("Backoff limit", spec.get("backoffLimit")),
        field("Deadline in seconds", spec.get("activeDeadlineSeconds")),
        field("Pods active", number(status, "active")),
        field("Pods succeeded", number(status, "succeeded")),
        Field("Pods failed", str(number(status, "failed")), severity="warning" if number(status, "failed") else None),
        ago("Started", status.get("startTime"), now),
        ago("Completed", status.get("completionTime"), now),
        field("Suspended", spec.get("suspend")),
    )
    yield from _template(obj)


def cron_job(obj: Object, now: datetime) -> Iterator[Section]:
    """A cron job."""
    spec = mapping(obj, "spec")
    namespace = text(obj, "metadata", "namespace")
    yield fields(
        "CronJob",
        field("Schedule", spec.get("schedule")),
        field("Time zone", spec.get("timeZone")),
        field("Suspended", spec.get("suspend")),
        field("Concurrency", spec.get("concurrencyPolicy")),
        ago("Last scheduled", dig(obj, "status", "lastScheduleTime"), now),
        ago("Last successful", dig(obj, "status", "lastSuccessfulTime"), now),
        *(named("Active", "batch", "Job", namespace, text(j, "name")) for j in items(obj, "status", "active")),
    )
    yield template_containers(mapping(spec, "jobTemplate", "spec", "template", "spec"))


def autoscaler(obj: Object, now: datetime) -> Iterator[Section]:
    """A horizontal pod autoscaler."""
    target = dig(obj, "spec", "scaleTargetRef")
    namespace, kind, name = text(obj, "metadata", "namespace"), text(target, "kind"), text(target, "name")
    ref = Ref(*kind_of(target), namespace, name)
    yield fields(
        "Autoscaler",
        Field("Scales", f"{kind} {name}", ref),
        field("Replicas", number(obj, "status", "currentReplicas")),
        field("Wanted", number(obj, "status", "desiredReplicas")),
        field("At least", dig(obj, "spec", "minReplicas")),
        field("At most", dig(obj, "spec", "maxReplicas")),
        ago("Last scaled", dig(obj, "status", "lastScaleTime"), now),
    )
    yield table("Metrics", ("Kind", "Current / target"), metric_rows(obj))


def budget(obj: Object, now: datetime) -> Iterator[Section]:
    """A pod disruption budget."""
    status = mapping(obj, "status")
    state = state_of(obj, now)
    yield fields(
        "Budget",
        Field("State", state.text, severity=severity_of(obj, now)),
        field("Min available", dig(obj, "spec", "minAvailable")),
        field("Max unavailable", dig(obj, "spec", "maxUnavailable")),
        field("Evictions allowed now", number(status, "disruptionsAllowed")),
        field("Pods expected", number(status, "expectedPods")),
        field("Selector", selector_cell(dig(obj, "spec", "selector"))),
    )


def _replicas(obj: Object, now: datetime) -> tuple[Field, Field]:
    state = state_of(obj, now)
    return Field("Ready", state.text, severity=severity_of(obj, now)), field("Pods", number(obj, "status", "replicas"))


def _template(obj: Object) -> Iterator[Section]:
    spec = mapping(obj, "spec", "template", "spec")
    yield template_containers(spec)
    yield from template_parts(spec)
