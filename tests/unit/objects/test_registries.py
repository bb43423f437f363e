"""The release is found in what the API server of each release writes into an empty etcd when it starts.

`python -m tools.bootstrap` started them: tests/testdata/registries.json.gz. What Kubernetes' sources list is beside it.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from etcdview.codec import Codec
from etcdview.kube.keys import KeySpace
from etcdview.kube.release import Evidence
from etcdview.kube.release_signs import STORED_PREFIXES
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.objects.release import find_release
from etcdview.stores.files.memory import StaticStore
from tests.unit.kube.test_release_marks import FACTS, kubeadm, node

TESTDATA = Path(__file__).parents[2] / "testdata"
PREFIXES = {
    "APIService": "apiregistration.k8s.io/apiservices/",
    "ClusterRole": "clusterroles/",
    "ConfigMap": "configmaps/kube-system/",
    "FlowSchema": "flowschemas/",
    "Node": "minions/",
    "PriorityLevelConfiguration": "prioritylevelconfigurations/",
}
Registry = Mapping[str, bytes]


def _started() -> dict[str, Registry]:
    data = json.loads(gzip.decompress((TESTDATA / "registries.json.gz").read_bytes()))
    values = [base64.b64decode(value) for value in data["values"]]
    return {
        ".".join(version.split(".")[:2]): {key: values[number] for key, number in keys.items()}
        for version, keys in data["registries"].items()
    }


def _stored(objects: list[dict[str, Any]]) -> Registry:
    return {PREFIXES[obj["kind"]] + obj["metadata"]["name"]: json.dumps(_versioned(obj)).encode() for obj in objects}


def _versioned(obj: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "v1"} | obj


STARTED = _started()


def found_in(registry: Registry, *others: dict[str, Any]) -> Evidence:
    kvs = _kvs({**registry, **_stored(list(others))})
    found = find_release(StaticStore("registry.db", kvs), Codec(), KeySpace())
    assert found is not None
    return found


def _kvs(values: Registry) -> list[KeyValue]:
    root = KeySpace().root
    return [KeyValue(root + key.encode(), n, n, 1, value=value) for n, (key, value) in enumerate(values.items(), 1)]


def test_every_release_was_started() -> None:
    assert STARTED.keys() == FACTS.keys()


@pytest.mark.parametrize("release", STARTED)
def test_the_release_of_each_registry_is_found_exactly(release: str) -> None:
    found = found_in(STARTED[release])

    assert str(found.release) == release
    assert found.ranked[0].counts == "decides"


@pytest.mark.parametrize("release", STARTED)
def test_a_false_configmap_and_a_newer_kubelet_mislead_nobody(release: str) -> None:
    false = "v1.36.3" if release != "1.36" else "v1.30.1"
    found = found_in(STARTED[release], kubeadm(false), node("v1.37.2"))

    assert str(found.release) == release
    assert f"the ConfigMap kubeadm-config says {false}, which is not believed" in found.why


@pytest.mark.parametrize("release", STARTED)
def test_what_a_server_wrote_is_what_its_sources_list(release: str) -> None:
    names = {key.partition("/")[2] for key in STARTED[release] if key.startswith(PREFIXES["APIService"])}
    assert {name.rpartition("/")[2] for name in names} == set(FACTS[release]["apiServices"])
    for kind, names in ((kind, FACTS[release]["flows"][kind]) for kind in ("FlowSchema", "PriorityLevelConfiguration")):
        assert {key.rpartition("/")[2] for key in STARTED[release] if key.startswith(PREFIXES[kind])} == set(names)
    roles = {key.rpartition("/")[2] for key in STARTED[release] if key.startswith(PREFIXES["ClusterRole"])}
    assert roles == set(FACTS[release]["clusterRoles"])


@pytest.mark.parametrize("release", STARTED)
def test_a_server_stored_its_objects_in_the_versions_that_its_sources_say(release: str) -> None:
    seen = set()
    for key, value in STARTED[release].items():
        storage = Codec().decode(b"/registry/" + key.encode(), value).storage
        expected = FACTS[release]["stored"].get(storage.kind)
        assert expected in (None, storage.api_version), key
        seen |= {storage.kind} if expected else set()
    assert seen >= {"FlowSchema", "PriorityLevelConfiguration"}


@pytest.mark.parametrize("release", STARTED)
def test_commands_find_the_same_with_fewer_calls(release: str) -> None:
    class Counting(StaticStore):
        calls = 0

        def range(self, request: Range) -> RangeResult:
            self.calls += 1
            return super().range(request)

    stores = [Counting("registry.db", _kvs(STARTED[release])) for _ in range(2)]
    found = [find_release(store, Codec(), KeySpace(), all_of_it=n == 0) for n, store in enumerate(stores)]

    assert [str(one.release) for one in found if one] == [release, release]
    assert stores[0].calls - stores[1].calls == len(STORED_PREFIXES)
