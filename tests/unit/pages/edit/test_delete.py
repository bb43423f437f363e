"""Deleting a key or all below a prefix: what it warns of, what is never deleted, and how far it went at a conflict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from etcdview.access.roles import Scope
from etcdview.cluster.window import Window
from etcdview.errors import (
    ConflictError,
    DeniedError,
    NotFoundError,
    QueryError,
    TooLargeError,
    UnknownOutcomeError,
    UsageError,
)
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.pages.edit.delete import BATCH, MAX_KEYS, delete_key, delete_page, delete_prefix, prefix_page
from etcdview.writes.undo import UndoFile
from tests.unit.pages.edit.noted import ADMIN, NOW, POD, Noted, window_of
from tests.unit.pages.registry_of import kv, obj

EVENTS = b"/registry/events/shop/"


def events(count: int) -> list[KeyValue]:
    return [kv(f"{EVENTS.decode()}e{n:05}", obj("Event", "shop", f"e{n:05}"), 5) for n in range(count)]


def test_what_deleting_means_is_said_before_it_is_done(window: Window, store: Noted) -> None:
    page = delete_page(window, POD)
    assert (page.title, page.kind, page.confirm, page.meta.mod_revision, page.meta.lease) == (
        "cart",
        "Pod",
        "cart",
        7,
        3,
    )
    assert ("revision", "7") in page.fields
    assert any("No admission, no finalizers" in warning for warning in page.warnings)
    assert {c.tool for c in page.commands} == {"etcdctl", "kubectl"}
    assert not store.changes


@pytest.mark.parametrize(
    ("key", "value", "warning"),
    [
        ("/registry/namespaces/shop", obj("Namespace", "", "shop"), "stay behind, without a namespace"),
        ("/registry/minions/n1", obj("Node", "", "n1"), "pods stay bound"),
        ("/registry/pods/shop/f", obj("Pod", "shop", "f", metadata={"finalizers": ["a/b", "c/d"]}), "(a/b, c/d)"),
    ],
)
def test_what_etcd_does_not_do_is_warned_of(undo: UndoFile, key: str, value: dict[str, object], warning: str) -> None:
    warnings = delete_page(window_of(Noted([kv(key, value)]), undo), key.encode()).warnings
    assert any(warning in said for said in warnings)


@pytest.mark.parametrize("value", [b"\xff\xfe\x00", b"", b'{"kind": "Pod", "metadata": null}', b'{"metadata": 3}'])
def test_what_cannot_be_decoded_can_be_deleted(undo: UndoFile, value: bytes) -> None:
    store = Noted([kv(POD.decode(), value, 4)])
    window = window_of(store, undo)
    assert delete_page(window, POD).size_bytes == len(value)
    assert delete_key(window, POD, 4, "cart", NOW) == 10
    kept = undo.changes_of(POD)[0].before
    assert kept is not None
    assert kept.value == value


def test_a_key_that_is_not_an_object_is_confirmed_by_its_whole_name(window: Window, store: Noted) -> None:
    assert delete_page(window, b"/odd").confirm == "/odd"
    with pytest.raises(UsageError):
        delete_key(window, b"/odd", 9, "odd", NOW)
    delete_key(window, b"/odd", 9, "/odd", NOW)
    assert store.changes == [("delete", b"/odd", 9)]


@pytest.mark.parametrize(("revision", "typed"), [(7, "till"), (7, ""), (6, "cart"), (0, "cart")])
def test_neither_a_wrong_name_nor_an_old_revision_deletes(
    window: Window, store: Noted, undo: UndoFile, revision: int, typed: str
) -> None:
    with pytest.raises((UsageError, ConflictError)):
        delete_key(window, POD, revision, typed, NOW)
    assert not store.changes
    assert not undo.path.exists()


def test_a_key_that_is_gone_cannot_be_deleted_again(window: Window) -> None:
    for act in (lambda: delete_page(window, b"/gone"), lambda: delete_key(window, b"/gone", 3, "/gone", NOW)):
        with pytest.raises(NotFoundError, match="/gone"):
            act()


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_only_admins_delete(store: Noted, undo: UndoFile, role: str) -> None:
    window = window_of(store, undo, replace(ADMIN, role=role))
    for act in (
        lambda: delete_page(window, POD),
        lambda: delete_key(window, POD, 7, "cart", NOW),
        lambda: prefix_page(window, EVENTS),
        lambda: delete_prefix(window, EVENTS, 9, f"{EVENTS.decode()} 0", NOW),
    ):
        with pytest.raises(DeniedError):
            act()
    assert not store.changes


@pytest.mark.parametrize(
    "prefix", [b"/", b"/r", b"/registry", b"/registry/", b"/registry/pod", b"/registry/pods", b"/o", b"ab"]
)
def test_a_prefix_never_covers_more_than_one_resource_type(window: Window, prefix: bytes) -> None:
    for act in (lambda: prefix_page(window, prefix), lambda: delete_prefix(window, prefix, 9, "", NOW)):
        with pytest.raises(UsageError, match="more than one resource type"):
            act()


def test_without_a_prefix_nothing_is_read_and_nothing_listed(window: Window) -> None:
    page = prefix_page(window, b"")
    assert (page.keys, page.size_bytes, page.revision, page.commands) == ((), 0, 0, ())


def test_what_lies_below_is_listed_with_its_number_to_type(undo: UndoFile) -> None:
    page = prefix_page(window_of(Noted(events(3)), undo), EVENTS)
    assert [key.key for key in page.keys] == [f"{EVENTS.decode()}e{n:05}" for n in range(3)]
    assert page.confirm == f"{EVENTS.decode()} 3"
    assert page.size_bytes == sum(key.size_bytes for key in page.keys)


@pytest.mark.parametrize(("count", "refused"), [(MAX_KEYS, False), (MAX_KEYS + 1, True)])
def test_no_more_than_a_thousand_keys_are_deleted_at_a_time(undo: UndoFile, count: int, refused: bool) -> None:
    store = Noted(events(count))
    window = window_of(store, undo)
    if refused:
        with pytest.raises(QueryError, match=r"1,001 keys begin with .* more than the 1,000"):
            delete_prefix(window, EVENTS, 5, f"{EVENTS.decode()} {count}", NOW)
        assert not store.changes
        return
    done = delete_prefix(window, EVENTS, 5, f"{EVENTS.decode()} {count}", NOW)
    assert (done.deleted, done.wanted, done.revision) == (count, count, 10)
    assert len(store.changes) == count // BATCH


def test_a_last_batch_of_one_is_deleted_too(undo: UndoFile) -> None:
    store = Noted(events(BATCH + 1))
    done = delete_prefix(window_of(store, undo), EVENTS, 5, f"{EVENTS.decode()} {BATCH + 1}", NOW)
    assert done.deleted == BATCH + 1
    assert [change[0] for change in store.changes] == ["delete_many", "delete"]


@pytest.mark.parametrize("typed", ["", "3", "/registry/events/shop/", "/registry/events/shop/ 4"])
def test_the_prefix_and_the_number_must_both_be_typed(undo: UndoFile, typed: str) -> None:
    store = Noted(events(3))
    with pytest.raises(UsageError, match="shop/ 3 exactly"):
        delete_prefix(window_of(store, undo), EVENTS, 5, typed, NOW)
    assert not store.changes


def test_a_key_that_was_written_since_keeps_all_of_them(undo: UndoFile) -> None:
    store = Noted([*events(2), kv("/registry/events/shop/new", obj("Event", "shop", "new"), 6)])
    with pytest.raises(ConflictError, match="nothing was deleted"):
        delete_prefix(window_of(store, undo), EVENTS, 5, f"{EVENTS.decode()} 3", NOW)
    assert not store.changes


def test_a_conflict_half_way_says_how_many_were_deleted_before(undo: UndoFile) -> None:
    store = Noted(events(2 * BATCH + 1))
    store.takes = 1
    told: list[int] = []
    with pytest.raises(ConflictError, match=r"100 of 201 keys .* before: .*/e00000 to .*/e00099, in"):
        delete_prefix(
            window_of(store, undo), EVENTS, 5, f"{EVENTS.decode()} 201", NOW, lambda done: told.append(done.deleted)
        )
    assert told == [100]
    assert undo.changes_of(EVENTS + b"e00000")


def test_an_etcd_that_goes_away_half_way_leaves_it_said_which_keys_are_gone(undo: UndoFile) -> None:
    class Failing(Noted):
        def delete_many(self, mod_revisions: Mapping[bytes, int]) -> int:
            if self.changes:
                raise UnknownOutcomeError("No answer.")
            return super().delete_many(mod_revisions)

    with pytest.raises(UnknownOutcomeError, match=r"No answer\. 100 of 150 keys were deleted before"):
        delete_prefix(window_of(Failing(events(150)), undo), EVENTS, 5, f"{EVENTS.decode()} 150", NOW)


def test_values_that_are_too_large_together_are_listed_and_deleted_in_pieces(undo: UndoFile) -> None:
    """As etcd answers where they make more than one message may hold; no read holds more than ten values."""

    class Large(Noted):
        def range(self, request: Range) -> RangeResult:
            whole = request.start.startswith(EVENTS) and not (request.keys_only or request.count_only)
            if whole and not 0 < request.limit <= 10:
                raise TooLargeError("Too large.")
            return super().range(request)

    store = Large([replace(found, value=b"x" * (1 << 20)) for found in events(40)])
    window = window_of(store, undo)
    assert len(prefix_page(window, EVENTS).keys) == 40
    assert delete_prefix(window, EVENTS, 5, f"{EVENTS.decode()} 40", NOW).deleted == 40
    sizes = [len(change[1]) for change in store.changes if isinstance(change[1], dict)]
    assert sum(sizes) == 40
    assert max(sizes) <= 8


@pytest.mark.parametrize("prefix", [b"/registry/events/other/", b"/registry/events/sho", b"/registry/events/", b"/odd"])
def test_a_prefix_that_reaches_out_of_the_scope_is_denied_and_not_counted(
    store: Noted, undo: UndoFile, prefix: bytes
) -> None:
    window = window_of(store, undo, replace(ADMIN, scope=Scope(("shop",))))
    with pytest.raises(DeniedError):
        prefix_page(window, prefix)
    assert prefix_page(window, EVENTS).keys == ()
