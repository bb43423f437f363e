"""The page of changes: what is written and deleted below a prefix, as it happens, and what was before it was opened.

etcd keeps no times. What the index saw has its time; of older changes a field manager says when it wrote the value.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from math import inf

from etcdview.cluster.differ import Differences
from etcdview.cluster.window import Entry, Window
from etcdview.errors import CompactedError, QueryError, TooLargeError, UnsupportedError
from etcdview.index.base import Changing, Freshness
from etcdview.index.changes import KEPT_CHANGES, Change, ChangeReader, Changes
from etcdview.kube.diff import Difference, differences
from etcdview.kube.fields import managers, text
from etcdview.kube.keys import show
from etcdview.models import KeyValue
from etcdview.pages.parts import addresses
from etcdview.pages.parts.addresses import key_href, object_href
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.positions import position_text
from etcdview.pages.parts.writable import may_write
from etcdview.stores.key_past import NoPast
from etcdview.stores.protocols import prefix_end
from etcdview.stores.routed import PinnedRevision, RoutedPart, RoutedStore, revision_of
from etcdview.tables import parse_time

SHOWN = 100
WITH_DIFFERENCES = 30  # of the newest only: the first page to show one costs etcd a read of one key
KINDS = ("created", "updated", "deleted")
NOISE = (b"events/", b"leases/", b"masterleases/", b"peerserverleases/")  # below the registry's prefix
MINUTES = (5, 15, 60)  # time ranges to choose from
_Written = tuple[bytes, int]  # a key, and the revision at which it was written


@dataclass(frozen=True, slots=True)
class WatchQuery:
    """`prefix` of the keys; `kind` one of KINDS or "" for all; `text` a part of the key. `since`: what is shown.

    `until` is the revision at which the page was paused, 0 where it goes on; of several etcds it is a PinnedRevision,
    and so is `since`. `minutes`: those of the last so many only, 0 for all. `calm`: without what is written all the
    time, events and leases; None where nobody chose, and then without, unless the prefix names them.
    """

    prefix: str = ""
    kind: str = ""
    text: str = ""
    since: int = 0
    until: int = 0
    minutes: int = 0
    calm: bool | None = None

    @property
    def filtered(self) -> bool:
        """Whether some changes are left out."""
        return bool(self.prefix or self.kind or self.text or self.minutes)


@dataclass(frozen=True, slots=True)
class WatchRow:
    """One change. `differences` are of the newest rows only; `more` says how many there are beyond them.

    `at` is when the index saw it, or when `manager` says that it wrote the value (`told`); None where that is unknown.
    `revision` is one of the first etcd, or of that which holds the types that `etcd` names. `restore_href` puts the
    value before this change back, "" where there was none, or this viewer may not.
    """

    revision: int
    key: str
    href: str
    history_href: str
    kind: str
    at: datetime | None
    told: bool = False
    manager: str = ""
    etcd: str = ""
    differences: tuple[Difference, ...] = ()
    more: int = 0
    restore_href: str = ""

    @property
    def unfolds(self) -> bool:
        """Whether there is more to show or to do than its line has room for."""
        return bool(self.differences or self.restore_href)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A time range to choose."""

    text: str
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class EtcdPosition:
    """A revision of another etcd than the first, which holds what `etcd` names."""

    etcd: str
    revision: int


@dataclass(frozen=True, slots=True)
class WatchPage:
    """Changes, newest first, up to `revision`, and up to those of `others`. `lost`: more happened than is remembered.

    `unshown` changes are remembered beyond those that are listed. `oldest`: nothing older than this revision was looked
    at, 0 where that is not known; `why` says why nothing before the start of etcdview was, "" where it was. `calm`:
    events and leases are left out, `hidden` of those changes that are known.
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
    ranges: tuple[TimeRange, ...] = ()
    calm: bool = False
    calm_href: str = ""
    hidden: int = 0
    oldest: int = 0
    why: str = ""
    others: tuple[EtcdPosition, ...] = ()
    paused_at: tuple[EtcdPosition, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether the etcds are further than the query says that the page is, also where that shows no row."""
        return position_text(self.revision) != position_text(self.query.since)

    @property
    def paused_text(self) -> str:
        """The position that it was paused at, as an address has it."""
        return position_text(self.query.until)


def watch_page(window: Window, query: WatchQuery, now: datetime) -> WatchPage:
    """The page. Raises UnsupportedError for a file, which does not change, and QueryError for a kind there is not."""
    names = window.index
    if not isinstance(names, Changing):
        raise UnsupportedError("A file does not change, so it cannot be watched.", "Open a live etcd.")
    if query.kind not in ("", *KINDS):
        raise QueryError(f"Unknown kind of change {query.kind!r}.", f"Choose one of {', '.join(KINDS)}.")
    found = _changes(names.changes, query)
    noise = tuple(window.keyspace.root + folder for folder in NOISE)
    calm = query.calm if query.calm is not None else not f"{query.prefix}/".encode().startswith(noise)
    full = sum(not (calm and change.key.startswith(noise)) for change in found.changes) >= SHOWN
    earlier = _Earlier() if query.since or query.until or full else _earlier(window, query, found)
    all_wanted = [c for c in (*found.changes, *earlier.changes) if _is_wanted(window, c, query)]
    wanted = [change for change in all_wanted if not change.key.startswith(noise)] if calm else all_wanted
    shown = _newest(window, wanted, earlier.values)
    rows = [_row(window, c, earlier.values, i < WITH_DIFFERENCES) for i, c in enumerate(shown)]
    if query.minutes:
        rows = [row for row in rows if row.at is not None and now - row.at <= timedelta(minutes=query.minutes)]
    return WatchPage(
        query=query,
        freshness=window.index.freshness(),
        rows=tuple(rows),
        unshown=0 if query.minutes and len(rows) < SHOWN else len(wanted[SHOWN:]),
        revision=found.revision,
        lost=found.lost,
        poll_href="" if query.until else _href(query, since=position_text(found.revision)),
        pause_href=_href(query, pause="" if query.until else position_text(found.revision)),
        commands=(Command("etcdctl", f"etcdctl watch --prefix {query.prefix or '/'}"),),
        ranges=tuple(_ranges(query)),
        calm=calm,
        calm_href=_href(query, calm="0" if calm else "1"),
        hidden=len(all_wanted) - len(wanted),
        oldest=earlier.oldest,
        why=earlier.why,
        others=_others(window, found.revision),
        paused_at=_others(window, query.until),
    )


@dataclass(frozen=True, slots=True)
class _Earlier:
    """Changes before those that the index saw, newest first, and the values that they wrote."""

    changes: tuple[Change, ...] = ()
    values: Mapping[_Written, KeyValue] = field(default_factory=dict)
    oldest: int = 0
    why: str = ""


def _earlier(window: Window, query: WatchQuery, seen: Changes) -> _Earlier:
    """What each etcd still has of it."""
    prefix, source = query.prefix.encode(), window.cluster.source
    if not isinstance(source, RoutedStore):
        return _earlier_in(window, prefix, seen.revision, seen.changes)
    found = []
    for part in source.parts(prefix or b"\0", prefix_end(prefix)):
        own = [change for change in seen.changes if source.source_of(change.key) == part.source]
        found.append(_earlier_in(window, prefix, revision_of(seen.revision, part.source), own, part))
    changes = sorted((c for one in found for c in one.changes), key=lambda change: -change.revision)
    return _Earlier(
        tuple(changes),
        {at: kv for one in found for at, kv in one.values.items()},
        found[0].oldest if len(found) == 1 else 0,
        "; ".join(dict.fromkeys(one.why for one in found if one.why)),
    )


def _earlier_in(
    window: Window, prefix: bytes, reached: int, seen: Sequence[Change], part: RoutedPart | None = None
) -> _Earlier:
    """What one etcd has of a prefix, or of a part of it, before what the index saw of it."""
    before = min((change.revision for change in seen), default=reached + 1)
    found = window.cluster.earlier.before(prefix, before, part)
    if isinstance(found, NoPast):
        return _Earlier(why=found.why)
    events = [event for event in found.events if window.permits(event.kv.key)]
    changes = (Change(e.kv.mod_revision, e.kv.key, e.deleted, not e.deleted and e.kv.is_new, 0.0) for e in events)
    values = {(e.kv.key, e.kv.mod_revision): e.kv for e in events if not e.deleted}
    oldest = events[-1].kv.mod_revision if found.more and events else found.oldest
    return _Earlier(tuple(changes), values, oldest)


def _newest(window: Window, wanted: Sequence[Change], earlier: Mapping[_Written, KeyValue]) -> list[Change]:
    """The newest of the changes, of which each etcd's are in order.

    Those of two etcds have none: they are put in order by the times that the index or the values tell.
    """
    by_etcd: dict[int, deque[Change]] = {}
    for change in wanted:
        by_etcd.setdefault(window.cluster.etcd_of(change.key), deque()).append(change)
    if len(by_etcd) < 2:
        return list(wanted[:SHOWN])
    times = {etcd: _time_of(window, changes[0], earlier, inf) for etcd, changes in by_etcd.items()}
    found: list[Change] = []
    while by_etcd and len(found) < SHOWN:
        newest = max(by_etcd, key=times.__getitem__)
        found.append(by_etcd[newest].popleft())
        if by_etcd[newest]:
            times[newest] = _time_of(window, by_etcd[newest][0], earlier, times[newest])
        else:
            del by_etcd[newest]
    return found


def _time_of(window: Window, change: Change, earlier: Mapping[_Written, KeyValue], before: float) -> float:
    """Unix time of a change; where nothing tells it, that of the next one of the same etcd."""
    if change.seen_at:
        return change.seen_at
    _, wrote = _manager(window, change, earlier)
    return wrote.timestamp() if wrote else before


def _others(window: Window, revision: int) -> tuple[EtcdPosition, ...]:
    """How far the etcds after the first are, where a page is of several."""
    if not isinstance(revision, PinnedRevision):
        return ()
    named = enumerate(window.cluster.types_elsewhere, 1)
    return tuple(EtcdPosition(holds, revision.of(source)) for source, holds in named if revision.of(source))


def _ranges(query: WatchQuery) -> Iterator[TimeRange]:
    for minutes in (0, *MINUTES):
        words = f"last {minutes} min" if minutes else "all"
        yield TimeRange(words, _href(query, minutes=str(minutes or "")), minutes == query.minutes)


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


def _is_wanted(window: Window, change: Change, query: WatchQuery) -> bool:
    if query.until and change.revision > revision_of(query.until, window.cluster.etcd_of(change.key)):
        return False
    return query.kind in ("", kind_of(change)) and query.text.encode() in change.key


def _row(window: Window, change: Change, earlier: Mapping[_Written, KeyValue], with_differences: bool) -> WatchRow:
    manager, wrote = _manager(window, change, earlier)
    seen = datetime.fromtimestamp(change.seen_at, UTC) if change.seen_at else None
    etcd = window.cluster.etcd_of(change.key)
    found = (
        window.cluster.differ.of(change, partial(_differences, window))
        if with_differences and kind_of(change) == "updated"
        else Differences()
    )
    return WatchRow(
        revision=change.revision,
        key=show(change.key),
        href=object_href(change.key, revision=0 if not change.deleted else change.revision - 1),
        history_href=key_href("/history", change.key),
        kind=kind_of(change),
        at=seen or wrote,
        told=seen is None and wrote is not None,
        manager=manager,
        etcd=window.cluster.types_elsewhere[etcd - 1] if etcd else "",
        differences=found.shown,
        more=found.more,
        restore_href=_restore_href(window, change),
    )


def _restore_href(window: Window, change: Change) -> str:
    if kind_of(change) == "created" or not may_write(window, change.key):
        return ""
    return key_href("/restore", change.key, revision=change.revision - 1)


def _manager(window: Window, change: Change, earlier: Mapping[_Written, KeyValue]) -> tuple[str, datetime | None]:
    """Which field manager wrote the value last, and when, as far as the value that was written says."""
    at = change.key, change.revision
    kv = earlier.get(at) or (window.index.changes.value(*at) if isinstance(window.index, Changing) else None)
    obj = window.entry(kv).object if kv is not None and not change.deleted else None
    last = max(managers(obj), key=lambda entry: text(entry, "time"), default=None) if obj is not None else None
    return text(last, "manager"), parse_time(text(last, "time"))


def _href(query: WatchQuery, **changes: str) -> str:
    params: dict[str, str | int] = {
        "prefix": query.prefix,
        "kind": query.kind,
        "q": query.text,
        "pause": position_text(query.until) if query.until else "",
        "minutes": query.minutes,
        "calm": "" if query.calm is None else str(int(query.calm)),
    }
    return addresses.href("/watch", **(params | changes))


def _differences(window: Window, change: Change) -> Iterable[Difference]:
    """Nothing where either value is compacted, larger than an answer may be, or cannot be decoded."""
    try:
        new, old = _written(window, change), window.get(change.key, change.revision - 1).entry
    except (CompactedError, TooLargeError):
        return ()
    if new is None or old is None or new.object is None or old.object is None:
        return ()
    return differences(old.object, new.object)


def _written(window: Window, change: Change) -> Entry | None:
    """The value that was written: as the watch brought it, else read."""
    kv = window.index.changes.value(change.key, change.revision) if isinstance(window.index, Changing) else None
    return window.get(change.key, change.revision).entry if kv is None else window.entry(kv)
