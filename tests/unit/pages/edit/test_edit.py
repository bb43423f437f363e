"""The editor and the draft: what may be edited, what a viewer gets to see of it, and when a draft is refused."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from etcdview.access.roles import Scope
from etcdview.cluster.window import Window
from etcdview.errors import (
    ConflictError,
    DeniedError,
    EncodeError,
    EtcdviewError,
    NotFoundError,
    QueryError,
    UsageError,
)
from etcdview.pages.edit.edit import EditQuery, converted_page, draft_of, edit_page, retry_page
from etcdview.pages.edit.writing import Writing
from etcdview.writes.undo import UndoFile
from tests.unit.pages.edit.noted import ADMIN, POD, Noted, window_of
from tests.unit.pages.registry_of import kv, obj

NEW = b"/registry/configmaps/shop/prices"
MANAGED = {"managedFields": [{"manager": "kubectl"}]}
TEXT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: prices, namespace: shop}\ndata: {tea: '3'}\n"


def test_the_editor_shows_the_stored_object_and_remembers_its_revision(window: Window) -> None:
    page = edit_page(window, EditQuery(POD))
    assert "name: cart" in page.text
    assert ("revision", "7") in page.fields
    assert (page.title, page.problem, page.typed, page.hidden) == ("cart", None, False, False)
    assert page.delete_href.startswith("/delete")


@pytest.mark.parametrize("value", [b"\xff\xfe\x00", b"", b"k8s\0\xff", b"[1]"])
def test_what_cannot_be_decoded_cannot_be_edited(undo: UndoFile, value: bytes) -> None:
    window = window_of(Noted([kv(NEW.decode(), value, 4)]), undo)
    with pytest.raises(EncodeError, match="cannot be edited"):
        edit_page(window, EditQuery(NEW))


def test_managed_fields_are_counted_and_shown_only_where_they_are_wanted(undo: UndoFile) -> None:
    window = window_of(Noted([kv(POD.decode(), obj("Pod", "shop", "cart", metadata=MANAGED))]), undo)
    without, whole = edit_page(window, EditQuery(POD)), edit_page(window, EditQuery(POD, managed=True))
    assert (without.managers, "managedFields" in without.text) == (1, False)
    assert (whole.managers, "managedFields" in whole.text) == (0, True)


def test_the_values_of_a_secret_are_not_in_its_editor(undo: UndoFile) -> None:
    data = {"data": {"key": base64.b64encode(b"open sesame").decode()}}
    window = window_of(Noted([kv("/registry/secrets/shop/door", obj("Secret", "shop", "door", **data))]), undo)
    page = edit_page(window, EditQuery(b"/registry/secrets/shop/door"))
    assert page.hidden
    assert data["data"]["key"] not in page.text
    assert "sesame" not in page.text


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_an_editor_is_for_admins(store: Noted, undo: UndoFile, role: Any) -> None:
    window = window_of(store, undo, replace(ADMIN, role=role))
    for act in (edit_page, lambda w, q: retry_page(w, q, None), lambda w, q: converted_page(w, q, "json")):
        with pytest.raises(DeniedError, match=role):
            act(window, EditQuery(POD))


@pytest.mark.parametrize("key", [b"/registry/pods/other/x", b"/registry/minions/n1", b"/odd"])
@pytest.mark.parametrize("how", ["update", "create", "put", "restore"])
def test_outside_of_the_scope_a_key_that_exists_and_one_that_does_not_are_denied_alike(
    store: Noted, undo: UndoFile, key: bytes, how: Any
) -> None:
    window = window_of(store, undo, replace(ADMIN, scope=Scope(("shop",))))
    with pytest.raises(DeniedError):
        draft_of(window, Writing(window), EditQuery(key, how, text=TEXT, at=5))


@pytest.mark.parametrize("key", [b"/registry/pods/other/x", b"/odd"])
def test_neither_is_there_an_editor_outside_of_the_scope(store: Noted, undo: UndoFile, key: bytes) -> None:
    window = window_of(store, undo, replace(ADMIN, scope=Scope(("shop",))))
    for act in (edit_page, lambda w, q: retry_page(w, q, None), lambda w, q: converted_page(w, q, "json")):
        with pytest.raises(DeniedError):
            act(window, EditQuery(key))


def test_a_key_that_is_gone_has_no_editor_but_keeps_the_typed_text(window: Window) -> None:
    query = EditQuery(b"/registry/pods/shop/gone", text="kind: Pod")
    with pytest.raises(NotFoundError, match="gone"):
        edit_page(window, query)
    page = retry_page(window, query, NotFoundError("It is gone.", "Create it."))
    assert page.problem is not None
    assert (page.text, page.typed, page.problem.what, page.storage) == ("kind: Pod", True, "It is gone.", None)


@pytest.mark.parametrize(
    ("query", "error", "match"),
    [
        (EditQuery(b"", "create", text=TEXT), QueryError, "No key"),
        (EditQuery(NEW, "replace", text=TEXT), QueryError, "Unknown way"),  # type: ignore[arg-type]
        (EditQuery(NEW + b"/", "create", text=TEXT), QueryError, "directory"),
        (EditQuery(b"/registry/pods", "put", text=TEXT), QueryError, "No resource type"),
        (EditQuery(POD, "create", text=TEXT), ConflictError, "already exists"),
        (EditQuery(NEW, "update", text=TEXT), NotFoundError, "no longer exists"),
        (EditQuery(POD, "update", text=TEXT, revision=6), ConflictError, "revision 7 now, but you edited revision 6"),
        (EditQuery(NEW, "put", text=TEXT, revision=6), ConflictError, "revision 0 now"),
        (EditQuery(NEW, "create", text=TEXT, format="xml"), EncodeError, "Unknown storage format"),
        (EditQuery(NEW, "create", text=TEXT, form="toml"), EncodeError, "Unknown format"),
        (EditQuery(NEW, "create", text=""), EncodeError, "not an object"),
        (EditQuery(NEW, "create", text="- 1"), EncodeError, "not an object"),
        (EditQuery(NEW, "create", text="a: ["), EncodeError, "Invalid YAML"),
        (EditQuery(NEW, "create", text=TEXT.replace("prices", "other")), UsageError, "other"),
    ],
)
def test_a_draft_is_refused_with_what_is_wrong(
    window: Window, store: Noted, query: EditQuery, error: type[EtcdviewError], match: str
) -> None:
    with pytest.raises(error, match=match):
        draft_of(window, Writing(window), query)
    assert not store.changes


def test_a_text_without_a_change_is_not_a_draft(window: Window) -> None:
    page = edit_page(window, EditQuery(POD))
    with pytest.raises(EncodeError, match="Nothing changes"):
        draft_of(window, Writing(window), replace(page.query, text=page.text))


def test_a_key_that_came_after_the_preview_is_not_overwritten(window: Window) -> None:
    """Revision 0 in a form that was shown before says that the key did not exist then."""
    text = TEXT.replace("ConfigMap", "Pod").replace("prices", "cart").replace("data: {tea: '3'}\n", "")
    put = EditQuery(POD, "put", text=text + "spec: {nodeName: n1}\n")
    assert draft_of(window, Writing(window), put).mod_revision == 7
    with pytest.raises(ConflictError, match="now, but you edited revision 0"):
        draft_of(window, Writing(window), put, seen=True)


@pytest.mark.parametrize("form", ["json", "cbor", "protobuf"])
def test_a_new_value_is_stored_in_the_format_that_was_chosen(window: Window, form: str) -> None:
    draft = draft_of(window, Writing(window), EditQuery(NEW, "create", text=TEXT, format=form))
    assert (draft.storage.format, draft.before, draft.mod_revision) == (form, None, 0)
    assert draft.new["data"] == {"tea": "3"}


def test_what_cannot_be_decoded_may_be_replaced_as_a_whole_and_that_is_said(undo: UndoFile) -> None:
    window = window_of(Noted([kv(NEW.decode(), b"\xff\xfe\x00", 4)]), undo)
    draft = draft_of(window, Writing(window), EditQuery(NEW, "put", text=TEXT))
    assert draft.old is None
    assert any("replaced as a whole" in note for note in draft.notes)


def test_a_draft_goes_from_yaml_to_json_and_back(window: Window) -> None:
    query = EditQuery(NEW, "create", text=TEXT)
    as_json = converted_page(window, query, "json")
    assert as_json.text.startswith("{")
    assert (as_json.query.form, as_json.other_form, as_json.typed) == ("json", "yaml", True)
    again = converted_page(window, replace(query, form="json", text=as_json.text), "yaml")
    assert "tea: '3'" in again.text or 'tea: "3"' in again.text


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_draft_turns_into_an_empty_one(window: Window, text: str) -> None:
    assert converted_page(window, EditQuery(NEW, "create", text=text), "json").text == ""


def test_a_draft_that_cannot_be_read_is_not_turned_into_anything(window: Window) -> None:
    with pytest.raises(EncodeError):
        converted_page(window, EditQuery(NEW, "create", text="a: ["), "json")


def test_managed_fields_come_back_into_a_draft_from_what_is_stored(undo: UndoFile) -> None:
    window = window_of(Noted([kv(POD.decode(), obj("Pod", "shop", "cart", metadata=MANAGED))]), undo)
    page = edit_page(window, EditQuery(POD))
    whole = converted_page(window, replace(page.query, text=page.text), "managed")
    assert "manager: kubectl" in whole.text
    plain = converted_page(window, replace(whole.query, text=whole.text), "plain")
    assert (plain.query.managed, "managedFields" in plain.text) == (False, False)
