"""One load of all names of a range at one revision: some threads read, the caller takes the pieces as they come.

The first piece of each section is read first: etcd counts the whole section with it, mostly, so the tree is known long
before the names. Then the readers share the parts of what is left, so that one huge type is not one reader's work.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from etcdview import background
from etcdview.index.lister import KeyRange, Lister, sections
from etcdview.index.walk import NameWalk
from etcdview.kube.keys import KeySpace
from etcdview.stores.protocols import Store

READERS = 4  # etcd answers one piece while others are on their way and taken apart

# The types that there may be many of, each with a section of its own; what lies between two is read as one, so that a
# load is not a request for each of a hundred types that a cluster does not have.
LARGE_TYPES = (
    "configmaps",
    "controllerrevisions",
    "deployments",
    "endpointslices",
    "events",
    "jobs",
    "leases",
    "persistentvolumeclaims",
    "pods",
    "replicasets",
    "rolebindings",
    "secrets",
    "serviceaccounts",
    "services/endpoints",
    "services/specs",
)

_WAITING_PIECES = 4  # read but not yet taken: bounds the memory of a load
_POLL_SECONDS = 0.1
_IDLE_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class LoadSection:
    """A range of the keyspace that holds one of LARGE_TYPES (its storage prefix), or what lies between two ("")."""

    key_range: KeyRange
    prefix: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Some names of a section, in no order; `last`: no more come.

    `count` is how many it holds in all, if this piece tells: that is the last one where etcd cannot count them in time.
    """

    section: LoadSection
    names: Sequence[bytes]
    count: int | None
    last: bool


@dataclass(frozen=True, slots=True)
class _Reading:
    section: LoadSection
    walk: NameWalk


class Load:
    """The names of `key_range` as of `revision`. Iterate it once, in one thread, which gets the readers' errors."""

    def __init__(
        self,
        store: Store,
        key_range: KeyRange,
        keyspace: KeySpace,
        revision: int,
        stop: threading.Event,
        readers: int = READERS,
    ) -> None:
        lister = Lister(store, revision)
        self._stop = stop
        self._readings = [
            _Reading(LoadSection(part, prefix), NameWalk(lister, part, self._over))
            for part, prefix in sections(key_range, keyspace, LARGE_TYPES)
        ]
        self._not_begun = deque(self._readings)
        self._open = {reading.section for reading in self._readings}  # those whose last piece was not taken
        self._results: queue.Queue[Loaded | Exception] = queue.Queue(_WAITING_PIECES)
        self._given_up = threading.Event()
        self._readers = readers

    @property
    def counted(self) -> bool:
        """Whether the pieces that were taken tell of every section that was begun how many names it holds."""
        return not any(reading.walk.uncounted and reading.section in self._open for reading in self._readings)

    def __iter__(self) -> Iterator[Loaded]:
        """The pieces as they come, until all are there or `stop` is set. Raises what the store raises."""
        threads = [
            threading.Thread(target=self._read, name=f"etcdview-index-read-{n}", daemon=True)
            for n in range(self._readers)
        ]
        try:
            for thread in threads:
                background.start(thread)
            while self._open and not self._stop.is_set():
                yield from self._next()
        finally:
            self._given_up.set()
        if not self._open:  # no reader has anything left to read
            for thread in threads:
                thread.join()

    def _next(self) -> Iterator[Loaded]:
        try:
            result = self._results.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            return
        if isinstance(result, Exception):
            raise result
        if result.last:
            self._open.discard(result.section)
        yield result

    def _read(self) -> None:
        """A reader thread: the first pieces of all sections, then parts of the large ones."""
        try:
            while not self._over():
                if self._not_begun:
                    self._begin_one()
                elif not self._read_part():
                    return
        except Exception as error:  # noqa: BLE001 - whatever it is, it comes out where the load is iterated
            self._give(error)

    def _begin_one(self) -> None:
        try:
            reading = self._not_begun.popleft()
        except IndexError:  # another reader was first
            return
        self._deal_with(reading, reading.walk.begin(), reading.walk.count)

    def _read_part(self) -> bool:
        """Read a part of a section that is not read to its end; false where all are."""
        claimed = next(((one, part) for one in self._readings if (part := one.walk.claim()) is not None), None)
        if claimed is not None:
            reading, part = claimed
            self._deal_with(reading, reading.walk.read(part), None)
            return True
        self._given_up.wait(_IDLE_SECONDS)  # what another reader reads may turn out to hold too much for one piece
        return not all(reading.walk.over for reading in self._readings)

    def _deal_with(self, reading: _Reading, names: Sequence[bytes], count: int | None) -> None:
        self._give(Loaded(reading.section, names, count, last=False))
        if reading.walk.finish():
            count = reading.walk.found if reading.walk.uncounted else None
            self._give(Loaded(reading.section, (), count, last=True))

    def _give(self, result: Loaded | Exception) -> None:
        background.hand_over(self._results, result, self._over)

    def _over(self) -> bool:
        return self._given_up.is_set() or self._stop.is_set()
