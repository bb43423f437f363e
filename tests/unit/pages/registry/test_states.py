"""The state of each row is that of relations/states, never that of a word in a cell."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from etcdview.kube import resources
from etcdview.kube.resources import BUILTIN
from etcdview.pages.registry.listing import Listing
from etcdview.relations import state_of
from etcdview.tables import table_for
from tests.unit.pages.registry_of import kv, obj, window_on

# Kind -> state -> what relations/states says, digits as N. All of the captured cluster; "" is "it says nothing".
STATES: dict[str, dict[str, set[str]]] = {
    "APIService": {"healthy": {"available"}},
    "CertificateSigningRequest": {"healthy": {"Approved,Issued"}, "unknown": {"Pending"}},
    "CronJob": {"healthy": {"N active"}, "unknown": {"suspended"}},
    "CustomResourceDefinition": {"healthy": {"Established"}},
    "DaemonSet": {"unhealthy": {"N of N ready"}},
    "Deployment": {"healthy": {"N of N ready"}, "unhealthy": {"N of N ready"}},
    "EndpointSlice": {"healthy": {"N of N ready"}, "unhealthy": {"N of N ready"}},
    "Endpoints": {"healthy": {"N of N ready"}, "unhealthy": {"N of N ready"}},
    "Event": {"healthy": {"Normal"}, "unhealthy": {"Warning"}},
    "HorizontalPodAutoscaler": {"unhealthy": {"N of N replicas"}},
    "Job": {"healthy": {"Complete", "Suspended"}, "unhealthy": {"Failed"}},
    "Namespace": {"healthy": {"Active"}, "unknown": {"being deleted"}},
    "Node": {"healthy": {"Ready", "Ready,SchedulingDisabled"}, "unhealthy": {"NotReady", "Unknown"}},
    "PersistentVolume": {"healthy": {"Bound"}, "unhealthy": {"Released"}},
    "PersistentVolumeClaim": {"unhealthy": {"Pending"}, "unknown": {"being deleted"}},
    "Pod": {
        "healthy": {"Completed", "Running"},
        "unhealthy": {
            "CrashLoopBackOff",
            "Error",
            "Evicted",
            "ImagePullBackOff",
            "Init:CrashLoopBackOff",
            "Init:ExitCode:N",
            "Init:N/N",
            "NodeLost",
            "NotReady",
            "OOMKilled",
            "Pending",
            "Running",
            "SchedulingGated",
            "Signal:N",
        },
        "unknown": {"ContainerCreating", "Terminating"},
    },
    "PodDisruptionBudget": {"healthy": {"N healthy, N needed"}, "unhealthy": {"N healthy, N needed"}},
    "ReplicaSet": {"healthy": {"N of N ready"}, "unhealthy": {"N of N ready"}},
    "ReplicationController": {"unhealthy": {"N of N ready"}},
    "ResourceClaim": {"unhealthy": {"pending"}},
    "Service": {"unknown": {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"}},
    "ServiceCIDR": {"healthy": {"Ready"}},
    "StatefulSet": {"unhealthy": {"N of N ready"}},
}


def listed_state(found: dict[str, Any], now: datetime) -> str:
    """The state of the object's row, its cells made as for a table."""
    group, _, _ = found["apiVersion"].rpartition("/")
    types = (r for r in BUILTIN if (r.group, r.kind) == (group, found["kind"]))
    resource = next(types, None) or resources.custom(group, found["kind"].lower() + "s")
    window = window_on([kv("/registry/a/b", found)])
    (entry,) = window.get(b"/registry/a/b").entries
    return Listing(resource, table_for(resource)).row(entry, now).state


def test_every_state_of_the_captured_cluster_is_in_the_table(
    captured: tuple[dict[str, Any], ...], now: datetime
) -> None:
    found: dict[str, dict[str, set[str]]] = {}
    for each in captured:
        text = re.sub(r"\d+", "N", state_of(each, now).text)
        if text:
            short = text.partition(", N of")[0].partition(": ")[0] if each["kind"] in ("Pod", "Event") else text
            found.setdefault(each["kind"], {}).setdefault(listed_state(each, now), set()).add(short)

    assert found == STATES


def test_a_row_has_the_state_that_relations_give_the_object(
    captured: tuple[dict[str, Any], ...], now: datetime
) -> None:
    differing = [o["metadata"] for o in captured if listed_state(o, now) != state_of(o, now).health]

    assert differing == []


READY = {"conditions": [{"type": "Ready", "status": "True"}]}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"phase": "Healthy"}, "unknown"),
        ({"phase": "Deployed"}, "unknown"),
        ({"phase": "Failed"}, "unknown"),
        (READY, "healthy"),
        ({"conditions": [{"type": "Ready", "status": "False", "reason": "Broken"}]}, "unhealthy"),
        ({}, "unknown"),
    ],
)
def test_a_custom_resource_is_judged_by_its_conditions_and_not_by_the_words_of_its_phase(
    status: dict[str, Any], state: str, now: datetime
) -> None:
    assert listed_state(obj("Release", "shop", "web", "example.org/v1", status=status), now) == state


def test_a_cordoned_node_is_healthy(now: datetime) -> None:
    assert listed_state(obj("Node", "", "n1", status=READY, spec={"unschedulable": True}), now) == "healthy"
