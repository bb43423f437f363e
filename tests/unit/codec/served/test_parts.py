"""Pods in parts: their JSON is that of the whole object, byte for byte, however they are made."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from etcdview.codec import Codec, rawjson
from etcdview.codec.protobuf import envelope
from etcdview.codec.protobuf.schema import Schema, schema
from etcdview.codec.served import defaults
from etcdview.codec.served.parts import PARTS
from tests.unit.codec.building import stored, with_extra

SAMPLE = Path(__file__).parent.parent.parent.parent / "testdata" / "served.jsonl.gz"
RELEASES = ("1.20", "1.27", "1.28", "1.36", "1.37", None)
TOKEN = {"name": "kube-api-access-x7k2p", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
MOUNT = {"name": "kube-api-access-x7k2p", "readOnly": True, "mountPath": "/var/run/secrets"}
POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "web-1",
        "namespace": "shop",
        "uid": "u-1",
        "labels": {"app": "web"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "u-0"}],
        "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {'k:{"ip":"10.0.0.1"}': {}}}}],
    },
    "spec": {
        "volumes": [TOKEN, {"name": "empty"}],
        "containers": [
            {
                "name": "web",
                "image": "web",
                "args": ["<a> & b", "\u2028"],
                "ports": [{"containerPort": 80}],
                "resources": {"limits": {"cpu": "1500u"}},
                "volumeMounts": [MOUNT],
            }
        ],
        "tolerations": [{"key": "a", "operator": "Exists"}],
    },
    "status": {"phase": "Running", "podIP": "10.0.0.1"},
}


def as_a_whole(codec: Codec, value: bytes) -> bytes:
    """The same by way of the whole object."""
    return rawjson.dump(codec.as_served(codec.decode(b"/k", value, 7).object or {})).encode()


def in_parts(codec: Codec, value: bytes) -> bytes | None:
    """What is tested."""
    return codec.served_text(value, 7, lambda obj: obj)


def changed(**spec: Any) -> dict[str, Any]:
    """The pod with a changed spec."""
    pod = copy.deepcopy(POD)
    pod["spec"] |= spec
    return pod


@pytest.mark.parametrize("release", RELEASES)
def test_pods_of_all_releases_are_the_same_in_parts(release: str | None) -> None:
    codec, compared = Codec(release=release), 0
    with gzip.open(SAMPLE, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if (row["stored"]["apiVersion"], row["stored"]["kind"]) == ("v1", "Pod"):
                value = stored(row["stored"], row["release"])
                assert in_parts(codec, value) == as_a_whole(codec, value)
                compared += 1
    assert compared > 20


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    "pod",
    [
        POD,
        changed(hostNetwork=True),
        changed(resources={"limits": {"cpu": "4"}}),
        changed(containers=[], volumes=[TOKEN, TOKEN | {"name": "kube-api-access-other"}]),
        changed(volumes=[TOKEN | {"name": "my-kube-api-access-x7k2p"}]),
        changed(nodeName="kube-api-access-x7k2p", initContainers=[{"name": "kube-api-access-x7k2p"}]),
        POD | {"metadata": POD["metadata"] | {"annotations": {"kube-api-access-x7k2p": "a", "kube-api-access-": "b"}}},
    ],
)
def test_so_are_odd_pods(pod: dict[str, Any], release: str | None) -> None:
    codec, value = Codec(release=release), stored(pod)

    assert in_parts(codec, value) == as_a_whole(codec, value)
    assert in_parts(codec, value) == as_a_whole(codec, value)  # by what was kept


def test_each_pod_has_the_name_of_its_own_token_volume() -> None:
    codec = Codec(release="1.36")
    one, other = stored(POD), stored(POD).replace(b"x7k2p", b"zzzzz")

    assert in_parts(codec, one) == as_a_whole(codec, one)
    assert in_parts(codec, other) == as_a_whole(codec, other)
    assert b"x7k2p" not in (in_parts(codec, other) or b"x7k2p")


def test_fields_that_come_twice_are_merged_as_ever() -> None:
    codec = Codec(release="1.36")
    more = changed(tolerations=[], securityContext={"runAsUser": 7}, affinity={"podAffinity": {}})
    value = with_extra(stored(POD), envelope.open_envelope(stored(more)).raw)

    assert in_parts(codec, value) == as_a_whole(codec, value)


@pytest.mark.parametrize(
    "value",
    [
        stored(changed(nodeName="\0")),
        stored(POD)[:-40],
        stored(POD).replace(b"<a>", b"<\xff>"),
        stored(POD).replace(b'{"f:status"', b'["f:status"'),
        stored({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}),
    ],
)
def test_what_must_be_read_as_a_whole_is_left_to_it(value: bytes) -> None:
    assert in_parts(Codec(release="1.36"), value) is None


@pytest.mark.parametrize("minor", [20, 27, 28, 37])
def test_all_places_of_a_part_have_the_same_defaults(minor: int) -> None:
    for places in PARTS.values():
        first, *others = (defaults.plan_at("v1", "Pod", place, minor) for place in places)
        assert all(first == other for other in others)


def test_parts_stand_where_they_are_said_to() -> None:
    found: dict[str, set[str]] = {}
    _places(schema(), schema().named("core/v1.Pod"), "", found)

    listed = {f"{where}.containerStatuses[].volumeMounts[]" for where in ("status",)}
    assert found["core/v1.VolumeMountStatus"] >= listed
    for name, places in PARTS.items():
        if name != "core/v1.VolumeMountStatus":
            assert found[name] == set(places)
    assert all(not _has_defaults(place) for place in found["core/v1.VolumeMountStatus"])


def _has_defaults(place: str) -> bool:
    node = defaults.plan_at("v1", "Pod", place, 37)
    return bool(node.defaults or node.changes or node.inner or node.each)


def _places(table: Schema, number: int, path: str, found: dict[str, set[str]]) -> None:
    """Where structs stand outside of parts."""
    for field in table.struct(number).fields:
        if field.message < 0:
            continue
        name = table.struct(field.message).name
        place = path if field.inline else f"{path}.{field.name}".lstrip(".") + ("[]" if field.repeated else "")
        found.setdefault(name, set()).add(place)
        if name not in PARTS:
            _places(table, field.message, place, found)
