"""What surrounds an object: relations, owners and events, whatever others wrote into them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from etcdview.access.roles import Scope, Viewer
from etcdview.pages.object.entry import read_entry
from etcdview.pages.object.related import Around, around
from etcdview.pages.object.views import summary_view
from tests.unit.pages.registry_of import kv, obj, window_on

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
POD, MAP = "/registry/pods/shop/web-1", "/registry/configmaps/shop/settings"
OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "u1", "controller": True}
VOLUMES = [{"name": "v", "configMap": {"name": "settings"}}, {"name": "s", "secret": {"secretName": "gone"}}]
SPEC = {"containers": [{"name": "c"}], "volumes": VOLUMES}


def event(name: str, **more: Any) -> Any:
    ref = {"kind": "Pod", "namespace": "shop", "name": "web-1"}
    return kv(f"/registry/events/shop/{name}", obj("Event", "shop", name, involvedObject=ref, **more))


KVS = (
    kv(POD, obj("Pod", "shop", "web-1", spec=SPEC, metadata={"ownerReferences": [OWNER]})),
    kv(MAP, obj("ConfigMap", "shop", "settings")),
    kv("/registry/replicasets/shop/web", obj("ReplicaSet", "shop", "web", "apps/v1", metadata={"uid": "u1"})),
)


def around_pod(*more: Any, viewer: Viewer | None = None) -> Around:
    window = window_on((*KVS, *more), viewer) if viewer else window_on((*KVS, *more))
    answer = read_entry(window, POD.encode())
    assert answer.entry.object is not None
    return around(window, answer.entry.object, answer.revision, NOW)


def test_what_exists_is_linked_and_what_is_missing_is_not() -> None:
    relations = {r.ref.name: r for r in around_pod().relations}
    assert relations["settings"].href == f"/object?key={MAP}"
    assert (relations["gone"].href, relations["gone"].missing) == ("", True)


def test_the_owner_stands_above_the_object() -> None:
    tree = around_pod().owners
    assert tree is not None
    assert (tree.ref.kind, tree.current) == ("ReplicaSet", False)
    assert [(child.ref.name, child.current, child.href) for child in tree.children] == [("web-1", True, "")]


def test_an_object_with_neither_owner_nor_dependent_has_no_tree() -> None:
    window = window_on(KVS)
    entry = read_entry(window, MAP.encode()).entry
    assert entry.object is not None
    assert around(window, entry.object, 9, NOW).owners is None


def test_events_are_the_newest_first_with_their_count_and_source() -> None:
    found = around_pod(
        event("web-1.a", type="Normal", reason="Old", lastTimestamp="2026-11-23T11:00:00Z", count=3),
        event("web-1.b", type="Warning", reason="New", eventTime="2026-11-23T11:59:00Z", reportingComponent="kubelet"),
        event("web-1.c", reason="Series", series={"lastObservedTime": "2026-11-23T11:30:00Z"}, note="said so"),
    ).events
    assert [(e.reason, e.age, e.count, e.source, e.message) for e in found] == [
        ("New", "60s", 1, "kubelet", ""),
        ("Series", "30m", 1, "", "said so"),
        ("Old", "60m", 3, "", ""),
    ]


@pytest.mark.parametrize(
    "odd",
    [
        {"count": "zzz"},
        {"count": [1]},
        {"series": []},
        {"series": "x"},
        {"series": {"lastObservedTime": 7}},
        {"source": [], "reportingComponent": {}},
        {"type": 7, "reason": None, "message": {"a": 1}},
        {"lastTimestamp": "yesterday"},
    ],
)
def test_an_odd_event_is_shown_and_breaks_nothing(odd: dict[str, Any]) -> None:
    (shown,) = around_pod(event("web-1.odd", **odd)).events
    assert isinstance(shown.count, int)
    assert shown.href == "/object?key=/registry/events/shop/web-1.odd"


def test_what_a_viewer_may_not_see_is_neither_linked_nor_called_missing() -> None:
    nina = Viewer("nina", "viewer", Scope(("shop",), ("*", "!configmaps")))
    relations = {r.ref.name: r for r in around_pod(viewer=nina).relations}
    hidden = relations["settings"]
    assert (hidden.href, hidden.missing, hidden.state, hidden.severity) == ("", False, "outside your role", "unknown")
    assert relations["gone"].missing


def test_kinds_that_a_role_leaves_out_are_passed_over_and_named() -> None:
    narrow = around_pod(event("web-1.a"), viewer=Viewer("pia", "viewer", Scope(("shop",), ("pods",))))
    assert narrow.events == ()
    assert {"Event", "Service", "EndpointSlice"} <= set(narrow.outside)
    assert around_pod(viewer=Viewer("vera", "viewer")).outside == ()


def test_a_kind_of_which_a_role_covers_some_namespaces_is_named_too() -> None:
    node = obj("Node", "", "n1")
    pods = [
        kv(f"/registry/pods/{namespace}/p", obj("Pod", namespace, "p", spec=SPEC | {"nodeName": "n1"}))
        for namespace in ("shop", "web")
    ]
    window = window_on(tuple(pods), Viewer("pia", "viewer", Scope(("*", "!web"))))
    found = around(window, node, 9, NOW)
    assert [r.ref.namespace for r in found.relations] == ["shop"]
    assert found.outside == ("Pod",)


UNKNOWN = {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}]}


@pytest.mark.parametrize(
    ("phase", "attention"),
    [
        ("Running", [("Secret", "shop/gone: not found")]),
        (
            "Pending",
            [
                ("Pod", "Pending, 0 of 1 containers ready"),
                ("Node", "lost: NotReady"),
                ("Secret", "shop/gone: not found"),
            ],
        ),
    ],
)
def test_the_summary_begins_with_what_is_missing_and_of_an_unhealthy_pod_the_unhealthy_node(
    phase: str, attention: list[tuple[str, str]]
) -> None:
    ready = [{"type": "Ready", "status": "True" if phase == "Running" else "False"}]
    pod = obj("Pod", "shop", "web-1", spec=SPEC | {"nodeName": "lost"}, status={"phase": phase, "conditions": ready})
    others = (
        kv("/registry/minions/lost", obj("Node", "", "lost", status=UNKNOWN)),
        kv("/registry/serviceaccounts/shop/default", obj("ServiceAccount", "shop", "default")),
    )
    window = window_on((kv(POD, pod), *KVS[1:], *others))
    answer = read_entry(window, POD.encode())
    assert answer.entry.object is not None

    first = summary_view(window, answer.entry.object, answer.revision, NOW).sections[0]

    assert first.title == "Needs attention"
    assert sorted((field.label, field.value) for field in first.fields) == sorted(attention)


SECRET = "/registry/secrets/shop/unused"


def around_secret(*more: Any, viewer: Viewer | None = None) -> Around:
    kvs = (*KVS, kv(SECRET, obj("Secret", "shop", "unused")), *more)
    window = window_on(kvs, viewer) if viewer else window_on(kvs)
    entry = read_entry(window, SECRET.encode()).entry
    assert entry.object is not None
    return around(window, entry.object, 0, NOW)


def test_a_secret_that_nothing_uses_says_so_and_what_was_checked() -> None:
    assert around_secret().unused == (
        "Nothing was found that uses this Secret: no Pod, Deployment, StatefulSet, DaemonSet, Job, CronJob, "
        "ServiceAccount or Ingress refers to it. Volume drivers and custom resources are not checked."
    )


def test_what_is_used_by_a_suspended_cron_job_alone_is_used() -> None:
    spec = {"containers": [{"name": "c"}], "volumes": [{"name": "s", "secret": {"secretName": "unused"}}]}
    job = {"spec": {"template": {"spec": spec}}}
    cron = obj("CronJob", "shop", "nightly", "batch/v1", spec={"suspend": True, "jobTemplate": job})
    found = around_secret(kv("/registry/cronjobs/shop/nightly", cron))

    assert found.unused == ""
    assert [str(each.ref) for each in found.relations] == ["CronJob shop/nightly"]


@pytest.mark.parametrize(
    ("kind", "key", "spec"),
    [
        (
            "PersistentVolumeClaim",
            "/registry/persistentvolumeclaims/shop/data",
            {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]},
        ),
        ("ServiceAccount", "/registry/serviceaccounts/shop/data", {"serviceAccountName": "data"}),
        ("ConfigMap", "/registry/configmaps/shop/data", {"volumes": [{"name": "v", "configMap": {"name": "data"}}]}),
    ],
)
def test_what_a_deployment_without_pods_alone_names_is_used(kind: str, key: str, spec: dict[str, Any]) -> None:
    used = obj(kind, "shop", "data")
    idle = obj(
        "Deployment", "shop", "idle", "apps/v1", spec={"replicas": 0, "template": {"spec": spec | {"containers": [{}]}}}
    )
    window = window_on((*KVS, kv(key, used), kv("/registry/deployments/shop/idle", idle)))
    found = around(window, used, 0, NOW)

    assert found.unused == ""
    assert [str(each.ref) for each in found.relations] == ["Deployment shop/idle"]


@pytest.mark.parametrize(
    ("claim", "used"), [("data-web-0", True), ("data-web-12", True), ("data-web-x", False), ("other-web-0", False)]
)
def test_claims_of_a_stateful_set_that_was_scaled_down_are_its_own(claim: str, used: bool) -> None:
    spec = {"replicas": 0, "volumeClaimTemplates": [{"metadata": {"name": "data"}}]}
    web = obj("StatefulSet", "shop", "web", "apps/v1", spec=spec)
    made = obj("PersistentVolumeClaim", "shop", claim)
    keys = (f"/registry/persistentvolumeclaims/shop/{claim}", "/registry/statefulsets/shop/web")
    window = window_on((*KVS, kv(keys[0], made), kv(keys[1], web)))
    of_claim, of_set = (around(window, each, 0, NOW) for each in (made, web))

    assert (of_claim.unused == "") is used
    assert [str(each.ref) for each in of_claim.relations] == ["StatefulSet shop/web"] * used
    assert [str(each.ref) for each in of_set.relations] == [f"PersistentVolumeClaim shop/{claim}"] * used


def test_what_was_not_checked_is_said_where_no_use_was_found() -> None:
    narrow = Viewer("nina", "viewer", Scope(("shop",), ("*", "!ingresses")), "password")
    outside = around_secret(viewer=narrow).unused
    broken = around_secret(kv("/registry/pods/shop/broken", b"k8s\0broken")).unused

    assert outside == (
        "Nothing was found that uses this Secret, but not all objects were checked: "
        "your role, or that of etcd's user, does not cover all objects of kind Ingress."
    )
    assert broken.endswith("not all objects were checked: some values of kind Pod cannot be decoded.")


def test_nobody_expects_a_pod_to_be_used() -> None:
    assert around_pod().unused == ""
