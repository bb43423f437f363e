"""What the cluster's CRDs define, read again only when one of them has changed."""

from __future__ import annotations

import threading

from etcdview.definitions import Definitions
from etcdview.errors import DeniedError, UnreachableError
from etcdview.index.base import Changing, Names
from etcdview.keys import KeySpace
from etcdview.objects import Objects
from etcdview.resources import BY_PREFIX

CRDS = BY_PREFIX["apiextensions.k8s.io/customresourcedefinitions"]


class Kinds:
    """The definitions as of now; those of before while etcd cannot be asked. Safe to use from any thread."""

    def __init__(self, names: Names, keyspace: KeySpace) -> None:
        self._names = names
        self._prefix = keyspace.range_prefix(CRDS)
        self._lock = threading.Lock()  # guards the two below
        self._revision = 0
        self._known = Definitions()

    def definitions(self, objects: Objects) -> Definitions:
        """All CRDs. Asks etcd only when the index's watch has seen one change, or cannot tell."""
        with self._lock:
            known, revision = self._known, self._revision
        if revision and self._unchanged_since(revision):
            return known
        try:
            known, revision = objects.definitions()
        except (UnreachableError, DeniedError):
            return known
        with self._lock:
            self._known, self._revision = known, revision
        return known

    def _unchanged_since(self, revision: int) -> bool:
        state = self._names.freshness().state
        if state == "static":
            return True
        if state != "live" or not isinstance(self._names, Changing):
            return False
        found = self._names.changes.since(revision, self._prefix)
        return not found.changes and not found.lost
