"""How values are encrypted at rest, type by type: of a sample, or of all values, counted in the background.

Only the first bytes of each value are looked at, but etcd gives whole values: so they are read in small pieces, a
sample is kept for a minute for all viewers of one scope. A full count is begun and stopped by hand, one at a time.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from etcdview import background
from etcdview.access.roles import Scope, Viewer
from etcdview.codec import encrypted_by
from etcdview.errors import BudgetError, EtcdviewError
from etcdview.index.base import KeyIndex, TypeCount
from etcdview.kube.keys import KeySpace
from etcdview.kube.resources import ResourceType
from etcdview.models import Progress
from etcdview.stores.kept import Kept
from etcdview.stores.paging import PieceReader
from etcdview.stores.protocols import Store, prefix_end

SAMPLE = 20
SAMPLE_OF_SECRETS = 1000
KEPT_SECONDS = 60.0
KEPT_SCOPES = 32
STRETCH_NAMES = 1000
Clock = Callable[[], datetime]
_PAUSE_SECONDS = 0.01  # between pieces of a full count: etcd has other things to do


@dataclass(frozen=True, slots=True)
class Encryption:
    """The provider and key that encrypt a value; both "" for a plain one."""

    provider: str = ""
    key_name: str = ""


PLAIN = Encryption()


@dataclass(frozen=True, slots=True)
class TypeEncryption:
    """How the values of one type are encrypted: `looked_at` of `total`, by encryption."""

    resource: ResourceType
    total: int
    looked_at: int
    encryptions: Mapping[Encryption, int] = field(default_factory=dict)

    @property
    def plain(self) -> int:
        """How many are not encrypted, of those looked at."""
        return self.encryptions.get(PLAIN, 0)


@dataclass(frozen=True, slots=True)
class Count:
    """A sample (`full` false) or a count of all values. `progress` while it runs; `problem` where it ended early."""

    at: datetime
    types: tuple[TypeEncryption, ...]
    full: bool = False
    progress: Progress | None = None
    problem: str = ""


class KeySource(Protocol):
    """What a viewer may see of the cluster: a Window."""

    index: KeyIndex
    store: Store
    viewer: Viewer

    @property
    def keyspace(self) -> KeySpace: ...


class Coverage:
    """What is known of one cluster. Safe to use from any thread; `close` ends a count that runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards all below
        self._samples: OrderedDict[Scope, Kept[Count]] = OrderedDict()
        self._count: Count | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()  # of the count that runs: each has one of its own
        self._closed = False

    def sample(self, source: KeySource, clock: Clock) -> Count:
        """A few values of each type that the viewer may see, and up to a thousand Secrets; kept for a minute.

        Raises what the store raises.
        """
        scope = source.viewer.scope

        def read() -> Count:
            return _sampled(source, clock)

        with self._lock:
            kept = self._samples.get(scope)
            if kept is None:
                kept = self._samples[scope] = Kept(KEPT_SECONDS, read)
                if len(self._samples) > KEPT_SCOPES:
                    self._samples.popitem(last=False)
        return kept.get(read=read)  # not the first one's, whose request is over

    def full(self) -> Count | None:
        """The last count of all values, or the one that runs; None where none was begun."""
        with self._lock:
            return self._count

    def begin(self, source: KeySource, clock: Clock) -> bool:
        """Count all values, in the background; false, and nothing is begun, while a count runs or after `close`."""
        with self._lock:
            if self._closed or (self._thread is not None and self._thread.is_alive()):
                return False
            self._stop = threading.Event()
            self._count = Count(clock(), (), full=True, progress=Progress(0, source.index.tree().count))
            thread = threading.Thread(
                target=self._run, args=(source, clock, self._stop), name="etcdview-encryption", daemon=True
            )
            self._thread = background.start(thread)
            return True

    def stop(self) -> bool:
        """End the count that runs, after the piece that it reads now. What it has counted stays, and is called partial.

        False where none runs.
        """
        with self._lock:
            self._stop.set()
            return self._count is not None and self._count.progress is not None

    def close(self) -> None:
        """End within a second, save that a read of etcd may take its deadline. Nothing can be begun afterwards."""
        with self._lock:
            self._closed = True
            self._stop.set()
            thread = self._thread
        if thread is not None:
            thread.join(1.0)

    def _run(self, source: KeySource, clock: Clock, stop: threading.Event) -> None:
        types: list[TypeEncryption] = []
        done = total = 0
        problem = ""
        try:
            tree = source.index.tree()
            total = tree.count
            for counted in tree.types:
                if stop.is_set():
                    break
                found = _look(source, counted, counted.count, lambda: not stop.wait(_PAUSE_SECONDS))
                types.append(found)
                done += found.looked_at
                self._note(Count(clock(), tuple(types), full=True, progress=Progress(done, total)))
        except EtcdviewError as error:
            problem = str(error)
        if stop.is_set() and not problem:
            problem = f"Stopped after {done:,} of {total:,} values."
        self._note(Count(clock(), tuple(types), full=True, problem=problem))

    def _note(self, count: Count) -> None:
        with self._lock:
            self._count = count


def _sampled(source: KeySource, clock: Clock) -> Count:
    types: list[TypeEncryption] = []
    problem = ""
    try:
        for counted in source.index.tree().types:
            types.append(_look(source, counted, _sample_size(counted.resource)))
    except BudgetError as error:
        if not types:
            raise
        problem = error.what
    return Count(clock(), tuple(types), problem=problem)


def _sample_size(resource: ResourceType) -> int:
    return SAMPLE_OF_SECRETS if resource.prefix == "secrets" else SAMPLE


def _look(
    source: KeySource, counted: TypeCount, limit: int, go_on: Callable[[], bool] = lambda: True
) -> TypeEncryption:
    """The encryptions of the first `limit` values; until `go_on` says no."""
    start = source.keyspace.range_prefix(counted.resource)
    end = prefix_end(start)
    encryptions: Counter[Encryption] = Counter()
    looked_at = 0
    while looked_at < limit and go_on():
        # bounded by names on both sides: etcd counts the rest of a range whose end is open
        names = source.index.page(start, end, limit=min(STRETCH_NAMES, limit - looked_at))
        if not names.keys:
            break
        # each stretch at its own revision: a count of everything may take longer than etcd keeps one
        reader = PieceReader(source.store, first=SAMPLE, serializable=True)
        for piece in reader.read(names.keys[0], names.keys[-1] + b"\0"):
            encryptions.update(Encryption(*encrypted_by(kv.value)) for kv in piece.kvs)
        looked_at += len(names.keys)
        if names.next_after is None:
            break
        start = names.next_after + b"\0"
    return TypeEncryption(counted.resource, max(counted.count, looked_at), looked_at, dict(encryptions))
