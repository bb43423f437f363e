"""A preview shows no secret, the change itself checks all again, and what was done leads to undoing it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from etcdview.cluster.window import Window
from etcdview.errors import ConflictError, DeniedError, UsageError
from etcdview.pages.edit.edit import EditQuery, edit_page
from etcdview.pages.edit.preview import DIFFERENCES, apply_edit, done_page, preview_page
from etcdview.stores.files.memory import StaticStore
from etcdview.writes.undo import UndoFile
from tests.unit.pages.edit.noted import ADMIN, NOW, POD, Noted, shop, window_of
from tests.unit.pages.registry_of import kv, obj

DOOR = b"/registry/secrets/shop/door"
OPEN, SHUT = (base64.b64encode(word).decode() for word in (b"open sesame", b"shut sesame"))


def edited(window: Window, *, old: str = "name: cart", new: str = "name: cart\n  labels: {a: b}") -> EditQuery:
    page = edit_page(window, EditQuery(POD))
    return replace(page.query, text=page.text.replace(old, new), typed="cart")


def test_a_preview_has_the_diff_the_sizes_and_what_to_type(window: Window) -> None:
    page = preview_page(window, edited(window))
    assert [line.text.strip() for line in page.diff if line.sign == "+"] == ["labels:", "a: b"]
    assert not [line for line in page.diff if line.sign == "-"]
    assert page.size_before < page.size_bytes
    assert (page.confirm, dict(page.fields)["revision"]) == ("cart", "7")


def test_a_preview_changes_nothing(window: Window, store: Noted, undo: UndoFile) -> None:
    preview_page(window, edited(window))
    assert not store.changes
    assert not undo.path.exists()


def test_a_new_key_is_all_added_and_travels_as_revision_0(window: Window) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n"
    page = preview_page(window, EditQuery(b"/registry/configmaps/shop/a", "create", text=text))
    assert {line.sign for line in page.diff} == {"+"}
    assert (page.size_before, dict(page.fields)["revision"]) == (0, "0")


def test_the_command_of_a_plain_value_is_the_very_transaction(window: Window) -> None:
    command = preview_page(window, edited(window)).commands[0]
    assert "labels" in command.text


def test_no_secret_is_in_a_preview_nor_in_its_command(undo: UndoFile) -> None:
    window = window_of(Noted([kv(DOOR.decode(), obj("Secret", "shop", "door", data={"key": OPEN}))]), undo)
    page = edit_page(window, EditQuery(DOOR))
    masked = next(line for line in page.text.splitlines() if line.strip().startswith("key:"))
    shown = preview_page(window, replace(page.query, text=page.text.replace(masked, f"  key: {SHUT}")))
    assert shown.diff or shown.changes
    for word in (OPEN, SHUT, "sesame"):
        assert word not in repr((shown.diff, shown.changes, shown.commands, shown.notes, shown.fields))


def test_a_very_long_difference_is_told_field_by_field_up_to_a_limit(undo: UndoFile) -> None:
    many = {f"k{n:05}": str(n) for n in range(3100)}
    key = b"/registry/configmaps/shop/many"
    window = window_of(Noted([kv(key.decode(), obj("ConfigMap", "shop", "many", data=many))]), undo)
    text = json.dumps(obj("ConfigMap", "shop", "many", data={name: f"x{value}" for name, value in many.items()}))
    shown = preview_page(window, EditQuery(key, form="json", text=text))
    assert shown.diff == ()
    assert len(shown.changes) == DIFFERENCES


@pytest.mark.parametrize("typed", ["", "Cart", "till", "/registry/pods/shop/cart"])
def test_a_change_with_the_wrong_name_typed_is_not_made(
    window: Window, store: Noted, undo: UndoFile, typed: str
) -> None:
    with pytest.raises(UsageError, match="type cart exactly"):
        apply_edit(window, replace(edited(window), typed=typed), NOW)
    assert not store.changes
    assert not undo.path.exists()


def test_a_change_compares_the_revision_that_was_edited_and_keeps_what_was(
    window: Window, store: Noted, undo: UndoFile
) -> None:
    assert apply_edit(window, edited(window), NOW) == 10
    [(action, key, value, revision, lease)] = store.changes
    assert (action, key, revision, lease) == ("put", POD, 7, 3)
    assert b"labels" in value  # type: ignore[operator]
    kept = undo.changes_of(POD)
    assert [(c.who, c.before and c.before.mod_revision) for c in kept] == [("ann", 7)]


def test_a_change_of_a_key_that_has_changed_since_the_preview_is_not_made(store: Noted, undo: UndoFile) -> None:
    query = edited(window_of(store, undo))
    later = Noted([replace(found, mod_revision=9) for found in shop()])
    with pytest.raises(ConflictError, match="revision 9 now, but you edited revision 7"):
        apply_edit(window_of(later, undo), query, NOW)
    assert not later.changes


def test_a_right_that_was_taken_away_since_the_preview_counts(store: Noted, undo: UndoFile) -> None:
    query = edited(window_of(store, undo))
    with pytest.raises(DeniedError):
        apply_edit(window_of(store, undo, replace(ADMIN, role="operator")), query, NOW)
    assert not store.changes


def test_undoing_a_replacement_leads_to_the_value_before(window: Window, store: Noted) -> None:
    store.past = {6: StaticStore("then", shop(), 6), 7: StaticStore("then", shop(), 7)}
    undo = done_page(window, POD, "update", 7).undo
    assert undo is not None
    assert undo.href.startswith("/restore")
    assert "revision=6" in undo.href


def test_undoing_a_creation_leads_to_deleting_the_key(window: Window, store: Noted) -> None:
    store.past = {6: StaticStore("then", [], 6), 7: StaticStore("then", shop(), 7)}
    undo = done_page(window, POD, "create", 7).undo
    assert undo is not None
    assert undo.href.startswith("/delete")


@pytest.mark.parametrize("revision", [7, 999])
def test_no_undo_is_offered_where_etcd_has_dropped_or_not_reached_the_revision(window: Window, revision: int) -> None:
    assert done_page(window, POD, "update", revision).undo is None


def test_nothing_that_was_and_nothing_that_is_leaves_nothing_to_undo(window: Window, store: Noted) -> None:
    store.past = {6: StaticStore("then", [], 6), 7: StaticStore("then", [], 7)}
    assert done_page(window, POD, "delete", 7).undo is None
