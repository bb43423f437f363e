"""Warnings, and the order of members: what the API server writes beside the objects."""

from __future__ import annotations

import json

import pytest

from tests.unit.kubeapi.conftest import TABLE, Api, text_of


@pytest.mark.parametrize(
    ("path", "warning"),
    [
        ("api/v1/endpoints", "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"),
        (
            "apis/coordination.k8s.io/v1beta1/leasecandidates",
            "coordination.k8s.io/v1beta1 LeaseCandidate is deprecated in v1.36+, unavailable in v1.39+",
        ),
        (
            "apis/example.org/v1alpha1/backups",
            "example.org/v1alpha1 Backup is deprecated; use example.org/v1 Backup",
        ),
    ],
)
def test_a_deprecated_version_is_answered_with_the_servers_warning(api: Api, path: str, warning: str) -> None:
    assert api.ask(path).warnings == (warning,)
    assert api.ask(path, fieldSelector="spec.nonsense=x").warnings == (warning,)


@pytest.mark.parametrize("path", ["api/v1/pods", "apis/apps/v1/deployments", "apis/example.org/v1/backups"])
def test_other_versions_come_without_a_warning(api: Api, path: str) -> None:
    assert api.ask(path).warnings == ()


def test_a_type_of_the_cluster_without_fields_of_its_own_may_be_selected_by_a_namespace(api: Api) -> None:
    for path in ("api/v1/persistentvolumes", "apis/storage.k8s.io/v1/storageclasses"):
        assert api.get(path, fieldSelector="metadata.namespace=shop")["items"] == []

    told = api.status("api/v1/nodes", fieldSelector="metadata.namespace=shop")
    assert told["message"].endswith("field label not supported: metadata.namespace")
    told = api.status("apis/resource.k8s.io/v1/resourceslices", fieldSelector="a=b")
    assert told["message"].endswith("not supported for resource.k8s.io/v1, Kind=ResourceSlice: a")


@pytest.mark.parametrize(("path", "name"), [("networking.k8s.io", "networkpolicies"), ("storage.k8s.io", "csinodes")])
def test_a_status_without_an_address_is_not_announced(api: Api, path: str, name: str) -> None:
    names = {entry["name"] for entry in api.get(f"apis/{path}/v1")["resources"]}

    assert name in names
    assert f"{name}/status" not in names


def test_what_may_be_a_number_or_a_text_is_described_as_such(api: Api) -> None:
    described = api.get("openapi/v3/api/v1")["components"]["schemas"]

    quantity = described["io.k8s.apimachinery.pkg.api.resource.Quantity"]
    port = described["io.k8s.apimachinery.pkg.util.intstr.IntOrString"]
    assert [one["type"] for one in quantity["oneOf"]] == ["string", "number"]
    assert [one["type"] for one in port["oneOf"]] == ["integer", "string"]


def test_members_of_built_in_objects_stand_in_the_order_of_their_type(api: Api) -> None:
    namespace = list(api.get("api/v1/namespaces/shop")["metadata"])

    assert namespace[:3] == ["name", "uid", "resourceVersion"]


def test_custom_objects_and_their_lists_are_sorted_by_name(api: Api) -> None:
    text = text_of(api.ask("apis/example.org/v1/backups")).decode()
    listed = json.loads(text)

    assert text.strip() == json.dumps(listed, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    assert list(listed) == ["apiVersion", "items", "kind", "metadata"]
    assert listed["metadata"]["continue"] == ""
    short = api.get("apis/example.org/v1/backups", limit="1")
    assert list(short["metadata"]) == ["continue", "remainingItemCount", "resourceVersion"]


def test_a_column_without_a_description_is_described_by_its_path(api: Api) -> None:
    columns = api.get("apis/example.org/v1/backups", TABLE)["columnDefinitions"]

    told = {c["name"]: c["description"] for c in columns}
    assert told["Schedule"] == "Custom resource definition column (in JSONPath format): .spec.schedule"
    assert told["Replicas"] == "How many"
