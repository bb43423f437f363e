"""Somebody else changed the key meanwhile: both changes beside each other, and the ways on."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from etcdview.cluster.window import Window
from etcdview.errors import CompactedError, ConflictError, EncodeError, EtcdviewError, FutureRevisionError
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.pages.edit.conflict import MOST_FIELDS, Conflict
from etcdview.pages.edit.edit import EditQuery, converted_page, draft_of, edit_page, retry_page
from etcdview.pages.edit.writing import Writing
from etcdview.stores.files.memory import StaticStore
from etcdview.writes.undo import UndoFile
from tests.unit.pages.edit.noted import Noted, window_of
from tests.unit.pages.registry_of import kv, obj

KEY = "/registry/configmaps/shop/prices"
DOOR = "/registry/secrets/shop/door"
CHANGED = ConflictError("It has changed.", "Start again.")


class Refusing(Noted):
    """Its other revisions cannot be read."""

    refusal: EtcdviewError

    def range(self, request: Range) -> RangeResult:
        if request.revision:
            raise self.refusal
        return super().range(request)


def prices(revision: int, **data: str) -> KeyValue:
    return kv(KEY, obj("ConfigMap", "shop", "prices", data=data), revision)


def door(revision: int, **data: bytes) -> KeyValue:
    encoded = {name: base64.b64encode(value).decode() for name, value in data.items()}
    return kv(DOOR, obj("Secret", "shop", "door", data=encoded), revision)


def edited(undo: UndoFile, base: KeyValue, now: KeyValue) -> tuple[Window, EditQuery]:
    """The window after the change, and the query of an editor that was opened before it."""
    store = Noted([now], revision=9)
    store.past[base.mod_revision] = StaticStore("keys", [base], base.mod_revision)
    page = edit_page(window_of(Noted([base], revision=base.mod_revision), undo), EditQuery(base.key))
    return window_of(store, undo), replace(page.query, text=page.text)


def conflict(window: Window, query: EditQuery) -> Conflict:
    found = retry_page(window, query, CHANGED).conflict
    assert found is not None
    return found


def test_both_changes_are_beside_each_other_and_come_together(undo: UndoFile) -> None:
    window, query = edited(undo, prices(4, tea="3", milk="1"), prices(7, tea="4", milk="1"))
    yours = replace(query, text=query.text.replace("milk: '1'", "milk: '2'").replace('milk: "1"', 'milk: "2"'))
    found = conflict(window, yours)

    assert (found.base_revision, found.now_revision, found.can_merge, found.note) == (4, 7, True, "")
    assert [(f.path, f.base.text, f.theirs.text, f.yours.text, f.both) for f in found.fields] == [
        ("data.tea", "3", "4", "3", False),
        ("data.milk", "1", "1", "2", False),
    ]

    page = converted_page(window, yours, "merged")
    assert (page.query.revision, page.typed) == (7, True)
    draft = draft_of(window, Writing(window), replace(page.query, text=page.text))
    assert draft.new["data"] == {"tea": "4", "milk": "2"}


def test_a_new_value_of_a_secret_is_not_shown_and_not_lost(undo: UndoFile) -> None:
    window, query = edited(undo, door(4, key=b"old", other=b"a"), door(7, key=b"old", other=b"b"))
    mine = base64.b64encode(b"new").decode()  # as long as the old one
    lines = query.text.splitlines()
    typed = [f"  key: {mine}" if line.startswith("  key:") else line for line in lines]
    yours = replace(query, text="\n".join(typed))
    found = conflict(window, yours)

    assert [(f.path, f.both) for f in found.fields] == [("data.key", False), ("data.other", False)]
    assert all(side.text.startswith("•••") for f in found.fields for side in (f.base, f.theirs, f.yours))
    page = converted_page(window, yours, "merged")
    draft = draft_of(window, Writing(window), replace(page.query, text=page.text))
    assert {name: base64.b64decode(value) for name, value in draft.new["data"].items()} == {
        "key": b"new",
        "other": b"b",
    }


@pytest.mark.parametrize(
    ("refusal", "note"),
    [
        (CompactedError(""), "Revision 4,000, which you began from, was compacted, so the changes cannot be compared."),
        (
            FutureRevisionError(""),
            "Revision 4,000, which you began from, is newer than what etcd has, so the changes cannot be compared.",
        ),
        (None, "The key did not exist at revision 4,000, so the changes cannot be compared."),
    ],
)
def test_what_one_began_from_may_be_unknown(undo: UndoFile, refusal: EtcdviewError | None, note: str) -> None:
    query = EditQuery(KEY.encode(), text="kind: ConfigMap", revision=4000)
    if refusal is None:
        store = Noted([prices(9007, tea="4")], revision=9009)
        store.past[4000] = StaticStore("keys", [], 4000)
    else:
        store = Refusing([prices(9007, tea="4")], revision=9009)
        store.refusal = refusal
    window = window_of(store, undo)
    found = conflict(window, query)

    assert (found.fields, found.can_merge, found.note) == ((), False, note)
    with pytest.raises(EncodeError) as raised:
        converted_page(window, query, "merged")
    assert raised.value.what == note


def test_fields_beyond_the_shown_are_counted(undo: UndoFile) -> None:
    many = {f"k{n}": "1" for n in range(MOST_FIELDS + 5)}
    window, query = edited(undo, prices(4), prices(7, **many))
    found = conflict(window, query)

    assert (len(found.fields), found.more) == (MOST_FIELDS, 5)


@pytest.mark.parametrize("text", ["a: [", "- 1", ""])
def test_a_text_that_cannot_be_read_is_kept_and_cannot_be_put_together(undo: UndoFile, text: str) -> None:
    window, query = edited(undo, prices(4, tea="3"), prices(7, tea="4"))
    page = retry_page(window, replace(query, text=text), CHANGED)

    assert page.text == text
    assert page.conflict is not None
    assert (page.conflict.fields, page.conflict.can_merge) == ((), False)


def test_what_now_cannot_be_edited_is_told(undo: UndoFile) -> None:
    window, query = edited(undo, prices(4, tea="3"), kv(KEY, b"\xff\xfe\x00", 7))

    assert "cannot be edited" in conflict(window, query).note


def test_other_mistakes_have_no_conflict(undo: UndoFile) -> None:
    window, query = edited(undo, prices(4, tea="3"), prices(7, tea="4"))

    assert retry_page(window, query, EncodeError("It is not YAML.")).conflict is None
    assert retry_page(window, replace(query, revision=7), CHANGED).conflict is None
