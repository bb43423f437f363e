"""The history page: the values that one key had, as far back as etcd keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from etcdview.cluster.window import Entry, Window
from etcdview.codec import to_yaml
from etcdview.errors import NotFoundError
from etcdview.kube.fields import without_managed_fields
from etcdview.kube.keys import as_text, show
from etcdview.pages.object import past
from etcdview.pages.object.entry import crumbs_of
from etcdview.pages.parts import commands
from etcdview.pages.parts.addresses import Crumb, object_href
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.text_diff import DiffLine, text_diff


@dataclass(frozen=True, slots=True)
class Revision:
    """One value that the key had. `diff` is from the value before it; empty for the oldest that is known."""

    entry: Entry
    href: str
    diff: tuple[DiffLine, ...]
    error: str = ""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """The values, newest first. `deleted_at` 0: the key exists; `compacted`: what came before is gone.

    `problem` says why the value before the last could not be read.
    """

    crumbs: tuple[Crumb, ...]
    key: str
    object_href: str
    revisions: tuple[Revision, ...]
    compacted: bool
    more: bool
    deleted_at: int
    problem: str
    commands: tuple[Command, ...]


def read_history(window: Window, key: bytes) -> past.Past:
    """The values of `key`. Raises NotFoundError where none is known."""
    found = past.history(window, key)
    if not found.entries:
        raise NotFoundError(f"Key '{show(key)}' does not exist, and etcd keeps no older value of it.")
    return found


def history_json(key: bytes, found: past.Past) -> dict[str, Any]:
    """The values as the API and `etcdview history -o json` give them, a deletion first."""
    values: list[dict[str, Any]] = [
        {"modRevision": e.meta.mod_revision, "version": e.meta.version, "deleted": False, "object": e.object}
        for e in found.entries
    ]
    deletion = {"modRevision": found.deleted_at, "version": 0, "deleted": True}
    return {"key": as_text(key), "revisions": [deletion, *values] if found.deleted_at else values}


def history_page(window: Window, key: bytes) -> HistoryPage:
    """The page for `key`; raises what read_history raises."""
    found = read_history(window, key)
    older = (*found.entries[1:], None)
    return HistoryPage(
        crumbs=crumbs_of(found.entries[0], "history"),
        key=show(key),
        object_href=object_href(key),
        revisions=tuple(_revision(entry, before) for entry, before in zip(found.entries, older, strict=True)),
        compacted=found.compacted,
        more=found.more,
        deleted_at=found.deleted_at,
        problem=found.problem,
        commands=commands.for_object(key, found.entries[0].object_key, found.entries[0].meta.mod_revision),
    )


def _revision(entry: Entry, before: Entry | None) -> Revision:
    revision = entry.meta.mod_revision
    error = entry.decoded.error.what if entry.decoded.error else ""
    diff = () if before is None else text_diff(_lines(before), _lines(entry))
    return Revision(entry, object_href(entry.key, revision=revision), diff, error)


def _lines(entry: Entry) -> list[str]:
    """The masked object without what changes at every write and says nothing."""
    if entry.object is None:
        return []
    text = to_yaml(without_managed_fields(entry.object))
    return [line for line in text.splitlines() if not line.startswith("  resourceVersion: ")]
