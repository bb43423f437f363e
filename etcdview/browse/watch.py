"""The watch page: what is written and deleted below a prefix, as it happens, and which fields changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from etcdview.browse import pages
from etcdview.browse.commands import Command
from etcdview.browse.pages import key_href, object_href
from etcdview.browse.window import Entry, Window
from etcdview.diff import Difference, differences
from etcdview.errors import CompactedError, QueryError, UnsupportedError
from etcdview.index.base import Changing, Freshness
from etcdview.index.changes import Change
from etcdview.keys import show

SHOWN = 100
WITH_DIFFERENCES = 30  # of the newest only: each costs etcd a read or two of one key
DIFFERENCES = 12
KINDS = ("created", "updated", "deleted")


@dataclass(frozen=True, slots=True)
class WatchQuery:
    """`prefix` of the keys; `kind` one of KINDS or "" for all; `text` a part of the key. `since`: what is shown."""

    prefix: str = ""
    kind: str = ""
    text: str = ""
    since: int = 0
    paused: bool = False


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
    """Changes, newest first, up to `revision`. `lost`: more happened than is remembered."""

    query: WatchQuery
    freshness: Freshness
    rows: tuple[WatchRow, ...]
    revision: int
    lost: bool
    poll_href: str
    pause_href: str
    commands: tuple[Command, ...]


def watch_page(window: Window, query: WatchQuery) -> WatchPage:
    """The page. Raises UnsupportedError for a file, which does not change, and QueryError for a kind there is not."""
    names = window.names
    if not isinstance(names, Changing):
        raise UnsupportedError("A file does not change: there is nothing to watch.", "Open a live etcd.")
    if query.kind not in ("", *KINDS):
        raise QueryError(f"There is no kind of change {query.kind!r}.", f"Choose one of {', '.join(KINDS)}.")
    prefix = query.prefix.encode()
    found = names.changes.since(query.since, prefix) if query.since else None
    changes = names.changes.recent(prefix, SHOWN * 10) if found is None else found.changes[::-1]
    wanted = list(islice((c for c in changes if _is_wanted(c, query)), SHOWN))
    revision = found.revision if found else names.changes.revision
    return WatchPage(
        query=query,
        freshness=window.names.freshness(),
        rows=tuple(_row(window, c, i < WITH_DIFFERENCES) for i, c in enumerate(wanted)),
        revision=revision,
        lost=found.lost if found else False,
        poll_href="" if query.paused else _href(query, since=str(revision)),
        pause_href=_href(query, pause="" if query.paused else "1"),
        commands=(Command("etcdctl", f"etcdctl watch --prefix {query.prefix or '/'}"),),
    )


def kind_of(change: Change) -> str:
    """created, updated or deleted."""
    return "deleted" if change.deleted else "created" if change.created else "updated"


def _is_wanted(change: Change, query: WatchQuery) -> bool:
    return query.kind in ("", kind_of(change)) and query.text.encode() in change.key


def _row(window: Window, change: Change, told: bool) -> WatchRow:
    found = _differences(window, change) if told and kind_of(change) == "updated" else ()
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


def _differences(window: Window, change: Change) -> tuple[Difference, ...]:
    """What the write changed; nothing where either value is compacted or cannot be decoded."""
    new = _entry(window, change.key, change.revision)
    old = _entry(window, change.key, change.revision - 1)
    if new is None or old is None or new.object is None or old.object is None:
        return ()
    return tuple(differences(old.object, new.object))


def _entry(window: Window, key: bytes, revision: int) -> Entry | None:
    try:
        return window.get(key, revision)[0]
    except CompactedError:
        return None


def _href(query: WatchQuery, **changes: str) -> str:
    params: dict[str, str | int] = {
        "prefix": query.prefix,
        "kind": query.kind,
        "q": query.text,
        "pause": "1" if query.paused else "",
    }
    return pages.href("/watch", **(params | changes))
