"""Reviews, descriptions of types, and the past."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from etcdview.access.roles import Scope, Viewer
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.window import Window
from etcdview.kubeapi.answering import answer
from etcdview.kubeapi.exchange import KubeRequest
from tests.unit.kubeapi.conftest import CAPTURED_AT, Api, text_of

ACCESS = "apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
RULES = "apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
WHO = "apis/authentication.k8s.io/v1/selfsubjectreviews"
NINA = Viewer("nina", "viewer", Scope(("shop",), ("*", "!secrets")), "token")


@pytest.fixture
def nina(shop: Cluster) -> Api:
    """Somebody who sees one namespace, and no Secret of it."""
    return Api(shop, NINA)


@pytest.fixture(scope="module")
def backup(opened: Callable[..., Cluster], capture: Path, tmp_path_factory: pytest.TempPathFactory) -> Api:
    """A snapshot, which has the past."""
    path = tmp_path_factory.mktemp("snapshot") / "backup.db"
    path.write_bytes(gzip.decompress((capture / "snapshot.db.gz").read_bytes()))
    return Api(opened(from_file=str(path)))


def review(api: Api, path: str, spec: dict[str, Any]) -> Any:
    found = api.ask(path, method="POST", body={"spec": spec})
    assert found.code == 201, found.body
    return json.loads(text_of(found))["status"]


@pytest.mark.parametrize(
    ("attributes", "allowed"),
    [
        ({"verb": "list", "resource": "pods", "namespace": "shop"}, True),
        ({"verb": "list", "resource": "pods"}, True),  # what is in the scope
        (
            {"verb": "get", "group": "apps", "resource": "deployments", "subresource": "scale", "namespace": "shop"},
            True,
        ),
        ({"verb": "list", "resource": "pods", "namespace": "payments"}, False),
        ({"verb": "get", "resource": "secrets", "namespace": "shop"}, False),
        ({"verb": "list", "resource": "nodes"}, False),
        ({"verb": "delete", "resource": "pods", "namespace": "shop"}, False),
        ({"verb": "*", "resource": "*", "group": "*"}, False),
        ({"verb": "get", "resource": "pods", "subresource": "log", "namespace": "shop"}, False),
        ({"verb": "get", "resource": "nopes"}, False),
        ({}, False),
    ],
)
def test_a_role_decides_what_a_review_says(nina: Api, attributes: dict[str, str], allowed: bool) -> None:
    found = review(nina, ACCESS, {"resourceAttributes": attributes})

    assert found["allowed"] is allowed
    assert allowed or found["reason"]


def test_reviews_agree_with_what_is_answered(nina: Api) -> None:
    for namespace in ("shop", "payments", ""):
        for resource in ("pods", "secrets", "configmaps", "nodes"):
            path = f"api/v1/namespaces/{namespace}/{resource}" if namespace else f"api/v1/{resource}"
            answered = nina.ask(path).code
            if answered == 404:
                continue
            attributes = {"verb": "list", "resource": resource, "namespace": namespace}
            assert review(nina, ACCESS, {"resourceAttributes": attributes})["allowed"] == (answered == 200), path


def test_rules_name_what_may_be_read(nina: Api, api: Api) -> None:
    narrow = review(nina, RULES, {"namespace": "shop"})["resourceRules"]
    whole = review(api, RULES, {"namespace": "shop"})["resourceRules"]

    core = next(rule for rule in narrow if rule["apiGroups"] == [""])
    assert "pods" in core["resources"]
    assert "secrets" not in core["resources"]
    assert whole[0] == {"verbs": ["get", "list", "watch"], "apiGroups": ["*"], "resources": ["*"]}


def test_somebody_is_told_who_they_are(nina: Api) -> None:
    assert review(nina, WHO, {})["userInfo"] == {"username": "nina", "groups": ["etcdview:viewer"]}


@pytest.mark.parametrize("body", [b"", b"[", b"[]", b"nope", b"k8s\0junk", b"[" * 50_000])
def test_a_review_that_cannot_be_read_gets_a_status(api: Api, body: bytes) -> None:
    from etcdview.cluster.window import Window
    from etcdview.kubeapi.answering import answer
    from etcdview.kubeapi.exchange import KubeRequest

    found = answer(Window(api.cluster), KubeRequest("POST", tuple(ACCESS.split("/")), body=body))

    assert found.code == 400
    assert json.loads(text_of(found))["kind"] == "Status"


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$ref" and isinstance(inner, str):
                yield inner
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_group_is_described_and_every_reference_leads_somewhere(api: Api) -> None:
    for path in api.get("openapi/v3")["paths"]:
        document = api.get(f"openapi/v3/{path}")
        known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
        assert set(references(document)) <= known, path


def test_the_older_description_has_them_all(api: Api) -> None:
    document = api.get("openapi/v2")

    assert set(references(document)) <= {f"#/definitions/{name}" for name in document["definitions"]}
    assert document["definitions"]["io.k8s.api.core.v1.Pod"]["properties"]["spec"]["$ref"].endswith("PodSpec")


def test_a_custom_type_is_described_by_its_definition(api: Api) -> None:
    schemas = api.get("openapi/v3/apis/example.org/v1")["components"]["schemas"]

    backup = schemas["org.example.v1.Backup"]
    assert backup["x-kubernetes-group-version-kind"] == [{"group": "example.org", "kind": "Backup", "version": "v1"}]
    assert backup["properties"]["metadata"]["$ref"].endswith("ObjectMeta")


def test_the_same_addresses_answer_as_of_a_revision(backup: Api) -> None:
    now, then = backup.get("api/v1/pods"), backup.get("at/600/api/v1/pods")

    assert then["metadata"]["resourceVersion"] == "600"
    assert 0 < len(then["items"]) < len(now["items"])
    assert backup.status("at/600/api/v1/namespaces/shop/pods/crashloop")["code"] == 404
    assert backup.get("at/900/api/v1/namespaces/shop/pods/crashloop")["metadata"]["name"] == "crashloop"


def test_a_time_means_the_last_revision_before_it(backup: Api) -> None:
    revisions = [
        int(backup.get(f"at/{time}/api/v1/pods")["metadata"]["resourceVersion"])
        for time in ("2026-11-23T15:56Z", "2026-11-23T15:57:10Z", "2026-11-23T16:57:10+01:00", "2030-01-01T00:00")
    ]

    assert revisions == sorted(revisions)
    assert revisions[1] == revisions[2]
    assert revisions[3] == int(backup.get("api/v1/pods")["metadata"]["resourceVersion"])


@pytest.mark.parametrize(
    ("moment", "code"), [("2020-01-01T00:00Z", 410), ("yesterday", 400), ("0", 400), ("9" * 30, 400), ("99999", 504)]
)
def test_a_moment_that_there_is_not_gets_a_status(backup: Api, moment: str, code: int) -> None:
    assert backup.status(f"at/{moment}/api/v1/pods")["code"] == code


@pytest.mark.parametrize("moment", ["2020-01-01T00:00Z", "yesterday", "99999"])
def test_what_is_wrong_with_a_moment_is_said_of_objects_not_of_discovery(backup: Api, moment: str) -> None:
    for path in ("api", "apis", "api/v1", "apis/example.org/v1", "version", "openapi/v3"):
        assert backup.ask(f"at/{moment}/{path}").code == 200, path
    assert backup.status(f"at/{moment}/api/v1/pods")["code"] in (400, 410, 504)
    assert backup.status(f"at/{moment}/at/5/api")["code"] == 404


def test_a_watch_of_a_file_is_its_objects_and_then_silence(backup: Api) -> None:
    found = backup.ask("api/v1/namespaces", watch="1", timeoutSeconds="1")

    events = [json.loads(line) for line in text_of(found).splitlines()]
    assert {event["type"] for event in events} == {"ADDED"}
    assert len(events) == len(backup.get("api/v1/namespaces")["items"])


def test_half_a_surrogate_pair_in_a_review_is_a_bad_request(api: Api) -> None:
    for path in (RULES, ACCESS, WHO):
        assert api.ask(path, method="POST", body={"spec": {"namespace": "\ud800"}}).code == 400


@pytest.mark.parametrize(
    "path", ["api", "apis", "version", "api/v1", "apis/apps/v1", "api/v1/namespaces/shop/pods", "api/v1/nodes"]
)
def test_slashes_at_the_end_change_nothing(api: Api, path: str) -> None:
    plain = KubeRequest("GET", tuple(path.split("/")), now=lambda: CAPTURED_AT)

    for more in (("",), ("",) * 2000):
        found = answer(Window(api.cluster), replace(plain, path=(*plain.path, *more)))
        assert (found.code, text_of(found)) == (200, text_of(answer(Window(api.cluster), plain)))
    for path_without in (("healthz", ""), ("openapi", "v3", ""), ("api", "", "v1")):
        assert answer(Window(api.cluster), replace(plain, path=path_without)).code == 404
