"""The watch page: what is written and deleted below a prefix, as it happens, and which fields changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from etcdview.cluster.window import Entry, Window
from etcdview.errors import CompactedError, QueryError, TooLargeError, UnsupportedError
from etcdview.index.base import Changing, Freshness
from etcdview.index.changes import KEPT_CHANGES, Change, ChangeReader, Changes
from etcdview.kube.diff import Difference, differences
from etcdview.kube.keys import show
from etcdview.pages.parts import addresses
from etcdview.pages.parts.addresses import key_href, object_href
from etcdview.pages.parts.commands import Command

SHOWN = 100
WITH_DIFFERENCES = 30  # of the newest only: the first page to show one costs etcd a read of one key
DIFFERENCES = 12
KINDS = ("created", "updated", "deleted")


@dataclass(frozen=True, slots=True)
class WatchQuery:
    """`prefix` of the keys; `kind` one of KINDS or "" for all; `text` a part of the key. `since`: what is shown.

    `until` is the revision at which the page was paused, 0 where it goes on.
    """

    prefix: str = ""
    kind: str = ""
    text: str = ""
    since: int = 0
    until: int = 0

    @property
    def filtered(self) -> bool:
        """Whether some changes are left out."""
        return bool(self.prefix or self.kind or self.text)


@dataclass(frozen=True, slots=True)
class WatchRow:
    """One change. `differences` are of the newest rows only; `more` says how many there are beyond them."""

    revision: int
    key: str
    href: str
    history_href: str
    kind: str
    seen_at: datetime
    differences: tuple[Difference, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class WatchPage:
    """Changes, newest first, up to `revision`. `lost`: more happened than is remembered.

    `unshown` changes are remembered beyond those that are listed.
    """

    query: WatchQuery
    freshness: Freshness
    rows: tuple[WatchRow, ...]
    unshown: int
    revision: int
    lost: bool
    poll_href: str
    pause_href: str
    commands: tuple[Command, ...]


def watch_page(window: Window, query: WatchQuery) -> WatchPage:
    """The page. Raises UnsupportedError for a file, which does not change, and QueryError for a kind there is not."""
    names = window.index
    if not isinstance(names, Changing):
        raise UnsupportedError("A file does not change, so it cannot be watched.", "Open a live etcd.")
    if query.kind not in ("", *KINDS):
        raise QueryError(f"Unknown kind of change {query.kind!r}.", f"Choose one of {', '.join(KINDS)}.")
    found = _changes(names.changes, query)
    wanted = [c for c in found.changes if _is_wanted(c, query)]
    return WatchPage(
        query=query,
        freshness=window.index.freshness(),
        rows=tuple(_row(window, c, i < WITH_DIFFERENCES) for i, c in enumerate(wanted[:SHOWN])),
        unshown=len(wanted[SHOWN:]),
        revision=found.revision,
        lost=found.lost,
        poll_href="" if query.until else _href(query, since=str(found.revision)),
        pause_href=_href(query, pause="" if query.until else str(found.revision)),
        commands=(Command("etcdctl", f"etcdctl watch --prefix {query.prefix or '/'}"),),
    )


def kind_of(change: Change) -> str:
    """created, updated or deleted."""
    return "deleted" if change.deleted else "created" if change.created else "updated"


def _changes(log: ChangeReader, query: WatchQuery) -> Changes:
    """Those behind what the page shows, else all that are remembered; newest first."""
    prefix = query.prefix.encode()
    if query.since:
        found = log.since(query.since, prefix)
        return replace(found, changes=found.changes[::-1])
    revision = log.revision_below(prefix)  # before the changes: what comes between is then told by the first poll
    return Changes(revision, log.recent(prefix, KEPT_CHANGES))


def _is_wanted(change: Change, query: WatchQuery) -> bool:
    if query.until and change.revision > query.until:
        return False
    return query.kind in ("", kind_of(change)) and query.text.encode() in change.key


def _row(window: Window, change: Change, with_differences: bool) -> WatchRow:
    found = (
        window.cluster.differ.of(change, partial(_differences, window))
        if with_differences and kind_of(change) == "updated"
        else ()
    )
    return WatchRow(
        revision=change.revision,
        key=show(change.key),
        href=object_href(change.key, revision=0 if not change.deleted else change.revision - 1),
        history_href=key_href("/history", change.key),
        kind=kind_of(change),
        seen_at=datetime.fromtimestamp(change.seen_at, UTC),
        differences=found[:DIFFERENCES],
        more=max(0, len(found) - DIFFERENCES),
    )


def _href(query: WatchQuery, **changes: str) -> str:
    params: dict[str, str | int] = {
        "prefix": query.prefix,
        "kind": query.kind,
        "q": query.text,
        "pause": query.until,
    }
    return addresses.href("/watch", **(params | changes))


def _differences(window: Window, change: Change) -> tuple[Difference, ...]:
    """Nothing where either value is compacted, larger than an answer may be, or cannot be decoded."""
    try:
        new, old = _written(window, change), window.get(change.key, change.revision - 1).entry
    except (CompactedError, TooLargeError):
        return ()
    if new is None or old is None or new.object is None or old.object is None:
        return ()
    return tuple(differences(old.object, new.object))


def _written(window: Window, change: Change) -> Entry | None:
    """The value that was written: as the watch brought it, else read."""
    kv = window.index.changes.value(change.key, change.revision) if isinstance(window.index, Changing) else None
    return window.get(change.key, change.revision).entry if kv is None else window.entry(kv)
