"""Summaries in the spirit of kubectl describe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import pytest

from etcdview.describe import Section, summary
from etcdview.relations import Graph, Ref


def sections(graph: Graph, ref: Ref, now: datetime) -> dict[str, Section]:
    obj = graph.get(ref)
    assert obj is not None
    return {s.title: s for s in summary(obj, now)}


def values(section: Section) -> dict[str, str]:
    return {f.label: f.value for f in section.fields}


def test_a_pod_is_told_with_containers_states_mounts_and_conditions(graph: Graph, now: datetime) -> None:
    found = sections(graph, Ref("", "Pod", "shop", "crashloop"), now)
    assert list(found) == ["Needs attention", "Object", "Pod", "Containers", "Mounts", "Volumes", "Conditions"]
    assert values(found["Pod"])["Status"] == "CrashLoopBackOff"
    assert [f.severity for f in found["Pod"].fields if f.label == "Status"] == ["error"]
    assert found["Containers"].columns[:5] == ("Name", "Image", "State", "Ready", "Restarts")
    assert any("CrashLoopBackOff" in row[2] for row in found["Containers"].rows)


def test_a_pod_that_is_not_well_says_why_before_all_else(graph: Graph, now: datetime) -> None:
    found = sections(graph, Ref("", "Pod", "shop", "crashloop"), now)

    assert values(found["Needs attention"]) == {
        "Container a": "waiting, CrashLoopBackOff, m; "
        "ended last: terminated, Error, exit code 2, 6h27m ago; restarted 12 times"
    }
    assert "Needs attention" not in sections(graph, Ref("", "Pod", "shop", "cart-c86d8d456-m99c6"), now)


def test_a_pod_that_nobody_takes_says_why(graph: Graph, now: datetime) -> None:
    found = sections(graph, Ref("", "Pod", "shop", "evicted"), now)

    assert list(values(found["Needs attention"])) == ["Pod"]
    assert found["Conditions"].note


def test_a_node_says_what_is_wrong_with_it_before_all_else(graph: Graph, now: datetime) -> None:
    found = sections(graph, Ref("", "Node", "", "worker-2"), now)["Needs attention"]

    assert [(f.label, f.value.split(" for ")[0], f.severity) for f in found.fields] == [
        ("Ready", "False", "error"),
        ("MemoryPressure", "True", "error"),
    ]
    assert found.fields[0].value.endswith("; KubeletNotReady")
    assert "Needs attention" not in sections(graph, Ref("", "Node", "", "worker-1"), now)


@pytest.mark.parametrize(
    ("spec", "conditions", "said"),
    [
        ({}, [], {"Ready": "its kubelet has never reported"}),
        ({}, [{"type": "Ready", "status": "True"}, {"type": "DiskPressure", "status": "False"}], None),
        (
            {"unschedulable": True},
            [{"type": "Ready", "status": "True"}],
            {"Scheduling": "cordoned: new pods are kept away"},
        ),
        (
            {},
            [
                {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "no word"},
                {"type": "MemoryPressure", "status": "Unknown", "reason": "NodeStatusUnknown"},
                {"type": "PIDPressure", "status": "True"},
            ],
            {"Ready": "Unknown; NodeStatusUnknown: no word", "PIDPressure": "True"},
        ),
    ],
)
def test_of_a_nodes_conditions_the_bad_ones_are_told(
    spec: dict[str, Any], conditions: list[dict[str, str]], said: dict[str, str] | None, now: datetime
) -> None:
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "spec": spec}
    found = {s.title: values(s) for s in summary(node | {"status": {"conditions": conditions}}, now)}

    assert found.get("Needs attention") == said


def test_columns_in_which_nothing_stands_are_left_out(graph: Graph, now: datetime) -> None:
    found = sections(graph, Ref("", "Pod", "shop", "crashloop"), now)

    assert found["Containers"].columns == ("Name", "Image", "State", "Ready", "Restarts", "Last ended")


def test_the_sources_of_a_projected_volume_are_named(graph: Graph, now: datetime) -> None:
    found = sections(graph, Ref("", "Pod", "shop", "crashloop"), now)

    assert [row[2] for row in found["Volumes"].rows] == [
        "service account token at token, config map kube-root-ca.crt, downward API as namespace"
    ]


def test_a_config_map_shows_its_texts_and_the_sizes_of_what_is_binary(now: datetime) -> None:
    data = {"short": "on", "long": "line\n" * 40}
    made = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c"},
        "data": data,
        "binaryData": {"b": "AQI="},
    }
    found = {s.title: s for s in summary(made, now)}

    texts = {text.label: text for text in found["Entries"].texts}
    assert {name: text.value for name, text in texts.items()} == data
    assert [texts["short"].is_short, texts["long"].is_short, texts["long"].size_bytes] == [True, False, 200]
    assert found["Binary entries"].rows == (("b", "2 bytes"),)


def test_fields_that_name_an_object_carry_its_reference(graph: Graph, now: datetime) -> None:
    found = sections(graph, Ref("", "Pod", "shop", "cart-c86d8d456-m99c6"), now)
    refs = {f.label: f.ref for f in found["Pod"].fields if f.ref}
    assert refs == {
        "Node": Ref("", "Node", "", "worker-2"),
        "Service account": Ref("", "ServiceAccount", "shop", "default"),
        "Priority class": Ref("scheduling.k8s.io", "PriorityClass", "", "business-critical"),
    }
    assert [str(f.ref) for f in found["Object"].fields if f.label == "Owned by"] == ["ReplicaSet shop/cart-c86d8d456"]


def test_conditions_have_their_ages(graph: Graph, now: datetime) -> None:
    found = sections(graph, Ref("", "Node", "", "worker-2"), now)
    assert found["Conditions"].columns == ("Type", "Status", "For", "Reason", "Message")
    assert {row[0]: row[2] for row in found["Conditions"].rows}["Ready"] == "3d5h"


def test_each_kind_says_something_of_its_own(captured: tuple[dict[str, Any], ...], now: datetime) -> None:
    titles = {obj["kind"]: {s.title for s in summary(obj, now)} for obj in captured}
    assert titles["Service"] >= {"Service", "Ports"}
    assert titles["Deployment"] >= {"Deployment", "Containers"}
    assert titles["HorizontalPodAutoscaler"] >= {"Autoscaler", "Metrics"}
    assert titles["Ingress"] >= {"Ingress", "Rules"}
    assert titles["ClusterRoleBinding"] >= {"Role", "Subjects"}
    assert titles["CustomResourceDefinition"] >= {"Definition", "Versions"}
    assert titles["Backup"] >= {"Object", "Spec"}


def test_a_secret_shows_sizes_and_no_values(captured: tuple[dict[str, Any], ...], now: datetime) -> None:
    for secret in (obj for obj in captured if obj["kind"] == "Secret"):
        said = repr(summary(secret, now))
        for value in (secret.get("data") or {}).values():
            assert len(value) < 12 or value not in said


def test_a_masked_value_is_shown_as_it_is(now: datetime) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "••• 5 bytes"}}
    assert summary(secret, now)[-1].rows == (("a", "••• 5 bytes"),)


def damaged(node: Any) -> Iterator[Any]:
    yield from (None, "x", 1, {}, [None])
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, part in parts:
        for replacement in damaged(part):
            if isinstance(node, dict):
                yield node | {name: replacement}
            else:
                yield [*node[:name], replacement, *node[name + 1 :]]


def test_no_damage_to_an_object_breaks_its_summary_or_its_relations(
    captured: tuple[dict[str, Any], ...], now: datetime
) -> None:
    largest: dict[str, dict[str, Any]] = {}
    for obj in captured:
        if len(json.dumps(obj)) > len(json.dumps(largest.get(obj["kind"], {}))):
            largest[obj["kind"]] = obj
    for obj in largest.values():
        plain = obj | {"metadata": {k: v for k, v in obj["metadata"].items() if k != "managedFields"}}
        for broken in (b for b in islice(damaged(plain), 0, None, 3) if isinstance(b, dict)):
            assert summary(broken, now) is not None
            assert Graph([broken]).related(broken, now) is not None
