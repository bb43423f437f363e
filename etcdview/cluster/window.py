"""The cluster as one viewer may see it: the one place that removes what the viewer may not see.

Pages, both APIs and the search read entries through a Window. One that `reveals` masks nothing: for the Kubernetes API
alone, and each object that it reveals is in the audit log. Its `store` is limited to the scope but not masked, and
`cluster.source` is neither: who reads by those checks for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from etcdview.access.roles import LOCAL, Viewer
from etcdview.cluster.budget import BudgetedStore, RequestBudget, budgeted_names
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.scope import FactSource, PermittedRanges, ScopedFacts, ScopedStore, scoped_names
from etcdview.codec import Decoded, Detail, Excerpt
from etcdview.errors import DecodeError, DecryptError, NotFoundError
from etcdview.index.base import KeyIndex
from etcdview.index.lister import KeyRange
from etcdview.kube.crds import Definitions
from etcdview.kube.keys import KeySpace, show
from etcdview.kube.redaction import is_sensitive
from etcdview.models import KeyMeta, KeyValue, Range
from etcdview.objects import ObjectRow, Objects
from etcdview.stores.ahead import read_ahead
from etcdview.stores.paging import PieceReader
from etcdview.stores.protocols import Store

PIECE = 500  # keys of one read, where their values are small
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry(ObjectRow):
    """One key with its decoded value, masked as the viewer requires.

    `value` is the stored bytes and `decoded.plain` the decrypted ones; both are empty where `hidden`.
    """

    value: bytes = b""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries that were all read at one `revision`; `count` is of the whole range they come from.

    `serializable`: one member told what it has, which may be behind.
    """

    revision: int
    entries: tuple[Entry, ...]
    count: int = 0
    serializable: bool = False

    @property
    def entry(self) -> Entry | None:
        """The first of them; None where there is none."""
        return self.entries[0] if self.entries else None


class Window:
    """Names and masked entries of one cluster, as far as the viewer's scope goes.

    Reads raise DeniedError for what is outside of it, whether it exists or not. Read by `index`, `store`, `objects`
    and the methods here: they know the scope; `cluster.store` and `cluster.index` do not. With a `budget` reads raise
    BudgetError once it is spent.
    """

    def __init__(
        self,
        cluster: Cluster,
        viewer: Viewer = LOCAL,
        budget: RequestBudget | None = None,
        *,
        reveals: bool = False,
    ) -> None:
        """`reveals`: nothing is masked. Raises DeniedError for a viewer who may not have that."""
        if reveals and not cluster.shows_secrets:
            viewer.check("reveal")
        self.cluster = cluster
        self.viewer = viewer
        self.reveals = reveals
        self._budget = budget
        self.index: KeyIndex = cluster.index if budget is None else budgeted_names(cluster.index, budget)
        self._permitted: PermittedRanges | None = None
        if not viewer.scope.whole:
            names = self.index
            types = lambda: [t.resource for t in names.tree().types]  # noqa: E731 - computed anew each time
            self._permitted = PermittedRanges(viewer.scope, cluster.keyspace, types)
            self.index = scoped_names(names, self._permitted)
        self.store: Store = self.limited(cluster.store)
        self._definitions: Definitions | None = None
        mask = _unmasked if reveals else cluster.redactor.mask
        self.objects = Objects(self.store, cluster.codec, cluster.keyspace, mask)

    def limited(self, store: Store) -> Store:
        """A store as this viewer may read it within the request's budget: `store` of this cluster, or of `others`."""
        budgeted = store if self._budget is None else BudgetedStore(store, self._budget)
        return budgeted if self._permitted is None else ScopedStore(budgeted, self._permitted)

    def unhurried(self) -> Window:
        """The same without a budget: for what goes on behind a page, or is sent as it is read."""
        return Window(self.cluster, self.viewer, reveals=self.reveals)

    def passing_over(self) -> Window:
        """The same, within the request's time, for values that are looked at and not held: their bytes do not count."""
        budget = self._budget.of_time_alone() if self._budget is not None else None
        return Window(self.cluster, self.viewer, budget, reveals=self.reveals)

    @contextmanager
    def for_others(self) -> Iterator[None]:
        """Around what is read for others too: it goes on when this client has gone, within the same budget."""
        with self._budget.for_others() if self._budget is not None else nullcontext():
            yield

    def shared(self, question: Hashable, as_of: Hashable, make: Callable[[], T], is_whole: Callable[[T], bool]) -> T:
        """What `make` gives, made once for all who ask the same now and may see and do the same; see shared.py.

        Their names do not count: no answer may depend on who it is for.
        """
        audience = (replace(self.viewer, name=""), self.reveals)

        def made() -> T:
            with self.for_others():
                return make()

        return self.cluster.shared.get((question, audience), as_of, made, is_whole=is_whole)

    @property
    def keyspace(self) -> KeySpace:
        """How keys are laid out in this registry."""
        return self.cluster.keyspace

    @property
    def definitions(self) -> Definitions:
        """What the cluster's CRDs define, read once a window, without regard to the scope: every table needs it."""
        if self._definitions is None:
            self._definitions = self.cluster.kinds.definitions()
        return self._definitions

    @property
    def value_facts(self) -> FactSource | None:
        """The facts of all values that this viewer may see, once they are complete; None before, and without any."""
        facts = self.cluster.facts
        reader = facts.reader if facts is not None else None
        return reader if reader is None or self._permitted is None else ScopedFacts(reader, self._permitted)

    def covers(self, start: bytes, end: bytes) -> bool:
        """Whether the viewer's scope holds all of a range, so that even its size may be shown."""
        return self._permitted is None or self._permitted.within(start, end) == (KeyRange(start, end),)

    def touches(self, start: bytes, end: bytes) -> bool:
        """Whether the viewer's scope holds some of a range."""
        return self._permitted is None or bool(self._permitted.within(start, end))

    def permits(self, key: bytes) -> bool:
        """Whether the viewer's scope holds the key, existing or not."""
        return self._permitted is None or self._permitted.has(key)

    def get(self, key: bytes, revision: int = 0) -> Entries:
        """One key, as it was at a revision (0: the newest): an entry, or none where there is no such key then."""
        return self.range(Range(key, revision=revision))

    def range(self, request: Range) -> Entries:
        """All entries of a bounded range at one revision."""
        result = self.store.range(request)
        entries = tuple(self.entry(kv) for kv in result.kvs)
        return Entries(result.revision, entries, result.count, result.serializable)

    def get_many(
        self, keys: Sequence[bytes], revision: int = 0, detail: Detail | Excerpt = Detail.WHOLE
    ) -> tuple[Entry, ...]:
        """The entries of these keys at one revision, in their order; those that do not exist are left out."""
        found = self.store.get_many(keys, revision=revision)
        return tuple(self.entry(found[key], detail) for key in dict.fromkeys(keys) if key in found)

    def listed(self, keys: Sequence[bytes], detail: Detail | Excerpt, *, ahead: bool = False) -> Iterator[Entries]:
        """The entries from the first to the last of these keys, which the index gave in order, at one revision.

        In pieces, whose ends the keys give, so that etcd counts nothing twice. `ahead`: the next ones are read while
        one is looked at, which is worth a thread where there are thousands.
        """
        reader = PieceReader(self.store)
        parts = (keys[first : first + PIECE] for first in range(0, len(keys), PIECE))
        results = (result for part in parts for result in reader.read(part[0], part[-1] + b"\0"))
        for result in read_ahead(results) if ahead else results:
            entries = tuple(self.entry(kv, detail) for kv in result.kvs)
            yield Entries(reader.revision, entries, len(entries), result.serializable)

    def facts(self, keys: Sequence[bytes], revision: int = 0) -> dict[bytes, KeyMeta]:
        """etcd's facts about keys, without their values, at one revision."""
        return dict(self.store.get_many(keys, revision=revision, keys_only=True))

    def unmasked(self, key: bytes) -> tuple[dict[str, Any], int]:
        """The object with its secrets, and its mod_revision; for pages.object.reveal alone, which uses one field of it.

        Raises DeniedError, NotFoundError, and DecodeError for what cannot be decoded.
        """
        self.viewer.check("reveal")
        found = self.store.range(Range(key)).kvs
        if not found:
            raise NotFoundError(f"There is no key '{show(key)}'.")
        decoded = self.cluster.codec.decode(key, found[0].value, found[0].mod_revision)
        if decoded.object is None:
            raise decoded.error or DecodeError("This value cannot be decoded.")
        return decoded.object, found[0].mod_revision

    def as_served(self, obj: dict[str, Any]) -> dict[str, Any]:
        """The object with what the API server adds on the way out."""
        return self.cluster.codec.as_served(obj)

    def unconverted(self, served: dict[str, Any]) -> str:
        """The version that the API server would answer with, where an object as it is served is in another; or ""."""
        return self.cluster.codec.unconverted(served)

    def entry(self, kv: KeyValue, detail: Detail | Excerpt = Detail.WHOLE) -> Entry:
        """A value decoded and masked. It must come from this window, which knows what the viewer may see."""
        row = self.objects.row(kv, detail)
        hidden = not self.reveals and (row.masked or _is_sensitive(row))
        decoded = _without_bytes(row.decoded) if hidden else row.decoded
        value = b"" if hidden else kv.value
        return Entry(row.meta, row.object_key, row.size_bytes, decoded, row.masked, value, hidden)

    def has_revealed(self, entry: Entry) -> bool:
        """Whether this window shows something of the entry that others see masked."""
        if not self.reveals or entry.object is None:
            return False
        return self.cluster.redactor.mask(entry.object, _is_sensitive(entry), entry.decoded.plain) is not entry.object


def _unmasked(obj: dict[str, Any], sensitive: bool, raw: bytes) -> dict[str, Any]:
    return obj


def _is_sensitive(row: ObjectRow) -> bool:
    return is_sensitive(row.object_key.resource if row.object_key else None, row.decoded.storage.kind)


def _without_bytes(decoded: Decoded) -> Decoded:
    """The result without any byte of the value. Decryption errors stay: they quote only names of keys."""
    error = decoded.error
    if error is not None and not isinstance(error, DecryptError):
        error = DecodeError("This value cannot be decoded.", "It is stored among Secrets, so none of it is shown.")
    return replace(decoded, plain=b"", partial=None, unknown_fields=(), error=error)
