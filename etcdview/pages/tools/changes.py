"""Changes of keys as they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from etcdview.errors import UnsupportedError, UsageError
from etcdview.kube.keys import show
from etcdview.models import Event, Range
from etcdview.stores.permitted import permitted_parts, permitted_text
from etcdview.stores.protocols import Store, Watchable, prefix_end
from etcdview.stores.routed import RoutedStore, all_pinned


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change; `kind` is created, changed or deleted, `size_bytes` None for a deletion."""

    revision: int
    kind: str
    key: str
    size_bytes: int | None = None


def check_watchable(store: Store) -> Watchable:
    """Raises UnsupportedError for a file."""
    if not isinstance(store, Watchable):
        raise UnsupportedError(f"{store.name} does not change, so it cannot be watched.", "Watch a live etcd.")
    return store


def watched_range(store: Store, prefix: bytes) -> Range:
    """The keys below `prefix` (all: b""), or the one part of them that etcd permits its user to read.

    Raises UsageError where there are several such parts, NotPermittedError where there is none.
    """
    parts = permitted_parts(store, prefix or b"\0", prefix_end(prefix))
    if len(parts) > 1:
        raise UsageError(f"etcd permits this user {permitted_text(parts)}.", "Name one of these prefixes.")
    return parts[0]


def watch_changes(store: Watchable, revision: int, keys: Range, begun: Callable[[str], None]) -> Iterator[ChangeLine]:
    """Each change of `keys` after `revision`; `begun` is told in words where that is. Ends with an error.

    Keys in several etcds are followed from their newest revisions on: changes come as they are made, those of each
    etcd in its own order.
    """
    after, where = revision + 1, f"revision {revision:,}"
    if isinstance(store, RoutedStore):
        revisions = store.revisions(keys.start, keys.end)
        if len(revisions) > 1:
            after = all_pinned({source: newest + 1 for source, newest in revisions.items()}, min(revisions))
            where = _places(store, revisions)
    watching = store.watch(keys.start, keys.end, after)
    begun(where)
    try:
        for batch in watching:
            yield from map(change_line, batch.events)
    finally:
        watching.cancel()


def _places(store: RoutedStore, revisions: Mapping[int, int]) -> str:
    """Where each etcd is."""
    names = {number: f" of the etcd that holds {holds}" for number, (_, holds) in enumerate(store.others, 1)}
    return ", and ".join(f"revision {newest:,}{names.get(source, '')}" for source, newest in sorted(revisions.items()))


def change_line(event: Event) -> ChangeLine:
    """One change."""
    kv = event.kv
    if event.deleted:
        return ChangeLine(kv.mod_revision, "deleted", show(kv.key))
    return ChangeLine(kv.mod_revision, "created" if kv.is_new else "changed", show(kv.key), kv.size_bytes)
