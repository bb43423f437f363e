"""Changes of keys as they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from etcdview.errors import UnsupportedError
from etcdview.kube.keys import show
from etcdview.models import Event
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


def watch_changes(store: Watchable, revision: int, prefix: bytes, begun: Callable[[int], None]) -> Iterator[ChangeLine]:
    """Each change below `prefix` (of every key: b"") after `revision`, which `begun` is told. Ends with an error."""
    begun(revision)
    watching = store.watch(prefix or b"\0", prefix_end(prefix), revision + 1)
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
