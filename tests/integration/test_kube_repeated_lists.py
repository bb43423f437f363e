"""Lists of the Kubernetes API that come again on a real etcd: what is kept of them never outlives a change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.window import Window
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from etcdview.kubeapi.answering import answer
from etcdview.kubeapi.exchange import KubeAnswer, KubeRequest
from tests.integration.indexing import Writer, wait_for, writing
from tests.unit.kubeapi.conftest import CAPTURED_AT, TABLE, text_of

FORMS = ("", TABLE, "application/vnd.kubernetes.protobuf")
MAPS = "api/v1/configmaps"
WIDGETS = "apis/example.org/v1/widgets"


@dataclass
class Pair:
    """One cluster that keeps items and one that keeps none, on one etcd."""

    keeping: Cluster
    forgetting: Cluster
    writer: Writer

    def put(self, text: str, *names: str) -> int:
        """Write all of them, alike, in one transaction."""
        obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": names[0], "namespace": "a"}}
        value = json.dumps({**obj, "data": {"text": text}})
        return self.writer.put(*(f"/registry/configmaps/a/{name}".encode() for name in names), value=value.encode())

    def same(self, path: str, **args: str) -> str:
        """The JSON of a list that both answer alike in every form, twice."""
        for form in (*FORMS, *reversed(FORMS)):
            found, fresh = (text_of(ask(one, path, form, **args)) for one in (self.keeping, self.forgetting))
            assert found == fresh, (path, form)
        return found.decode()


def ask(cluster: Cluster, path: str, accept: str = "", **args: str) -> KubeAnswer:
    request = KubeRequest("GET", tuple(path.split("/")), args, accept, now=lambda: CAPTURED_AT)
    found = answer(Window(cluster), request)
    assert found.code == 200, found.body
    return found


@pytest.fixture
def pair(plain_etcd: LocalCluster) -> Iterator[Pair]:
    with writing(plain_etcd.endpoints[0]) as writer:
        settings = Settings(endpoints=plain_etcd.endpoints, kube_api=True, facts="off")
        without = Settings(endpoints=plain_etcd.endpoints, kube_api=True, facts="off", kube_cache=0)
        with closing(open_cluster(settings)) as keeping, closing(open_cluster(without)) as forgetting:
            for one in (keeping, forgetting):
                wait_for(lambda one=one: one.index.freshness().state == "live")  # type: ignore[misc]
            yield Pair(keeping, forgetting, writer)


def test_each_change_is_in_the_next_list(pair: Pair) -> None:
    pair.put("old", *(f"m{number:02}" for number in range(40)))
    before = pair.same(MAPS)
    assert "old" in before
    assert pair.keeping.items.size_bytes > 0

    for names in (["m07"], ["m00", "m39"], [f"m{number:02}" for number in range(5, 30)]):
        pair.put(f"new-of-{names[-1]}", *names)
        assert pair.same(MAPS).count(f"new-of-{names[-1]}") == len(names)

    pair.writer.delete(b"/registry/configmaps/a/m07")
    assert pair.same(MAPS).count("new-of-m29") == 24
    pair.put("made-again", "m07")
    assert "made-again" in pair.same(MAPS)
    pair.same(MAPS, limit="7")
    pair.same("api/v1/namespaces/a/configmaps")


def test_the_past_and_the_present_are_told_apart(pair: Pair) -> None:
    then = pair.put("old-value", "one")
    pair.put("other", "two")
    pair.same(MAPS)
    pair.put("new-value", "one")

    for _ in range(2):
        assert "new-value" in pair.same(MAPS)
        assert "old-value" in pair.same(f"at/{then + 1}/{MAPS}")


def test_another_crd_makes_other_rows(pair: Pair) -> None:
    def define(column: str) -> int:
        version = {
            "name": "v1",
            "served": True,
            "storage": True,
            "additionalPrinterColumns": [{"name": column, "type": "string", "jsonPath": f".spec.{column}"}],
        }
        names = {"plural": "widgets", "kind": "Widget", "listKind": "WidgetList"}
        spec = {"group": "example.org", "names": names, "scope": "Namespaced", "versions": [version]}
        crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": spec}
        crd["metadata"] = {"name": "widgets.example.org", "uid": "u1"}
        key = b"/registry/apiextensions.k8s.io/customresourcedefinitions/widgets.example.org"
        return pair.writer.put(key, value=json.dumps(crd).encode())

    def rows() -> list[list[str]]:
        found = [json.loads(text_of(ask(one, WIDGETS, TABLE))) for one in (pair.keeping, pair.forgetting)]
        assert found[0] == found[1]
        return [row["cells"] for row in found[0]["rows"]]

    revision = define("colour")
    widget = {"apiVersion": "example.org/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "a"}}
    value = json.dumps({**widget, "spec": {"colour": "red", "size": "large"}}).encode()
    pair.writer.put(b"/registry/example.org/widgets/a/w", value=value)
    wait_for(lambda: min(one.index.freshness().revision for one in (pair.keeping, pair.forgetting)) > revision)
    assert rows() == rows() == [["w", "red"]]

    revision = define("size")
    wait_for(lambda: min(one.index.freshness().revision for one in (pair.keeping, pair.forgetting)) >= revision)
    assert rows() == [["w", "large"]]


def test_a_list_that_is_kept_reads_only_what_has_changed(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    for first in range(0, 600, 100):
        pair.put("old", *(f"m{number:03}" for number in range(first, first + 100)))
    text_of(ask(pair.keeping, MAPS))
    pair.put("changed", "m300")
    decoded: list[bytes] = []
    real = Window.entry
    monkeypatch.setattr(Window, "entry", lambda self, kv, *more: decoded.append(kv.key) or real(self, kv, *more))

    assert b"changed" in text_of(ask(pair.keeping, MAPS))

    assert decoded == [b"/registry/configmaps/a/m300"]
