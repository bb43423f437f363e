"""What an object names, kind by kind."""

from __future__ import annotations

from typing import Any

import pytest

from etcdview.relations import Ref, references
from etcdview.relations.model import RELATIONS

POD_SPEC = {
    "nodeName": "n1",
    "serviceAccountName": "sa",
    "priorityClassName": "high",
    "runtimeClassName": "gvisor",
    "imagePullSecrets": [{"name": "registry"}],
    "initContainers": [{"name": "i", "envFrom": [{"configMapRef": {"name": "cm1"}}]}],
    "containers": [
        {
            "name": "c",
            "env": [
                {"valueFrom": {"secretKeyRef": {"name": "s1", "optional": True}}},
                {"valueFrom": {"configMapKeyRef": {"name": "cm2"}}},
            ],
        }
    ],
    "volumes": [
        {"name": "a", "persistentVolumeClaim": {"claimName": "pvc"}},
        {"name": "b", "ephemeral": {}},
        {"name": "c", "secret": {"secretName": "s2"}},
        {"name": "d", "projected": {"sources": [{"configMap": {"name": "cm3"}}, {"secret": {"name": "s3"}}]}},
        {"name": "e", "csi": {"nodePublishSecretRef": {"name": "s4"}}},
    ],
    "resourceClaims": [{"name": "gpu", "resourceClaimName": "rc"}],
}


def make(api_version: str, kind: str, **members: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", "namespace": "ns"}, **members}


def named(obj: dict[str, Any]) -> list[tuple[str, str]]:
    return [(r.relation, str(r.ref)) for r in references(obj)]


def test_a_pod_names_all_that_its_spec_names() -> None:
    assert named(make("v1", "Pod", spec=POD_SPEC)) == [
        ("node", "Node n1"),
        ("identity", "ServiceAccount ns/sa"),
        ("class", "PriorityClass high"),
        ("class", "RuntimeClass gvisor"),
        ("pull", "Secret ns/registry"),
        ("config", "ConfigMap ns/cm1"),
        ("secret", "Secret ns/s1"),
        ("config", "ConfigMap ns/cm2"),
        ("claim", "PersistentVolumeClaim ns/pvc"),
        ("claim", "PersistentVolumeClaim ns/x-b"),
        ("secret", "Secret ns/s2"),
        ("config", "ConfigMap ns/cm3"),
        ("secret", "Secret ns/s3"),
        ("secret", "Secret ns/s4"),
        ("devices", "ResourceClaim ns/rc"),
    ]


def test_what_may_be_absent_is_marked() -> None:
    found = {r.ref.name: r.optional for r in references(make("v1", "Pod", spec=POD_SPEC))}
    assert (found["s1"], found["s2"]) == (True, False)


def test_templates_name_what_their_pods_will() -> None:
    template = {"template": {"spec": POD_SPEC}}
    expected = [r for r in named(make("v1", "Pod", spec=POD_SPEC)) if r != ("claim", "PersistentVolumeClaim ns/x-b")]
    for obj in (
        make("apps/v1", "Deployment", spec=template),
        make("batch/v1", "CronJob", spec={"jobTemplate": {"spec": template}}),
        make("v1", "PodTemplate", **template),
    ):
        assert [r for r in named(obj) if r[1] != "PersistentVolumeClaim ns/x-b"] == expected


CASES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    (
        make("v1", "PersistentVolumeClaim", spec={"volumeName": "pv", "storageClassName": "fast"}),
        [("volume", "PersistentVolume pv"), ("class", "StorageClass fast")],
    ),
    (
        make("v1", "PersistentVolume", spec={"claimRef": {"namespace": "a", "name": "b"}, "csi": {"driver": "d"}}),
        [("volume", "PersistentVolumeClaim a/b"), ("class", "CSIDriver d")],
    ),
    (
        make(
            "discovery.k8s.io/v1",
            "EndpointSlice",
            endpoints=[{"targetRef": {"kind": "Pod", "namespace": "ns", "name": "p"}}],
        )
        | {"metadata": {"name": "x", "namespace": "ns", "labels": {"kubernetes.io/service-name": "web"}}},
        [("slice", "Service ns/web"), ("endpoint", "Pod ns/p")],
    ),
    (
        make(
            "v1",
            "Endpoints",
            subsets=[{"notReadyAddresses": [{"targetRef": {"kind": "Pod", "namespace": "ns", "name": "p"}}]}],
        ),
        [("slice", "Service ns/x"), ("endpoint", "Pod ns/p")],
    ),
    (
        make(
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            roleRef={"kind": "Role", "name": "r"},
            subjects=[{"kind": "ServiceAccount", "namespace": "a", "name": "s"}, {"kind": "User", "name": "u"}],
        ),
        [("role", "Role ns/r"), ("subject", "ServiceAccount a/s"), ("subject", "User u")],
    ),
    (
        make(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            spec={"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}},
        ),
        [("scales", "Deployment ns/d")],
    ),
    (
        make(
            "networking.k8s.io/v1",
            "Ingress",
            spec={
                "ingressClassName": "edge",
                "rules": [{"http": {"paths": [{"backend": {"service": {"name": "web"}}}]}}],
                "tls": [{"secretName": "cert"}],
            },
        ),
        [("class", "IngressClass edge"), ("routes", "Service ns/web"), ("secret", "Secret ns/cert")],
    ),
    (
        make("extensions/v1beta1", "Ingress", spec={"backend": {"serviceName": "old"}}),
        [("routes", "Service ns/old")],
    ),
    (
        make(
            "v1",
            "Event",
            involvedObject={"apiVersion": "apps/v1", "kind": "ReplicaSet", "namespace": "ns", "name": "r"},
        ),
        [("about", "ReplicaSet ns/r")],
    ),
    (make("v1", "ServiceAccount", secrets=[{"name": "t"}]), [("secret", "Secret ns/t")]),
    (
        make(
            "storage.k8s.io/v1",
            "VolumeAttachment",
            spec={"attacher": "d", "nodeName": "n", "source": {"persistentVolumeName": "pv"}},
        ),
        [("attaches", "PersistentVolume pv"), ("node", "Node n"), ("class", "CSIDriver d")],
    ),
    (
        make(
            "admissionregistration.k8s.io/v1",
            "ValidatingWebhookConfiguration",
            webhooks=[{"clientConfig": {"service": {"namespace": "a", "name": "s"}}}],
        ),
        [("calls", "Service a/s")],
    ),
    (
        make(
            "networking.k8s.io/v1",
            "IPAddress",
            spec={"parentRef": {"resource": "services", "namespace": "a", "name": "s"}},
        ),
        [("address", "Service a/s")],
    ),
    (
        make("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", spec={"policyName": "p"}),
        [("policy", "ValidatingAdmissionPolicy p")],
    ),
    (make("example.org/v1", "Thing", spec={"a": 1}), []),
]


@pytest.mark.parametrize(("obj", "expected"), CASES, ids=[c[0]["kind"] for c in CASES])
def test_each_kind_names_what_it_can_name(obj: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert named(obj) == expected


def test_owners_come_first_with_their_uid_and_are_namespaced_unless_their_kind_is_not() -> None:
    owners = [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs", "uid": "1"},
        {"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "2"},
    ]
    obj = make("v1", "Pod") | {"metadata": {"name": "p", "namespace": "ns", "ownerReferences": owners}}
    found = references(obj)
    assert [(r.ref, r.uid) for r in found] == [
        (Ref("apps", "ReplicaSet", "ns", "rs"), "1"),
        (Ref("", "Node", "", "n"), "2"),
    ]


def test_every_relation_that_occurs_has_its_words(captured: tuple[dict[str, Any], ...]) -> None:
    occurring = {r.relation for obj in captured for r in references(obj)}
    assert len(occurring) >= 15
    assert occurring <= RELATIONS.keys()
