"""Excerpts: objects of a few fields, one for all values that are alike in these."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from etcdview.codec import Codec, Excerpt, StorageFormat
from etcdview.codec.protobuf import excerpts
from etcdview.kube.fields import Excerpted

CODEC = Codec(release="1.34")
PHASE = Excerpt(frozenset(("status.phase",)))
POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "a", "namespace": "shop", "deletionTimestamp": "2026-01-01T00:00:00Z"},
    "spec": {"containers": [{"name": "web", "image": "web:1"}], "nodeName": "one"},
    "status": {"phase": "Running", "podIP": "10.0.0.1"},
}


def stored(name: str = "a", form: str = "protobuf", **status: Any) -> bytes:
    pod = copy.deepcopy(POD)
    pod["metadata"]["name"] = name
    pod["status"] |= status
    return CODEC.encode(pod, StorageFormat(form, api_version="v1", kind="Pod"), b"/k")  # type: ignore[arg-type]


def excerpt(value: bytes, *fields: str) -> Any:
    return CODEC.decode(b"/k", value, 7, detail=Excerpt(frozenset(fields))).object


def test_an_excerpt_has_its_fields_and_nothing_else() -> None:
    assert excerpt(stored(), "status.phase") == {"apiVersion": "v1", "kind": "Pod", "status": {"phase": "Running"}}
    assert excerpt(stored(), "spec.containers.name", "metadata.deletionTimestamp") == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"containers": [{"name": "web"}]},
    }


def test_a_struct_that_is_wanted_whole_is_whole_wherever_another_path_leads_into_it() -> None:
    pod = copy.deepcopy(POD)
    pod["spec"]["initContainers"] = [{"name": "first", "image": "first:1"}]
    value = CODEC.encode(pod, StorageFormat("protobuf", api_version="v1", kind="Pod"), b"/k")

    assert excerpt(value, "status", "status.phase")["status"] == {"phase": "Running", "podIP": "10.0.0.1"}
    assert excerpt(value, "spec.containers", "spec.initContainers.name")["spec"]["containers"] == [
        {"name": "web", "image": "web:1"}
    ]


def test_a_field_that_the_version_does_not_have_leads_nowhere() -> None:
    assert excerpt(stored(), "regarding.name") == {"apiVersion": "v1", "kind": "Pod"}


def test_objects_that_are_alike_in_it_share_one_which_has_no_revision() -> None:
    one, two, other = (excerpt(value, "status.phase") for value in (stored(), stored("b"), stored(phase="Failed")))

    assert one is two
    assert (one is other, other["status"]["phase"]) == (False, "Failed")
    assert excerpt(stored(), "metadata.deletionTimestamp")["metadata"].get("resourceVersion") is None


def test_of_very_many_only_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excerpts, "KEPT", 2)
    codec = Codec(release="1.33")  # none has asked it for these fields
    address = Excerpt(frozenset(("status.podIP",)))
    first, *others = (codec.decode(b"/k", stored(podIP=ip), detail=address).object for ip in "abc")

    assert [one["status"]["podIP"] for one in (first, *others) if one] == ["a", "b", "c"]
    again = codec.decode(b"/k", stored(podIP="a"), detail=address).object
    assert again == first
    assert again is not first


def test_its_texts_are_all_that_can_be_read_in_it() -> None:
    found = excerpt(stored(), "status.podIP")

    assert isinstance(found, Excerpted)
    assert b"10.0.0.1" in found.texts
    assert b"web" not in found.texts


def test_what_is_stored_as_json_is_whole() -> None:
    assert excerpt(stored(form="json"), "status.phase")["spec"]["nodeName"] == "one"


@pytest.mark.parametrize("form", ["cut short", "another kind"])
def test_what_cannot_be_decoded_whole_cannot_be_decoded_in_part(form: str) -> None:
    value = stored()[:-20] if form == "cut short" else stored().replace(b"Pod", b"Pox")
    whole, part = CODEC.decode(b"/k", value), CODEC.decode(b"/k", value, detail=PHASE)

    assert whole.error is not None
    assert (part.object, part.error and part.error.what) == (None, whole.error.what)
