"""What a change would do, shown before it is confirmed; making it; and what it has done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from etcdview.cluster.window import Window
from etcdview.codec import StorageFormat, to_yaml
from etcdview.errors import CompactedError, FutureRevisionError, QueryError
from etcdview.kube.diff import Difference, differences
from etcdview.kube.keys import show
from etcdview.kube.redaction import is_sensitive
from etcdview.pages.edit.edit import EditQuery, draft_of, fields_of
from etcdview.pages.edit.writing import Writing, crumbs_to, name_of
from etcdview.pages.parts.addresses import Crumb, key_href, object_href
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.links import Link
from etcdview.pages.parts.text_diff import DiffLine, text_diff
from etcdview.pages.parts.writable import InputProblem, check_typed
from etcdview.writes import etcdctl
from etcdview.writes.drafts import Draft

DIFFERENCES = 300
_WORDS = {"update": "Updated", "create": "Created", "put": "Put", "restore": "Put back", "delete": "Deleted"}


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """What a change would do. `diff` is of masked YAML; `changes` stand in its place where that is too long.

    `confirm` is what must be typed; `fields` and the text travel with both forms: on to the change, back to the text.
    """

    crumbs: tuple[Crumb, ...]
    query: EditQuery
    title: str
    key: str
    fields: tuple[tuple[str, str], ...]
    storage: StorageFormat
    size_before: int
    size_bytes: int
    diff: tuple[DiffLine, ...]
    changes: tuple[Difference, ...]
    notes: tuple[str, ...]
    commands: tuple[Command, ...]
    confirm: str
    undo_path: str
    problem: InputProblem | None = None


@dataclass(frozen=True, slots=True)
class DonePage:
    """What was done, at which revision. `undo` leads to undoing it, while etcd has what was there."""

    crumbs: tuple[Crumb, ...]
    title: str
    key: str
    what: str
    revision: int
    undo_path: str
    object_href: str
    history_href: str
    undo: Link | None


def preview_page(window: Window, query: EditQuery, problem: InputProblem | None = None) -> PreviewPage:
    """What the change would do; raises what draft_of raises."""
    writing = Writing(window)
    draft = draft_of(window, writing, query)
    shown = _shown(window, draft)
    diff, changes = _difference(shown.old or {}, shown.new)
    return PreviewPage(
        crumbs=crumbs_to(window, draft.key, "check"),
        query=query,
        title=name_of(window, draft.key),
        key=show(draft.key),
        fields=fields_of(replace(query, revision=draft.mod_revision), text=True),
        storage=draft.storage,
        size_before=draft.before.size_bytes if draft.before else 0,
        size_bytes=len(draft.value),
        diff=diff,
        changes=changes,
        notes=draft.notes,
        commands=_commands(draft, masked=shown.masked),
        confirm=name_of(window, draft.key),
        undo_path=writing.undo_path,
        problem=problem,
    )


def apply_edit(window: Window, query: EditQuery, now: datetime) -> int:
    """Make the change, all checked again; gives its revision. Raises UsageError where the name was not typed."""
    writing = Writing(window)
    draft = draft_of(window, writing, query, seen=True)
    check_typed(query.typed, name_of(window, draft.key))
    return writing.put(draft.key, draft.value, draft.before, now)


def done_page(window: Window, key: bytes, what: str, revision: int) -> DonePage:
    """What was done. Raises QueryError for an unknown change."""
    writing = Writing(window)
    writing.check(key)
    if what not in _WORDS:
        raise QueryError(f"Unknown change: {what[:20]!r}.")
    return DonePage(
        crumbs=crumbs_to(window, key, "done"),
        title=name_of(window, key),
        key=show(key),
        what=_WORDS[what],
        revision=revision,
        undo_path=writing.undo_path,
        object_href=object_href(key),
        history_href=key_href("/history", key),
        undo=_undo(writing, key, revision),
    )


def _undo(writing: Writing, key: bytes, revision: int) -> Link | None:
    """Undoing a creation is a deletion; undoing anything else puts the value of the revision before back."""
    if revision < 2:
        return None
    try:
        before, after = writing.current(key, revision - 1), writing.current(key, revision)
    except (CompactedError, FutureRevisionError):
        return None
    if before is not None:
        return Link("Undo: put back the value before", key_href("/restore", key, revision=revision - 1))
    return Link("Undo: delete the key", key_href("/delete", key)) if after is not None else None


@dataclass(frozen=True, slots=True)
class _Shown:
    """The two objects as a viewer may see them; `masked`: something in them must not be seen."""

    old: dict[str, Any] | None
    new: dict[str, Any]
    masked: bool


def _shown(window: Window, draft: Draft) -> _Shown:
    object_key = window.keyspace.object_key(draft.key)
    secret = is_sensitive(object_key.resource if object_key else None, draft.storage.kind)
    mask = window.cluster.redactor.mask
    old, new = (mask(obj, secret) if obj is not None else None for obj in (draft.old, draft.new))
    return _Shown(old, new or {}, masked=old is not draft.old or new is not draft.new)


def _commands(draft: Draft, *, masked: bool) -> tuple[Command, ...]:
    """The very transaction, where the value is short and nothing in it is secret; else how to make it from a file."""
    hidden = masked or bool(draft.storage.provider)
    exact = "" if hidden else etcdctl.put(draft.key, draft.value, draft.mod_revision, draft.lease)
    return (Command("etcdctl", exact or etcdctl.encode_and_put(draft.key, draft.storage, draft.mod_revision)),)


def _difference(old: dict[str, Any], new: dict[str, Any]) -> tuple[tuple[DiffLine, ...], tuple[Difference, ...]]:
    before, after = (to_yaml(obj).splitlines() if obj else [] for obj in (old, new))
    diff = text_diff(before, after) if before else tuple(DiffLine("+", line) for line in after)
    if diff is None:
        return (), tuple(found for found, _ in zip(differences(old, new), range(DIFFERENCES), strict=False))
    return diff, ()
