"""Bindings and endpoints that lead nowhere, as facts tell them after any writes, are those that a graph finds."""

from __future__ import annotations

import contextlib
import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from etcdview.codec import Codec
from etcdview.index.facts.database import FactWriter, create
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.reading import FactReader
from etcdview.kube.keys import KeySpace
from etcdview.models import KeyValue
from etcdview.relations.graph import Graph
from etcdview.relations.needed import NEEDS, is_bootstrap

RBAC = "rbac.authorization.k8s.io"
NAMES = ("a", "b", "c")
READ = (("", "Pod"), ("", "ServiceAccount"), (RBAC, "Role"), (RBAC, "ClusterRole"))
EXTRACTOR = Extractor(Codec(), KeySpace(), lambda: datetime(2026, 11, 28, tzinfo=UTC))


def obj(kind: str, namespace: str, name: str, api_version: str = "v1", **more: Any) -> dict[str, Any]:
    metadata = {"name": name, **more.pop("metadata", {})} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}


def any_binding(chance: random.Random, name: str) -> dict[str, Any]:
    kind = chance.choice(("Role", "ClusterRole"))
    subjects = [
        {"kind": "ServiceAccount", "namespace": "shop", "name": chance.choice(NAMES)},
        {"kind": "User", "apiGroup": RBAC, "name": "eve"},
    ]
    labels = {"kubernetes.io/bootstrapping": "rbac-defaults"} if chance.random() < 0.2 else {}
    role = {"apiGroup": RBAC, "kind": kind, "name": chance.choice(NAMES)}
    more = {"metadata": {"labels": labels}, "roleRef": role, "subjects": subjects}
    return obj("RoleBinding", "shop", name, f"{RBAC}/v1", **more)


def any_slice(chance: random.Random, name: str) -> dict[str, Any]:
    def target(pod: str) -> dict[str, str]:
        uid = {"uid": f"{pod}-{chance.randrange(2)}"} if chance.random() < 0.7 else {}
        return {"kind": "Pod", "namespace": "shop", "name": pod, **uid}

    endpoints = [{"addresses": [], "targetRef": target(pod)} for pod in chance.sample(NAMES, chance.randrange(3))]
    return obj("EndpointSlice", "shop", name, "discovery.k8s.io/v1", endpoints=endpoints)


def any_object(chance: random.Random) -> tuple[bytes, dict[str, Any]]:
    name = chance.choice(NAMES)
    match chance.randrange(6):
        case 0:
            return f"/registry/rolebindings/shop/{name}".encode(), any_binding(chance, name)
        case 1:
            return f"/registry/endpointslices/shop/{name}".encode(), any_slice(chance, name)
        case 2:
            pod = obj("Pod", "shop", name, metadata={"uid": f"{name}-{chance.randrange(2)}"})
            return f"/registry/pods/shop/{name}".encode(), pod
        case 3:
            return f"/registry/serviceaccounts/shop/{name}".encode(), obj("ServiceAccount", "shop", name)
        case 4:
            return f"/registry/roles/shop/{name}".encode(), obj("Role", "shop", name, f"{RBAC}/v1")
        case _:
            return f"/registry/clusterroles/{name}".encode(), obj("ClusterRole", "", name, f"{RBAC}/v1")


def expected(state: dict[bytes, dict[str, Any]], need: str) -> list[bytes]:
    graph = Graph(state.values(), READ)
    return sorted(
        key
        for key, held in state.items()
        if any(r.relation == need for r in graph.broken(held)) and not (need == "subject" and is_bootstrap(held))
    )


@pytest.mark.parametrize("seed", range(6))
def test_what_is_lacking_is_what_a_graph_finds(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same steps each time
    create(tmp_path / "facts.db")
    state: dict[bytes, dict[str, Any]] = {}
    seen = 0
    with (
        contextlib.closing(FactWriter(tmp_path / "facts.db")) as writer,
        contextlib.closing(FactReader(tmp_path / "facts.db")) as reader,
    ):
        for revision in range(1, 150):
            if revision == 50:
                writer.complete()
            key, made = any_object(chance)
            if chance.random() < 0.3:
                state.pop(key, None)
                writer.write((), ((key, revision),))
            else:
                state[key] = made
                kv = KeyValue(key, 1, revision, 1, value=json.dumps(made).encode())
                writer.write([EXTRACTOR.fact(kv)])
            if revision > 50 and revision % 3 == 0:
                for need in NEEDS:
                    wanted = expected(state, need)
                    seen += len(wanted)
                    assert sorted(reader.lacking(need, 100)) == wanted, need
                    assert reader.count_lacking(need) == len(wanted)
    assert seen > 10


def test_what_cannot_be_decoded_or_is_of_another_kind_is_not_missed(tmp_path: Path) -> None:
    targets = [
        {"kind": "Pod", "namespace": "shop", "name": "locked", "uid": "u1"},
        {"kind": "VirtualMachine", "namespace": "shop", "name": "vm", "uid": "u2"},
    ]
    endpoints = [{"addresses": [], "targetRef": target} for target in targets]
    made = obj("EndpointSlice", "shop", "a", "discovery.k8s.io/v1", endpoints=endpoints)
    create(tmp_path / "facts.db")
    with (
        contextlib.closing(FactWriter(tmp_path / "facts.db")) as writer,
        contextlib.closing(FactReader(tmp_path / "facts.db")) as reader,
    ):
        kvs = {
            b"/registry/endpointslices/shop/a": json.dumps(made).encode(),
            b"/registry/pods/shop/locked": b"k8s:enc:aescbc:v1:key1:secret",
        }
        writer.write(EXTRACTOR.fact(KeyValue(key, 1, 2, 1, value=value)) for key, value in kvs.items())

        assert reader.lacking("endpoint", 10) == ()
        writer.write((), ((b"/registry/pods/shop/locked", 3),))
        assert reader.lacking("endpoint", 10) == (b"/registry/endpointslices/shop/a",)


def test_half_a_character_in_a_name_is_no_reason_to_fail(tmp_path: Path) -> None:
    made = obj("RoleBinding", "shop", "a", f"{RBAC}/v1", roleRef={"apiGroup": RBAC, "kind": "Role", "name": "\ud800"})
    create(tmp_path / "facts.db")
    with (
        contextlib.closing(FactWriter(tmp_path / "facts.db")) as writer,
        contextlib.closing(FactReader(tmp_path / "facts.db")) as reader,
    ):
        key = b"/registry/rolebindings/shop/a"
        writer.write([EXTRACTOR.fact(KeyValue(key, 1, 2, 1, value=json.dumps(made).encode()))])

        assert reader.lacking("role", 10) == (key,)
