"""The defaults of every kind that has any, by release: rows by kind, in modules by group."""

from __future__ import annotations

from functools import cache

from etcdview.codec.model import Object
from etcdview.codec.served.core import (
    CONTROLLER,
    ENDPOINTS,
    LIMIT_RANGE,
    NAMESPACE,
    NODE,
    QUOTA,
    SECRET,
    SERVICE,
)
from etcdview.codec.served.pods import POD, POD_SPEC
from etcdview.codec.served.policies import POLICIES
from etcdview.codec.served.rows import Row, RowPlan, Within, plan
from etcdview.codec.served.rows import apply as apply_plan
from etcdview.codec.served.volumes import CLAIM_KIND, VOLUME_KIND
from etcdview.codec.served.workloads import WORKLOADS
from etcdview.kube.release import Release

_NEWEST = 99  # an unknown release sets what the newest does

_CORE: dict[tuple[str, str], tuple[Row, ...]] = {
    ("v1", "Pod"): POD,
    ("v1", "PodTemplate"): (Within("template.spec", POD_SPEC),),
    ("v1", "ReplicationController"): (*CONTROLLER, Within("spec.template.spec", POD_SPEC)),
    ("v1", "PersistentVolumeClaim"): CLAIM_KIND,
    ("v1", "PersistentVolume"): VOLUME_KIND,
    ("v1", "Service"): SERVICE,
    ("v1", "Namespace"): NAMESPACE,
    ("v1", "Node"): NODE,
    ("v1", "LimitRange"): LIMIT_RANGE,
    ("v1", "ResourceQuota"): QUOTA,
    ("v1", "Secret"): SECRET,
    ("v1", "Endpoints"): ENDPOINTS,
}
ROWS: dict[tuple[str, str], tuple[Row, ...]] = {**_CORE, **WORKLOADS, **POLICIES}

# Kinds of which a newer API server sets fields that those since 1.20 did not have; all others were set when they were
# stored.
_SET_SINCE = frozenset(
    {
        ("v1", "Namespace"),
        ("v1", "PersistentVolume"),
        ("v1", "PersistentVolumeClaim"),
        ("v1", "Service"),
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "StatefulSet"),
        ("batch/v1", "Job"),
        ("networking.k8s.io/v1", "IngressClass"),
        ("flowcontrol.apiserver.k8s.io/v1", "PriorityLevelConfiguration"),
        ("scheduling.k8s.io/v1", "PriorityClass"),
        ("storage.k8s.io/v1", "CSIDriver"),
        ("storage.k8s.io/v1", "StorageClass"),
    }
)


def apply(obj: Object, release: Release | None) -> None:
    """Set the defaults of the object's kind, in place; those of the newest release where it is unknown."""
    minor = minor_of(release)
    found = _plan(str(obj.get("apiVersion")), str(obj.get("kind")), minor)
    if found is not None:
        apply_plan(found, obj, minor)


def minor_of(release: Release | None) -> int:
    """The minor release whose defaults are set."""
    return _NEWEST if release is None else release.minor


def plan_at(api_version: str, kind: str, path: str, minor: int) -> RowPlan:
    """What is done at one place of a kind, and below it."""
    return plan(ROWS.get((api_version, kind), ()), minor).at(path)


def has_any(api_version: str, kind: str) -> bool:
    """Whether an object of the kind that an API server since 1.20 has stored may lack a field that a newer one sets."""
    return (api_version, kind) in _SET_SINCE


def _plan(api_version: str, kind: str, minor: int) -> RowPlan | None:
    return _made_plan(api_version, kind, minor) if (api_version, kind) in ROWS else None


@cache
def _made_plan(api_version: str, kind: str, minor: int) -> RowPlan:
    return plan(ROWS[api_version, kind], minor)
