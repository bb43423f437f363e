"""What is answered as protobuf is what is answered as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from etcdview.codec import Codec
from etcdview.codec.protobuf import envelope, wire
from etcdview.kubeapi import protobuf_form
from tests.unit.kubeapi.conftest import Api, text_of

PROTOBUF = "application/vnd.kubernetes.protobuf"


def parts(message: bytes, number: int) -> list[bytes]:
    """The values of a field of bytes."""
    found = wire.pieces(message, 0, len(message))
    return [message[p.value_start : p.end] for p in found if p.number == number]


def listed(api: Api, path: str, **args: str) -> tuple[str, list[Any], list[bytes]]:
    """Kind, objects and metadata of a list in protobuf."""
    found = api.ask(path, PROTOBUF, **args)
    assert (found.code, found.content_type) == (200, PROTOBUF), found.body
    opened = envelope.open_envelope(text_of(found))
    assert opened.fault is None
    kind = opened.kind.removesuffix("List")
    codec = Codec(release="1.36")
    stored = [envelope.wrap(opened.api_version, kind, item) for item in parts(opened.raw, 2)]
    objects = [codec.decode(b"", value).object or {} for value in stored]
    if opened.api_version != "events.k8s.io/v1":  # which would be served as events of the core group
        objects = [codec.as_served(obj) for obj in objects]
    return opened.kind, objects, parts(opened.raw, 1)


def test_every_list_is_the_same_in_both_forms(open_api: Api) -> None:
    compared = 0
    for group in (
        "api/v1",
        *(f"apis/{v['groupVersion']}" for g in open_api.get("apis")["groups"] for v in g["versions"]),
    ):
        for resource in open_api.get(group)["resources"]:
            if "/" in resource["name"] or "list" not in resource["verbs"] or "example.org" in group:
                continue
            path = f"{group}/{resource['name']}"
            expected = open_api.get(path)
            kind, objects, _ = listed(open_api, path)
            head = {"kind": resource["kind"], "apiVersion": group.partition("/")[2]}
            assert kind == expected["kind"]
            assert objects == [head | item for item in expected["items"]], path
            compared += len(objects)
    assert compared > 650


def test_one_object_and_its_revision(api: Api) -> None:
    path = "api/v1/namespaces/shop/pods/crashloop"

    found = api.ask(path, f"{PROTOBUF},application/json")

    assert found.content_type == PROTOBUF
    assert Codec(release="1.36").decode(b"", text_of(found)).object == api.get(path)


def test_pages_of_a_list(api: Api) -> None:
    _, first, metadata = listed(api, "api/v1/pods", limit="7")
    [token] = parts(metadata[0], 3)

    _, rest, _ = listed(api, "api/v1/pods", **{"continue": token.decode()})

    assert len(first) == 7
    assert len(first) + len(rest) == len(api.get("api/v1/pods")["items"])


def test_masked_secrets_are_written_anew(api: Api) -> None:
    _, secrets, _ = listed(api, "api/v1/secrets")

    assert secrets
    assert all(s["metadata"]["annotations"]["etcdview/masked"] == "true" for s in secrets)
    assert b"correct horse" not in text_of(api.ask("api/v1/secrets", PROTOBUF))


@pytest.mark.parametrize(
    ("path", "accept", "code", "content_type"),
    [
        ("apis/example.org/v1/backups", PROTOBUF, 406, "application/json"),
        ("apis/example.org/v1/backups", f"{PROTOBUF},application/json", 200, "application/json"),
        ("api/v1/pods", f"{PROTOBUF};as=Table;g=meta.k8s.io;v=v1,application/json", 200, "application/json"),
        ("api/v1/pods", "*/*", 200, "application/json"),
        ("api/v1/namespaces/shop/pods/not-there", PROTOBUF, 404, "application/json"),
    ],
)
def test_what_has_no_protobuf_is_json(api: Api, path: str, accept: str, code: int, content_type: str) -> None:
    found = api.ask(path, accept)

    assert (found.code, found.content_type) == (code, content_type)
    json.loads(text_of(found))


def test_a_long_list_goes_through_a_file(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = text_of(api.ask("api/v1/pods", PROTOBUF))
    monkeypatch.setattr(protobuf_form, "_HELD_BYTES", 10_000)
    monkeypatch.setattr(protobuf_form, "_CHUNK_BYTES", 1_000)

    found = api.ask("api/v1/pods", PROTOBUF)

    assert not isinstance(found.body, bytes)
    assert b"".join(found.body) == expected
