"""What the cluster's CRDs define, read again only when one of them has changed."""

from __future__ import annotations

import threading

from etcdview.definitions import Definitions
from etcdview.errors import DeniedError, UnreachableError
from etcdview.keys import KeySpace
from etcdview.objects import Objects
from etcdview.resources import BY_PREFIX
from etcdview.stores.base import Store, prefix_end

CRDS = BY_PREFIX["apiextensions.k8s.io/customresourcedefinitions"]


class Kinds:
    """The definitions as of now; those of before while etcd cannot be asked. Safe to use from any thread."""

    def __init__(self, store: Store, keyspace: KeySpace) -> None:
        self._store = store
        self._prefix = keyspace.range_prefix(CRDS)
        self._lock = threading.Lock()  # guards the two below
        self._stamp: tuple[tuple[bytes, int], ...] | None = None
        self._known = Definitions()

    def definitions(self, objects: Objects) -> Definitions:
        """All CRDs. Asks etcd for their names and revisions, and for their values when those are new."""
        try:
            stamp, revision = self._read_stamp()
            with self._lock:
                if stamp == self._stamp:
                    return self._known
            known, _ = objects.definitions(revision)
        except (UnreachableError, DeniedError):
            with self._lock:
                return self._known
        with self._lock:
            self._stamp, self._known = stamp, known
        return known

    def _read_stamp(self) -> tuple[tuple[tuple[bytes, int], ...], int]:
        found = self._store.range(self._prefix, prefix_end(self._prefix), keys_only=True)
        return tuple((kv.key, kv.mod_revision) for kv in found.kvs), found.revision
