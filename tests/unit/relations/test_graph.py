"""Relations both ways, with states, and with what is gone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from etcdview.relations import Graph, Ref
from etcdview.relations.needs import KindRange, needs

CART = Ref("", "Pod", "shop", "cart-c86d8d456-m99c6")


def seen(graph: Graph, ref: Ref, now: datetime) -> set[tuple[str, str]]:
    obj = graph.get(ref)
    assert obj is not None
    return {(r.words, str(r.ref)) for r in graph.related(obj, now) if r.ref.kind != "Event"}


def test_a_pod_is_seen_with_owner_node_config_services_and_budget(graph: Graph, now: datetime) -> None:
    assert seen(graph, CART, now) == {
        ("owned by", "ReplicaSet shop/cart-c86d8d456"),
        ("runs on", "Node worker-2"),
        ("acts as", "ServiceAccount shop/default"),
        ("of class", "PriorityClass business-critical"),
        ("reads", "Secret shop/db-credentials"),
        ("reads", "ConfigMap shop/app-config"),
        ("reads", "ConfigMap shop/kube-root-ca.crt"),
        ("reached through", "EndpointSlice shop/cart-sxk89"),
        ("reached through", "EndpointSlice shop/edge-lb-ngllp"),
        ("reached through", "Endpoints shop/cart"),
        ("reached through", "Endpoints shop/edge-lb"),
        ("selected by", "Service shop/cart"),
        ("selected by", "Service shop/edge-lb"),
        ("traffic limited by", "NetworkPolicy shop/deny-all"),
        ("guarded by", "PodDisruptionBudget shop/cart"),
    }


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        (
            Ref("apps", "Deployment", "shop", "cart"),
            {("owns", "ReplicaSet shop/cart-c86d8d456"), ("scaled by", "HorizontalPodAutoscaler shop/cart")},
        ),
        (
            Ref("", "Service", "shop", "cart"),
            {
                ("selects", str(CART)),
                ("owns", "EndpointSlice shop/cart-sxk89"),
                ("reached through", "Ingress shop/storefront"),
            },
        ),
        (
            Ref("", "PersistentVolumeClaim", "payments", "archive"),
            {("bound to", "PersistentVolume pv-archive"), ("of class", "StorageClass slow-hdd")},
        ),
        (Ref("", "Node", "", "worker-2"), {("runs", str(CART)), ("runs", "CSINode worker-2")}),
        (Ref("batch", "Job", "payments", "migrate-2026"), {("owns", "Pod payments/migrate-2026-0-5cjdx")}),
        (
            Ref("rbac.authorization.k8s.io", "ClusterRole", "", "metrics-scraper"),
            {("given by", "ClusterRoleBinding scrapers")},
        ),
        (Ref("storage.k8s.io", "StorageClass", "", "slow-hdd"), {("class of", "PersistentVolume pv-archive")}),
    ],
)
def test_relations_are_told_from_the_other_end_too(
    graph: Graph, now: datetime, ref: Ref, expected: set[tuple[str, str]]
) -> None:
    assert expected <= seen(graph, ref, now)


def test_each_relation_carries_the_state_of_what_is_related(graph: Graph, now: datetime) -> None:
    obj = graph.get(CART)
    assert obj is not None
    states = {r.ref.kind: (r.state.text, r.state.healthy) for r in graph.related(obj, now)}
    assert states["Node"] == ("NotReady", False)
    assert states["ReplicaSet"] == ("2 of 3 ready", False)
    assert states["PodDisruptionBudget"] == ("2 healthy, 2 needed", True)


def test_events_about_an_object_are_related_to_it(graph: Graph, now: datetime) -> None:
    obj = graph.get(CART)
    assert obj is not None
    assert [r.words for r in graph.related(obj, now) if r.ref.kind == "Event"] == ["told of by"]


def test_the_chain_of_owners_is_followed_to_its_top(graph: Graph) -> None:
    obj = graph.get(CART)
    assert obj is not None
    assert [str(o) for o in graph.owners(obj)] == ["ReplicaSet shop/cart-c86d8d456", "Deployment shop/cart"]


def owned(uid: str, namespace: str = "ns") -> dict[str, Any]:
    owner = {"apiVersion": "example.org/v1", "kind": "Thing", "name": "top", "uid": uid}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c", "namespace": namespace, "ownerReferences": [owner]},
    }


def thing(uid: str, namespace: str = "ns") -> dict[str, Any]:
    metadata = {"name": "top", "uid": uid} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": metadata}


@pytest.mark.parametrize(
    ("owner", "missing"),
    [(thing("1"), False), (thing("2"), True), (thing("1", namespace=""), False), (thing("1", namespace="other"), True)],
)
def test_an_owner_is_the_same_only_with_the_same_uid(owner: dict[str, Any], missing: bool, now: datetime) -> None:
    child = owned("1")
    related = Graph([owner, child]).related(child, now)
    assert [(r.words, r.missing) for r in related] == [("owned by", missing)]


def test_a_cluster_wide_owner_sees_what_it_owns(now: datetime) -> None:
    top, child = thing("1", namespace=""), owned("1")
    graph = Graph([top, child])
    assert [str(r) for r in graph.owned(top)] == ["ConfigMap ns/c"]


def test_what_was_not_read_is_not_called_missing(now: datetime) -> None:
    child = owned("1")
    related = Graph([child]).related(child, now)
    assert [(r.missing, r.known) for r in related] == [(False, False)]
    related = Graph([child], read=[("example.org", "Thing")]).related(child, now)
    assert [(r.missing, r.state.text) for r in related] == [(True, "not found")]


def test_users_and_groups_are_never_missing(captured: tuple[dict[str, Any], ...], graph: Graph) -> None:
    broken = {r.ref.kind for obj in captured for r in graph.broken(obj)}
    assert not broken & {"User", "Group"}


def test_an_optional_absence_is_no_trouble(graph: Graph, now: datetime) -> None:
    obj = graph.get(CART)
    assert obj is not None
    secret = next(r for r in graph.related(obj, now) if r.ref.name == "db-credentials")
    assert (secret.missing, secret.state.healthy) == (True, None)


def test_needs_are_single_objects_and_short_ranges(graph: Graph) -> None:
    obj = graph.get(CART)
    assert obj is not None
    found = needs(obj)
    assert Ref("", "Node", "", "worker-2") in found.refs
    assert found.ranges == (
        KindRange("", "Service", "shop"),
        KindRange("discovery.k8s.io", "EndpointSlice", "shop"),
        KindRange("policy", "PodDisruptionBudget", "shop"),
        KindRange("networking.k8s.io", "NetworkPolicy", "shop"),
        KindRange("", "Event", "shop", "cart-c86d8d456-m99c6."),
    )


def test_what_is_needed_is_enough_for_what_is_related(
    captured: tuple[dict[str, Any], ...], graph: Graph, now: datetime
) -> None:
    """For the kinds that answer completely: reading only the needs gives the relations of the whole cluster."""
    kinds = ("Pod", "Deployment", "Service", "PersistentVolumeClaim", "Job", "StatefulSet", "Role", "Node")
    old = ("Endpoints",)  # told by endpoint slices
    beyond = ("hand-made.1",)  # an event whose name does not begin with that of its object
    for obj in (o for o in captured if o["kind"] in kinds):
        wanted = needs(obj)
        few = [o for o in captured if is_read(o, wanted.refs, wanted.ranges)]
        part = {
            (r.words, r.ref)
            for r in Graph([obj, *few]).related(obj, now)
            if r.ref.kind not in old and r.ref.name not in beyond
        }
        whole = {
            (r.words, r.ref) for r in graph.related(obj, now) if r.ref.kind not in old and r.ref.name not in beyond
        }
        assert whole - part == set(), obj["metadata"]["name"]


def is_read(obj: dict[str, Any], refs: tuple[Ref, ...], ranges: tuple[KindRange, ...]) -> bool:
    group, kind, metadata = obj["apiVersion"].rpartition("/")[0], obj["kind"], obj["metadata"]
    namespace, name = metadata.get("namespace", ""), metadata["name"]
    return Ref(group, kind, namespace, name) in refs or any(
        (r.group, r.kind) == (group, kind) and r.namespace in ("", namespace) and name.startswith(r.name_prefix)
        for r in ranges
    )
