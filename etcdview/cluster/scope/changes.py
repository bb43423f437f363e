"""The log of changes without those of keys that may not be seen."""

from __future__ import annotations

from dataclasses import replace

from etcdview.cluster.scope.ranges import PermittedRanges
from etcdview.index.changes import Change, ChangeReader, Changes
from etcdview.models import KeyValue


class ScopedChanges:
    """The ChangeReader protocol over another one."""

    def __init__(self, changes: ChangeReader, permitted: PermittedRanges) -> None:
        self._changes = changes
        self._permitted = permitted

    @property
    def revision(self) -> int:
        """See ChangeLog.revision."""
        return self._changes.revision

    def revision_below(self, prefix: bytes) -> int:
        """See ChangeLog.revision_below."""
        return self._changes.revision_below(prefix)

    def since(self, revision: int, prefix: bytes = b"") -> Changes:
        """See ChangeLog.since."""
        return self._narrowed(self._changes.since(revision, prefix))

    def recent(self, prefix: bytes = b"", limit: int = 100) -> tuple[Change, ...]:
        """See ChangeLog.recent."""
        everything = self._changes.recent(prefix, _ALL)
        return tuple(change for change in everything if self._permitted.has(change.key))[:limit]

    def value(self, key: bytes, revision: int) -> KeyValue | None:
        """See ChangeLog.value."""
        return self._changes.value(key, revision) if self._permitted.has(key) else None

    def _narrowed(self, found: Changes) -> Changes:
        return replace(found, changes=tuple(change for change in found.changes if self._permitted.has(change.key)))


_ALL = 1 << 30
