"""The history of a key, a tab of its page: what one key was through all its lives, as far back as etcd keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from etcdview.cluster.window import Entry, Window
from etcdview.codec import to_yaml
from etcdview.errors import NotFoundError
from etcdview.index.base import Changing
from etcdview.index.changes import KEPT_CHANGES
from etcdview.kube.diff import Difference, differences
from etcdview.kube.fields import managers, text, without_managed_fields
from etcdview.kube.keys import as_text, show, to_form
from etcdview.kube.words import counted, plural
from etcdview.pages.object import past
from etcdview.pages.object.entry import crumbs_of, subtitle_of, title_of
from etcdview.pages.object.query import ObjectQuery
from etcdview.pages.object.tabs import HISTORY, Tab, tabs_of
from etcdview.pages.parts import commands
from etcdview.pages.parts.addresses import Crumb, key_href, object_href
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.text_diff import DiffBudget, DiffLine, text_diff
from etcdview.pages.parts.writable import may_write
from etcdview.tables import parse_time

DIFF_SECONDS = 3.0  # for all differences of the page
SHOWN_LINES = 10_000  # of all differences of the page
_WRITTEN_AGAIN = "Written again without a visible change."
SHOWN_FIELDS = 300  # of one difference, where the texts are too long to compare line by line


@dataclass(frozen=True, slots=True)
class Revision:
    """One change of the key. `entry` None: it was deleted, `seen` when, where a watch saw it ("" else).

    `diff` is from the value before it, or `fields` where that is too long; `cut`: not all of it is shown.
    `note` says in words what there is no difference of. `at` is when the index saw it, or when the field manager `by`
    says that it wrote the value (`told`); None and "" where nothing tells. `grown` is by how many bytes the value is
    larger than the one before, None where that is unknown. `now_href` compares it with the value of now.
    """

    number: int
    what: str
    entry: Entry | None
    href: str
    restore_href: str
    seen: str = ""
    diff: tuple[DiffLine, ...] = ()
    fields: tuple[Difference, ...] = ()
    cut: bool = False
    note: str = ""
    error: str = ""
    at: datetime | None = None
    told: bool = False
    by: str = ""
    grown: int | None = None
    now_href: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class RevisionComparison:
    """The difference of two revisions of the key, the older first; its fields are as those of a Revision."""

    old: int
    new: int
    diff: tuple[DiffLine, ...] = ()
    fields: tuple[Difference, ...] = ()
    cut: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """The changes, newest first. `deleted_at` 0: the key exists; `ending` says how far back this goes, and why.

    `key_field` names the key in a form. `compared` are the two revisions that were chosen, `choice` says what is wrong
    with the choice, "" for nothing.
    """

    crumbs: tuple[Crumb, ...]
    key: str
    title: str
    subtitle: str
    tabs: tuple[Tab, ...]
    revisions: tuple[Revision, ...]
    deleted_at: int
    ending: tuple[str, ...]
    problem: str
    commands: tuple[Command, ...]
    key_field: tuple[str, str] = ("key", "")
    compared: RevisionComparison | None = None
    choice: str = ""

    @property
    def comparable(self) -> bool:
        """Whether there are two values to choose."""
        return sum(revision.entry is not None for revision in self.revisions) > 1


def read_history(window: Window, key: bytes) -> past.Past:
    """The changes of `key`. Raises NotFoundError where no value is known."""
    found = past.history(window, key)
    if not found.entries:
        raise NotFoundError(
            f"Key '{show(key)}' does not exist, and etcd keeps no older value of it.",
            "Search for a part of its name; a key is the whole path, such as /registry/pods/NAMESPACE/NAME.",
        )
    return found


def history_json(key: bytes, found: past.Past) -> dict[str, Any]:
    """The changes as the API and `etcdview history -o json` give them, newest first."""
    return {"key": as_text(key), "revisions": [_json(revision) for revision in found.revisions]}


def history_page(window: Window, key: bytes, between: Sequence[int] = ()) -> HistoryPage:
    """The page for `key`, and the difference `between` two of its revisions; raises what read_history raises."""
    found = read_history(window, key)
    newest = found.entries[0]
    chosen = {entry.meta.mod_revision: entry for entry in found.entries if entry.meta.mod_revision in between}
    return HistoryPage(
        crumbs=crumbs_of(newest, "history"),
        key=show(key),
        title=title_of(newest),
        subtitle=subtitle_of(newest),
        tabs=tabs_of(ObjectQuery(key), HISTORY),
        revisions=tuple(_revisions(window, key, found, chosen)),
        deleted_at=found.deleted_at,
        ending=tuple(_ending(found, live=window.cluster.store.live)),
        problem=found.problem,
        commands=commands.for_object(key, newest.object_key, newest.meta.mod_revision),
        key_field=to_form(key),
        compared=_compared(chosen) if len(chosen) == 2 else None,
        choice=_choice(between, chosen),
    )


def _compared(chosen: Mapping[int, Entry]) -> RevisionComparison:
    old, new = sorted(chosen)
    budget = DiffBudget(DIFF_SECONDS, SHOWN_LINES)
    found = _difference(chosen[old], chosen[new], budget, created=False, alike="No visible difference.")
    return RevisionComparison(old, new, **found)


def _choice(between: Sequence[int], chosen: Mapping[int, Entry]) -> str:
    if not between or len(chosen) == len(set(between)) == 2:
        return ""
    unknown = sorted(set(between) - set(chosen))
    if unknown:
        return f"This history has no value of revision {unknown[0]:,}."
    are = plural(len(chosen), "is", "are")
    return f"Choose two revisions to compare: {counted(len(chosen), 'revision')} {are} chosen."


def _json(revision: past.PastRevision) -> dict[str, Any]:
    entry = revision.entry
    if entry is None:
        return {"modRevision": revision.revision, "version": 0, "deleted": True}
    return {
        "modRevision": revision.revision,
        "version": entry.meta.version,
        "deleted": False,
        "object": entry.object,
    }


def _revisions(window: Window, key: bytes, found: past.Past, chosen: Mapping[int, Entry]) -> list[Revision]:
    budget = DiffBudget(DIFF_SECONDS, SHOWN_LINES)
    writable, seen = may_write(window, key), _seen(window, key)
    now = 0 if found.deleted_at else found.entries[0].meta.mod_revision
    shown: list[Revision] = []
    for number, one in enumerate(found.revisions):
        older = found.revisions[number + 1 :]
        if one.entry is None:
            shown.append(_deletion(window, key, one.revision))
            continue
        before = next((past.entry for past in older if past.entry is not None), None)
        restores = writable and (number > 0 or bool(found.deleted_at))
        again = one.creates and before is not None
        by, at = _written_by(one.entry, before)
        shown.append(
            Revision(
                number=one.revision,
                what="created again" if again else "created" if one.creates else "updated",
                entry=one.entry,
                href=object_href(key, revision=one.revision),
                restore_href=key_href("/restore", key, revision=one.revision) if restores else "",
                error=one.entry.decoded.error.what if one.entry.decoded.error else "",
                at=seen.get(one.revision) or at,
                told=one.revision not in seen and at is not None,
                by=by,
                grown=None if before is None else one.entry.size_bytes - before.size_bytes,
                now_href=_between_href(key, one.revision, now) if now and one.revision != now else "",
                chosen=one.revision in chosen,
                **_difference(before, one.entry, budget, created=one.creates),
            )
        )
    return shown


def _between_href(key: bytes, old: int, new: int) -> str:
    return f"{key_href('/history', key)}&between={old}&between={new}"


def _seen(window: Window, key: bytes) -> dict[int, datetime]:
    """When the index saw the writes of the key, by their revisions, as far as it remembers."""
    if not isinstance(window.index, Changing):
        return {}
    changes = window.index.changes.recent(key, KEPT_CHANGES)
    return {c.revision: datetime.fromtimestamp(c.seen_at, UTC) for c in changes if c.key == key and c.seen_at}


def _written_by(entry: Entry, before: Entry | None) -> tuple[str, datetime | None]:
    """Which field manager wrote the value, and when: the newest that the value before does not have.

    A write that left managedFields as they were was made past the API server: nothing tells who made it. Of a
    creation without managers the value's own creationTimestamp is the time.
    """
    known = [_signature(manager) for manager in managers(before.object if before else None)]
    new = [manager for manager in managers(entry.object) if _signature(manager) not in known]
    last = max(new, key=lambda manager: text(manager, "time"), default=None)
    if last is not None:
        return text(last, "manager"), parse_time(text(last, "time"))
    created = entry.meta.create_revision == entry.meta.mod_revision
    return "", parse_time(text(entry.object, "metadata", "creationTimestamp")) if created else None


def _signature(manager: Any) -> tuple[str, ...]:
    return tuple(text(manager, name) for name in ("manager", "operation", "subresource", "time"))


def _deletion(window: Window, key: bytes, revision: int) -> Revision:
    return Revision(revision, "deleted", None, "", "", past.seen_deleted(window, key, revision))


def _difference(
    before: Entry | None, after: Entry, budget: DiffBudget, *, created: bool, alike: str = _WRITTEN_AGAIN
) -> dict[str, Any]:
    """The fields of a Revision that say what was written; `alike` says that nothing differs."""
    if before is None:
        return {"note": "" if created else "The oldest value that is left."}
    if before.object is None or after.object is None:
        unknown = (before if before.object is None else after).meta.mod_revision
        return {"note": f"Cannot compare: revision {unknown:,} could not be decoded."}
    if budget.spent:
        return {"note": "Not compared: this page has enough differences. Open the revision.", "cut": True}
    lines = text_diff(_lines(before.object), _lines(after.object))
    if lines is None:
        found = list(islice(differences(before.object, after.object), SHOWN_FIELDS + 1))
        return {"fields": tuple(found[:SHOWN_FIELDS]), "cut": len(found) > SHOWN_FIELDS}
    kept = budget.take(lines)
    return {"diff": kept, "cut": len(kept) < len(lines), "note": "" if lines else alike}


def _lines(obj: dict[str, Any]) -> list[str]:
    """The masked object without what changes at every write and says nothing."""
    text = to_yaml(without_managed_fields(obj))
    return [line for line in text.splitlines() if not line.startswith("  resourceVersion: ")]


def _ending(found: past.Past, *, live: bool) -> list[str]:
    """How far back this goes, and why not further."""
    said = []
    if found.more:
        said.append(f"Older changes exist; only the newest {len(found.revisions)} are shown.")
    elif found.compacted:
        said.append("Older values have been compacted." if live else "This file does not hold older values.")
    elif found.kept_from > 1:
        whose = "etcd has compacted" if live else "This file does not hold"
        said.append(f"{whose} everything before revision {found.kept_from:,}: earlier lives of this key are unknown.")
    elif not found.problem and not found.searched:
        said.append("This is all: etcd still has every revision.")
    if found.searched:
        said.append(f"{found.searched}: a short life of this key may be missing.")
    return said
