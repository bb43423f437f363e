"""The health of the stored state: each rule where it fires, and where it does not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from etcdview.checks.integrity import RULES, StoredState, stored_findings
from etcdview.kube import resources
from etcdview.kube.crds import definitions
from etcdview.kube.release import Release
from etcdview.relations import Graph, Ref

RBAC = "rbac.authorization.k8s.io/v1"


def make(api_version: str, kind: str, name: str = "x", **members: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "ns"} | members.pop("metadata", {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **members}


def deleted(when: str) -> dict[str, Any]:
    return make("v1", "ConfigMap", metadata={"deletionTimestamp": when, "finalizers": ["example.org/keep"]})


def owned(uid: str) -> dict[str, Any]:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs", "uid": uid}
    return make("v1", "ConfigMap", metadata={"ownerReferences": [owner]})


def binding(account: str, role: str) -> list[dict[str, Any]]:
    subjects = [{"kind": "ServiceAccount", "namespace": "ns", "name": account}, {"kind": "Group", "name": "g"}]
    return [
        make(RBAC, "RoleBinding", roleRef={"kind": "Role", "name": role}, subjects=subjects),
        make(RBAC, "Role", "there"),
        make("v1", "ServiceAccount", "there"),
    ]


def endpoint(pod: str) -> list[dict[str, Any]]:
    target = {"targetRef": {"kind": "Pod", "namespace": "ns", "name": pod}}
    return [make("discovery.k8s.io/v1", "EndpointSlice", endpoints=[target]), make("v1", "Pod", "there")]


def crd(*served: str, stored: str = "v1") -> dict[str, Any]:
    names = {"plural": "things", "kind": "Thing"}
    versions = [{"name": v, "served": True} for v in served]
    return make(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "things.example.org",
        spec={"group": "example.org", "names": names, "versions": versions},
        status={"storedVersions": [stored]},
    )


def lease(renewed: str, holder: str = "me") -> dict[str, Any]:
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 15, "renewTime": renewed}
    return make("coordination.k8s.io/v1", "Lease", spec=spec)


def control_plane_lease(renewed: str, name: str, **labels: str) -> dict[str, Any]:
    return lease(renewed, "cp1_7") | {"metadata": {"name": name, "namespace": "kube-system", "labels": labels}}


def bootstrapped(made: dict[str, Any]) -> dict[str, Any]:
    labels = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    return made | {"metadata": made["metadata"] | {"labels": labels}}


def budget(api_version: str, name: str) -> dict[str, Any]:
    return make(api_version, "PodDisruptionBudget", name)


def thing(version: str, name: str) -> dict[str, Any]:
    return make(f"example.org/{version}", "Thing", name)


REPLICA_SET = make("apps/v1", "ReplicaSet", "rs", metadata={"uid": "1"})
LONG_AGO, JUST_NOW = "2026-11-23T15:37:37.000000Z", "2026-11-23T15:57:30.000000Z"
OVER = f"over for 19m (it lasts 15 s, and was renewed last {LONG_AGO})"

# rule -> (where it fires, what it says, where it does not)
CASES: dict[str, tuple[list[dict[str, Any]], str, list[dict[str, Any]]]] = {
    "deletion-stuck": ([deleted(LONG_AGO)], "ConfigMap ns/x: for 20m, held by example.org/keep", [deleted(JUST_NOW)]),
    "owner-gone": ([owned("2"), REPLICA_SET], "ConfigMap ns/x: owned by ReplicaSet ns/rs", [owned("1"), REPLICA_SET]),
    "subject-gone": (binding("gone", "there"), "RoleBinding ns/x: ServiceAccount ns/gone", binding("there", "there")),
    "role-gone": (binding("there", "gone"), "RoleBinding ns/x: Role ns/gone", binding("there", "there")),
    "endpoint-gone": (endpoint("gone"), "EndpointSlice ns/x: leads to Pod ns/gone", endpoint("there")),
    "definition-gone": ([], "things : 3 objects below example.org/things/", [crd("v1")]),
    "version-unserved": (
        [crd("v2", stored="v1")],
        "CustomResourceDefinition ns/things.example.org: stored as v1; served are v2",
        [crd("v1", "v2", stored="v1")],
    ),
    "control-plane-silent": (
        [control_plane_lease(LONG_AGO, "kube-controller-manager")],
        f"Lease kube-system/kube-controller-manager: held by cp1_7, {OVER}",
        [control_plane_lease(JUST_NOW, "kube-controller-manager"), control_plane_lease(LONG_AGO, "other")],
    ),
    "lease-expired": (
        [lease(LONG_AGO)],
        f"Lease ns/x: held by me, {OVER}",
        [lease(JUST_NOW), lease(LONG_AGO, ""), control_plane_lease(LONG_AGO, "kube-scheduler")],
    ),
    "versions-mixed": (
        [thing("v1", "a"), thing("v1beta1", "b"), thing("v1beta1", "c")],
        "Thing : 1 as v1, 2 as v1beta1",
        [thing("v1", "a"), thing("v1", "b")],
    ),
    "version-dropped": (
        [budget("policy/v1beta1", "a"), budget("policy/v1beta1", "b"), budget("policy/v1", "c")],
        "PodDisruptionBudget : 2 objects as policy/v1beta1, which 1.25 drops",
        [budget("policy/v1", "a"), make("flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema", "later")],
    ),
}
TYPES = ((resources.custom("example.org", "things"), 3), (resources.BY_PREFIX["pods"], 5))


def test_without_a_release_no_version_is_called_dropped(now: datetime) -> None:
    state = StoredState(Graph([budget("policy/v1beta1", "a")]), now)

    assert stored_findings(state) == ()


def found(objects: list[dict[str, Any]], now: datetime) -> dict[str, tuple[str, ...]]:
    crds = [obj for obj in objects if obj["kind"] == "CustomResourceDefinition"]
    state = StoredState(Graph(objects), now, definitions(crds), TYPES, release=Release(1, 24))
    return {f.id: f.evidence for f in stored_findings(state)}


def test_an_object_under_the_key_of_another_is_found(now: datetime) -> None:
    state = StoredState(Graph([]), now, misnamed={Ref("", "Node", "", "n2"): "holds Pod shop/web"})

    assert {f.id: f.evidence for f in stored_findings(state)} == {"key-differs": ("Node n2: holds Pod shop/web",)}


@pytest.mark.parametrize("rule", CASES)
def test_the_rule_fires_with_its_evidence(rule: str, now: datetime) -> None:
    objects, said, _ = CASES[rule]
    assert found(objects, now)[rule] == (said,)


@pytest.mark.parametrize("rule", CASES)
def test_the_rule_does_not_fire(rule: str, now: datetime) -> None:
    assert rule not in found(CASES[rule][2], now)


def test_each_rule_has_its_case() -> None:
    assert {name.replace("-", "_") for name in (*CASES, "key-differs")} == {rule.__name__ for rule in RULES}


def test_the_captured_state_is_judged(captured: tuple[dict[str, Any], ...], graph: Graph, now: datetime) -> None:
    crds = definitions(obj for obj in captured if obj["kind"] == "CustomResourceDefinition")
    findings = {f.id: len(f.refs) for f in stored_findings(StoredState(graph, now, crds))}
    assert findings == {"lease-expired": 1}


def test_bindings_that_kubernetes_makes_itself_are_left_alone(now: datetime) -> None:
    made, *others = binding("gone", "there")

    assert "subject-gone" in found([made, *others], now)
    assert "subject-gone" not in found([bootstrapped(made), *others], now)


@pytest.mark.parametrize(
    ("silent", "said"),
    [
        (control_plane_lease(LONG_AGO, "kube-controller-manager"), "The controller manager is not running"),
        (control_plane_lease(LONG_AGO, "kube-scheduler"), "The scheduler is not running"),
        (
            control_plane_lease(LONG_AGO, "apiserver-x", **{"apiserver.kubernetes.io/identity": "kube-apiserver"}),
            "1 kube-apiserver not renewing the lease",
        ),
    ],
)
def test_a_part_of_the_control_plane_that_is_silent_is_a_warning(
    silent: dict[str, Any], said: str, now: datetime
) -> None:
    findings = stored_findings(StoredState(Graph([silent]), now))

    assert [(f.severity, f.summary) for f in findings] == [("warning", said)]


def test_leases_in_a_file_tell_nothing_of_who_runs(now: datetime) -> None:
    leases = [lease(LONG_AGO), control_plane_lease(LONG_AGO, "kube-scheduler")]

    assert stored_findings(StoredState(Graph(leases), now, live=False)) == ()
