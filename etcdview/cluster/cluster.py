"""One cluster, or one file, opened for browsing: store, key names, codec and health monitor, with their lifetimes."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from etcdview.cluster.budget import Held
from etcdview.cluster.consistent_store import STALE, ConsistentStore
from etcdview.cluster.coverage import Coverage
from etcdview.cluster.crd_cache import CrdCache, PastDefinitions
from etcdview.cluster.deletions import Deletions
from etcdview.cluster.differ import Differ
from etcdview.cluster.earlier_changes import EarlierChanges
from etcdview.cluster.event_log import EventLog
from etcdview.cluster.fact_checks import FactChecks, KeptChecks
from etcdview.cluster.kept_columns import KeptColumns
from etcdview.cluster.kept_items import KeptItems
from etcdview.cluster.other_files import TimelineFile
from etcdview.cluster.release_cache import ReleaseCodecs
from etcdview.cluster.setup import SetupReader
from etcdview.cluster.shared import SharedAnswers
from etcdview.codec import Codec
from etcdview.errors import EtcdviewError
from etcdview.health.monitor import Monitor
from etcdview.index.base import Announcing, KeyIndex
from etcdview.index.changes import SeveralLogs
from etcdview.index.facts.live import Facts
from etcdview.index.facts.reading import FactReader
from etcdview.index.lister import keys_under
from etcdview.kube.crds import Definitions
from etcdview.kube.keys import KeySpace
from etcdview.kube.redaction import Redactor
from etcdview.models import Range
from etcdview.objects import Objects
from etcdview.stores.kept import Kept
from etcdview.stores.permitted import overlapping
from etcdview.stores.protocols import Restricted, Store
from etcdview.stores.routed import PinnedRevision, RoutedStore, all_pinned
from etcdview.writes.undo import UndoFile

PERMITTED_SECONDS = 60.0
RECALLING = 3  # etcd reads all its revisions for each: 0.1 s at the most; the rest of the time one waits


@dataclass(frozen=True, slots=True)
class EtcdBeside:
    """An etcd that holds single types (`holds`, in words) of the registry, watched by a monitor of its own."""

    holds: str
    endpoints: tuple[str, ...]
    monitor: Monitor


class Cluster:
    """What pages are made from. `monitor` is None where there is nothing alive to ask: a dump or a snapshot.

    `store` is what pages read by; `source` the store itself, for what needs more than reading. `undo` is None where
    nothing may be changed. `waits`: nothing is found out in the background, as a command that ends has it.
    `facts` are those of all values, None where nothing keeps them. `shows_secrets`: of one's own file, to anyone here.
    `events` are the newest ones of each etcd, for clients that watch; none where nothing changes, or nobody may watch.
    `others` are stores to compare it with, by name; `beside` the etcds that hold single types of this registry.
    `files` are more stores to compare it with, opened when they are used. `timeline` are the snapshots of the folder
    that is open, the newest last; `shown_file` is the name of the one that this cluster shows. `kept_bytes` is how much
    of finished items of lists is kept. `backups` gives the snapshots and dumps that the server has to compare with.
    """

    def __init__(
        self,
        *,
        name: str,
        store: Store,
        index: KeyIndex,
        codec: Codec,
        keyspace: KeySpace,
        monitor: Monitor | None = None,
        warnings: tuple[str, ...] = (),
        undo: UndoFile | None = None,
        fingerprint_key: bytes = b"",
        waits: bool = False,
        facts: Facts | None = None,
        shows_secrets: bool = False,
        events: Sequence[EventLog] = (),
        others: Mapping[str, Store] | None = None,
        beside: Sequence[EtcdBeside] = (),
        files: Mapping[str, Store] | None = None,
        timeline: Sequence[TimelineFile] = (),
        shown_file: str = "",
        kept_bytes: int = 0,
        backups: Callable[[], Sequence[TimelineFile]] = tuple,
    ) -> None:
        self.name = name
        self.shows_secrets = shows_secrets
        self.beside = beside
        self.files: Mapping[str, Store] = files or {}
        self.timeline = timeline
        self.backups = backups
        self.shown_file = shown_file
        self._events = events
        self.source = store
        self.others: Mapping[str, Store] = others or {}
        self.store: Store = store if monitor is None else ConsistentStore(store, monitor)
        self.index = index
        self.keyspace = keyspace
        self.monitor = monitor
        self._warnings = warnings
        self.undo = undo
        self.facts = facts
        self.is_past = False  # it shows a revision, deleted keys or another file than the one that is open
        self._fact_checks_lock = threading.Lock()  # guards the next
        self._fact_checks: KeptChecks | None = None
        if facts is not None:
            facts.when_complete(self._begin_fact_checks)
        self.kinds = CrdCache(index, keyspace, self._read_crds)
        self.past_kinds = PastDefinitions(lambda revision: self._read_crds(revision)[0])
        self._permitted = Kept(PERMITTED_SECONDS, self._read_permitted)
        self.coverage = Coverage()
        self.differ = Differ()
        self.earlier = EarlierChanges(store)
        self.deletions = Deletions()
        self.held = Held()
        self.shared = SharedAnswers()
        self.columns = KeptColumns()
        self.items = KeptItems(kept_bytes)
        if kept_bytes and isinstance(index, Announcing):
            index.listen(self.items)
        self.recalling = threading.BoundedSemaphore(RECALLING)  # readings of a key's whole past at a time
        self.releases = ReleaseCodecs(self.store, codec, keyspace, waits=waits)
        self.redactor = Redactor(fingerprint_key or secrets.token_bytes(32))
        self.setup = SetupReader(self.store, Objects(self.store, codec, keyspace, self.redactor.mask))

    @property
    def codec(self) -> Codec:
        """The codec for the release that the cluster runs."""
        return self.releases.codec()

    def events(self, key: bytes) -> EventLog | None:
        """The newest events of the etcd that holds a key, for clients that watch; None where there are none."""
        return self._events[self.etcd_of(key)] if self._events else None

    def etcd_of(self, key: bytes) -> int:
        """The number of the etcd that holds a key: 0 is the first, which holds all that no other does."""
        return self.source.source_of(key) if isinstance(self.source, RoutedStore) else 0

    def moment(self, revision: int) -> int:
        """A revision of the first etcd with those that the others had meanwhile, as far as that is known."""
        others = len(self.types_elsewhere)
        if not others or isinstance(revision, PinnedRevision):
            return revision
        known = {source: self.same_moment(revision, 0, source) for source in range(1, others + 1)}
        return all_pinned({0: revision} | {source: at for source, at in known.items() if at}, 0)

    def same_moment(self, revision: int, source: int, other: int) -> int:
        """The revision that one etcd had while another was at `revision`; 0 where that is not known."""
        changes = getattr(self.index, "changes", None)
        return changes.same_moment(revision, source, other) if isinstance(changes, SeveralLogs) else 0

    @property
    def types_elsewhere(self) -> tuple[str, ...]:
        """What the etcds after the first hold, each in words as the API server names it."""
        return tuple(holds for _, holds in self.source.others) if isinstance(self.source, RoutedStore) else ()

    def may_read(self, start: bytes, end: bytes) -> bool:
        """Whether etcd permits its user all keys of [start, end); true where that is unknown at the moment."""
        if not isinstance(self.source, Restricted):
            return True
        try:
            (permitted,) = self._permitted.get()
        except EtcdviewError:
            return True
        return permitted is None or overlapping(permitted, start, end) == (Range(start, end),)

    def _read_permitted(self) -> tuple[tuple[Range, ...] | None]:
        return (self.source.permitted() if isinstance(self.source, Restricted) else None,)

    @property
    def reads_whole_registry(self) -> bool:
        """Whether the index, and so the facts, hold the whole registry, not only what etcd or `prefixes` permit."""
        if not isinstance(self.index, Announcing):
            return True
        followed = [part.key_range for part in self.index.followed()]
        return all(any(part.covers(keys_under(root)) for part in followed) for root in self.keyspace.roots)

    def fact_checks(self, reader: FactReader) -> FactChecks | None:
        """What was found in all facts of a reader, None while the first answer is made; see fact_checks.py."""
        return self._checks_of(reader).get()

    def _begin_fact_checks(self, reader: FactReader) -> None:
        if self.reads_whole_registry:
            self._checks_of(reader).begin()

    def _checks_of(self, reader: FactReader) -> KeptChecks:
        with self._fact_checks_lock:
            if self._fact_checks is None or self._fact_checks.reader is not reader:
                self._fact_checks = KeptChecks(reader)
            return self._fact_checks

    def _read_crds(self, revision: int = 0) -> tuple[Definitions, int]:
        """Read without regard to scopes: every table needs them."""
        return Objects(self.store, self.codec, self.keyspace, self.redactor.mask).definitions(revision)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What stands above every page, for as long as it holds."""
        lost = isinstance(self.store, ConsistentStore) and self.store.quorum_lost
        limited = self.index.freshness().limited
        return (
            *self._warnings,
            *((STALE,) if lost else ()),
            *((f"etcd permits this user {limited}: pages show nothing else.",) if limited else ()),
        )

    def close(self) -> None:
        """Stop the threads and close the connections. Once is enough, twice does no harm."""
        if self.monitor is not None:
            self.monitor.stop()
        for one in self.beside:
            one.monitor.stop()
        if self.facts is not None:
            self.facts.close()
        self.coverage.close()
        self.index.close()
        self.end_calls()

    def end_calls(self) -> None:
        """Close the connections. Calls under way end with an error: a change's outcome is then unknown."""
        for store in (self.source, *self.others.values()):
            store.close()
