"""What is taken out of an object before it is applied, and which objects are left out."""

from __future__ import annotations

from typing import Any

import pytest

from etcdview.kube.keys import KeySpace, ObjectKey
from etcdview.recovery.for_apply import prepare
from etcdview.recovery.order import in_apply_order

OWNED = {"ownerReferences": [{"kind": "X", "name": "x", "uid": "1", "controller": True}]}
CLAIM = "bindings of claims and volumes"
CONTROL_PLANE = "finalizers of the control plane"


def at(path: str) -> ObjectKey:
    found = KeySpace().object_key(f"/registry/{path}".encode())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("path", "obj", "left", "taken"),
    [
        (
            "configmaps/shop/a",
            {"metadata": {"name": "a", "uid": "1", "resourceVersion": "2", "managedFields": [{}], "selfLink": "x"},
             "data": {"k": "v"}},
            {"metadata": {"name": "a"}, "data": {"k": "v"}},
            ["uid", "resourceVersion", "managedFields", "selfLink"],
        ),
        ("configmaps/shop/a", {"metadata": {"name": "a"}}, {"metadata": {"name": "a"}}, []),
        (
            "deployments/shop/a",
            {"metadata": {"annotations": {"deployment.kubernetes.io/revision": "3", "mine": "x"}}, "status": {"a": 1}},
            {"metadata": {"annotations": {"mine": "x"}}},
            ["revisions of Deployments", "status"],
        ),
        ("namespaces/shop", {"spec": {"finalizers": ["kubernetes"]}}, {}, [CONTROL_PLANE]),
        (
            "services/specs/shop/a",
            {"spec": {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ports": [{"port": 1}]}},
            {"spec": {"ports": [{"port": 1}]}},
            ["cluster IPs of Services"],
        ),
        ("services/specs/shop/a", {"spec": {"clusterIP": "None"}}, {"spec": {"clusterIP": "None"}}, []),
        (
            "persistentvolumeclaims/shop/a",
            {"metadata": {"annotations": {"pv.kubernetes.io/bind-completed": "yes"},
                          "finalizers": ["kubernetes.io/pvc-protection"]},
             "spec": {"volumeName": "v", "storageClassName": "s"}},
            {"metadata": {}, "spec": {"storageClassName": "s"}},
            [CLAIM, CONTROL_PLANE],
        ),
        (
            "persistentvolumes/v",
            {"spec": {"claimRef": {"name": "a", "namespace": "shop", "uid": "1", "resourceVersion": "2"}}},
            {"spec": {"claimRef": {"name": "a", "namespace": "shop"}}},
            [CLAIM],
        ),
        ("serviceaccounts/shop/a", {"secrets": [{"name": "t"}]}, {}, ["tokens of service accounts"]),
        (
            "secrets/shop/t",
            {"type": "kubernetes.io/service-account-token", "data": {"token": "x"}},
            {"type": "kubernetes.io/service-account-token"},
            ["tokens of service accounts"],
        ),
        ("secrets/shop/t", {"type": "Opaque", "data": {"a": "x"}}, {"type": "Opaque", "data": {"a": "x"}}, []),
        (
            "pods/shop/a",
            {"spec": {"nodeName": "n", "volumes": [{"name": "kube-api-access-x"}, {"name": "mine"}],
                      "containers": [{"volumeMounts": [{"name": "kube-api-access-x"}, {"name": "mine"}]}]}},
            {"spec": {"volumes": [{"name": "mine"}],
                      "containers": [{"volumeMounts": [{"name": "mine"}]}]}},
            ["nodes of pods", "token volumes of pods"],
        ),
        (
            "jobs/shop/a",
            {"spec": {"selector": {"matchLabels": {"controller-uid": "1"}},
                      "template": {"metadata": {"labels": {"controller-uid": "1", "app": "a"}}}}},
            {"spec": {"template": {"metadata": {"labels": {"app": "a"}}}}},
            ["selectors of Jobs"],
        ),
        ("jobs/shop/a", {"spec": {"manualSelector": True, "selector": {}}},
         {"spec": {"manualSelector": True, "selector": {}}}, []),
        (
            "example.org/backups/shop/a",
            {"metadata": {"ownerReferences": [{"uid": "1", "controller": True}]}, "status": {"phase": "Done"}},
            {"metadata": {}},
            ["owner references (their UIDs will not exist)", "status"],
        ),
        ("configmaps/shop/a", {"metadata": None, "status": None}, {"metadata": None}, []),
    ],
)  # fmt: skip
def test_what_is_assigned_is_taken_out(path: str, obj: dict[str, Any], left: object, taken: list[str]) -> None:
    before = repr(obj)

    found = prepare(at(path), obj)

    assert (found.object, list(found.taken_out)) == (left, taken)
    assert repr(obj) == before


@pytest.mark.parametrize(
    ("path", "metadata", "why"),
    [
        ("events/shop/a", {}, "events"),
        ("minions/a", {}, "nodes (kubelets register them)"),
        ("masterleases/10.0.0.1", {}, "the API server's own records"),
        ("pods/shop/a", OWNED, "pods that a controller makes"),
        ("persistentvolumeclaims/shop/pod-cache", {"ownerReferences": [{"kind": "Pod", "controller": True}]},
         "claims that a pod makes (generic ephemeral volumes)"),
        ("persistentvolumeclaims/shop/data-db-0", {"ownerReferences": [{"kind": "StatefulSet", "controller": True}]},
         ""),
        ("pods/shop/a", {"annotations": {"kubernetes.io/config.mirror": "x"}}, "pods that a controller makes"),
        ("pods/shop/a", {}, ""),
        ("replicasets/shop/a", OWNED, "replica sets that a Deployment makes"),
        ("deployments/shop/a", OWNED, ""),
        ("services/endpoints/shop/a", {"labels": {"endpoints.kubernetes.io/managed-by": "x"}},
         "endpoints that a Service makes"),
        ("services/endpoints/shop/a", {}, ""),
        ("endpointslices/shop/a", {}, ""),
        ("configmaps/shop/kube-root-ca.crt", {}, "kube-root-ca.crt of each namespace"),
        ("services/specs/default/kubernetes", {}, "the Service of the API server itself"),
        ("services/specs/shop/kubernetes", {}, ""),
        ("apiregistration.k8s.io/apiservices/v1.apps", {}, "API services of the API server itself"),
        ("leases/kube-system/a", {}, "leases"),
    ],
)  # fmt: skip
def test_what_something_makes_again_is_left_out(path: str, metadata: dict[str, Any], why: str) -> None:
    assert prepare(at(path), {"metadata": metadata}).left_out == why


def test_whatever_an_object_needs_comes_before_it() -> None:
    paths = (
        "pods/a/b", "validatingwebhookconfigurations/a", "example.org/backups/a/b", "deployments/a/b",
        "persistentvolumeclaims/a/b", "roles/a/b", "serviceaccounts/a/b", "namespaces/a",
        "apiextensions.k8s.io/customresourcedefinitions/a",
    )  # fmt: skip

    ordered = [resource.plural for resource in in_apply_order(at(path).resource for path in paths)]

    assert ordered == [
        "customresourcedefinitions", "namespaces", "serviceaccounts", "roles", "persistentvolumeclaims", "backups",
        "deployments", "pods", "validatingwebhookconfigurations",
    ]  # fmt: skip
