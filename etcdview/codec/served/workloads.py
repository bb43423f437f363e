"""Defaults of the groups apps and batch, in all versions that they were stored in.

Source: k8s.io/kubernetes/pkg/apis/{apps,batch,extensions}/*/defaults.go and conversion.go.
"""

from __future__ import annotations

from typing import Any

from etcdview.codec.model import Object
from etcdview.codec.served.core import labels_of_template, template_labels
from etcdview.codec.served.pods import POD_SPEC
from etcdview.codec.served.rows import Default, Hook, Row, Within, set_default
from etcdview.codec.served.volumes import CLAIM

_MOST = 2**31 - 1  # to old versions the same as no limit
_GENERATION = "deprecated.daemonset.template.generation"
_TEMPLATE = Within("spec.template.spec", POD_SPEC)
_REPLICAS = Default("spec.replicas", 1)


def _history(limit: int) -> Row:
    return Default("spec.revisionHistoryLimit", limit)


def _rolling(strategy: Any, kind: str, values: Object, *, always: bool = False) -> None:
    """A strategy without a type is of this kind; one that rolls has these values where it states none.

    `always`: also one that does not roll, and says how all the same; else that is filled with zeros.
    """
    if not isinstance(strategy, dict):
        return
    set_default(strategy, "type", kind, zero=True)
    rolls = strategy["type"] == "RollingUpdate"
    if rolls:
        set_default(strategy, "rollingUpdate", {})
    rolling = strategy.get("rollingUpdate")
    if isinstance(rolling, dict):
        for name, value in values.items():
            set_default(rolling, name, value if rolls or always else 0)


def _deployment(share: int | str) -> Row:
    def change(spec: Object, minor: int) -> None:
        values: Object = {"maxUnavailable": share, "maxSurge": share}
        _rolling(spec.get("strategy"), "RollingUpdate", values, always=share == 1)

    return Hook("spec", change)


def _daemon_set(kind: str) -> Row:
    def change(spec: Object, minor: int) -> None:
        values: Object = {"maxUnavailable": 1} | ({"maxSurge": 0} if minor >= 21 else {})
        _rolling(spec.get("updateStrategy"), kind, values)

    return Hook("spec", change)


def _stateful_set(kind: str, forgets_until: int = 0) -> Row:
    """`forgets_until`: up to this release, of a strategy without a type all that it says was lost."""

    def change(spec: Object, minor: int) -> None:
        strategy = spec.get("updateStrategy")
        if not isinstance(strategy, dict):
            return
        if not strategy.get("type"):
            strategy["type"] = kind
            if minor <= forgets_until:
                strategy["rollingUpdate"] = {}
            elif kind == "RollingUpdate":
                set_default(strategy, "rollingUpdate", {})
        rolling = strategy.get("rollingUpdate")
        if isinstance(rolling, dict):
            set_default(rolling, "partition", 0)
            if strategy["type"] == "RollingUpdate" and minor >= 37:
                set_default(rolling, "maxUnavailable", 1)

    return Hook("spec", change)


def _claims(spec: Object, minor: int) -> None:
    """The templates are whole claims to the API server, and it names their type."""
    templates = spec.get("volumeClaimTemplates")
    for template in templates if isinstance(templates, list) else ():
        if isinstance(template, dict):
            set_default(template, "apiVersion", "v1", zero=True)
            set_default(template, "kind", "PersistentVolumeClaim", zero=True)


def _generation(obj: Object, minor: int) -> None:
    """The generation of a daemon set's template is kept in an annotation since apps/v1beta2."""
    metadata = obj.get("metadata")
    if isinstance(metadata, dict):
        annotations = metadata.get("annotations")
        metadata["annotations"] = {_GENERATION: "0"} | (annotations if isinstance(annotations, dict) else {})


def _selector(obj: Object, minor: int) -> None:
    """The first versions selected by the labels of the template."""
    spec = obj.get("spec")
    labels = template_labels(spec)
    if labels and isinstance(spec, dict):
        set_default(spec, "selector", {"matchLabels": labels})
    labels_of_template(obj, minor)


_SELECTOR = Hook("", _selector)


def _job(spec: Object, minor: int) -> None:
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    set_default(spec, "parallelism", 1)
    set_default(spec, "backoffLimit", _MOST if spec.get("backoffLimitPerIndex") is not None and minor >= 28 else 6)
    if minor >= 22:
        set_default(spec, "completionMode", "NonIndexed")
        set_default(spec, "suspend", False)
    if minor >= 29:
        set_default(
            spec, "podReplacementPolicy", "TerminatingOrFailed" if spec.get("podFailurePolicy") is None else "Failed"
        )


def _deployments(limit: int, deadline: int, share: int | str, *more: Row) -> tuple[Row, ...]:
    progress = Default("spec.progressDeadlineSeconds", deadline)
    return (*more, _REPLICAS, _history(limit), progress, _deployment(share), _TEMPLATE)


def _daemon_sets(kind: str, *more: Row) -> tuple[Row, ...]:
    return (*more, _history(10), _daemon_set(kind), _TEMPLATE)


_RETENTION = (
    Default("spec.persistentVolumeClaimRetentionPolicy", {}, since=27),
    Default("spec.persistentVolumeClaimRetentionPolicy.whenDeleted", "Retain", since=27, zero=True),
    Default("spec.persistentVolumeClaimRetentionPolicy.whenScaled", "Retain", since=27, zero=True),
)


def _stateful_sets(kind: str, *more: Row, forgets_until: int = 0) -> tuple[Row, ...]:
    return (
        *more,
        Default("spec.podManagementPolicy", "OrderedReady", zero=True),
        _stateful_set(kind, forgets_until),
        *_RETENTION,
        _REPLICAS,
        _history(10),
        Hook("spec", _claims),
        Within("spec.volumeClaimTemplates[]", CLAIM),
        _TEMPLATE,
    )


_CONDITIONS = "podFailurePolicy.rules[].onPodConditions[].status"
_FIRST_CRON_JOB: tuple[Row, ...] = (
    Default("spec.concurrencyPolicy", "Allow", zero=True),
    Default("spec.suspend", False),
    Default(f"spec.jobTemplate.spec.{_CONDITIONS}", "True", since=34, zero=True),
    Within("spec.jobTemplate.spec.template.spec", POD_SPEC),
)
_CRON_JOB: tuple[Row, ...] = (
    *_FIRST_CRON_JOB,
    Default("spec.successfulJobsHistoryLimit", 3),
    Default("spec.failedJobsHistoryLimit", 1),
)
_ROLLING, _DELETED = "RollingUpdate", "OnDelete"

WORKLOADS: dict[tuple[str, str], tuple[Row, ...]] = {
    ("apps/v1", "Deployment"): _deployments(10, 600, "25%"),
    ("apps/v1beta2", "Deployment"): _deployments(10, 600, "25%"),
    ("apps/v1beta1", "Deployment"): _deployments(2, 600, "25%", _SELECTOR),
    ("extensions/v1beta1", "Deployment"): _deployments(_MOST, _MOST, 1, _SELECTOR),
    ("apps/v1", "DaemonSet"): _daemon_sets(_ROLLING, Hook("", _generation)),
    ("apps/v1beta2", "DaemonSet"): _daemon_sets(_ROLLING, Hook("", _generation)),
    ("extensions/v1beta1", "DaemonSet"): _daemon_sets(_DELETED, _SELECTOR),
    ("apps/v1", "StatefulSet"): _stateful_sets(_ROLLING),
    ("apps/v1beta2", "StatefulSet"): _stateful_sets(_ROLLING, forgets_until=23),
    ("apps/v1beta1", "StatefulSet"): _stateful_sets(_DELETED, _SELECTOR),
    ("apps/v1", "ReplicaSet"): (_REPLICAS, _TEMPLATE),
    ("apps/v1beta2", "ReplicaSet"): (_REPLICAS, _TEMPLATE),
    ("extensions/v1beta1", "ReplicaSet"): (_SELECTOR, _REPLICAS, _TEMPLATE),
    ("batch/v1", "Job"): (
        Hook("", labels_of_template),
        Hook("spec", _job),
        Default("spec.manualSelector", False, since=29),
        Default(f"spec.{_CONDITIONS}", "True", since=25, zero=True),
        _TEMPLATE,
    ),
    ("batch/v1", "CronJob"): _CRON_JOB,
    ("batch/v1beta1", "CronJob"): _CRON_JOB,
    ("batch/v2alpha1", "CronJob"): _FIRST_CRON_JOB,
}
