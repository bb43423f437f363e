"""Pods in every state that kubectl has a word for, beyond those of the capture."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from etcdview.kube.resources import BY_PREFIX
from etcdview.tables import table_for

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PODS = table_for(BY_PREFIX["pods"])
RUNNING = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
DONE = {"terminated": {"exitCode": 0, "reason": "Completed"}}
BROKEN = {"terminated": {"exitCode": 1, "reason": "Error"}}


def container(state: dict[str, Any], ready: bool = False, restarts: int = 0, **more: Any) -> dict[str, Any]:
    return {"name": more.pop("name", "c"), "state": state, "ready": ready, "restartCount": restarts, **more}


def pod(status: dict[str, Any], *, containers: int = 1, init: tuple[dict[str, Any], ...] = (), **metadata: Any) -> Any:
    return {
        "metadata": {"name": "p", "creationTimestamp": "2026-01-01T00:00:00Z", **metadata},
        "spec": {"containers": [{"name": f"c{i}"} for i in range(containers)], "initContainers": list(init)},
        "status": {"phase": "Running", **status},
    }


SIDECAR = {"name": "side", "restartPolicy": "Always"}
PLAIN = {"name": "first"}
READY = {"type": "Ready", "status": "True"}
ENDED = {"terminated": {"finishedAt": "2026-01-01T18:00:00Z"}}

STATES = [
    ("pending", pod({"phase": "Pending"}), ("0/1", "Pending", "0")),
    ("evicted", pod({"phase": "Failed", "reason": "Evicted"}), ("0/1", "Evicted", "0")),
    (
        "gated",
        pod({"phase": "Pending", "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}]}),
        ("0/1", "SchedulingGated", "0"),
    ),
    (
        "waiting",
        pod({"containerStatuses": [container({"waiting": {"reason": "ErrImagePull"}})]}),
        ("0/1", "ErrImagePull", "0"),
    ),
    ("exit code", pod({"containerStatuses": [container({"terminated": {"exitCode": 3}})]}), ("0/1", "ExitCode:3", "0")),
    (
        "signal",
        pod({"containerStatuses": [container({"terminated": {"exitCode": 137, "signal": 9}})]}),
        ("0/1", "Signal:9", "0"),
    ),
    ("running", pod({"containerStatuses": [container(RUNNING, ready=True)]}), ("1/1", "Running", "0")),
    (
        "restarted",
        pod({"containerStatuses": [container(RUNNING, True, 3, lastState=ENDED)]}),
        ("1/1", "Running", "3 (6h ago)"),
    ),
    (
        "restarted, when is not known",
        pod({"containerStatuses": [container(RUNNING, True, 3)]}),
        ("1/1", "Running", "3"),
    ),
    (
        "one done, one runs and is ready",
        pod({"conditions": [READY], "containerStatuses": [container(DONE), container(RUNNING, True)]}, containers=2),
        ("1/2", "Running", "0"),
    ),
    (
        "one done, one runs but the pod is not ready",
        pod({"containerStatuses": [container(DONE), container(RUNNING, True)]}, containers=2),
        ("1/2", "NotReady", "0"),
    ),
    (
        "one done, one failed",
        pod({"containerStatuses": [container(DONE), container(BROKEN)]}, containers=2),
        ("0/2", "Error", "0"),
    ),
    ("all done", pod({"phase": "Succeeded", "containerStatuses": [container(DONE)]}), ("0/1", "Completed", "0")),
    (
        "init counts",
        pod(
            {"phase": "Pending", "initContainerStatuses": [container({"waiting": {"reason": "PodInitializing"}})]},
            init=(PLAIN, PLAIN),
        ),
        ("0/1", "Init:0/2", "0"),
    ),
    (
        "init signal",
        pod(
            {"phase": "Pending", "initContainerStatuses": [container({"terminated": {"exitCode": 137, "signal": 9}})]},
            init=(PLAIN,),
        ),
        ("0/1", "Init:Signal:9", "0"),
    ),
    (
        "init error",
        pod(
            {"phase": "Pending", "initContainerStatuses": [container(BROKEN, restarts=2, lastState=ENDED)]},
            init=(PLAIN,),
        ),
        ("0/1", "Init:Error", "2 (6h ago)"),
    ),
    (
        "init image",
        pod(
            {"phase": "Pending", "initContainerStatuses": [container({"waiting": {"reason": "ImagePullBackOff"}})]},
            init=(PLAIN,),
        ),
        ("0/1", "Init:ImagePullBackOff", "0"),
    ),
    (
        "sidecar runs",
        pod(
            {
                "initContainerStatuses": [container(RUNNING, True, 4, name="side", started=True, lastState=ENDED)],
                "containerStatuses": [container(RUNNING, True, 1)],
            },
            init=(SIDECAR,),
        ),
        ("2/2", "Running", "5 (6h ago)"),
    ),
    (
        "sidecar has not started",
        pod(
            {"phase": "Pending", "initContainerStatuses": [container(RUNNING, name="side", started=False)]},
            init=(SIDECAR, PLAIN),
        ),
        ("0/2", "Init:0/2", "0"),
    ),
    (
        "init failed again after the pod was initialized",
        pod(
            {
                "conditions": [{"type": "Initialized", "status": "True"}],
                "initContainerStatuses": [container(BROKEN, restarts=7)],
                "containerStatuses": [container(RUNNING, True, 1)],
            },
            init=(PLAIN,),
        ),
        ("1/1", "Init:Error", "1"),
    ),
    (
        "terminating",
        pod({"containerStatuses": [container(RUNNING, True)]}, deletionTimestamp="2026-01-01T23:00:00Z"),
        ("1/1", "Terminating", "0"),
    ),
    (
        "node lost",
        pod(
            {"reason": "NodeLost", "containerStatuses": [container(RUNNING, True)]},
            deletionTimestamp="2026-01-01T23:00:00Z",
        ),
        ("1/1", "Unknown", "0"),
    ),
    (
        "done, and deleted",
        pod({"phase": "Succeeded", "containerStatuses": [container(DONE)]}, deletionTimestamp="2026-01-01T23:00:00Z"),
        ("0/1", "Completed", "0"),
    ),
]


@pytest.mark.parametrize(("obj", "expected"), [s[1:] for s in STATES], ids=[s[0] for s in STATES])
def test_a_pod_is_told_in_kubectls_words(obj: Any, expected: tuple[str, str, str]) -> None:
    assert PODS.cells(obj, NOW)[1:4] == expected


def test_readiness_gates_and_nominated_node_are_wide_cells() -> None:
    obj = pod({"conditions": [{"type": "lb", "status": "True"}], "nominatedNodeName": "n1", "podIPs": [{"ip": "::1"}]})
    obj["spec"] |= {"readinessGates": [{"conditionType": "lb"}, {"conditionType": "dns"}], "nodeName": "n2"}
    assert PODS.cells(obj, NOW)[5:] == ("::1", "n2", "n1", "1/2")
