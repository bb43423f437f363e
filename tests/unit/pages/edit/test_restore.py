"""An older value put back: its very bytes, whatever they are, and never one that is already there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from etcdview.cluster.window import Window
from etcdview.errors import (
    CompactedError,
    EncodeError,
    EtcdviewError,
    FutureRevisionError,
    NotFoundError,
    QueryError,
)
from etcdview.models import KeyValue
from etcdview.pages.edit.edit import EditQuery
from etcdview.pages.edit.preview import apply_edit, preview_page
from etcdview.pages.edit.restore import restoring
from etcdview.pages.edit.writing import Writing
from etcdview.stores.files.memory import StaticStore
from etcdview.writes.drafts import Draft
from tests.unit.pages.edit.noted import NOW, POD, Noted
from tests.unit.pages.registry_of import kv, obj

OLD = obj("Pod", "shop", "cart", spec={"nodeName": "old"})


def restored(window: Window, at: int, key: bytes = POD) -> Draft:
    writing = Writing(window)
    return restoring(window, writing, key, at, writing.current(key))


def hold(store: Noted, *kvs: KeyValue, at: int = 4) -> None:
    store.past[at] = StaticStore("then", kvs, at)


@pytest.mark.parametrize(
    ("at", "error"),
    [(0, QueryError), (-1, QueryError), (2, CompactedError), (99, FutureRevisionError)],
)
def test_a_revision_that_cannot_be_read_is_refused(window: Window, at: int, error: type[EtcdviewError]) -> None:
    with pytest.raises(error):
        restored(window, at)


def test_a_key_that_did_not_exist_then_is_told_with_the_revision(window: Window, store: Noted) -> None:
    hold(store, at=4)
    with pytest.raises(NotFoundError, match="cart' at revision 4"):
        restored(window, 4)


def test_what_is_stored_already_is_not_put_back(window: Window) -> None:
    with pytest.raises(EncodeError, match="Nothing changes"):
        restored(window, 9)


def test_the_exact_bytes_go_back_and_the_revision_they_come_from_is_said(window: Window, store: Noted) -> None:
    hold(store, kv(POD.decode(), OLD, 3), at=4)
    draft = restored(window, 4)
    assert draft.value == kv(POD.decode(), OLD).value
    assert (draft.mod_revision, draft.lease, draft.new["spec"]) == (7, 3, {"nodeName": "old"})
    assert draft.notes == ("These are the exact bytes stored at revision 3.",)


@pytest.mark.parametrize("value", [b"\xff\xfe\x00", b"", b"k8s\0\xff"])
def test_bytes_that_cannot_be_decoded_go_back_unchanged(window: Window, store: Noted, value: bytes) -> None:
    hold(store, kv(POD.decode(), value, 3))
    draft = restored(window, 4)
    assert (draft.value, draft.new) == (value, {})
    assert any("cannot be decoded" in note for note in draft.notes)


def test_a_value_is_put_back_over_one_that_cannot_be_decoded(window: Window, store: Noted) -> None:
    hold(store, kv("/odd", OLD, 3))
    assert restored(window, 4, b"/odd").old != {}
    hold(store, kv("/odd", b"\xff", 3))
    assert restored(window, 4, b"/odd").value == b"\xff"


def test_a_deleted_key_comes_back_without_its_lease(window: Window, store: Noted) -> None:
    gone = b"/registry/pods/shop/gone"
    hold(store, replace(kv(gone.decode(), OLD, 3), lease=77))
    draft = restored(window, 4, gone)
    assert (draft.before, draft.old, draft.lease, draft.mod_revision) == (None, None, 0, 0)
    assert any("lease is not restored" in note for note in draft.notes)


def test_putting_back_takes_the_same_confirmation_as_any_change(window: Window, store: Noted) -> None:
    hold(store, kv(POD.decode(), OLD, 3))
    query = EditQuery(POD, "restore", at=4)
    page = preview_page(window, query)
    assert (page.confirm, dict(page.fields)["at"], dict(page.fields)["revision"]) == ("cart", "4", "7")
    with pytest.raises(EtcdviewError):
        apply_edit(window, replace(query, revision=7, typed="no"), NOW)
    assert apply_edit(window, replace(query, revision=7, typed="cart"), NOW) == 10
    assert store.changes == [("put", POD, kv(POD.decode(), OLD).value, 7, 3)]
