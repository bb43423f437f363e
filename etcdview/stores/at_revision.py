"""A live etcd as it was at one revision, for as long as it has that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from etcdview.errors import FutureRevisionError
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.stores.key_past import KeyPast, PastRequest, key_past
from etcdview.stores.protocols import Restricted, Store


class AtRevision:
    """A Store whose newest revision is `revision`. It does not change, so it is none that is watched."""

    live = False

    def __init__(self, store: Store, revision: int, note: str = "") -> None:
        """`note` says what of the store is not as of that revision."""
        self.name = f"{store.name} at revision {revision:,}"
        self.revision = revision
        kept = f"As of revision {revision:,} of a live etcd, which keeps it until the next compaction."
        self.notes = (kept, note) if note else (kept,)
        self._store = store

    def range(self, request: Range) -> RangeResult:
        """See Store.range. Raises FutureRevisionError for what came later."""
        return replace(
            self._store.range(replace(request, revision=self._known(request.revision))),
            revision=request.revision or self.revision,
        )

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        """See Store.get_many."""
        return self._store.get_many(keys, revision=self._known(revision), keys_only=keys_only)

    def permitted(self) -> tuple[Range, ...] | None:
        """See Restricted.permitted."""
        return self._store.permitted() if isinstance(self._store, Restricted) else None

    def key_past(self, wanted: PastRequest) -> KeyPast:
        """See KeepsPast.key_past: what the etcd still tells of it."""
        known = replace(wanted, before=min(wanted.before, self.revision + 1), certain=False)
        found = key_past(self._store, known)
        return found if isinstance(found, KeyPast) else KeyPast(oldest=self.revision)

    def close(self) -> None:
        """Let go of the connection."""
        self._store.close()

    def _known(self, revision: int) -> int:
        if revision > self.revision:
            raise FutureRevisionError(f"{self.name} does not have revision {revision:,}.", "Ask for an older one.")
        return revision or self.revision
