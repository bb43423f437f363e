"""A live etcd as it was at one revision, for as long as it has that; or several, each at a revision of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from etcdview.errors import FutureRevisionError
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.stores.key_past import KeyPast, PastRequest, key_past
from etcdview.stores.protocols import Restricted, Store
from etcdview.stores.routed import PinnedRevision, RoutedPart, RoutedStore, all_pinned, revision_of


class AtRevision:
    """A Store whose newest revision is `revision`. It does not change, so it is none that is watched."""

    live = False

    def __init__(self, store: Store, revision: int) -> None:
        self.name = f"{store.name} at revision {revision:,}"
        self.revision = revision
        self.notes: tuple[str, ...] = (
            f"As of revision {revision:,} of a live etcd, which keeps it until the next compaction.",
        )
        self._store = store

    def range(self, request: Range) -> RangeResult:
        """See Store.range. Raises FutureRevisionError for what came later."""
        return replace(
            self._store.range(replace(request, revision=self._known(request.revision, request.start))),
            revision=request.revision or self.revision,
        )

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        """See Store.get_many."""
        if not keys:
            return {}
        return self._store.get_many(keys, revision=self._known(revision, keys[0]), keys_only=keys_only)

    def permitted(self) -> tuple[Range, ...] | None:
        """See Restricted.permitted."""
        return self._store.permitted() if isinstance(self._store, Restricted) else None

    def key_past(self, wanted: PastRequest) -> KeyPast:
        """See KeepsPast.key_past: what the etcd still tells of it."""
        newest = self._newest(wanted.key)
        known = replace(wanted, before=min(wanted.before, newest + 1), certain=False)
        found = key_past(self._store, known)
        return found if isinstance(found, KeyPast) else KeyPast(oldest=newest)

    def close(self) -> None:
        """Let go of the connection."""
        self._store.close()

    def _newest(self, key: bytes) -> int:
        """The revision of the etcd that holds a key; 0 where it is not known."""
        return self.revision

    def _known(self, revision: int, key: bytes) -> int:
        newest = self._newest(key)
        if revision > newest and not isinstance(revision, PinnedRevision):
            raise FutureRevisionError(f"{self.name} does not have revision {revision:,}.", "Ask for an older one.")
        return revision or self.revision


class RoutedAtRevision(AtRevision):
    """The same of several etcds: what an etcd holds whose revision at that moment is not known is left out."""

    def __init__(self, store: RoutedStore, revision: int) -> None:
        """`revision` is of the first etcd; as a PinnedRevision it has those of others too."""
        moment = revision if isinstance(revision, PinnedRevision) else PinnedRevision(revision, 0)
        super().__init__(store, moment)
        self._routed = store
        self._moment = moment
        self._as_of = {source: all_pinned(moment.all(), source) for source in moment.all()}
        others = (str(moment.of(source) or "REVISION") for source, _ in enumerate(store.others, 1))
        example = ".".join([str(int(moment)), *others])
        shown = [(held, moment.of(source)) for source, (_, held) in enumerate(store.others, 1)]
        self.notes += tuple(
            f"{held} is in another etcd, which has revisions of its own: it is shown at its revision {at:,}."
            if at
            else f"{held} is in another etcd, whose revision at that moment is not known: it is not in this past. "
            f"Name the revisions of all to see it: {example}."
            for held, at in shown
        )

    def range(self, request: Range) -> RangeResult:
        """See AtRevision.range."""
        parts = list(self._parts(request))
        revision = request.revision or self.revision
        if not parts:
            return RangeResult(revision)
        if len(parts) == 1:
            self._known(request.revision, parts[0].start)
        found = self._routed.read_parts(parts, replace(request, revision=revision))
        return replace(found, revision=request.revision or self._as_of[parts[0].source])

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        """See Store.get_many."""
        known = [key for key in keys if self._newest(key)]
        return super().get_many(known, revision=revision, keys_only=keys_only)

    def key_past(self, wanted: PastRequest) -> KeyPast:
        """See KeepsPast.key_past."""
        return super().key_past(wanted) if self._newest(wanted.key) else KeyPast()

    def _parts(self, request: Range) -> Iterator[RoutedPart]:
        return (part for part in self._routed.parts(request.start, request.end) if self._moment.of(part.source))

    def _newest(self, key: bytes) -> int:
        return revision_of(self._moment, self._routed.source_of(key))


def at_revision(store: Store, revision: int) -> AtRevision:
    """A live store as it was."""
    return RoutedAtRevision(store, revision) if isinstance(store, RoutedStore) else AtRevision(store, revision)
