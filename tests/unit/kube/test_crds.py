"""Custom resource types as their CRDs define them."""

from __future__ import annotations

from typing import Any

import pytest

from etcdview.kube import resources
from etcdview.kube.crds import Definitions, definitions
from etcdview.kube.resources import BY_PREFIX


def crd(plural: str = "backups", **names: Any) -> dict[str, Any]:
    return {
        "kind": "CustomResourceDefinition",
        "spec": {
            "group": "example.org",
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": "Backup", "shortNames": ["ba"], "categories": ["all"]} | names,
            "versions": [
                {"name": "v1alpha1", "served": True},
                {"name": "v1", "served": True},
                {"name": "v2", "served": False},
            ],
        },
    }


FOUND = definitions([crd()])


@pytest.mark.parametrize("name", ["backups", "backup", "Backup", "ba", "backups.example.org", "ba.example.org"])
def test_a_custom_type_is_found_by_all_its_names_in_its_preferred_version(name: str) -> None:
    assert [(r.plural, r.version, r.kind) for r in FOUND.find(name)] == [("backups", "v1", "Backup")]


def test_any_version_of_a_custom_type_can_be_asked_for() -> None:
    assert [r.version for r in FOUND.find("backups.v1alpha1.example.org")] == ["v1alpha1"]


def test_categories_hold_custom_types_beside_the_builtin_ones() -> None:
    found = [r.plural for r in FOUND.find("all")]
    assert found[0] == "pods"
    assert found[-1] == "backups"


def test_events_are_one_type_under_both_of_their_groups() -> None:
    assert FOUND.find("events.events.k8s.io") == FOUND.find("ev") == (BY_PREFIX["events"],)


def test_builtin_types_come_before_custom_ones_of_the_same_name() -> None:
    same = definitions([crd("pods", kind="Pod", shortNames=[], categories=[])])
    assert [r.group for r in same.find("pods")] == [""]
    assert [r.group for r in same.find("pods.example.org")] == ["example.org"]


def test_a_type_known_by_its_key_gets_what_its_crd_says() -> None:
    by_key = resources.custom("example.org", "backups")
    assert (FOUND.resolve(by_key).kind, FOUND.resolve(by_key).short_names) == ("Backup", ("ba",))
    assert FOUND.crd(by_key) is not None
    assert Definitions().resolve(by_key) == by_key


def test_a_kind_leads_to_its_type_whatever_the_version() -> None:
    assert FOUND.by_kind("apps/v1beta2", "Deployment") == BY_PREFIX["deployments"]
    found = FOUND.by_kind("example.org/v1", "Backup")
    assert found is not None
    assert found.prefix == "example.org/backups"
    assert FOUND.by_kind("example.org/v1", "Moon") is None


@pytest.mark.parametrize("broken", [{}, {"spec": None}, {"spec": {"group": "g"}}, {"spec": {"names": {"plural": "p"}}}])
def test_a_crd_that_names_no_type_is_left_out(broken: dict[str, Any]) -> None:
    assert definitions([broken]).crds == {}


def test_a_crd_of_the_oldest_layout_has_the_one_version_of_its_spec() -> None:
    old = {"spec": {"group": "g.io", "version": "v1beta1", "scope": "Cluster", "names": {"plural": "p", "kind": "P"}}}
    found = definitions([old]).find("p.g.io")
    assert [(r.version, r.namespaced, r.singular) for r in found] == [("v1beta1", False, "p")]
