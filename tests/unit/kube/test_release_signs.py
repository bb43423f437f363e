"""The release by what only an API server can have written: flow schemas, and the version an object is stored in."""

from __future__ import annotations

from typing import Any

import pytest

from etcdview.kube.keys import KeySpace
from etcdview.kube.release import evidence
from etcdview.kube.release_signs import (
    _STORED,
    FLOW_PREFIXES,
    STORED_PREFIXES,
    flows_by,
    signs,
    stored_by,
    together,
)
from etcdview.kube.resources import BUILTIN
from tests.unit.kube.test_release_marks import FACTS, UNTOLD, kubeadm, node, start_of

# Their flow schemas and priority levels are the same.
ALIKE = {
    **dict.fromkeys(("1.20", "1.21"), "1.20 to 1.21"),
    **dict.fromkeys(("1.22", "1.23"), "1.22 to 1.23"),
    **dict.fromkeys(("1.24", "1.25"), "1.24 to 1.25"),
    **dict.fromkeys(("1.26", "1.27"), "1.26 to 1.27"),
    **dict.fromkeys(("1.28", "1.29", "1.30", "1.31", "1.32", "1.33"), "1.28 to 1.33"),
    **dict.fromkeys(("1.34", "1.35", "1.36", "1.37"), "1.34 or later"),
}


def flows_of(release: str) -> list[dict[str, Any]]:
    """What the API server of a release writes for flow control."""
    facts = FACTS[release]["flows"]
    notes = {"apf.kubernetes.io/autoupdate-spec": "true"} if facts["autoUpdate"] else {}
    made = [
        stored(kind, name, release) for kind in ("FlowSchema", "PriorityLevelConfiguration") for name in facts[kind]
    ]
    for obj in made:
        obj["metadata"]["annotations"] = notes
        if (obj["kind"], obj["metadata"]["name"]) == ("PriorityLevelConfiguration", "system") and facts["lendable"]:
            obj["spec"] = {"type": "Limited", "limited": {"lendablePercent": 33}}
        if (obj["kind"], obj["metadata"]["name"]) == ("PriorityLevelConfiguration", "exempt") and facts["exempt"]:
            obj["spec"] = {"type": "Exempt", "exempt": {"lendablePercent": 0}}
    return made


def stored(kind: str, name: str, release: str) -> dict[str, Any]:
    return {"apiVersion": FACTS[release]["stored"][kind], "kind": kind, "metadata": {"name": name}}


@pytest.mark.parametrize("release", FACTS)
def test_a_release_or_a_few_are_told_by_their_flow_schemas(release: str) -> None:
    assert str(flows_by(flows_of(release))) == ALIKE[release]


@pytest.mark.parametrize("release", FACTS)
def test_roles_and_flow_schemas_together_tell_every_release(release: str) -> None:
    found = evidence([*start_of(release), *flows_of(release), kubeadm("v1.19.1"), node("v1.39.0")])

    assert found is not None
    assert str(found.release) == release if release != "1.37" else "1.39"  # may well be newer than all that is known
    assert release in UNTOLD or str(together(signs([*start_of(release), *flows_of(release)]))) == release


def test_the_two_releases_that_write_the_same_roles_differ_in_the_level_of_what_is_exempt() -> None:
    for release in UNTOLD:
        assert str(together(signs([*start_of(release), *flows_of(release)]))) == release


@pytest.mark.parametrize(("old", "new"), [("1.20", "1.26"), ("1.27", "1.28"), ("1.28", "1.33"), ("1.20", "1.37")])
def test_flow_schemas_that_an_older_server_stored_leave_the_release_that_runs(old: str, new: str) -> None:
    """Those that are alike are not written again: their version is the old one."""
    kept = {one["metadata"]["name"]: one for one in flows_of(old)}
    mixed = [one | {"apiVersion": kept.get(one["metadata"]["name"], one)["apiVersion"]} for one in flows_of(new)]

    assert str(together(signs([*start_of(new), *mixed]))) == new


def test_a_flow_schema_that_someone_changed_is_not_deleted_and_says_nothing() -> None:
    kept = next(one for one in flows_of("1.33") if one["metadata"]["name"] == "workload-leader-election")
    kept["metadata"]["annotations"] = {"apf.kubernetes.io/autoupdate-spec": "false"}

    found = flows_by([*flows_of("1.36"), kept])

    assert found is not None
    assert found.has(36)


def test_without_those_that_every_server_writes_flow_schemas_say_nothing() -> None:
    assert flows_by([stored("FlowSchema", "mine", "1.30")]) is None


@pytest.mark.parametrize("kind", _STORED)
def test_the_versions_that_kinds_are_stored_in_are_those_of_kubernetes_sources(kind: str) -> None:
    for release, facts in FACTS.items():
        version = facts["stored"].get(kind)
        for known in _STORED[kind]:
            minor = int(release.partition(".")[2])
            assert (known == version) == (stored_by(kind, known).low <= minor <= stored_by(kind, known).high)


@pytest.mark.parametrize("kind", _STORED)
def test_the_keys_of_each_of_these_kinds_are_read(kind: str) -> None:
    keys, root = KeySpace(), KeySpace().root
    places = {keys.key(r, "n" if r.namespaced else "", "x") for r in BUILTIN if r.kind == kind}

    assert any(key.startswith(root + p.encode()) for key in places for p in FLOW_PREFIXES + STORED_PREFIXES)


def test_kinds_whose_version_changed_are_all_known() -> None:
    assert {kind for facts in FACTS.values() for kind in facts["stored"]} == set(_STORED)


def test_objects_that_a_newer_server_stored_rule_out_an_older_release() -> None:
    found = evidence([stored("PodDisruptionBudget", "web", "1.27"), kubeadm("v1.22.1"), node("v1.30.2")])

    assert found is not None
    assert str(found.release) == "1.30"
    assert [(one.says, one.counts) for one in found.ranked] == [
        ("1.27 or later", "says the same"),
        ("1.22", "not believed"),
        ("1.30", "says the same"),
    ]


def test_objects_that_an_older_server_stored_rule_out_nothing() -> None:
    old = [stored("PodDisruptionBudget", name, "1.22") for name in ("a", "b", "c")]

    found = evidence([*old, node("v1.33.2")])

    assert found is not None
    assert str(found.release) == "1.33"
    assert [(one.says, one.counts, one.more) for one in found.ranked] == [
        ("1.20 to 1.26", "older", 2),
        ("1.33", "says the same", 0),
    ]


def test_of_old_objects_alone_the_newest_release_that_stored_such_is_taken() -> None:
    found = evidence([stored("CronJob", "a", "1.20"), stored("PodDisruptionBudget", "b", "1.20")])

    assert found is not None
    assert str(found.release) == "1.21"
    assert found.why == "the versions that its API server stored objects in are those of 1.20 to 1.21"


def test_an_object_from_a_newer_server_does_not_outweigh_what_the_last_one_wrote() -> None:
    """After a downgrade: APIServices are what the server that runs has written."""
    found = evidence([*start_of("1.26"), stored("PodDisruptionBudget", "web", "1.27")])

    assert found is not None
    assert str(found.release) == "1.26"
    assert ("1.27 or later", "not believed") in [(one.says, one.counts) for one in found.ranked]


@pytest.mark.parametrize("damaged", [{}, {"kind": "FlowSchema"}, {"kind": ["CronJob"], "apiVersion": {}}])
def test_damaged_objects_are_no_sign(damaged: dict[str, Any]) -> None:
    assert signs([damaged]) == []
