"""The one place where what must stay unseen is taken out: secrets, other namespaces, bytes that could quote them."""

from __future__ import annotations

import base64
import json

import pytest

from etcdview.access.roles import Scope, Viewer
from etcdview.cluster.window import PIECE, Window
from etcdview.codec import Codec, Detail, Excerpt, StorageFormat
from etcdview.errors import DecodeError, DeniedError, NotFoundError
from etcdview.models import Range
from tests.unit.cluster.opened import opened

SECRET = "/registry/secrets/shop/db"
BROKEN = "/registry/secrets/shop/broken"
MAP = "/registry/configmaps/shop/a"
PASSWORD = base64.b64encode(b"hunter2").decode()
CLUSTER = opened(
    {
        MAP: b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"v"}}',
        "/registry/configmaps/web/b": b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}',
        SECRET: json.dumps({"apiVersion": "v1", "kind": "Secret", "data": {"password": PASSWORD}}).encode(),
        BROKEN: b"hunter2 is not an object",
    }
)
OLGA = Viewer("olga", "operator", method="password")


def test_nothing_of_a_secret_is_in_its_entry() -> None:
    entry = Window(CLUSTER).get(SECRET.encode()).entry
    assert entry is not None
    assert entry.hidden
    assert (entry.value, entry.decoded.plain) == (b"", b"")
    assert PASSWORD not in repr(entry)
    assert "hunter2" not in repr(entry)


def test_an_error_about_a_secret_does_not_quote_it() -> None:
    entry = Window(CLUSTER).get(BROKEN.encode()).entry
    assert entry is not None
    assert isinstance(entry.decoded.error, DecodeError)
    assert "hunter2" not in repr(entry)


def test_what_is_not_secret_keeps_its_bytes() -> None:
    entry = Window(CLUSTER).get(MAP.encode()).entry
    assert entry is not None
    assert not entry.hidden
    assert entry.value.startswith(b"{")


def test_only_who_may_reveal_gets_the_object_unmasked() -> None:
    with pytest.raises(DeniedError):
        Window(CLUSTER).unmasked(SECRET.encode())
    obj, revision = Window(CLUSTER, OLGA).unmasked(SECRET.encode())
    assert (obj["data"]["password"], revision) == (PASSWORD, 3)
    with pytest.raises(NotFoundError):
        Window(CLUSTER, OLGA).unmasked(b"/registry/secrets/shop/none")
    with pytest.raises(DecodeError):
        Window(CLUSTER, OLGA).unmasked(BROKEN.encode())


def test_a_window_on_one_namespace_reads_nothing_of_another() -> None:
    window = Window(CLUSTER, Viewer("ann", "viewer", Scope(namespaces=("shop",)), "password"))
    with pytest.raises(DeniedError):
        window.get(b"/registry/configmaps/web/b")
    found = window.range(Range(b"/registry/configmaps/", b"/registry/configmaps0"))
    assert [entry.meta.key for entry in found.entries] == [MAP.encode()]
    assert window.covers(b"/registry/configmaps/shop/", b"/registry/configmaps/shop0")
    assert not window.covers(b"/registry/configmaps/", b"/registry/configmaps0")


def test_entries_come_in_the_order_asked_and_those_that_are_missing_are_left_out() -> None:
    keys = [SECRET.encode(), b"/registry/none", MAP.encode(), SECRET.encode()]
    assert [e.meta.key for e in Window(CLUSTER).get_many(keys)] == [SECRET.encode(), MAP.encode()]


def test_a_key_that_does_not_exist_is_no_entry() -> None:
    assert Window(CLUSTER).get(b"/registry/none").entry is None


def test_a_secret_inside_one_of_a_few_fields_is_masked_like_one_inside_an_object() -> None:
    quoted = json.dumps({"kind": "Secret", "data": {"password": PASSWORD}})
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "a"}, "reason": "Failed", "message": quoted}
    key = "/registry/events/shop/a"
    value = Codec().encode(event, StorageFormat("protobuf", api_version="v1", kind="Event"), key.encode())
    window = Window(opened({key: value}))

    for detail in (Detail.CELLS, Excerpt(frozenset(("reason", "message")))):
        (entry,) = window.get_many([key.encode()], detail=detail)
        assert entry.object is not None
        assert entry.masked
        assert PASSWORD not in entry.object["message"]
        assert entry.object["reason"] == "Failed"


def test_what_is_read_ahead_is_what_is_read_piece_by_piece() -> None:
    keys = [f"/registry/configmaps/shop/m{number:04}" for number in range(2 * PIECE + 3)]
    window = Window(opened(dict.fromkeys(keys, b'{"kind":"ConfigMap"}')))
    wanted = [key.encode() for key in keys]

    plainly, ahead = ([*window.listed(wanted, Detail.CELLS, ahead=ahead)] for ahead in (False, True))
    assert len(ahead) > 2
    assert [(read.revision, read.count) for read in ahead] == [(read.revision, read.count) for read in plainly]
    assert [entry.key for read in ahead for entry in read.entries] == wanted
