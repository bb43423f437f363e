"""One load of all names of a range at one revision: some threads read, the caller takes the pieces as they come.

The first piece of each section is read first: it counts the whole section, so the tree is known long before the names.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from etcdview import background
from etcdview.index.lister import KeyRange, Lister, sections
from etcdview.kube.keys import KeySpace
from etcdview.models import NamesPiece
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


@dataclass(frozen=True, slots=True)
class LoadSection:
    """A range of the keyspace that holds one of LARGE_TYPES (its storage prefix), or what lies between two ("")."""

    key_range: KeyRange
    prefix: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Some names of a section; `count` is how many it holds in all if this piece tells, `last` that no more come."""

    section: LoadSection
    names: Sequence[bytes]
    count: int | None
    last: bool


@dataclass(frozen=True, slots=True)
class _Task:
    section: LoadSection
    first: NamesPiece | None = None


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
        self._lister = Lister(store, revision)
        self._stop = stop
        self._tasks = deque(
            _Task(LoadSection(part, prefix)) for part, prefix in sections(key_range, keyspace, LARGE_TYPES)
        )
        self._open = len(self._tasks)  # tasks that are waiting or being worked on
        self._results: queue.Queue[Loaded | Exception] = queue.Queue(_WAITING_PIECES)
        self._given_up = threading.Event()
        self._readers = readers

    def __iter__(self) -> Iterator[Loaded]:
        """The pieces as they come, until all are there or `stop` is set. Raises what the store raises."""
        threads = [
            threading.Thread(target=self._read, name=f"etcdview-index-read-{n}", daemon=True)
            for n in range(self._readers)
        ]
        for thread in threads:
            background.start(thread)
        try:
            while self._open and not self._stop.is_set():
                yield from self._next()
        finally:
            self._given_up.set()

    def _next(self) -> Iterator[Loaded]:
        try:
            result = self._results.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            return
        if isinstance(result, Exception):
            raise result
        if result.last:
            self._open -= 1
        yield result

    def _read(self) -> None:
        """A reader thread: the first pieces of all sections, then what is left of the large ones."""
        try:
            while not self._over():
                try:
                    task = self._tasks.popleft()
                except IndexError:
                    return
                self._work(task)
        except Exception as error:  # noqa: BLE001 - whatever it is, it comes out where the load is iterated
            self._give(error)

    def _work(self, task: _Task) -> None:
        if task.first is None:
            self._begin(task.section)
            return
        left = task.first.count - len(task.first.names)
        for piece in self._lister.rest(task.section.key_range, task.first):
            left -= len(piece.names)
            self._give(Loaded(task.section, piece.names, None, last=left <= 0))
            if self._over():
                return

    def _begin(self, section: LoadSection) -> None:
        piece = self._lister.first(section.key_range)
        if piece.more:
            self._tasks.append(_Task(section, piece))
        self._give(Loaded(section, piece.names, piece.count, last=not piece.more))

    def _give(self, result: Loaded | Exception) -> None:
        background.hand_over(self._results, result, self._over)

    def _over(self) -> bool:
        return self._given_up.is_set() or self._stop.is_set()
