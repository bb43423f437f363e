"""Label selectors, field selectors and --sort-by, as kubectl reads them."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etcdview.errors import QueryError
from etcdview.kube.quantities import quantity
from etcdview.kube.selectors import from_label_selector, from_map, parse_fields, parse_labels
from etcdview.kube.sorting import sort_by

LABELS = {"app": "web", "tier": "front", "weight": "7", "example.org/odd": ""}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app = web , tier=front", True),
        ("app=db", False),
        ("app!=db", True),
        ("app!=web", False),
        ("missing!=web", True),
        ("app in (web,db)", True),
        ("app in(db)", False),
        ("app notin (db)", True),
        ("missing notin (db)", True),
        ("app notin (web)", False),
        ("app", True),
        ("missing", False),
        ("!missing", True),
        ("!app", False),
        ("example.org/odd", True),
        ("example.org/odd=", True),
        ("app=", False),
        ("weight>5", True),
        ("weight<5", False),
        ("app>5", False),
        ("app in (db,web),!missing,weight>1", True),
    ],
)
def test_a_label_selector_matches_as_kubectls_does(selector: str, expected: bool) -> None:
    assert parse_labels(selector).matches(LABELS) is expected


@pytest.mark.parametrize(
    "selector",
    [
        "=web",
        "app=web,",
        "app=web tier",
        "app in web",
        "app in (web",
        "a b",
        "!",
        "app=we b",
        "-x",
        "app=-x",
        "w>x",
        "a/b/c",
        ",",
        "app=x" * 30,
    ],
)
def test_a_bad_label_selector_says_so(selector: str) -> None:
    with pytest.raises(QueryError, match="not a label selector"):
        parse_labels(selector)


@given(st.text(alphabet="ab=!<>(), inot/.-", max_size=20))
def test_any_text_is_a_label_selector_or_an_error_of_ours(selector: str) -> None:
    with contextlib.suppress(QueryError):
        parse_labels(selector).matches(LABELS)


def test_an_objects_own_selector_can_be_used() -> None:
    selector = {
        "matchLabels": {"app": "web"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["front"]},
            {"key": "app", "operator": "NotIn", "values": ["db"]},
            {"key": "tier", "operator": "Exists"},
            {"key": "missing", "operator": "DoesNotExist"},
        ],
    }
    assert from_label_selector(selector).matches(LABELS)
    assert from_map({"app": "web"}).matches(LABELS)
    assert not from_label_selector({"matchExpressions": [{"key": "app", "operator": "Like"}]}).matches(LABELS)


POD = {
    "metadata": {"name": "web-1", "labels": {"a.b/c": "d"}},
    "spec": {"nodeName": "n1", "unschedulable": None, "hostNetwork": True, "replicas": 3},
    "status": {"phase": "Running", "podIPs": ["10.0.0.1", "::1"], "conditions": [{"type": "Ready", "status": "True"}]},
    "involvedObject": {"kind": "Pod"},
}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("", True),
        ("metadata.name=web-1", True),
        ("metadata.name==web-1,status.phase!=Failed", True),
        ("status.phase!=Running", False),
        ("spec.nodeName=", False),
        ("spec.missing=", True),
        ("spec.missing!=x", True),
        ("involvedObject.kind=Pod", True),
        ("spec.replicas=3", True),
        ("spec.hostNetwork=true", True),
        ("spec.unschedulable=false", True),
        ("status.podIPs=::1", True),
        (r"metadata.labels.a\.b/c=d", True),
        ('status.conditions[?(@.type=="Ready")].status=True', True),
        (r"metadata.name=web\,1", False),
    ],
)
def test_a_field_selector_matches_any_path(selector: str, expected: bool) -> None:
    assert parse_fields(selector).matches(POD) is expected


JOB = {"apiVersion": "batch/v1", "kind": "Job", "status": {"succeeded": 1}}
EVENT = {
    "apiVersion": "v1", "kind": "Event", "reportingComponent": "scheduler", "source": {"component": "kubelet"},
    "involvedObject": {"kind": "Pod", "name": "web-0"},
}  # fmt: skip
ROUTE = {"apiVersion": "route.openshift.io/v1", "kind": "Route", "spec": {"host": "shop.example.org"}}


@pytest.mark.parametrize(
    ("obj", "selector"),
    [
        (JOB, "status.successful=1"),
        ({"apiVersion": "batch/v1beta1", "kind": "Job"}, "status.successful=0"),
        (EVENT, "source=kubelet"),
        ({**EVENT, "source": {}}, "source=scheduler"),
        (EVENT, "reportingController=scheduler"),
        (EVENT, "regarding.name=web-0,regarding.kind!=Node"),
        ({**EVENT, "apiVersion": "events.k8s.io/v1beta1"}, "regarding.name=web-0"),
        ({"apiVersion": "v1", "kind": "Pod", "spec": {"nodeName": "cp-1"}}, "spec.host=cp-1"),
        ({"apiVersion": "v1", "kind": "ReplicationController"}, "status.replicas=0"),
        (ROUTE, "spec.host=shop.example.org"),
    ],
    ids=str,
)
def test_fields_have_the_api_servers_names_too(obj: dict[str, Any], selector: str) -> None:
    assert parse_fields(selector).matches(obj)
    assert not parse_fields(selector.replace("!=", "=").replace("=", "!=")).matches(obj)


@pytest.mark.parametrize("selector", ["metadata.name", "=x", "a[=x"])
def test_a_bad_field_selector_says_so(selector: str) -> None:
    with pytest.raises(QueryError):
        parse_fields(selector)


def order(path: str, *values: Any) -> list[Any]:
    items = [{"v": value} if value is not None else {} for value in values]
    return [item.get("v") for item in sort_by(items, path, lambda item: item)]


def test_sorting_is_natural_for_texts_and_by_worth_for_quantities() -> None:
    assert order(".v", "pod-10", "pod-9", "pod-1a") == ["pod-1a", "pod-9", "pod-10"]
    assert order("{.v}", "1Gi", "500Mi", "2k", "1500m") == ["1500m", "2k", "500Mi", "1Gi"]
    assert order("v", 10, 9, None, 2.5) == [None, 2.5, 9, 10]


def test_a_path_that_no_object_has_is_an_error() -> None:
    with pytest.raises(QueryError, match="No object has a field"):
        order(".w", 1)


@pytest.mark.parametrize("text", ["1", "0.5", "1e3", "12E-2", "100m", "1Ki", "2E", "3Ei"])
def test_quantities_are_understood(text: str) -> None:
    assert quantity(text) is not None


@pytest.mark.parametrize("text", ["", "x", "1 Gi", "1gi", "--1"])
def test_what_is_no_quantity_is_none(text: str) -> None:
    assert quantity(text) is None
