"""Malformed and hostile requests get a Status, whatever they are, and hurt nobody."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from etcdview.access.roles import Scope, Viewer
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.window import Window
from etcdview.config import Settings
from etcdview.errors import BusyError
from etcdview.index.facts.database import FactWriter, create
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.reading import FactReader
from etcdview.kubeapi import lists
from etcdview.kubeapi.answering import answer
from etcdview.kubeapi.exchange import KubeRequest
from etcdview.models import Range
from etcdview.stores.protocols import prefix_end
from tests.unit.kubeapi.conftest import CAPTURED_AT, TABLE, Api, text_of

PODS = "api/v1/pods"
PROTOBUF = "application/vnd.kubernetes.protobuf"


@contextmanager
def facts_of(cluster: Cluster, prefix: bytes, path: Path) -> Iterator[FactReader]:
    """The facts of what stands behind a prefix."""
    create(path)
    writer, extractor = FactWriter(path), Extractor(cluster.codec, cluster.keyspace, lambda: CAPTURED_AT)
    writer.write(map(extractor.fact, cluster.store.range(Range(prefix, prefix_end(prefix))).kvs), (), filling=True)
    writer.complete()
    writer.close()
    reader = FactReader(path)
    yield reader
    reader.close()


@contextmanager
def dumped(folder: Path, objects: Mapping[str, Any]) -> Iterator[Cluster]:
    """A registry of these objects by their keys."""
    lines = [
        {
            "key": key,
            "value": base64.b64encode(json.dumps(obj).encode()).decode(),
            "create_revision": 7,
            "mod_revision": 7,
            "version": 1,
            "lease": 0,
        }
        for key, obj in objects.items()
    ]
    (folder / "dump.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    cluster = open_cluster(Settings(from_file=str(folder / "dump.jsonl"), facts="off"))
    yield cluster
    cluster.close()


def busy() -> None:
    raise BusyError("Others are reading.")


def token(**fields: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode()


# path, parameters -> code, reason, a part of the message
REFUSED: tuple[tuple[str, dict[str, str], int, str, str], ...] = (
    ("api/v1/namespaces/shop/pods/not-there", {}, 404, "NotFound", 'pods "not-there" not found'),
    ("apis/apps/v1/namespaces/shop/deployments/x", {}, 404, "NotFound", 'deployments.apps "x" not found'),
    ("api/v1/nodes/..", {}, 404, "NotFound", "not found"),
    ("api/v1/namespaces/../pods/x", {}, 404, "NotFound", "not found"),
    ("api/v1/namespaces/shop/pods/%2e%2e", {}, 404, "NotFound", "not found"),
    ("api/v1/namespaces/shop/pods/\0", {}, 404, "NotFound", "not found"),
    ("api/v1/namespaces/shop/pods/a/b/c/d", {}, 404, "NotFound", "could not find"),
    ("api/v1/namespaces/shop/nodes", {}, 404, "NotFound", "could not find"),
    ("api/v1/pods/crashloop", {}, 404, "NotFound", "could not find"),
    ("api/v1/nopes", {}, 404, "NotFound", "could not find"),
    ("api/v2", {}, 404, "NotFound", "could not find"),
    ("apis/nope.example.org", {}, 404, "NotFound", "could not find"),
    ("apis/apps/v9/deployments", {}, 404, "NotFound", "could not find"),
    ("apis/metrics.k8s.io/v1beta1/pods", {}, 404, "NotFound", "etcd holds no metrics"),
    ("etcd/../registry", {}, 404, "NotFound", "could not find"),
    ("api/v1/namespaces/shop/pods/crashloop/scale", {}, 404, "NotFound", "could not find"),
    ("api/v1/namespaces/shop/pods/crashloop/log", {}, 405, "MethodNotAllowed", "no logs"),
    ("api/v1/namespaces/shop/pods/crashloop/exec", {"command": "sh"}, 405, "MethodNotAllowed", "no processes"),
    ("api/v1/namespaces/shop/services/cart/proxy", {}, 405, "MethodNotAllowed", "no network"),
    ("api/v1/nodes/worker-3/proxy", {}, 405, "MethodNotAllowed", "no network"),
    ("api/v1/namespaces/shop/services/cart/proxy/a/b", {}, 405, "MethodNotAllowed", "no network"),
    ("api/v1/namespaces/shop/configmaps/token", {}, 404, "NotFound", 'configmaps "token" not found'),
    ("apis/apps/v1/namespaces/shop/deployments/proxy", {}, 404, "NotFound", 'deployments.apps "proxy" not found'),
    (PODS, {"fieldSelector": "spec.nope=x"}, 400, "BadRequest", "field label not supported: spec.nope"),
    ("api/v1/configmaps", {"fieldSelector": "data.a=x"}, 400, "BadRequest", '"data.a" is not a known field selector'),
    ("apis/batch/v1/jobs", {"fieldSelector": "a=x"}, 400, "BadRequest", 'field label "a" not supported for Job'),
    ("apis/example.org/v1/backups", {"fieldSelector": "a=x"}, 400, "BadRequest", "field label not supported: a"),
    ("api/v1/nodes", {"fieldSelector": "metadata.namespace=x"}, 400, "BadRequest", "metadata.namespace"),
    (PODS, {"fieldSelector": "nonsense"}, 400, "BadRequest", "not a field selector"),
    (PODS, {"fieldSelector": "a[?(@.x==1)]=x"}, 400, "BadRequest", "field"),
    (PODS, {"labelSelector": "a in (b"}, 400, "BadRequest", "not a label selector"),
    (PODS, {"labelSelector": "=" * 30_000}, 400, "BadRequest", "longer than"),
    (PODS, {"limit": "many"}, 400, "BadRequest", "invalid syntax"),
    (PODS, {"limit": "9" * 400}, 400, "BadRequest", "invalid syntax"),
    (PODS, {"limit": "٣"}, 400, "BadRequest", "invalid syntax"),
    (PODS, {"continue": "x"}, 400, "BadRequest", "continue key is not valid"),
    (PODS, {"continue": "é"}, 400, "BadRequest", "continue key is not valid"),
    (PODS, {"continue": token(v="meta.k8s.io/v1", rv=True, start="a")}, 400, "BadRequest", "continue"),
    (PODS, {"continue": token(v="meta.k8s.io/v1", rv=-1, start="a")}, 400, "BadRequest", "continue"),
    (PODS, {"continue": token(v="meta.k8s.io/v1", rv=2**70, start="a")}, 400, "BadRequest", "continue"),
    (PODS, {"continue": token(v="meta.k8s.io/v1", rv=1201, start=["a"])}, 400, "BadRequest", "continue"),
    (PODS, {"continue": base64.urlsafe_b64encode(b"[" * 9000).decode()}, 400, "BadRequest", "continue"),
    (PODS, {"continue": token(v="meta.k8s.io/v1", rv=5, start="a")}, 410, "Expired", "too old"),
    (PODS, {"resourceVersion": "new"}, 400, "BadRequest", "resourceVersion"),
    (PODS, {"resourceVersion": "5", "resourceVersionMatch": "Exact"}, 410, "Expired", "revision"),
    (PODS, {"resourceVersion": "99999"}, 504, "Timeout", "Too large resource version: 99999"),
    (PODS, {"resourceVersionMatch": "Exact"}, 422, "Invalid", "unless resourceVersion is provided"),
    (PODS, {"resourceVersionMatch": "Newest", "resourceVersion": "1"}, 422, "Invalid", "Unsupported value"),
    (PODS, {"sendInitialEvents": "true"}, 422, "Invalid", "forbidden for list"),
    (PODS, {"watch": "1", "sendInitialEvents": "1"}, 422, "Invalid", "NotOlderThan"),
    (PODS, {"watch": "1", "timeoutSeconds": "soon"}, 400, "BadRequest", "invalid syntax"),
)


@pytest.mark.parametrize(("path", "args", "code", "reason", "words"), REFUSED, ids=lambda value: str(value)[:40])
def test_a_request_that_cannot_be_answered_gets_a_status(
    api: Api, path: str, args: dict[str, str], code: int, reason: str, words: str
) -> None:
    found = api.status(path, **args)

    assert (found["code"], found["reason"]) == (code, reason)
    assert words in found["message"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "BREW"])
def test_a_write_is_refused_with_a_sentence(api: Api, method: str) -> None:
    found = api.status("api/v1/namespaces/shop/pods/crashloop", method=method)

    assert (found["code"], found["reason"]) == (405, "MethodNotAllowed")
    assert "etcdview is read-only" in found["message"]


@pytest.mark.parametrize("accept", ["image/png", "application/cbor", "application/json;as=Table;g=other;v=v1", ",;q=1"])
def test_a_form_that_there_is_not_gets_a_status(api: Api, accept: str) -> None:
    assert api.status(PODS, accept)["code"] == 406


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "PodList"),
        ("*/*", "PodList"),
        (TABLE, "Table"),
        ("application/json;q=0.1,application/json;as=Table;v=v1;g=meta.k8s.io;q=0.9", "Table"),
        ("application/json, application/json;as=Table;v=v1;g=meta.k8s.io;q=0.5", "PodList"),
        ("application/json;as=Table;v=v9;g=meta.k8s.io,application/json", "PodList"),
        ("*/*, application/json;as=Table;v=v1;g=meta.k8s.io", "Table"),
        ("*/*, application/*;q=0.9, application/json;as=Table;v=v1;g=meta.k8s.io;q=0.9", "PodList"),
        ("application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", "PartialObjectMetadataList"),
        ("image/png, application/json;q=nonsense", "PodList"),
        (",".join(["text/html"] * 40) + ",*/*;q=0.1", "PodList"),
    ],
)
def test_the_best_form_that_a_client_takes_is_chosen(api: Api, accept: str, kind: str) -> None:
    assert api.get(PODS, accept, limit="1")["kind"] == kind


def test_pages_of_a_list_are_of_one_revision_and_together_all(api: Api) -> None:
    whole = [o["metadata"]["uid"] for o in api.get(PODS)["items"]]
    names, metadata = [], {"continue": ""}
    while True:
        page = api.get(PODS, limit="7", **({"continue": metadata["continue"]} if metadata["continue"] else {}))
        names += [o["metadata"]["uid"] for o in page["items"]]
        metadata = page["metadata"]
        assert metadata.get("remainingItemCount", 0) == len(whole) - len(names)
        if "continue" not in metadata:
            break
        assert len(page["items"]) == 7

    assert names == whole


def test_a_limit_counts_what_the_selectors_keep(api: Api) -> None:
    kept = [o["metadata"]["name"] for o in api.get(PODS, labelSelector="tier=web")["items"]]

    page = api.get(PODS, labelSelector="tier=web", limit="2")
    rest = api.get(PODS, labelSelector="tier=web", **{"continue": page["metadata"]["continue"]})

    assert [o["metadata"]["name"] for o in (*page["items"], *rest["items"])] == kept
    assert len(page["items"]) == 2
    assert "remainingItemCount" not in page["metadata"]


@pytest.mark.parametrize(
    ("path", "selector", "names"),
    [
        (PODS, "metadata.name=crashloop,metadata.namespace=shop", ["crashloop"]),
        ("api/v1/nodes", "spec.unschedulable=true", ["worker-3"]),
        ("api/v1/nodes", "spec.unschedulable!=false", ["worker-3"]),
        ("api/v1/nodes", "spec.unschedulable=", []),
        (PODS, "spec.host=worker-3", ["node-exporter-zkzrx"]),
        ("apis/batch/v1/jobs", "status.successful!=0", ["migrate-2026"]),
        ("apis/batch/v1/jobs", "status.successful=0", ["failed", "suspended"]),
        ("api/v1/replicationcontrollers", "status.replicas!=0", ["classic"]),
    ],
)
def test_field_selectors_keep_what_the_api_server_keeps(api: Api, path: str, selector: str, names: list[str]) -> None:
    assert [o["metadata"]["name"] for o in api.get(path, fieldSelector=selector)["items"]] == names


def test_events_are_selected_by_what_they_are_about_in_both_groups(api: Api) -> None:
    core = api.get("api/v1/events", fieldSelector="involvedObject.kind=Deployment,involvedObject.name!=cart")["items"]
    other = api.get("apis/events.k8s.io/v1/events", fieldSelector="regarding.kind=Deployment,regarding.name!=cart")

    assert {e["involvedObject"]["name"] for e in core} == {"catalog", "checkout"}
    assert [e["metadata"]["name"] for e in other["items"]] == [e["metadata"]["name"] for e in core]
    assert {e["regarding"]["name"] for e in other["items"]} == {"catalog", "checkout"}


def test_an_event_without_a_source_is_of_the_controller_that_reports_it(tmp_path: Path) -> None:
    events: list[dict[str, Any]] = [
        {"kind": "Event", "apiVersion": "v1", "metadata": {"name": name, "namespace": "shop"}} | more
        for name, more in (
            ("new", {"source": {}, "reportingComponent": "scheduler"}),
            ("old", {"source": {"component": "scheduler"}}),
            ("both", {"source": {"component": "kubelet"}, "reportingComponent": "scheduler"}),
        )
    ]
    with dumped(tmp_path, {f"/registry/events/shop/{e['metadata']['name']}": e for e in events}) as cluster:
        found = Api(cluster).get("api/v1/events", fieldSelector="source=scheduler")

    assert [e["metadata"]["name"] for e in found["items"]] == ["new", "old"]


def test_what_cannot_be_decoded_is_missing_from_a_list_and_named_in_a_warning(
    opened: Callable[..., Cluster],
) -> None:
    found = Api(opened(encryption_config="")).ask("api/v1/namespaces/shop/configmaps")

    assert found.code == 200
    assert any("/registry/configmaps/shop/encrypted-too is left out" in text for text in found.warnings)


def test_a_masked_secret_is_valid_and_marked(api: Api) -> None:
    secrets = api.get("api/v1/namespaces/payments/secrets")["items"]

    assert secrets
    for secret in secrets:
        assert secret["metadata"]["annotations"]["etcdview/masked"] == "true"
        for value in (secret.get("data") or {}).values():
            assert (
                "bytes" in base64.b64decode(value, validate=True).decode() or "byte" in base64.b64decode(value).decode()
            )
    assert api.revealed == []


def test_each_object_that_is_revealed_is_noted(open_api: Api) -> None:
    open_api.get("api/v1/namespaces/payments/secrets/db-credentials")
    open_api.get("api/v1/namespaces/shop/pods/crashloop")

    assert open_api.revealed == [b"/registry/secrets/payments/db-credentials"]


def test_a_role_gets_its_part_and_is_told_so(shop: Cluster) -> None:
    nina = Api(shop, Viewer("nina", "viewer", Scope(("shop",), ("*", "!secrets")), "token"))

    everything = nina.ask(PODS)
    refused = nina.status("api/v1/namespaces/payments/pods")

    assert {o["metadata"]["namespace"] for o in json.loads(text_of(everything))["items"]} == {"shop"}
    assert "Your role covers a part" in everything.warnings[0]
    assert nina.status("api/v1/secrets")["code"] == 403
    assert refused["code"] == 403
    assert 'User "nina" cannot list resource "pods" in API group "" in the namespace "payments"' in refused["message"]


@pytest.mark.parametrize("start", ["", "../payments/", "payments/", "a", "shop0", "\0", "\uffff", "\udcff\udcff"])
@pytest.mark.parametrize("path", [PODS, "api/v1/namespaces/shop/pods", "api/v1/configmaps"])
def test_a_forged_token_leads_nowhere_else(shop: Cluster, start: str, path: str) -> None:
    nina = Api(shop, Viewer("nina", "viewer", Scope(("shop",), ("*", "!secrets")), "token"))
    revision = int(nina.get(path)["metadata"]["resourceVersion"])

    found = nina.ask(path, limit="5", **{"continue": token(v="meta.k8s.io/v1", rv=revision, start=start)})
    page = json.loads(text_of(found))

    assert found.code in (200, 403)
    assert {o["metadata"]["namespace"] for o in page.get("items", ())} <= {"shop"}


@pytest.mark.parametrize("path", [PODS, "openapi/v2", "openapi/v3/api/v1"])
@pytest.mark.parametrize("accept", ["", PROTOBUF, TABLE])
def test_long_answers_wait_for_a_place_and_are_told_when_to_come_again(shop: Cluster, path: str, accept: str) -> None:
    if path != PODS:
        accept = ""

    found = answer(Window(shop), KubeRequest("GET", tuple(path.split("/")), accept=accept, begin=busy))

    assert (found.code, found.retry_seconds) == (429, 5)
    assert json.loads(text_of(found))["details"]["retryAfterSeconds"] == 5


@pytest.mark.parametrize("path", ["api", "version", "api/v1", "api/v1/namespaces/shop/pods/crashloop"])
def test_short_answers_need_no_place(shop: Cluster, path: str) -> None:
    assert answer(Window(shop), KubeRequest("GET", tuple(path.split("/")), begin=busy)).code == 200


def test_a_watch_needs_a_place_until_it_has_sent_what_there_is(shop: Cluster) -> None:
    steps: list[str] = []
    watch = KubeRequest(
        "GET",
        tuple(PODS.split("/")),
        {"watch": "1", "timeoutSeconds": "1"},
        begin=lambda: steps.append("begin"),
        end=lambda: steps.append("end"),
        gone=lambda: "end" in steps,
    )

    body = answer(Window(shop), watch).body

    assert steps == ["begin"]
    assert len(list(body)) > 20
    assert steps == ["begin", "end"]
    later = replace(watch, args={**watch.args, "resourceVersion": "1201"}, begin=busy)
    assert answer(Window(shop), later).code == 200


def test_a_client_that_reads_descriptions_as_protobuf_is_told_that_nothing_can_be_applied(api: Api) -> None:
    found = api.ask("openapi/v2", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf")

    assert (found.code, found.content_type) == (406, "text/plain")
    assert b"etcdview is read-only" in text_of(found)


def test_what_cannot_be_decoded_later_in_a_long_list_is_told_before(
    opened: Callable[..., Cluster], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = opened(encryption_config="")
    monkeypatch.setattr(lists, "HELD_BYTES", 10)
    path = "api/v1/namespaces/shop/configmaps"

    before = Api(cluster).ask(path)
    with facts_of(cluster, b"/registry/configmaps/", tmp_path / "facts.db") as reader:
        monkeypatch.setattr(Window, "value_facts", reader)
        after = Api(cluster).ask(path)
        past = Api(cluster).ask(f"at/{json.loads(text_of(after))['metadata']['resourceVersion']}/{path}")

    assert [any("are left out without a warning" in w for w in f.warnings) for f in (before, after, past)] == [
        True,
        False,
        True,
    ]
    assert [w.split(": ")[0] for w in after.warnings] == ["/registry/configmaps/shop/encrypted-too is left out"]


def test_a_lease_may_say_anything_of_its_time(tmp_path: Path) -> None:
    leases = {
        f"/registry/leases/kube-system/{name}": {
            "kind": "Lease",
            "apiVersion": "coordination.k8s.io/v1",
            "metadata": {"name": name},
            "spec": {"renewTime": at},
        }
        for name, at in (("a", "soon"), ("b", "2026-11-28T00:00:00"), ("c", "2026-11-27T00:00:00Z"))
    }
    with dumped(tmp_path, leases) as cluster:
        found = Api(cluster).get("at/2026-11-28T01:00Z/apis/coordination.k8s.io/v1/leases")

    assert len(found["items"]) == 3


def test_a_scale_has_the_replicas_and_the_selector(api: Api) -> None:
    found = api.get("apis/apps/v1/namespaces/shop/deployments/cart/scale")

    assert (found["kind"], found["spec"], found["status"]) == (
        "Scale",
        {"replicas": 3},
        {"replicas": 3, "selector": "app=cart"},
    )


def test_a_scale_is_a_table_of_its_own(api: Api) -> None:
    path = "apis/apps/v1/namespaces/shop/deployments/cart/scale"

    table = api.get(path, TABLE)
    metadata = api.get(path, "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io")

    assert [c["name"] for c in table["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
    assert table["rows"][0]["cells"][:3] == ["cart", 3, 3]
    assert table["rows"][0]["object"]["metadata"]["name"] == "cart"
    assert (metadata["kind"], metadata["metadata"]["name"]) == ("PartialObjectMetadata", "cart")


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_metadata_alone_are_of_the_version_that_was_requested(api: Api, version: str) -> None:
    found = api.get(
        "api/v1/namespaces/shop/pods/crashloop", f"application/json;as=PartialObjectMetadata;v={version};g=meta.k8s.io"
    )

    assert found["apiVersion"] == f"meta.k8s.io/{version}"


@pytest.mark.parametrize("path", [PODS, "api", "version", "openapi/v3", "at/1201/api/v1/pods"])
def test_nobody_is_answered_as_somebody_else(api: Api, path: str) -> None:
    request = KubeRequest("GET", tuple(path.split("/")), impersonated="nina")

    found = json.loads(text_of(answer(Window(api.cluster), request)))

    assert (found["code"], found["reason"]) == (403, "Forbidden")
    assert 'cannot impersonate resource "users"' in found["message"]


@pytest.mark.parametrize("path", [PODS, "api/v1/namespaces/shop/pods/crashloop", "at/9999/api/v1/pods"])
def test_a_revision_to_come_has_the_cause_that_informers_look_for(api: Api, path: str) -> None:
    found = api.status(path, resourceVersion="9999")

    assert found["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"
    assert found["details"]["retryAfterSeconds"] == 1


@pytest.mark.parametrize("before", ["", "at/1201/"])
@pytest.mark.parametrize("revision", ["5", "1200", "1202", "99999"])
def test_a_watch_of_a_file_from_another_revision_begins_with_a_new_list(api: Api, before: str, revision: str) -> None:
    lines = text_of(api.ask(f"{before}{PODS}", watch="1", timeoutSeconds="1", resourceVersion=revision)).splitlines()

    [event] = map(json.loads, lines)
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


@pytest.mark.parametrize(
    ("asked", "types"),
    [
        ({"sendInitialEvents": "false"}, set()),
        ({"sendInitialEvents": "false", "allowWatchBookmarks": "true"}, set()),
        ({"sendInitialEvents": "true"}, {"ADDED"}),
        ({"sendInitialEvents": "true", "allowWatchBookmarks": "true"}, {"ADDED", "BOOKMARK"}),
    ],
)
def test_a_watch_begins_with_what_was_requested(api: Api, asked: dict[str, str], types: set[str]) -> None:
    found = api.ask(PODS, watch="1", timeoutSeconds="1", resourceVersionMatch="NotOlderThan", **asked)

    assert {json.loads(line)["type"] for line in text_of(found).splitlines()} == types


def test_a_custom_object_of_an_older_version_with_another_schema_is_marked(tmp_path: Path) -> None:
    def version(name: str, *fields: str, storage: bool = False) -> dict[str, Any]:
        properties = {field: {"type": "string"} for field in fields}
        schema = {"openAPIV3Schema": {"type": "object", "properties": properties}}
        return {"name": name, "served": True, "storage": storage, "schema": schema}

    names = {"plural": "toys", "kind": "Toy", "singular": "toy", "listKind": "ToyList"}
    kept = [version("v1", "colour", storage=True), version("v1beta1", "colour"), version("v1alpha1", "paint")]
    crd = {
        "kind": "CustomResourceDefinition",
        "apiVersion": "apiextensions.k8s.io/v1",
        "metadata": {"name": "toys.example.org"},
        "spec": {"group": "example.org", "scope": "Cluster", "names": names, "versions": kept},
    }
    toys = {
        f"/registry/example.org/toys/{name}": {
            "kind": "Toy",
            "apiVersion": f"example.org/{name}",
            "metadata": {"name": name},
        }
        for name in ("v1", "v1beta1", "v1alpha1", "v0")
    }
    definition = {"/registry/apiextensions.k8s.io/customresourcedefinitions/toys.example.org": crd}
    with dumped(tmp_path, definition | toys) as cluster:
        found = Api(cluster).get("apis/example.org/v1/toys")

    marked = {
        o["metadata"]["name"] for o in found["items"] if "etcdview/inexact" in o["metadata"].get("annotations", {})
    }
    assert marked == {"v1alpha1", "v0"}
    assert {o["apiVersion"] for o in found["items"]} == {"example.org/v1"}


@pytest.mark.parametrize("version", ["v2", "v2beta1"])
def test_aggregated_discovery_lists_the_same_types(api: Api, version: str) -> None:
    accept = f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList,application/json"

    found = api.ask("apis", accept)

    assert found.content_type == f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
    listed = {
        f"{group['metadata']['name']}/{v['version']}": {r["resource"] for r in v["resources"]}
        for group in json.loads(text_of(found))["items"]
        for v in group["versions"]
    }
    for group_version, names in listed.items():
        legacy = {r["name"] for r in api.get(f"apis/{group_version}")["resources"] if "/" not in r["name"]}
        assert legacy == names


@pytest.mark.parametrize("limit", ["", "30"])
def test_a_long_list_is_sent_while_it_is_read(api: Api, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    args = {"limit": limit} if limit else {}
    whole = api.get(PODS, **args)
    monkeypatch.setattr(lists, "HELD_BYTES", 10_000)
    monkeypatch.setattr(lists, "_CHUNK_BYTES", 1_000)

    found = api.ask(PODS, **args)

    assert not isinstance(found.body, bytes)
    pieces = list(found.body)
    assert len(pieces) > 20
    assert json.loads(b"".join(pieces)) == whole
