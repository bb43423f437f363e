"""One scale of severity: every state of the captured cluster, and those it lacks, each in its place."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from etcdview.describe import summary
from etcdview.relations import state_of
from etcdview.relations.severity import Severity, condition_severity, severity_of

# kind -> severity -> the words of the states, digits as N where they are counts; all of the captured cluster
CAPTURED: dict[str, dict[Severity, set[str]]] = {
    "APIService": {"ok": {"available"}},
    "CertificateSigningRequest": {"ok": {"Approved,Issued"}, "warning": {"Pending"}},
    "CronJob": {"ok": {"N active"}, "unknown": {"suspended"}},
    "CustomResourceDefinition": {"ok": {"Established"}},
    "DaemonSet": {"error": {"N of N ready"}},
    "Deployment": {"error": {"N of N ready"}, "ok": {"N of N ready"}, "warning": {"N of N ready"}},
    "EndpointSlice": {"ok": {"N of N ready"}, "warning": {"N of N ready"}},
    "Endpoints": {"ok": {"N of N ready"}, "warning": {"N of N ready"}},
    "Event": {"done": {"Normal"}, "warning": {"Warning"}},
    "HorizontalPodAutoscaler": {"warning": {"N of N replicas"}},
    "Job": {"done": {"Complete", "Suspended"}, "error": {"Failed"}},
    "Namespace": {"ok": {"Active"}, "warning": {"being deleted"}},
    "Node": {"error": {"NotReady", "Unknown"}, "ok": {"Ready"}, "warning": {"Ready,SchedulingDisabled"}},
    "PersistentVolume": {"ok": {"Bound"}, "warning": {"Released"}},
    "PersistentVolumeClaim": {"warning": {"Pending", "being deleted"}},
    "Pod": {
        "done": {"Completed"},
        "error": {
            "CrashLoopBackOff 1/2",
            "Error 0/2",
            "Evicted 0/2",
            "ImagePullBackOff 0/2",
            "Init:CrashLoopBackOff 0/2",
            "Init:ExitCode:4 0/2",
            "NodeLost 0/2",
            "OOMKilled 1/2",
            "Signal:9 0/2",
        },
        "ok": {"Running 2/2", "Running 3/3"},
        "warning": {
            "ContainerCreating 0/2",
            "Init:1/2 0/2",
            "NotReady 1/2",
            "Pending 0/1",
            "Running 1/1",
            "Running 1/2",
            "Running 2/2",
            "SchedulingGated 0/1",
            "Terminating 2/2",
        },
    },
    "PodDisruptionBudget": {"ok": {"N healthy, N needed"}, "warning": {"N healthy, N needed"}},
    "ReplicaSet": {"error": {"N of N ready"}, "ok": {"N of N ready"}, "warning": {"N of N ready"}},
    "ReplicationController": {"error": {"N of N ready"}},
    "ResourceClaim": {"warning": {"pending"}},
    "Service": {"unknown": {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"}},
    "ServiceCIDR": {"ok": {"Ready"}},
    "StatefulSet": {"error": {"N of N ready"}},
}
NOW = datetime.fromisoformat("2026-11-24T12:00:00+00:00")


def words_of(each: dict[str, Any], now: datetime) -> str:
    """The state in words, of a pod with how many of its containers are ready."""
    text = state_of(each, now).text
    if each["kind"] == "Pod":
        return text.partition(" containers ready")[0].replace(" of ", "/").replace(",", "")
    return re.sub(r"\d+", "N", text).partition(": ")[0]


@pytest.fixture
def later(now: datetime) -> datetime:
    """An hour after the capture: nothing is young any more."""
    return now + timedelta(hours=1)


def test_every_state_of_the_captured_cluster_has_its_place(
    captured: tuple[dict[str, Any], ...], later: datetime
) -> None:
    found: dict[str, dict[Severity, set[str]]] = {}
    for each in captured:
        if words := words_of(each, later):
            found.setdefault(each["kind"], {}).setdefault(severity_of(each, later), set()).add(words)

    assert found == CAPTURED


def test_what_is_too_young_to_be_judged_is_progressing(captured: tuple[dict[str, Any], ...], now: datetime) -> None:
    pending = [o for o in captured if o["kind"] == "Pod" and state_of(o, now).text.startswith("Pending")]

    assert {severity_of(o, now) for o in pending} == {"progressing", "warning"}


def test_nothing_of_which_a_part_is_not_ready_is_green(captured: tuple[dict[str, Any], ...], now: datetime) -> None:
    shares = [(each, re.search(r"(\d+) of (\d+) (?:containers )?ready", state_of(each, now).text)) for each in captured]
    short = [each for each, share in shares if share and int(share[1]) < int(share[2])]

    assert len(short) > 20
    assert [each["metadata"]["name"] for each in short if severity_of(each, now) == "ok"] == []


def made(kind: str, status: dict[str, Any], *, age: float = 3600, api: str = "v1", **rest: Any) -> dict[str, Any]:
    """An object that was created `age` seconds ago."""
    metadata = {"name": "x", "creationTimestamp": ago(age), **rest.pop("metadata", {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "status": status, **rest}


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def conditions(**known: str) -> list[dict[str, str]]:
    return [{"type": name, "status": status} for name, status in known.items()]


def pod(phase: str, *states: dict[str, Any], ready: str = "False", age: float = 3600, **rest: Any) -> dict[str, Any]:
    statuses = [{"name": f"c{i}", "ready": "running" in state, "state": state} for i, state in enumerate(states)]
    status = {"phase": phase, "containerStatuses": statuses, "conditions": conditions(Ready=ready)}
    spec = {"containers": [{"name": f"c{i}"} for i, _ in enumerate(states or ({},))]}
    return made("Pod", status | rest.pop("status", {}), age=age, spec=spec, **rest)


def ended(code: int, reason: str = "") -> dict[str, Any]:
    return {"terminated": {"exitCode": code, **({"reason": reason} if reason else {})}}


def waits(reason: str) -> dict[str, Any]:
    return {"waiting": {"reason": reason}}


def init(state: dict[str, Any]) -> dict[str, Any]:
    return {"status": {"initContainerStatuses": [{"name": "i", "state": state}]}}


RUNS: dict[str, Any] = {"running": {}}
STOPPING = {"metadata": {"deletionTimestamp": ago(30), "deletionGracePeriodSeconds": 30}}
STUCK = {"metadata": {"deletionTimestamp": ago(600)}}
READY, NOT_READY, SILENT = (conditions(Ready=word) for word in ("True", "False", "Unknown"))

FURTHER: dict[str, tuple[dict[str, Any], Severity]] = {
    "2/2 Running": (pod("Running", RUNS, RUNS, ready="True"), "ok"),
    "1/2 Running, and the pod says ready": (pod("Running", RUNS, ended(0, "Completed"), ready="True"), "warning"),
    "1/2 Running": (pod("Running", RUNS, RUNS), "warning"),
    "1/2 Running, just begun": (pod("Running", RUNS, RUNS, age=30), "progressing"),
    "Pending for a minute": (pod("Pending", age=60), "progressing"),
    "Pending for three minutes": (pod("Pending", age=180), "warning"),
    "ContainerCreating for a minute": (pod("Pending", waits("ContainerCreating"), age=60), "progressing"),
    "ContainerCreating for an hour": (pod("Pending", waits("ContainerCreating")), "warning"),
    "Init:0/0 for a minute": (pod("Pending", age=60, **init(RUNS)), "progressing"),
    "Init:0/0 for an hour": (pod("Pending", **init(RUNS)), "warning"),
    "Init:ExitCode:4": (pod("Pending", **init(ended(4))), "error"),
    "Init:ExitCode:4, just begun": (pod("Pending", age=5, **init(ended(4))), "error"),
    "Init:Error": (pod("Pending", **init(ended(1, "Error"))), "error"),
    "Init:CrashLoopBackOff": (pod("Pending", **init(waits("CrashLoopBackOff"))), "error"),
    "CrashLoopBackOff": (pod("Running", waits("CrashLoopBackOff")), "error"),
    "ImagePullBackOff": (pod("Pending", waits("ImagePullBackOff"), age=5), "error"),
    "Error": (pod("Failed", ended(1, "Error")), "error"),
    "OOMKilled": (pod("Running", ended(137, "OOMKilled")), "error"),
    "ExitCode:3": (pod("Running", ended(3)), "error"),
    "Evicted": (pod("Failed", status={"reason": "Evicted"}), "error"),
    "Completed": (pod("Succeeded", ended(0, "Completed")), "done"),
    "Terminating": (pod("Running", RUNS, ready="True", **STOPPING), "progressing"),
    "Terminating for long": (pod("Running", RUNS, ready="True", **STUCK), "warning"),
    "Unknown pod": (pod("Running", RUNS, **STUCK, status={"reason": "NodeLost"}), "error"),
    "Ready node": (made("Node", {"conditions": READY}), "ok"),
    "Ready,SchedulingDisabled": (made("Node", {"conditions": READY}, spec={"unschedulable": True}), "warning"),
    "NotReady": (made("Node", {"conditions": NOT_READY}), "error"),
    "NotReady,SchedulingDisabled": (made("Node", {"conditions": NOT_READY}, spec={"unschedulable": True}), "error"),
    "a node that is not heard of": (made("Node", {"conditions": SILENT}), "error"),
    "Unknown node": (made("Node", {}), "error"),
    "PVC Bound": (made("PersistentVolumeClaim", {"phase": "Bound"}), "ok"),
    "PVC Pending for a minute": (made("PersistentVolumeClaim", {"phase": "Pending"}, age=60), "progressing"),
    "PVC Pending": (made("PersistentVolumeClaim", {"phase": "Pending"}), "warning"),
    "PVC Lost": (made("PersistentVolumeClaim", {"phase": "Lost"}), "error"),
    "PV Released": (made("PersistentVolume", {"phase": "Released"}), "warning"),
    "PV Failed": (made("PersistentVolume", {"phase": "Failed"}), "error"),
    "Job Running": (made("Job", {"active": 1}, api="batch/v1"), "progressing"),
    "Job Complete": (made("Job", {"conditions": conditions(Complete="True")}, api="batch/v1"), "done"),
    "Job Failed": (made("Job", {"conditions": conditions(Failed="True")}, api="batch/v1"), "error"),
    "Job Suspended": (made("Job", {"conditions": conditions(Suspended="True")}, api="batch/v1"), "done"),
    "Deployment 3/3": (made("Deployment", {"readyReplicas": 3}, api="apps/v1", spec={"replicas": 3}), "ok"),
    "Deployment 2/3": (made("Deployment", {"readyReplicas": 2}, api="apps/v1", spec={"replicas": 3}), "warning"),
    "Deployment 0/3": (made("Deployment", {}, api="apps/v1", spec={"replicas": 3}), "error"),
    "Deployment 0/3, new": (made("Deployment", {}, age=20, api="apps/v1", spec={"replicas": 3}), "progressing"),
    "Deployment 0/0": (made("Deployment", {}, api="apps/v1", spec={"replicas": 0}), "ok"),
    "Healthy": (made("Backup", {"phase": "Healthy"}, api="example.org/v1"), "unknown"),
    "Deployed": (made("Release", {"phase": "Deployed"}, api="example.org/v1"), "unknown"),
    "custom, ready": (made("Backup", {"conditions": READY}, api="example.org/v1"), "ok"),
    "custom, not ready": (made("Backup", {"conditions": NOT_READY}, api="example.org/v1"), "error"),
    "custom, not ready yet": (made("Backup", {"conditions": NOT_READY}, age=9, api="example.org/v1"), "progressing"),
    "custom, not heard of": (made("Backup", {"conditions": SILENT}, api="example.org/v1"), "unknown"),
    "being deleted": (made("Backup", {}, api="example.org/v1", **STOPPING), "progressing"),
    "being deleted for long": (made("ConfigMap", {}, **STUCK), "warning"),
    "Warning event": (made("Event", {}, type="Warning"), "warning"),
    "Normal event": (made("Event", {}, type="Normal"), "done"),
    "CSR denied": (
        made("CertificateSigningRequest", {"conditions": conditions(Denied="True")}, api="certificates.k8s.io/v1"),
        "error",
    ),
    "no creation time": (
        made("PersistentVolumeClaim", {"phase": "Pending"}, metadata={"creationTimestamp": None}),
        "warning",
    ),
}
ON_PAGES = [name for name, (found, _) in FURTHER.items() if found["kind"] in ("Pod", "Node", "Job", "Deployment")]


@pytest.mark.parametrize("name", FURTHER)
def test_a_further_state_has_its_place(name: str) -> None:
    found, severity = FURTHER[name]
    assert severity_of(found, NOW) == severity


@pytest.mark.parametrize("name", ON_PAGES)
def test_the_page_of_an_object_shows_the_severity_of_its_row(name: str) -> None:
    found, severity = FURTHER[name]
    shown = {f.label: f.severity for section in summary(found, NOW) for f in section.fields}
    assert shown.get("Status", shown.get("Ready")) == severity


@pytest.mark.parametrize(
    ("kind", "status", "severity"),
    [
        ("Ready", "True", "ok"),
        ("Ready", "False", "warning"),
        ("Ready", "Unknown", "unknown"),
        ("Available", "False", "warning"),
        ("Progressing", "True", "ok"),
        ("MemoryPressure", "True", "error"),
        ("MemoryPressure", "False", "ok"),
        ("NetworkUnavailable", "False", "ok"),
        ("ReplicaFailure", "True", "error"),
        ("Failed", "True", "error"),
        ("NamespaceContentRemaining", "True", "error"),
        ("Degraded", "True", "error"),
        ("ScalingLimited", "False", "unknown"),
        ("", "", "unknown"),
    ],
)
def test_a_condition_is_good_or_bad_by_its_type(kind: str, status: str, severity: Severity) -> None:
    assert condition_severity({"type": kind, "status": status}) == severity
