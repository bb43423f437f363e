"""Keys to places and back: every exception to the rule, every odd key, and any bytes at all."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etcdview.errors import QueryError
from etcdview.kube.keys import KeySpace, from_query, to_query
from etcdview.kube.resources import BUILTIN, find

REGISTRY = KeySpace()


@pytest.mark.parametrize(
    ("key", "plural", "group", "namespace", "name"),
    [
        (b"/registry/pods/shop/crashloop", "pods", "", "shop", "crashloop"),
        (b"/registry/minions/worker-1", "nodes", "", "", "worker-1"),
        (b"/registry/services/specs/shop/web", "services", "", "shop", "web"),
        (b"/registry/services/endpoints/shop/web", "endpoints", "", "shop", "web"),
        (b"/registry/controllers/monitoring/old", "replicationcontrollers", "", "monitoring", "old"),
        (b"/registry/ingress/shop/web", "ingresses", "networking.k8s.io", "shop", "web"),
        (b"/registry/clusterroles/system:node", "clusterroles", "rbac.authorization.k8s.io", "", "system:node"),
        (b"/registry/masterleases/192.0.2.10", "masterleases", "", "", "192.0.2.10"),
        (b"/registry/ranges/servicenodeports", "ranges", "", "", "servicenodeports"),
        (b"/registry/example.org/backups/shop/nightly", "backups", "example.org", "shop", "nightly"),
        (b"/registry/example.org/zones/eu", "zones", "example.org", "", "eu"),
        (
            b"/registry/apiextensions.k8s.io/customresourcedefinitions/backups.example.org",
            "customresourcedefinitions",
            "apiextensions.k8s.io",
            "",
            "backups.example.org",
        ),
    ],
)
def test_a_key_says_where_it_belongs(key: bytes, plural: str, group: str, namespace: str, name: str) -> None:
    object_key = REGISTRY.object_key(key)

    assert object_key is not None
    assert (object_key.resource.plural, object_key.resource.group) == (plural, group)
    assert (object_key.namespace, object_key.name) == (namespace, name)
    assert REGISTRY.key(object_key.resource, object_key.namespace, object_key.name) == key


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"/",
        b"registry/pods/shop/web",
        b"/registry",
        b"/registry/",
        b"/registry/pods",
        b"/registry/pods/",
        b"/registry/pods/shop",
        b"/registry/pods//web",
        b"/registry/pods/shop/web/more",
        b"/registry/minions/a/b",
        b"/registry/services/other/shop/web",
        b"/registry/pods/shop/\xff\xfe",
        b"/registry/nodot/things/shop/web",
        b"/other/pods/shop/web",
    ],
)
def test_a_key_that_fits_no_pattern_has_no_place(key: bytes) -> None:
    assert REGISTRY.object_key(key) is None


def test_the_prefix_is_a_setting() -> None:
    object_key = KeySpace("/clusters/a/").object_key(b"/clusters/a/pods/shop/web")

    assert object_key is not None
    assert (object_key.namespace, object_key.name) == ("shop", "web")


def test_every_key_of_the_capture_has_a_place_in_one_of_65_types(capture_file: str) -> None:
    with gzip.open(capture_file, "rt") as lines:
        keys = [json.loads(line)["key"].encode() for line in lines]

    places = [REGISTRY.object_key(key) for key in keys]

    assert None not in places
    assert len({p.resource.prefix for p in places if p}) == 65


@given(st.binary(max_size=80))
def test_any_bytes_have_a_place_or_none_and_survive_the_address(key: bytes) -> None:
    REGISTRY.object_key(key)
    REGISTRY.object_key(b"/registry/" + key)
    if key:
        name, text = to_query(key)
        assert from_query(**({"key": text, "key64": None} if name == "key" else {"key": None, "key64": text})) == key


@pytest.mark.parametrize("key64", ["!!!", "a", "ab=c", "é"])
def test_what_is_no_base64url_is_refused_with_a_sentence(key64: str) -> None:
    with pytest.raises(QueryError, match="not valid base64url"):
        from_query(None, key64)


def test_a_missing_key_says_how_to_give_one() -> None:
    with pytest.raises(QueryError, match="key="):
        from_query(None, None)


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("po", "pods"),
        ("Pod", "pods"),
        ("pods", "pods"),
        ("no", "minions"),
        ("svc", "services/specs"),
        ("ep", "services/endpoints"),
        ("deploy", "deployments"),
        ("deployments.apps", "deployments"),
        ("deployments.v1.apps", "deployments"),
        ("ing", "ingress"),
        ("crds", "apiextensions.k8s.io/customresourcedefinitions"),
        ("masterleases", "masterleases"),
    ],
)
def test_a_type_is_found_by_every_name_that_kubectl_knows(name: str, prefix: str) -> None:
    assert [r.prefix for r in find(name)] == [prefix]


def test_a_category_means_several_types_and_nonsense_means_none() -> None:
    assert {r.plural for r in find("all")} >= {"pods", "services", "deployments", "jobs"}
    assert find("nonsense") == ()


def test_no_two_builtin_types_share_a_storage_prefix() -> None:
    prefixes = [r.prefix for r in BUILTIN]

    assert len(prefixes) == len(set(prefixes))
