"""Problems by namespace and in the stored state: what is checked, what is not, and what is said of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from etcdview.access.roles import Scope, Viewer
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.window import Window
from etcdview.codec import Codec
from etcdview.errors import DeniedError, NotFoundError
from etcdview.index.bounded import BoundedNames
from etcdview.kube.keys import KeySpace
from etcdview.pages import namespaces_and_storage
from etcdview.pages.namespaces_and_storage import namespaces_page, storage_page
from etcdview.pages.problems import NAMESPACES_AT_ONCE
from etcdview.stores.files.memory import StaticStore
from tests.unit.pages.registry_of import kv, obj, window_on

NOW = datetime(2026, 11, 23, tzinfo=UTC)
STUCK = {"deletionTimestamp": "2026-11-20T00:00:00Z", "finalizers": ["example.org/hold"]}
KVS = (
    kv("/registry/namespaces/shop", obj("Namespace", "", "shop", metadata=STUCK, status={"phase": "Terminating"})),
    kv("/registry/namespaces/calm", obj("Namespace", "", "calm", status={"phase": "Active"})),
    kv("/registry/pods/shop/stuck", obj("Pod", "shop", "stuck", metadata=STUCK, status={"phase": "Running"})),
    kv("/registry/pods/shop/broken", b"k8s\0\xff\xff"),
    kv("/registry/events/shop/e", obj("Event", "shop", "e")),
)


def test_each_namespace_has_its_problems_and_one_without_is_healthy() -> None:
    page = namespaces_page(window_on(KVS), "", NOW)
    healthy = {row.name: row.healthy for row in page.rows}
    assert healthy == {"shop": False, "calm": True}
    assert (page.too_many, page.checked) == (False, 4)  # the broken one is not checked


def test_a_finding_leads_to_its_object_or_to_the_list_of_those_that_are_unhealthy() -> None:
    pods = [kv(f"/registry/pods/shop/{n}", obj("Pod", "shop", n, status={"phase": "Pending"})) for n in ("a", "b")]
    claim = kv("/registry/persistentvolumeclaims/shop/c", obj("PersistentVolumeClaim", "shop", "c"))
    (row,) = namespaces_page(window_on([*KVS[:1], *pods, claim]), "shop", NOW).rows

    assert {finding.summary: finding.href for finding in row.findings} == {
        "The namespace is being deleted": "/object?key=/registry/namespaces/shop",
        "2 pods not ready": "/registry?resource=pods&namespace=shop&state=unhealthy",
        "1 claim without a volume": "/object?key=/registry/persistentvolumeclaims/shop/c",
    }


def test_one_namespace_is_shown_alone() -> None:
    assert [row.name for row in namespaces_page(window_on(KVS), "shop", NOW).rows] == ["shop"]


@pytest.mark.parametrize(("most", "too_many"), [(3000, False), (2, True)])
def test_a_namespace_that_does_not_exist_is_not_found_and_a_similar_one_is_named(
    monkeypatch: pytest.MonkeyPatch, most: int, too_many: bool
) -> None:
    monkeypatch.setattr(namespaces_and_storage, "AT_ONCE", most)
    assert namespaces_page(window_on(KVS), "", NOW).too_many is too_many

    with pytest.raises(NotFoundError, match="no namespace 'shpo'") as error:
        namespaces_page(window_on(KVS), "shpo", NOW)
    assert error.value.remedy == "Did you mean 'shop'?"


def test_a_namespace_whose_objects_call_themselves_otherwise_is_not_called_unknown() -> None:
    misnamed = kv("/registry/pods/here/a", obj("Pod", "elsewhere", "a"))
    assert namespaces_page(window_on([misnamed]), "here", NOW).rows == ()


def test_too_many_objects_are_counted_and_not_called_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespaces_and_storage, "AT_ONCE", 2)
    page = namespaces_page(window_on(KVS), "", NOW)
    assert (page.too_many, page.checked) == (True, 0)
    assert {row.healthy for row in page.rows} == {None}
    assert {row.name: row.count for row in page.rows} == {"shop": 3}


def test_storage_finds_what_is_stuck_and_counts_what_cannot_be_decoded() -> None:
    page = storage_page(window_on(KVS), False, NOW)
    assert (page.checked, page.total, page.undecodable) == (4, 4, 1)  # all but events
    assert [link.href for link in page.unread] == [f"/object?key={link.text}" for link in page.unread] != []
    stuck = next(f for f in page.findings if "stuck in deletion" in f.summary)
    assert any("stuck" in line for line in stuck.lines)


@pytest.mark.parametrize(
    ("at_most", "run", "checked", "too_many"), [(100, False, 0, False), (100, True, 4, False), (3, True, 0, True)]
)
def test_storage_of_many_objects_is_checked_when_told_and_never_beyond_the_limit(
    monkeypatch: pytest.MonkeyPatch, at_most: int, run: bool, checked: int, too_many: bool
) -> None:
    monkeypatch.setattr(namespaces_and_storage, "AT_ONCE", 2)
    monkeypatch.setattr(namespaces_and_storage, "AT_MOST", at_most)
    page = storage_page(window_on(KVS), run, NOW)
    assert (page.checked, page.too_many) == (checked, too_many)
    assert page.run_href == "/storage?run=1"


def test_objects_that_come_after_they_were_counted_are_part_of_the_total(monkeypatch: pytest.MonkeyPatch) -> None:
    window = window_on(KVS)
    real = window.objects.read

    def twice(*arguments: Any, **options: Any) -> Any:
        yield from real(*arguments, **options)
        yield from real(*arguments, **options)

    monkeypatch.setattr(window.objects, "read", twice)
    page = storage_page(window, False, NOW)
    assert page.checked == page.total == 8


def test_a_limited_viewer_sees_the_problems_of_its_part_alone() -> None:
    viewer = Viewer("cal", "viewer", Scope(("calm",)))
    assert [row.name for row in namespaces_page(window_on(KVS, viewer), "", NOW).rows] == ["calm"]
    assert storage_page(window_on(KVS, viewer), False, NOW).findings == ()


def bounded_window(viewer: Viewer) -> Window:
    """A window on an index that holds no names."""
    store, keyspace = StaticStore("keys", (*KVS, *MORE)), KeySpace()
    index = BoundedNames(store, keyspace)
    return Window(Cluster(name="test", store=store, index=index, codec=Codec(), keyspace=keyspace), viewer)


MORE = (
    kv("/registry/pods/calm/one", obj("Pod", "calm", "one", status={"phase": "Running"})),
    kv("/registry/configmaps/calm/one", obj("ConfigMap", "calm", "one")),
    kv("/registry/example.org/backups/calm/one", obj("Backup", "calm", "one", "example.org/v1")),
)
ALL = Viewer("vera", "viewer")


@pytest.mark.parametrize("namespaces", [("calm",), ("ca*",), ("calm", "nosuch"), ("*", "!shop")])
def test_without_names_in_memory_a_narrow_role_counts_by_its_own_ranges(namespaces: tuple[str, ...]) -> None:
    viewer = Viewer("cal", "viewer", Scope(namespaces))
    bounded, memory = bounded_window(viewer), window_on((*KVS, *MORE), viewer)
    counts = {t.resource.id: t.count for t in bounded.index.tree().types}
    assert counts == {t.resource.id: t.count for t in memory.index.tree().types}
    assert counts["pods"] == counts["backups.example.org"] == 1
    storage = storage_page(bounded, False, NOW)
    assert (storage.checked, storage.total, storage.narrowed) == (4, 4, True)
    page = namespaces_page(bounded, "calm", NOW)
    assert [(row.name, row.count, row.healthy) for row in page.rows] == [("calm", 3, False)]


def test_without_names_in_memory_namespaces_are_listed_and_what_is_not_counted_is_not_zero(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(namespaces_and_storage, "AT_ONCE", 2)
    page = namespaces_page(bounded_window(ALL), "", NOW)
    assert [(row.name, row.count, row.healthy) for row in page.rows] == [("calm", None, None), ("shop", None, None)]
    monkeypatch.setattr(namespaces_and_storage, "AT_MOST", 1)
    assert [row.count for row in namespaces_page(bounded_window(ALL), "calm", NOW).rows] == [3]


def test_kinds_that_a_role_leaves_out_are_named_as_not_checked() -> None:
    viewer = Viewer("cal", "viewer", Scope(("calm",), ("*", "!pods", "!secrets")))
    assert namespaces_page(window_on(KVS, viewer), "", NOW).outside == ("Pod", "Secret", "Lease", "Node")
    assert namespaces_page(window_on(KVS), "", NOW).outside == ()


def test_nothing_is_said_of_what_only_the_role_leaves_out() -> None:
    service = obj("Service", "calm", "web", spec={"selector": {"app": "web"}})
    account = {"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}
    binding = obj("RoleBinding", "calm", "b", "rbac.authorization.k8s.io/v1", subjects=[account])
    kvs = (
        *KVS,
        kv("/registry/services/specs/calm/web", service),
        kv("/registry/rolebindings/calm/b", binding),
        kv("/registry/serviceaccounts/calm/default", obj("ServiceAccount", "calm", "default")),
    )

    def said(scope: Scope) -> list[str]:
        window = window_on(kvs, Viewer("cal", "viewer", scope))
        rows = namespaces_page(window, "calm", NOW).rows
        return [f.summary for row in rows for f in row.findings] + [
            f.summary for f in storage_page(window, False, NOW).findings
        ]

    everything = said(Scope())
    assert any("without an endpoint" in line for line in everything)
    assert any("service accounts that are gone" in line for line in everything)
    assert said(Scope(("calm",), ("*", "!endpointslices"))) == []


def test_very_many_namespaces_are_on_several_pages_in_the_order_of_their_names() -> None:
    count = NAMESPACES_AT_ONCE + 3
    names = [f"n{n:05}" for n in range(count)]
    page = namespaces_page(window_on(kv(f"/registry/namespaces/{n}", obj("Namespace", "", n)) for n in names), "", NOW)
    following = replace(page, after=page.shown[-1].name)

    assert [row.name for row in (*page.shown, *following.shown)] == [row.name for row in page.rows] == names
    assert page.next_href == f"/namespaces?after={page.shown[-1].name}"
    assert following.next_href == ""


VIEWERS = [
    Viewer("ann", role, Scope(namespaces, resources), method)
    for role, method in (("viewer", "local"), ("viewer", "password"), ("operator", "password"))
    for namespaces in (("*",), ("shop",), ("calm",), ("*", "!shop"), ("shop", "@cluster"))
    for resources in (("*",), ("*", "!configmaps"))
]


def test_viewers_of_one_cluster_get_what_each_would_get_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespaces_and_storage, "AT_ONCE", 3)  # so that some may run the checks, and some not
    cluster = window_on(KVS).cluster
    windows = [(Window(cluster, viewer), window_on(KVS, viewer)) for viewer in VIEWERS]
    for shared, alone in [*windows, *reversed(windows)]:
        assert storage_page(shared, False, NOW) == storage_page(alone, False, NOW)
        for namespace in ("", "shop"):
            ours, theirs = (_outcome(window, namespace) for window in (shared, alone))
            assert ours == theirs


def _outcome(window: Window, namespace: str) -> object:
    try:
        return namespaces_page(window, namespace, NOW)
    except (DeniedError, NotFoundError) as error:
        return error.what


def test_a_page_is_made_once_for_those_who_open_it_at_the_same_time() -> None:
    cluster = window_on(KVS).cluster
    pages = [namespaces_page(Window(cluster), "", NOW) for _ in range(2)]
    assert pages[0].rows is pages[1].rows
