"""Pods for tables: what many have alike is decoded once, and each still is its own."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from etcdview.codec import Codec, Detail, StorageFormat
from etcdview.kube.fields import Composed

CODEC = Codec(release="1.34")
POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "a", "namespace": "shop", "labels": {"app": "web"}},
    "spec": {"containers": [{"name": "web", "image": "web:1"}], "nodeName": "one"},
    "status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]},
}


def decoded(name: str, node: str, address: str, phase: str = "Running") -> Composed:
    """Such a pod, stored and read for a table."""
    pod = copy.deepcopy(POD)
    pod["metadata"]["name"], pod["spec"]["nodeName"] = name, node
    pod["status"] = {"phase": phase, "podIP": address, "podIPs": [{"ip": address}]}
    value = CODEC.encode(pod, StorageFormat("protobuf", api_version="v1", kind="Pod"), b"/k")
    found = CODEC.decode(b"/k", value, 7, detail=Detail.CELLS).object
    assert isinstance(found, Composed)
    return found


def test_pods_that_are_alike_share_what_they_have_in_common_and_nothing_else() -> None:
    one, two = decoded("a", "one", "10.0.0.1"), decoded("b", "two", "10.0.0.2")

    assert one.common is two.common
    assert (one["metadata"]["name"], two["metadata"]["name"]) == ("a", "b")
    assert (one["spec"]["nodeName"], two["spec"]["nodeName"]) == ("one", "two")
    assert (one["status"]["podIPs"], two["status"]["podIPs"]) == ([{"ip": "10.0.0.1"}], [{"ip": "10.0.0.2"}])
    assert one["metadata"]["resourceVersion"] == "7"
    assert one["metadata"]["labels"] == {"app": "web"}


def test_pods_that_differ_in_what_they_do_have_nothing_in_common() -> None:
    running, failed = decoded("a", "one", "10.0.0.1"), decoded("a", "one", "10.0.0.1", "Failed")

    assert running.common is not failed.common
    assert (running["status"]["phase"], failed["status"]["phase"]) == ("Running", "Failed")


def test_what_is_worked_out_of_common_parts_is_worked_out_once() -> None:
    one, two = decoded("a", "one", "10.0.0.1", "Pending"), decoded("b", "two", "10.0.0.2", "Pending")

    assert one.common.worked("answer", lambda: 1) == 1
    assert two.common.worked("answer", lambda: 2) == 1


def test_the_texts_of_a_composed_pod_hold_all_that_is_in_it() -> None:
    pod = decoded("a\u00e9", "node-one", "10.0.0.1")

    for text in ("a\u00e9", "shop", "app", "web", "web:1", "node-one", "10.0.0.1", "Running"):
        assert text.encode() in pod.texts


def test_with_all_its_metadata_it_is_what_it_is_whole_but_for_who_manages_it() -> None:
    pod = copy.deepcopy(POD)
    pod["metadata"] |= {"uid": "u-1", "annotations": {"note": "long"}, "managedFields": [{"manager": "kubelet"}]}
    value = CODEC.encode(pod, StorageFormat("protobuf", api_version="v1", kind="Pod"), b"/k")
    rows = CODEC.decode(b"/k", value, 7, detail=Detail.ROWS).object
    whole = CODEC.decode(b"/k", value, 7).object

    assert isinstance(rows, Composed)
    assert whole is not None
    del whole["metadata"]["managedFields"]
    assert list(rows["metadata"].items()) == list(whole["metadata"].items())
    assert b"note" in rows.texts
    assert b"long" in rows.texts


def test_of_what_is_sent_as_it_is_stored_only_the_labels_are_made() -> None:
    value = CODEC.encode(POD, StorageFormat("protobuf", api_version="v1", kind="Pod"), b"/k")

    assert CODEC.decode(b"/k", value, 7, detail=Detail.LABELS).object == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "namespace": "shop", "labels": {"app": "web"}, "resourceVersion": "7"},
    }


@pytest.mark.parametrize("detail", [Detail.CELLS, Detail.ROWS, Detail.LINKED, Detail.LABELS])
def test_a_value_that_breaks_off_in_a_part_that_no_column_shows_is_as_undecodable_as_ever(detail: Detail) -> None:
    pod = copy.deepcopy(POD)
    pod["spec"]["volumes"] = [{"name": "vvvv", "configMap": {"name": "cccc"}}]
    value = CODEC.encode(pod, StorageFormat("protobuf", api_version="v1", kind="Pod"), b"/k")
    broken = value.replace(b"\x0a\x04cccc", b"\x0a\x7fcccc")  # a length that leads out of the volume
    whole, part = CODEC.decode(b"/k", broken), CODEC.decode(b"/k", broken, detail=detail)

    assert value != broken
    assert whole.error is not None
    assert "volumes" in whole.error.what
    assert (part.object, part.error and part.error.what, part.partial) == (None, whole.error.what, whole.partial)
