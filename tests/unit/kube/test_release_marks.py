"""The release by what its API server writes when it starts, whatever kubelets, images and ConfigMaps say.

tests/testdata/releases.json.gz has, per release, the versions that are on by default and the bootstrap ClusterRoles, as
k8s.io/kubernetes lists them; tests/testdata/README.md says how it was made.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from etcdview.codec import Codec, load_encryption_config
from etcdview.kube.release import evidence
from etcdview.kube.release_marks import written_by
from etcdview.stores.files.dump import read_dump

TESTDATA = Path(__file__).parents[2] / "testdata"
FACTS: dict[str, dict[str, Any]] = json.loads(gzip.decompress((TESTDATA / "releases.json.gz").read_bytes()))
UNTOLD = {"1.27": "1.27 to 1.28", "1.28": "1.27 to 1.28"}  # their API servers write the same


def start_of(release: str) -> list[dict[str, Any]]:
    """What the API server of a release writes into an empty registry."""
    facts = FACTS[release]
    return [
        *({"kind": "APIService", "metadata": {"name": name}} for name in facts["apiServices"]),
        *({"kind": "ClusterRole", "metadata": {"name": n}, "rules": r} for n, r in facts["clusterRoles"].items()),
    ]


def upgraded(old: str, new: str) -> list[dict[str, Any]]:
    """Roles and their rules stay through an upgrade; versions that are no longer served go."""
    roles = {name: list(rules) for name, rules in FACTS[new]["clusterRoles"].items()}
    for name, rules in FACTS[old]["clusterRoles"].items():
        roles.setdefault(name, []).extend(rules)
    found = [obj for obj in start_of(new) if obj["kind"] == "APIService"]
    return found + [{"kind": "ClusterRole", "metadata": {"name": n}, "rules": r} for n, r in roles.items()]


def node(version: str) -> dict[str, Any]:
    return {"kind": "Node", "metadata": {"name": "n"}, "status": {"nodeInfo": {"kubeletVersion": version}}}


def kubeadm(version: str) -> dict[str, Any]:
    text = f"kubernetesVersion: {version}\n"
    return {"kind": "ConfigMap", "metadata": {"name": "kubeadm-config"}, "data": {"ClusterConfiguration": text}}


@pytest.mark.parametrize("release", FACTS)
def test_each_release_is_told_by_what_it_writes(release: str) -> None:
    assert str(written_by(start_of(release))) == UNTOLD.get(release, release)


@pytest.mark.parametrize("release", list(FACTS)[1:])
def test_what_earlier_releases_left_does_not_mislead(release: str) -> None:
    assert str(written_by(upgraded("1.20", release))) == UNTOLD.get(release, release)


@pytest.mark.parametrize("release", FACTS)
def test_versions_that_an_administrator_turned_on_or_off_mislead_nobody(release: str) -> None:
    on = {"kind": "APIService", "metadata": {"name": "v1alpha1.internal.apiserver.k8s.io"}}
    off = [obj for obj in start_of(release) if obj["metadata"]["name"] not in ("v1beta1.batch", "v1.scheduling.k8s.io")]

    found = written_by([*off, on])

    assert found is not None
    assert found.has(int(release.partition(".")[2]))


@pytest.mark.parametrize("release", FACTS)
def test_a_false_configmap_and_a_newer_kubelet_are_not_believed(release: str) -> None:
    false = "v1.36.3" if release != "1.36" else "v1.30.1"

    found = evidence([*start_of(release), kubeadm(false), node("v1.37.2")])

    assert found is not None
    assert str(found.release) == UNTOLD.get(release, release).rpartition(" ")[2]
    assert f"the ConfigMap kubeadm-config says {false}, which is not believed" in found.why
    assert "kubeadm-config" not in found.unnamed


@pytest.mark.parametrize("release", FACTS)
def test_what_agrees_says_the_patch_release_too(release: str) -> None:
    found = evidence([*start_of(release), kubeadm(f"v{release}.7"), node(f"v{release}.7")])

    assert found is not None
    assert str(found.release) == release
    assert found.why == f"the ConfigMap kubeadm-config says v{release}.7"


def test_all_that_says_a_release_is_ranked_with_what_it_counts_for() -> None:
    nodes = [node("v1.37.2"), *[node("v1.33.4")] * 3, node("v1.32.9")]
    found = evidence([kubeadm("v1.36.3"), *nodes, *start_of("1.33")])

    assert found is not None
    assert [(one.says, one.counts, one.more) for one in found.ranked] == [
        ("1.33", "decides", 0),
        ("1.36", "not believed", 0),
        ("1.37", "not believed", 0),
        ("1.33", "says the same", 2),
        ("1.32", "older", 0),
    ]
    assert found.ranked[1].why == "the ConfigMap kubeadm-config says v1.36.3"


def test_without_what_an_api_server_writes_the_best_of_the_others_decides() -> None:
    found = evidence([node("v1.33.4"), kubeadm("v1.34.1")])

    assert found is not None
    assert [(one.says, one.counts) for one in found.ranked] == [("1.34", "decides"), ("1.33", "older")]


def test_a_newer_release_than_is_known_is_that_of_its_kubelets() -> None:
    found = evidence([*start_of("1.37"), node("v1.39.1")])

    assert found is not None
    assert str(found.release) == "1.39"


def test_a_registry_with_none_of_these_objects_has_no_such_evidence() -> None:
    assert written_by([node("v1.30.0"), {"kind": "ClusterRole", "metadata": {"name": "mine"}, "rules": None}]) is None


def test_the_captured_cluster_is_told_by_its_own_objects() -> None:
    keys = load_encryption_config(TESTDATA / "cluster-shop" / "encryption-config.yaml")
    codec = Codec(encryption=keys)
    kvs = read_dump(TESTDATA / "cluster-shop" / "registry.jsonl.gz")
    objects = [codec.decode(kv.key, kv.value).object for kv in kvs]

    assert str(written_by(obj for obj in objects if obj)) == "1.36"
