"""Who may change what, what is kept before a change, and what a preview and a finished change show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from etcdview.cluster.window import Window
from etcdview.errors import DeniedError, NotFoundError, QueryError, UsageError
from etcdview.pages.edit.preview import done_page
from etcdview.pages.edit.writing import MAX_KEY_BYTES, Writing, crumbs_to, name_of
from etcdview.pages.parts.writable import InputProblem, check_typed, may_write, off
from etcdview.writes.undo import UndoFile
from tests.unit.pages.edit.noted import ADMIN, NOW, POD, Noted, window_of


def test_without_an_undo_file_nothing_is_changed(store: Noted) -> None:
    window = window_of(store, None)
    with pytest.raises(NotFoundError):
        Writing(window)
    assert not may_write(window, POD)


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_only_admins_make_changes(store: Noted, undo: UndoFile, role: str) -> None:
    window = window_of(store, undo, replace(ADMIN, role=role))
    with pytest.raises(DeniedError, match=role):
        Writing(window)
    assert not may_write(window, POD)


def test_a_file_and_a_live_etcd_say_different_things_of_why_nothing_is_changed() -> None:
    assert "file" in off(live=False).what
    assert "--allow-writes" in off(live=True).remedy


def test_a_put_compares_the_revision_that_was_seen_and_keeps_the_lease(window: Window, store: Noted) -> None:
    writing = Writing(window)
    before = writing.existing(POD)
    assert writing.put(POD, b"new", before, NOW) == 10
    assert store.changes == [("put", POD, b"new", 7, 3)]


def test_what_was_there_is_kept_before_anything_is_changed(window: Window, undo: UndoFile) -> None:
    writing = Writing(window)
    before = writing.existing(POD)
    writing.delete([before], NOW)
    assert before.value in undo.path.read_bytes() or before.key.decode() in undo.path.read_text()


def test_a_key_that_is_new_is_put_only_where_there_is_none(window: Window, store: Noted) -> None:
    Writing(window).put(b"/registry/pods/shop/new", b"v", None, NOW)
    assert store.changes == [("put", b"/registry/pods/shop/new", b"v", 0, 0)]


def test_one_key_is_deleted_alone_and_several_in_one_transaction(window: Window, store: Noted) -> None:
    writing = Writing(window)
    found = [writing.existing(key) for key in (POD, b"/registry/pods/shop/till")]
    writing.delete(found[:1], NOW)
    writing.delete(found, NOW)
    assert store.changes == [("delete", POD, 7), ("delete_many", {POD: 7, b"/registry/pods/shop/till": 8})]


def test_a_key_that_is_gone_is_told_by_its_name(window: Window) -> None:
    with pytest.raises(NotFoundError, match="/registry/pods/shop/gone"):
        Writing(window).existing(b"/registry/pods/shop/gone")
    assert Writing(window).current(b"/registry/pods/shop/gone") is None


@pytest.mark.parametrize(("length", "refused"), [(MAX_KEY_BYTES, False), (MAX_KEY_BYTES + 1, True)])
def test_a_key_has_an_end(window: Window, store: Noted, length: int, refused: bool) -> None:
    key = b"/" + b"k" * (length - 1)
    if refused:
        with pytest.raises(QueryError, match=r"4\.0 KiB"):
            Writing(window).put(key, b"v", None, NOW)
    else:
        Writing(window).put(key, b"v", None, NOW)
    assert bool(store.changes) is not refused


@pytest.mark.parametrize(
    ("key", "name", "crumbs"),
    [
        (POD, "cart", ["Registry", "pods", "shop", "cart", "check"]),
        (b"/registry/minions/worker-1", "worker-1", ["Registry", "nodes", "worker-1", "check"]),
        (b"/odd", "/odd", ["Registry", "/odd", "check"]),
    ],
)
def test_a_change_is_confirmed_by_the_name_and_has_a_way_back(
    window: Window, key: bytes, name: str, crumbs: list[str]
) -> None:
    assert name_of(window, key) == name
    assert [crumb.text for crumb in crumbs_to(window, key, "check")] == crumbs


@pytest.mark.parametrize("typed", ["", "Cart", "cart2", "car", "\N{ZERO WIDTH SPACE}cart"])
def test_what_is_typed_has_to_be_the_name(typed: str) -> None:
    with pytest.raises(UsageError, match="type cart exactly"):
        check_typed(typed, "cart")


@pytest.mark.parametrize("typed", ["cart", " cart ", "cart\n"])
def test_blanks_around_what_is_typed_make_no_difference(typed: str) -> None:
    check_typed(typed, "cart")


def test_no_error_is_no_problem() -> None:
    assert InputProblem.of(None) is None
    assert InputProblem.of(UsageError("What.", "Remedy.")) == InputProblem("What.", "Remedy.")


@pytest.mark.parametrize("revision", [0, 1])
@pytest.mark.parametrize("what", ["create", "update", "put", "restore", "delete"])
def test_before_the_first_revision_there_is_nothing_to_go_back_to(window: Window, what: str, revision: int) -> None:
    page = done_page(window, POD, what, revision)
    assert page.undo is None
    assert (page.title, page.key, page.revision) == ("cart", POD.decode(), revision)


@pytest.mark.parametrize("what", ["", "undo", "<script>" * 100])
def test_an_unknown_change_was_not_made(window: Window, what: str) -> None:
    with pytest.raises(QueryError) as caught:
        done_page(window, POD, what, 10)
    assert len(caught.value.what) < 80
