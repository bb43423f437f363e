"""What lists say of an object is what its own answer says, byte for byte: they are made in quicker ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from etcdview.cluster.window import Window
from etcdview.codec.protobuf import envelope, wire
from etcdview.kubeapi.exchange import KubeRequest
from etcdview.kubeapi.lists import encodings_of, get_object, list_objects
from etcdview.kubeapi.options import list_options
from etcdview.kubeapi.reading import KubePlace
from etcdview.kubeapi.served_types import ServedType, served_types
from tests.unit.kubeapi.conftest import CAPTURED_AT, TABLE, Api, text_of

PROTOBUF = "application/vnd.kubernetes.protobuf"


@pytest.fixture
def masked(api: Api) -> Window:
    """What someone sees who sees masks."""
    return Window(api.cluster, api.viewer)


@pytest.fixture
def revealed(open_api: Api) -> Window:
    """What someone sees who sees Secrets."""
    return Window(open_api.cluster, open_api.viewer, reveals=True)


def answers(window: Window, accept: str) -> Iterator[tuple[ServedType, bytes, list[bytes]]]:
    """Of each type the list, and the answer of each object alone, in the order of their keys."""
    request = KubeRequest("GET", (), accept=accept, now=lambda: CAPTURED_AT)
    for served in served_types(window).all():
        if accept == PROTOBUF and PROTOBUF not in encodings_of(served):
            continue
        place, options = KubePlace(served), list_options({}, served)
        rows = json.loads(text_of(list_objects(window, place, KubeRequest("GET", ()), options)))["items"]
        names = [(item["metadata"].get("namespace", ""), item["metadata"]["name"]) for item in rows]
        alone = [text_of(get_object(window, KubePlace(served, *name), request)) for name in names]
        yield served, text_of(list_objects(window, place, request, options)), alone


@pytest.mark.parametrize("seen", ["masked", "revealed"])
def test_an_item_is_the_object_that_is_answered_alone(seen: str, request: pytest.FixtureRequest) -> None:
    compared = 0
    for served, listed, alone in answers(request.getfixturevalue(seen), ""):
        told = [one.rstrip(b"\n") for one in alone]
        if served.resource.builtin:
            head = b'{"kind":"%s","apiVersion":"%s",' % (served.kind.encode(), served.api_version.encode())
            assert all(one.startswith(head) for one in told)
            told = [b"{" + one[len(head) :] for one in told]
        assert b'"items":[' + b",".join(told) + b"]" in listed, served
        compared += len(told)
    assert compared > 700


def test_a_row_is_the_one_of_the_object_alone(revealed: Window) -> None:
    compared = 0
    for served, listed, alone in answers(revealed, TABLE):
        rows = rows_of(listed)
        assert sorted(rows) == sorted(row for one in alone for row in rows_of(one)), served
        compared += len(rows)
    assert compared > 700


def rows_of(table: bytes) -> list[str]:
    """The texts of a table's rows, without what lists leave out where that is quicker."""
    rows: list[Any] = json.loads(table)["rows"]
    for row in rows:
        row["object"]["metadata"].pop("managedFields", None)
    return [json.dumps(row) for row in rows]


def test_a_list_in_protobuf_has_the_messages_of_the_objects(masked: Window) -> None:
    compared = 0
    for served, listed, alone in answers(masked, PROTOBUF):
        held = envelope.open_envelope(listed).raw
        items = [held[p.value_start : p.end] for p in wire.pieces(held, 0, len(held)) if p.number == 2]
        assert items == [envelope.open_envelope(one).raw for one in alone], served
        compared += len(items)
    assert compared > 650
