"""What the cluster's CRDs define, read again only when one of them has changed."""

from __future__ import annotations

import contextlib
import threading
import time

from etcdview.errors import DeniedError, UnreachableError
from etcdview.index.base import Changing, KeyIndex
from etcdview.kube.crds import Definitions
from etcdview.kube.keys import KeySpace
from etcdview.kube.resources import BY_PREFIX
from etcdview.objects import Objects

RECHECK_SECONDS = 5.0  # how long definitions are believed while the watch cannot tell: open pages ask all the time
CRDS = BY_PREFIX["apiextensions.k8s.io/customresourcedefinitions"]


class CrdCache:
    """The definitions as of now; those of before while etcd cannot be asked. Safe to use from any thread."""

    def __init__(self, names: KeyIndex, keyspace: KeySpace) -> None:
        self._names = names
        self._prefix = keyspace.range_prefix(CRDS)
        self._lock = threading.Lock()  # guards the three below
        self._revision = 0
        self._read_at = 0.0
        self._known = Definitions()
        self._reading = threading.Lock()  # one request reads them, the others take what is known meanwhile

    def definitions(self, objects: Objects) -> Definitions:
        """All CRDs. Asks etcd only when the index's watch has seen one change, or cannot tell."""
        known = self._still_true()
        if known is not None:
            return known
        if not self._reading.acquire(blocking=False):
            return self._known if self._revision else self._read(objects)
        try:
            return self._read(objects)
        finally:
            self._reading.release()

    def _read(self, objects: Objects) -> Definitions:
        known, revision = self._known, self._revision
        with contextlib.suppress(UnreachableError, DeniedError):
            known, revision = objects.definitions()
        with self._lock:
            self._known, self._revision, self._read_at = known, revision, time.monotonic()
        return known

    def _still_true(self) -> Definitions | None:
        """What is known, unless it has to be read again."""
        with self._lock:
            known, revision, read_at = self._known, self._revision, self._read_at
        return known if revision and self._unchanged_since(revision, read_at) else None

    def _unchanged_since(self, revision: int, read_at: float) -> bool:
        state = self._names.freshness().state
        if state == "static":
            return True
        if state != "live" or not isinstance(self._names, Changing):
            return time.monotonic() - read_at < RECHECK_SECONDS
        found = self._names.changes.since(revision, self._prefix)
        return not found.changes and not found.lost
