"""The sentence at the head of an object that is not well: what is wrong, and because of what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from etcdview.models import KeyValue
from etcdview.pages.object.page import object_page
from etcdview.pages.object.query import ObjectQuery
from etcdview.pages.object.views import SummaryView
from tests.unit.pages.registry_of import kv, obj, window_on

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD = {"creationTimestamp": "2026-11-20T12:00:00Z"}
READY_NODE = kv(
    "/registry/minions/n1", obj("Node", "", "n1", status={"conditions": [{"type": "Ready", "status": "True"}]})
)
LOST_NODE = kv(
    "/registry/minions/n1",
    obj(
        "Node",
        "",
        "n1",
        metadata=OLD,
        status={
            "conditions": [{"type": "Ready", "status": "Unknown", "message": "Kubelet stopped posting node status."}]
        },
    ),
)


def pod(spec: dict[str, Any], status: dict[str, Any], **metadata: Any) -> KeyValue:
    return kv("/registry/pods/shop/web", obj("Pod", "shop", "web", metadata=OLD | metadata, spec=spec, status=status))


def sentence(*kvs: KeyValue) -> str:
    """What the page of the first of these says; "" for nothing."""
    account = kv("/registry/serviceaccounts/shop/default", obj("ServiceAccount", "shop", "default"))
    window = window_on(sorted((*kvs, account), key=lambda each: each.key))
    view = object_page(window, ObjectQuery(kvs[0].key), NOW).view
    assert isinstance(view, SummaryView)
    if view.why is None:
        return ""
    causes = "; ".join(cause.words for cause in view.why.causes)
    return view.why.what + (f" because {causes}" if causes else "")


WAITING = {
    "name": "a",
    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
    "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
}


def test_a_pod_names_what_is_missing_before_anything_else() -> None:
    spec = {"volumes": [{"name": "v", "secret": {"secretName": "s"}}], "containers": [{"name": "a"}]}

    assert sentence(pod(spec, {"phase": "Pending"})) == "Not running (Pending) because Secret shop/s is missing"


def test_a_pod_names_its_container_and_then_its_node() -> None:
    spec = {"nodeName": "n1", "containers": [{"name": "a"}]}
    status = {"phase": "Running", "containerStatuses": [WAITING]}

    assert sentence(pod(spec, status), READY_NODE) == (
        "Running, but not ready (0 of 1 containers) because container a waits: CrashLoopBackOff, after it ended with "
        "exit code 137 (OOMKilled)"
    )
    assert sentence(pod(spec, status), LOST_NODE).endswith("; its node n1 is NotReady")


def test_a_pod_that_is_not_scheduled_says_it_once() -> None:
    why = "0/1 nodes are available: 1 Insufficient cpu."
    status = {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "message": why}]}
    about = {"kind": "Pod", "namespace": "shop", "name": "web"}
    event = obj("Event", "shop", "e", type="Warning", reason="FailedScheduling", message=why, involvedObject=about)

    said = sentence(pod({"containers": [{"name": "a"}]}, status), kv("/registry/events/shop/e", event))
    assert said == "Not running (Pending) because 0/1 nodes are available: 1 Insufficient cpu"


def test_a_healthy_or_finished_pod_says_nothing() -> None:
    assert sentence(pod({}, {"phase": "Succeeded"})) == ""


def test_what_is_being_deleted_names_what_holds_it() -> None:
    held = {"deletionTimestamp": "2026-11-22T12:00:00Z", "finalizers": ["example.org/hold"]}

    assert sentence(pod({}, {}, **held)) == "Being deleted for 24h because finalizers hold it: example.org/hold"


DEPLOYMENT = obj(
    "Deployment",
    "shop",
    "web",
    "apps/v1",
    metadata=OLD | {"uid": "d"},
    spec={"replicas": 2},
    status={"conditions": [{"type": "Progressing", "status": "False", "message": "ReplicaSet has timed out."}]},
)
CLAIM = obj(
    "PersistentVolumeClaim", "shop", "c", metadata=OLD, spec={"storageClassName": "fast"}, status={"phase": "Pending"}
)
JOB = obj(
    "Job",
    "shop",
    "j",
    "batch/v1",
    metadata=OLD,
    status={"failed": 3, "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]},
)
SERVICE = obj("Service", "shop", "s", spec={"selector": {"app": "x"}})


@pytest.mark.parametrize(
    ("key", "made", "said"),
    [
        ("deployments/shop/web", DEPLOYMENT, "Not available: 0 of 2 ready because ReplicaSet has timed out"),
        ("persistentvolumeclaims/shop/c", CLAIM, "No volume: Pending because StorageClass fast is missing; "
         "no volume of the storage class fast has been provided for it"),
        ("jobs/shop/j", JOB, "Failed, after 3 failed pods because BackoffLimitExceeded"),
        ("services/specs/shop/s", SERVICE, "No endpoints because its selector (app=x) matches no pod"),
    ],
)  # fmt: skip
def test_other_kinds_say_why(key: str, made: dict[str, Any], said: str) -> None:
    assert sentence(kv(f"/registry/{key}", made)) == said


def test_a_node_says_what_its_kubelet_said_last() -> None:
    assert sentence(LOST_NODE) == "Not ready because Kubelet stopped posting node status"


def test_a_service_names_the_worst_of_the_pods_that_it_selects() -> None:
    spec = {"containers": [{"name": "a"}]}
    bad = pod(spec, {"phase": "Running", "containerStatuses": [WAITING]}, labels={"app": "x"})

    assert sentence(kv("/registry/services/specs/shop/s", SERVICE), bad) == (
        "No endpoint is ready because pod web is CrashLoopBackOff, 0 of 1 containers ready"
    )
