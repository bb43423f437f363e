"""Every kind that a release of Kubernetes stores, by the schema, has a storage prefix, a plural and a table."""

from __future__ import annotations

import pytest

from etcdview.codec.protobuf.schema import schema
from etcdview.kube import openshift
from etcdview.kube.keys import DEFAULT_PREFIX, KeySpace
from etcdview.kube.release import Release
from etcdview.kube.resources import BUILTIN, ResourceType
from etcdview.tables import table_for

# What the API server answers or takes, and never stores: subresources, reviews, parts of others.
NOT_STORED = frozenset(
    {
        ("", "Binding"),
        ("", "ComponentStatus"),
        ("", "EphemeralContainers"),
        ("", "PodStatusResult"),
        ("apps", "Scale"),
        ("authentication.k8s.io", "SelfSubjectReview"),
        ("authentication.k8s.io", "TokenRequest"),
        ("authentication.k8s.io", "TokenReview"),
        ("authorization.k8s.io", "LocalSubjectAccessReview"),
        ("authorization.k8s.io", "SelfSubjectAccessReview"),
        ("authorization.k8s.io", "SelfSubjectRulesReview"),
        ("authorization.k8s.io", "SubjectAccessReview"),
        ("autoscaling", "Scale"),
        ("batch", "JobTemplate"),
        ("extensions", "Scale"),
        ("policy", "Eviction"),
    }
)
# Groups whose objects lie under the key of another group's.
STORED_WITH = {"extensions": ("apps", "networking.k8s.io", "policy"), "events.k8s.io": ("",)}
KINDS = sorted({(version.rpartition("/")[0], kind) for version, kind in schema().kinds()})
TYPES = (*BUILTIN, *openshift.TYPES)


def _type_of(group: str, kind: str) -> ResourceType | None:
    groups = (group, *STORED_WITH.get(group, ()))
    return next((r for r in TYPES if r.group in groups and r.kind == kind and (r.served or not _is_served(kind))), None)


def _is_served(kind: str) -> bool:
    return any(r.kind == kind and r.served for r in TYPES)


@pytest.mark.parametrize(("group", "kind"), [pair for pair in KINDS if pair not in NOT_STORED])
def test_a_stored_kind_has_a_prefix_a_plural_and_a_table(group: str, kind: str) -> None:
    resource = _type_of(group, kind)

    assert resource is not None, f"{group}/{kind} is in the schema and has no row in kube/resources.py"
    assert resource.plural == resource.plural.lower() != ""
    keyspace = KeySpace(openshift.PREFIX if resource in openshift.TYPES else DEFAULT_PREFIX)
    found = keyspace.object_key(keyspace.key(resource, "ns" if resource.namespaced else "", "name"))
    assert found is not None
    assert (found.resource, found.name) == (resource, "name")
    assert "Name" in [column.name for column in table_for(resource).columns]


def test_what_is_not_stored_is_in_the_schema_and_has_no_key() -> None:
    assert set(KINDS) >= NOT_STORED
    assert [pair for pair in NOT_STORED if any((r.group, r.kind) == pair for r in BUILTIN)] == []


def test_every_row_of_the_table_is_a_kind_of_some_release() -> None:
    assert [(r.group, r.kind) for r in BUILTIN if (r.group, r.kind) not in KINDS] == []


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (b"/registry/resourcepoolstatusrequests/check", "ResourcePoolStatusRequest"),
        (b"/registry/evictionrequests/shop/web", "EvictionRequest"),
        (b"/registry/evictions/shop/web", "Eviction"),
        (b"/registry/compositepodgroups/shop/root", "CompositePodGroup"),
        (b"/registry/podschedulings/shop/web", "PodScheduling"),
    ],
)
def test_the_newest_and_the_shortest_lived_kinds_are_known_by_their_keys(key: bytes, kind: str) -> None:
    found = KeySpace().object_key(key)
    assert found is not None
    assert found.resource.kind == kind


def test_the_schema_has_every_release_from_1_20_on() -> None:
    assert schema().releases == tuple(Release(1, minor) for minor in range(20, 20 + len(schema().releases)))
