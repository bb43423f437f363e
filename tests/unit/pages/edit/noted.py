"""A store in memory that takes changes and notes them, and the window of somebody who makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from etcdview.access.roles import LOCAL, Viewer
from etcdview.cluster.window import Window
from etcdview.errors import ConflictError
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.stores.files.memory import StaticStore
from etcdview.writes.undo import UndoFile
from tests.unit.pages.registry_of import kv, obj, window_on

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ADMIN = replace(LOCAL, name="ann", role="admin", method="password")
POD = b"/registry/pods/shop/cart"


class Noted(StaticStore):
    """What reaches etcd is what is tested. `past` has what stood at other revisions.

    After `takes` changes, if it is given, each further one conflicts.
    """

    def __init__(self, kvs: Sequence[KeyValue], revision: int = 0) -> None:
        super().__init__("keys", kvs, revision)
        self.changes: list[tuple[object, ...]] = []
        self.past: dict[int, StaticStore] = {}
        self.takes: int | None = None

    def range(self, request: Range) -> RangeResult:
        """As of a revision of the past, where there is one."""
        then = self.past.get(request.revision)
        return then.range(request) if then is not None else super().range(request)

    def put(self, key: bytes, value: bytes, *, mod_revision: int, lease: int = 0) -> int:
        return self._note("put", key, value, mod_revision, lease)

    def delete(self, key: bytes, *, mod_revision: int) -> int:
        return self._note("delete", key, mod_revision)

    def delete_many(self, mod_revisions: Mapping[bytes, int]) -> int:
        return self._note("delete_many", dict(mod_revisions))

    def _note(self, *change: object) -> int:
        if self.takes is not None and len(self.changes) >= self.takes:
            raise ConflictError("A key has changed.", "Review it.")
        self.changes.append(change)
        return 10


def shop() -> list[KeyValue]:
    """Two pods, of which one is on a lease, and a key that is not an object."""
    return [
        replace(kv("/registry/pods/shop/cart", obj("Pod", "shop", "cart"), 7), lease=3),
        kv("/registry/pods/shop/till", obj("Pod", "shop", "till"), 8),
        kv("/odd", b"1"),
    ]


def window_of(store: StaticStore, undo: UndoFile | None, viewer: Viewer = ADMIN) -> Window:
    """What `viewer` sees of the store, and may change where there is an undo file."""
    made = window_on(store.range(Range(b"\0", b"\0")).kvs)
    made.cluster.source = made.cluster.store = store
    made.cluster.undo = undo
    return Window(made.cluster, viewer)
