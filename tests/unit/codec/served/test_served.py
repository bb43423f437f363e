"""What the API server adds on the way out."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from etcdview.codec import Codec
from etcdview.codec.served.quantities import total


def _served(obj: dict[str, Any], release: str | None = "1.37") -> dict[str, Any]:
    before = copy.deepcopy(obj)
    served = Codec(release=release).as_served(obj)
    assert obj == before, "what is stored stays as it is"
    return served


def test_a_claim_without_a_phase_is_pending() -> None:
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": {"volumeMode": "Block"}, "status": {}}
    assert _served(claim)["status"] == {"phase": "Pending"}
    assert _served(claim)["spec"] == claim["spec"] | {"resources": {}}


def test_the_source_of_a_claim_is_told_under_both_its_names_since_1_24() -> None:
    source = {"apiGroup": None, "kind": "PersistentVolumeClaim", "name": "old"}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": {"dataSource": source}}
    assert _served(claim, "1.24")["spec"]["dataSourceRef"] == source
    assert "dataSourceRef" not in _served(claim, "1.23")["spec"]
    newer = claim | {"spec": {"dataSourceRef": source | {"namespace": "other"}}}
    assert "dataSource" not in _served(newer, "1.36")["spec"]


def test_fields_that_the_writer_did_not_know_are_zero_in_the_release_that_has_them() -> None:
    node = {"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": "n"}, "spec": {"drivers": None}}
    assert _served(node)["status"] == {}
    assert "status" not in _served(node, "1.36")
    assert "status" not in _served(node, None)


def test_templates_of_a_stateful_set_name_their_type() -> None:
    templates = [{"metadata": {"name": "data"}, "spec": {"volumeMode": "Filesystem"}, "status": {"phase": "Pending"}}]
    obj = {"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"volumeClaimTemplates": templates}}
    template = _served(obj, None)["spec"]["volumeClaimTemplates"][0]
    assert template == templates[0] | {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}


def test_an_endpoint_slice_of_v1beta1_becomes_v1() -> None:
    topology = {"topology.kubernetes.io/zone": "b", "kubernetes.io/hostname": "w1", "rack": "7"}
    endpoints = [{"addresses": ["10.0.0.1"], "nodeName": "w1", "topology": topology}, {"addresses": ["10.0.0.2"]}]
    obj = {"apiVersion": "discovery.k8s.io/v1beta1", "kind": "EndpointSlice", "endpoints": endpoints}
    served = _served(obj, None)
    assert served["apiVersion"] == "discovery.k8s.io/v1"
    assert served["endpoints"] == [
        {"addresses": ["10.0.0.1"], "nodeName": "w1", "zone": "b", "deprecatedTopology": {"rack": "7"}},
        {"addresses": ["10.0.0.2"]},
    ]


def test_a_definition_of_v1beta1_becomes_v1() -> None:
    names = {"kind": "Backup", "plural": "backups", "singular": "backup", "listKind": "BackupList"}
    spec = {
        "group": "example.org",
        "version": "v1",
        "scope": "Namespaced",
        "names": names,
        "validation": {"openAPIV3Schema": {"type": "object"}},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [{"name": "Age", "type": "date", "JSONPath": ".metadata.creationTimestamp"}],
        "preserveUnknownFields": False,
        "conversion": {
            "strategy": "Webhook",
            "webhookClientConfig": {"service": {"name": "w", "namespace": "n"}},
            "conversionReviewVersions": ["v1"],
        },
    }
    kind = {"apiVersion": "apiextensions.k8s.io/v1beta1", "kind": "CustomResourceDefinition"}
    served = _served(kind | {"spec": spec}, None)
    assert served["apiVersion"] == "apiextensions.k8s.io/v1"
    assert served["spec"] == {
        "group": "example.org",
        "scope": "Namespaced",
        "names": names,
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object"}},
                "subresources": {"status": {}},
                "additionalPrinterColumns": [
                    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}
                ],
            }
        ],
        "conversion": {
            "strategy": "Webhook",
            "webhook": {
                "clientConfig": {"service": {"name": "w", "namespace": "n", "port": 443}},
                "conversionReviewVersions": ["v1"],
            },
        },
    }


@pytest.mark.parametrize(
    ("spec", "added"),
    [
        (
            {"clusterIP": "10.0.0.1", "type": "ClusterIP"},
            {"clusterIPs": ["10.0.0.1"], "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"},
        ),
        (
            {"clusterIP": "fd00::1", "type": "LoadBalancer"},
            {
                "clusterIPs": ["fd00::1"],
                "ipFamilies": ["IPv6"],
                "ipFamilyPolicy": "SingleStack",
                "allocateLoadBalancerNodePorts": True,
                "externalTrafficPolicy": "Cluster",
            },
        ),
        ({"clusterIP": "None", "type": "ClusterIP"}, {"clusterIPs": ["None"]}),
    ],
)
def test_a_service_of_1_19_gets_the_fields_of_dual_stack(spec: dict[str, Any], added: dict[str, Any]) -> None:
    served = _served({"apiVersion": "v1", "kind": "Service", "spec": spec}, None)["spec"]
    assert served == spec | added | {"internalTrafficPolicy": "Cluster", "sessionAffinity": "None"}


def test_an_external_name_gets_nothing() -> None:
    spec = {"type": "ExternalName", "externalName": "example.org", "sessionAffinity": "None"}
    obj = {"apiVersion": "v1", "kind": "Service", "spec": spec}
    assert _served(obj, None) == obj


def test_defaults_come_with_their_release() -> None:
    job = {"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": {"containers": None}}}}
    assert _served(job, "1.22")["spec"]["completionMode"] == "NonIndexed"
    assert "completionMode" not in _served(job, "1.20")["spec"]


@pytest.mark.parametrize("kind", ["PersistentVolumeClaim", "Service", "PersistentVolume", "Pod"])
@pytest.mark.parametrize("broken", [None, 7, [], "x"])
def test_damaged_objects_do_no_harm(kind: str, broken: Any) -> None:
    obj = {"apiVersion": "v1", "kind": kind, "spec": broken, "status": broken, "metadata": broken}
    assert Codec(release="1.37").as_served(obj)["kind"] == kind


@pytest.mark.parametrize(("version", "kind"), [("batch/v1", "Job"), ("v1", "ReplicationController")])
@pytest.mark.parametrize("labels", ["x", 7, ["x"], None])
def test_labels_of_a_template_that_are_none_do_no_harm(version: str, kind: str, labels: Any) -> None:
    obj = {"apiVersion": version, "kind": kind, "metadata": {}, "spec": {"template": {"metadata": {"labels": labels}}}}
    assert "labels" not in _served(obj)["metadata"]


@pytest.mark.parametrize(
    ("version", "kind"),
    [("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"), ("discovery.k8s.io/v1beta1", "EndpointSlice")],
)
@pytest.mark.parametrize("broken", [None, 7, [7], {"versions": [7], "conversion": {"webhookClientConfig": 7}}])
def test_damaged_objects_of_old_versions_do_no_harm(version: str, kind: str, broken: Any) -> None:
    obj = {"apiVersion": version, "kind": kind, "spec": broken, "endpoints": broken}
    assert Codec(release="1.37").as_served(obj)["apiVersion"].endswith("/v1")


def test_custom_resources_stay_as_they_are() -> None:
    obj = {"apiVersion": "example.org/v1", "kind": "Backup", "spec": {"a": 1}}
    assert _served(obj) == obj


def test_what_a_pod_requests_as_a_whole_is_told_by_its_containers_from_1_34_to_1_36() -> None:
    containers = [
        {"resources": {"requests": {"cpu": "500m"}}},
        {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}},
    ]
    spec = {"resources": {"limits": {"cpu": "4", "memory": "8Gi"}}, "containers": containers}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}
    requested = {"cpu": "1500m", "memory": "1Gi"}
    found = {
        release: _served(pod, release)["spec"]["resources"].get("requests") for release in ("1.33", "1.34", "1.37")
    }
    assert found == {"1.33": None, "1.34": requested, "1.37": None}


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("500m", "1", "1500m"),
        ("128Mi", "1Gi", "1152Mi"),
        ("512", "512", "1024"),
        ("0", "1Ki", "1Ki"),
        ("1Ki", "1", "1025"),
        ("1500m", "500m", "2"),
        ("1e3", "1", "1001"),
        ("1e3", "2e3", "3e3"),
        ("900k", "100k", "1M"),
        ("1Ki", "100m", "1024100m"),
        ("1", "-1", "0"),
        ("x", "1", "x"),
    ],
)
def test_quantities_are_added_in_the_form_of_the_first(one: str, other: str, both: str) -> None:
    assert total(one, other) == both
