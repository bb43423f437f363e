"""Changing keys for one viewer: whether they may, what is there now, and the change itself with its undo."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from etcdview.cluster.scope.ranges import denied
from etcdview.cluster.window import Window
from etcdview.errors import DeniedError, NotFoundError, QueryError
from etcdview.kube.keys import show
from etcdview.kube.quantities import size_text
from etcdview.models import KeyValue, Range
from etcdview.pages.parts.addresses import Crumb, href, object_href
from etcdview.pages.parts.writable import off
from etcdview.stores.protocols import Writable
from etcdview.writes.undo import Undo, UndoFile

MAX_KEY_BYTES = 4096


class Writing:
    """A viewer's right to change keys of one cluster; making one checks that they have it.

    Raises NotFoundError where changes are switched off, DeniedError where the role does not permit them.
    """

    def __init__(self, window: Window) -> None:
        undo, store = window.cluster.undo, window.cluster.source
        if undo is None or not isinstance(store, Writable):
            raise off(live=window.cluster.store.live)
        if not window.viewer.may("write"):
            raise DeniedError(f"Your role ({window.viewer.role}) does not permit changes.", "Admins can make changes.")
        self._window = window
        self._undo: UndoFile = undo
        self._store: Writable = store

    @property
    def undo_path(self) -> str:
        """Where values that were changed are kept."""
        return str(self._undo.path)

    def check(self, key: bytes) -> None:
        """Raises DeniedError for a key outside of the viewer's scope, QueryError for a key that cannot be written."""
        if not self._window.viewer.scope.has(self._window.keyspace.object_key(key)):
            raise denied()
        if len(key) > MAX_KEY_BYTES:
            raise QueryError(f"A key is at most {size_text(MAX_KEY_BYTES)} long.")

    def current(self, key: bytes, revision: int = 0) -> KeyValue | None:
        """Current value, or was at a revision, read linearizably."""
        self.check(key)
        found = self._window.cluster.source.range(Range(key, revision=revision)).kvs
        return found[0] if found else None

    def existing(self, key: bytes) -> KeyValue:
        """As `current`; raises NotFoundError where there is no such key."""
        found = self.current(key)
        if found is None:
            raise NotFoundError(f"There is no key '{show(key)}'.", "It may have been deleted meanwhile.")
        return found

    def put(self, key: bytes, value: bytes, before: KeyValue | None, now: datetime) -> int:
        """Write `value` in the place of `before`, kept in the undo file first. Gives the revision."""
        self.check(key)
        seen, lease = (before.mod_revision, before.lease) if before else (0, 0)
        with self._undo.keeping([Undo(now, self._window.viewer.name, "put", key, before)]):
            return self._store.put(key, value, mod_revision=seen, lease=lease)

    def delete(self, before: Sequence[KeyValue], now: datetime) -> int:
        """Delete these keys together, kept in the undo file first. Gives the revision."""
        for kv in before:
            self.check(kv.key)
        with self._undo.keeping([Undo(now, self._window.viewer.name, "delete", kv.key, kv) for kv in before]):
            if len(before) == 1:
                return self._store.delete(before[0].key, mod_revision=before[0].mod_revision)
            return self._store.delete_many({kv.key: kv.mod_revision for kv in before})


def name_of(window: Window, key: bytes) -> str:
    """What is typed to confirm a change: the object's name, or the whole key where it has none."""
    object_key = window.keyspace.object_key(key)
    return object_key.name if object_key else show(key)


def crumbs_to(window: Window, key: bytes, last: str) -> tuple[Crumb, ...]:
    """The way to a page about changing the key."""
    object_key = window.keyspace.object_key(key)
    if object_key is None:
        return (Crumb("Registry", "/registry"), Crumb(show(key), object_href(key)), Crumb(last))
    resource = object_key.resource
    crumbs = [Crumb("Registry", "/registry"), Crumb(resource.plural, href("/registry", resource=resource.id))]
    if object_key.namespace:
        crumbs.append(
            Crumb(object_key.namespace, href("/registry", resource=resource.id, namespace=object_key.namespace))
        )
    return (*crumbs, Crumb(object_key.name, object_href(key)), Crumb(last))
