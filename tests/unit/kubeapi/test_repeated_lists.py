"""A list that comes again is the same to the byte, and keeps nothing that is masked for anyone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest

from etcdview.access.roles import Scope, Viewer
from etcdview.cluster.cluster import Cluster
from etcdview.kubeapi.reading import TypeReader
from tests.unit.kubeapi.conftest import CAPTURED_AT, TABLE, Api, text_of

PODS = "api/v1/pods"
PROTOBUF = "application/vnd.kubernetes.protobuf"
FORMS = ("", TABLE, PROTOBUF)
KEY = "the-same-for-both: fingerprints of masked values are made with it"


@pytest.fixture(scope="module")
def keeping(opened: Callable[..., Cluster]) -> Cluster:
    return opened(show_secrets=True, secret_key=KEY)


@pytest.fixture(scope="module")
def forgetting(opened: Callable[..., Cluster]) -> Cluster:
    return opened(show_secrets=True, kube_cache=0, secret_key=KEY)


def lists(api: Api) -> Iterator[str]:
    """The address of each type's list."""
    for root in ("api/v1", *(f"apis/{v['groupVersion']}" for g in api.get("apis")["groups"] for v in g["versions"])):
        for resource in api.get(root)["resources"]:
            if "/" not in resource["name"] and "list" in resource["verbs"]:
                yield f"{root}/{resource['name']}"


def address(path: str, obj: dict[str, Any]) -> str:
    """Where one object of a list is."""
    root, _, plural = path.rpartition("/")
    metadata = obj["metadata"]
    within = f"namespaces/{metadata['namespace']}/" if "namespace" in metadata else ""
    return f"{root}/{within}{plural}/{metadata['name']}"


def ask(api: Api, path: str, form: str) -> tuple[bytes, list[bytes]]:
    """The answer, and of which keys it reveals something."""
    return text_of(api.ask(path, form)), api.revealed


def test_every_list_is_the_same_again_for_who_sees_secrets_and_who_does_not(
    keeping: Cluster, forgetting: Cluster
) -> None:
    reused = 0
    for path in lists(Api(keeping)):
        for form in FORMS:
            expected = {reveals: ask(Api(forgetting, reveals=reveals), path, form) for reveals in (True, False)}
            for reveals in (True, False, True):
                before = keeping.items.size_bytes
                assert ask(Api(keeping, reveals=reveals), path, form) == expected[reveals], (path, form, reveals)
                reused += keeping.items.size_bytes == before
    assert forgetting.items.size_bytes == 0
    assert reused > 300


def test_nothing_is_kept_of_secrets(opened: Callable[..., Cluster]) -> None:
    cluster = opened(show_secrets=True)
    for reveals in (True, False):
        for form in FORMS:
            assert Api(cluster, reveals=reveals).ask("api/v1/secrets", form).code == 200

    assert cluster.items.size_bytes == 0


def test_chunks_and_namespaces_and_all_take_from_each_other(keeping: Cluster, forgetting: Cluster) -> None:
    keeping.items.clear()
    for path, limit in (
        ("api/v1/namespaces/shop/pods", ""),
        ("api/v1/pods", "3"),
        ("api/v1/pods", ""),
        ("api/v1/pods", "7"),
    ):
        for form in FORMS:
            args = {"limit": limit}
            assert text_of(Api(keeping).ask(path, form, **args)) == text_of(Api(forgetting).ask(path, form, **args))


def test_a_role_of_one_namespace_gets_no_kept_item_of_another(keeping: Cluster, forgetting: Cluster) -> None:
    nina = Viewer("nina", "viewer", Scope(("shop",), ("*", "!secrets")), "token")
    for form in FORMS:
        whole = text_of(Api(keeping).ask("api/v1/pods", form))
        found, fresh = (text_of(Api(one, nina).ask("api/v1/pods", form)) for one in (keeping, forgetting))
        assert found == fresh != whole


@pytest.mark.parametrize("path", ["api/v1/pods", "api/v1/secrets", "apis/example.org/v1/backups", "api/v1/events"])
def test_a_watch_begins_with_the_objects_as_they_are_answered_alone(keeping: Cluster, path: str) -> None:
    items = Api(keeping).get(path)["items"]
    for _ in range(2):
        found = Api(keeping).ask(path, watch="1", sendInitialEvents="true", resourceVersionMatch="NotOlderThan")
        assert not isinstance(found.body, bytes)
        lines = [json.loads(line) for line in islice(found.body, 1, len(items) + 1)]
        assert [line["type"] for line in lines] == ["ADDED"] * len(items)
        objects = [line["object"] for line in lines]
        alone = [Api(keeping).get(address(path, obj)) for obj in objects]
        assert [json.dumps(obj) for obj in objects] == [json.dumps(obj) for obj in alone]


@pytest.mark.parametrize("seconds", [1, 59, 3600, 40 * 86400])
def test_ages_of_kept_rows_are_those_of_the_moment(keeping: Cluster, forgetting: Cluster, seconds: int) -> None:
    for path in ("api/v1/pods", "apis/batch/v1/jobs", "apis/coordination.k8s.io/v1/leases", "api/v1/nodes"):
        Api(keeping).ask(path, TABLE)
        later = CAPTURED_AT + timedelta(seconds=seconds)
        found, fresh = (text_of(Api(one, now=later).ask(path, TABLE)) for one in (keeping, forgetting))
        assert found == fresh


def test_of_a_list_with_a_selector_nothing_is_held_back_while_it_is_sent(
    keeping: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers, items = [], TypeReader.items

    def noted(reader: TypeReader, *arguments: Any) -> Iterator[bytes]:
        readers.append(reader)
        return items(reader, *arguments)

    monkeypatch.setattr(TypeReader, "items", noted)

    assert json.loads(text_of(Api(keeping).ask(PODS, labelSelector="app")))["items"]
    assert [reader._made for reader in readers] == [[]]
