"""Changes of keys as they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from etcdview.errors import UnsupportedError, UsageError
from etcdview.kube.keys import show
from etcdview.models import Event, Range
from etcdview.stores.permitted import permitted_parts, permitted_text
from etcdview.stores.protocols import Store, Watchable, prefix_end


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


def watch_changes(store: Watchable, revision: int, keys: Range, begun: Callable[[int], None]) -> Iterator[ChangeLine]:
    """Each change of `keys` after `revision`, which `begun` is told. Ends with an error."""
    begun(revision)
    watching = store.watch(keys.start, keys.end, revision + 1)
    try:
        for batch in watching:
            yield from map(change_line, batch.events)
    finally:
        watching.cancel()


def change_line(event: Event) -> ChangeLine:
    """One change."""
    kv = event.kv
    if event.deleted:
        return ChangeLine(kv.mod_revision, "deleted", show(kv.key))
    return ChangeLine(kv.mod_revision, "created" if kv.is_new else "changed", show(kv.key), kv.size_bytes)
