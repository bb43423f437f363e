"""The facts of one cluster or file: filled by a process of their own, then kept true by the index's watch."""

from __future__ import annotations

import contextlib
import logging
import queue
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from etcdview import background
from etcdview.errors import EtcdviewError, UnreachableError
from etcdview.index.base import Announcing, KeyIndex
from etcdview.index.facts.database import FactWriter, create
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.filling import Pass, TooMuchError, ranges_of
from etcdview.index.facts.reading import FactReader
from etcdview.index.lister import EVERYTHING
from etcdview.models import Event, KeyValue

_log = logging.getLogger(__name__)

State = Literal["starting", "waiting", "filling", "complete", "failed"]

AUTO_BYTES = 256 * 1024 * 1024  # of values, read without a request
QUIET_SECONDS = 5.0  # before that: the first pages come first
WAITING_BYTES = 64 * 1024 * 1024  # of events that are not yet written; with more, the pass begins again
BATCH_EVENTS = 2_000
_POLL_SECONDS = 0.2
_AGAIN_SECONDS = 30.0  # after a pass that failed


@dataclass(frozen=True, slots=True)
class FactStatus:
    """How far the facts are: `done` of about `total` keys, `bytes` of values read. `problem` says what is wrong.

    `revision`: every change up to it is in them, once they are complete; more may be.

    "waiting": for someone to begin, because there are more than AUTO_BYTES to read.
    """

    state: State
    done: int = 0
    total: int = 0
    bytes: int = 0
    revision: int = 0
    problem: str = ""

    @property
    def complete(self) -> bool:
        """Whether the facts of all values are known."""
        return self.state == "complete"


class Filler(Protocol):
    """A pass that runs elsewhere. `progress` blocks until it ends; `stop` ends it."""

    def progress(self) -> Iterator[tuple[int, int]]:
        """Keys and bytes read so far, as they come. Raises EtcdviewError where the pass fails, TooMuchError."""

    def stop(self) -> None: ...


StartFiller = Callable[[Pass, Path], Filler]


class Facts:
    """Facts of all values. `start` it once, `close` it in the end. Safe to use from any thread.

    Of a live store they follow the index, which tells them what it applies; when it loads again, so do they.
    """

    def __init__(
        self,
        index: KeyIndex,
        extractor: Extractor,
        start_filler: StartFiller,
        new_folder: Callable[[], Path],
        *,
        unbounded: bool = False,
        rate: int = 0,
        live: bool = True,
        value_bytes: int = 0,
    ) -> None:
        """`unbounded`: read however much there is; else up to AUTO_BYTES, and wait for `begin` where there is more.

        `new_folder` makes one for the database alone; it is removed at the end. `rate` as in Pass. `value_bytes`: how
        many there are, where that is known before they are read.
        """
        self._index, self._extractor, self._start_filler = index, extractor, start_filler
        self._new_folder, self._rate, self._live = new_folder, rate, live
        self._unbounded = unbounded
        self._lock = threading.Lock()  # guards the five below
        self._status = FactStatus("starting")
        self._reader: FactReader | None = None  # while the status is "complete"
        self._waiting_bytes = 0  # of values in the queue
        self._folder: Path | None = None
        self._filler: Filler | None = None
        self._events: queue.Queue[Sequence[Event] | None] = queue.Queue()  # None: all names were loaded again
        self._listening = False
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="etcdview-facts", daemon=True)
        self._quiet_until = 0.0
        self._too_much = value_bytes > AUTO_BYTES  # more than "auto" reads: known at once, or found out by a pass

    @property
    def status(self) -> FactStatus:
        """How far they are."""
        with self._lock:
            return self._status

    @property
    def reader(self) -> FactReader | None:
        """Who answers questions, once the facts of all values are known; None before."""
        with self._lock:
            return self._reader

    def start(self) -> None:
        """Begin in the background."""
        self._quiet_until = time.monotonic() + QUIET_SECONDS
        if self._too_much and not self._unbounded:
            self._set(FactStatus("waiting", total=self._index.tree().count))
        if isinstance(self._index, Announcing):
            self._index.listen(self)
        background.start(self._thread)

    def begin(self) -> None:
        """Read all values, however many there are."""
        self._unbounded = True
        self._wake.set()

    def close(self) -> None:
        """End the thread and the pass, and remove the database."""
        self._stop.set()
        self._wake.set()
        with self._lock:
            filler = self._filler
        if filler is not None:
            filler.stop()
        if self._thread.ident is not None:
            self._thread.join(2.0)
        self._discard(FactStatus("starting"))

    def changed(self, events: Sequence[Event]) -> None:
        """See Listener."""
        if not self._listening:
            return
        size = sum(event.kv.size_bytes for event in events)
        if self._queued(size) > WAITING_BYTES:  # the database stands still: what is missed is read again
            self.reloaded()
        else:
            self._events.put(events)

    def reloaded(self) -> None:
        """See Listener. Facts are hidden until they are read again: they may be out of date."""
        if self._listening:
            self._listening = False
            self._hide(FactStatus("starting"))
            self._events.put(None)

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self._may_begin():
                self._say_why_not()
                self._wake.wait(_POLL_SECONDS)
                self._wake.clear()
                continue
            try:
                self._keep()
            except (EtcdviewError, sqlite3.Error, OSError) as error:
                self._fail(error)
            except Exception as error:  # noqa: BLE001 - the thread's outermost loop: without it, the facts would go stale
                _log.exception("the facts of values failed")
                self._fail(error)

    def _may_begin(self) -> bool:
        fresh = self._index.freshness()
        known = fresh.complete and fresh.state in ("live", "behind", "static")
        return known and (self._unbounded or (not self._too_much and time.monotonic() > self._quiet_until))

    def _say_why_not(self) -> None:
        """Where the index has no names, there are no facts either, however long one waits."""
        if self._index.freshness().state == "bounded" and self.status.state == "starting":
            self._set(FactStatus("failed", problem=_NO_NAMES))

    def _fail(self, error: Exception) -> None:
        self._listening = False
        self._discard(FactStatus("failed", problem=problem_text(error)))
        self._stop.wait(_AGAIN_SECONDS)

    def _set(self, status: FactStatus) -> None:
        with self._lock:
            self._status = status

    def _hide(self, status: FactStatus) -> None:
        """Answer nothing more."""
        with self._lock:
            self._status = status
            reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _discard(self, status: FactStatus) -> None:
        """Let go of the database."""
        self._hide(status)
        with self._lock:
            folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _keep(self) -> None:
        """Fill an empty database, and keep it true until changes may have been missed."""
        self._discard(FactStatus("starting"))
        folder = self._new_folder()
        path = folder / "facts.db"
        with self._lock:
            self._folder = folder
        create(path)
        with contextlib.closing(FactWriter(path)) as writer:
            self._listen()
            try:
                self._follow(writer, path)
            finally:
                self._listening = False

    def _listen(self) -> None:
        self._events = queue.Queue()
        with self._lock:
            self._waiting_bytes = 0
        self._listening = True

    def _queued(self, size: int) -> int:
        """So many bytes more, or less, are in the queue; gives how many there are."""
        with self._lock:
            self._waiting_bytes += size
            return self._waiting_bytes

    def _begin_pass(self, path: Path) -> Filler:
        # after listening has begun: the watch reports every change after these revisions
        followed = self._index.followed() if isinstance(self._index, Announcing) else ((EVERYTHING, 0),)
        since = max((reached for _, reached in followed), default=0)  # of the part that is furthest ahead
        total = self._index.tree().count
        self._set(FactStatus("filling", total=total, revision=since))
        most = 0 if self._unbounded else AUTO_BYTES
        pieces = tuple(piece for whole, _ in followed for piece in ranges_of(self._index, whole))
        filler = self._start_filler(Pass(pieces, since, self._rate, most), path)
        with self._lock:
            self._filler = filler
        if self._stop.is_set():
            filler.stop()
        return filler

    def _count(self, keys: int, size: int) -> None:
        with self._lock:
            total = max(self._status.total, keys)
            self._status = replace(self._status, done=keys, total=total, bytes=size)

    def _advance(self, revision: int) -> None:
        with self._lock:
            self._status = replace(self._status, revision=max(self._status.revision, revision))

    def _follow(self, writer: FactWriter, path: Path) -> None:
        """Write what changes, until the index loads again, or the file is gone. Raises what ended the pass."""
        filling = _Filling(self._begin_pass(path), self._count)
        try:
            complete = False
            while not self._stop.is_set() and (batch := self._batch()) is not None:
                if not path.exists():
                    _log.warning("%s was deleted, perhaps by what cleans up there: the values are read again", path)
                    return
                done = filling.ended
                if batch:
                    facts, deleted = newest(batch)
                    writer.write(map(self._extractor.fact, facts), deleted, filling=not done)
                    self._advance(batch[-1].kv.mod_revision)
                if done and not complete:
                    complete = self._completes(filling, path)
                    if not complete:
                        return
        finally:
            filling.stop()

    def _completes(self, filling: _Filling, path: Path) -> bool:
        """Whether the pass that has ended read everything. Raises what it failed with."""
        if isinstance(filling.error, TooMuchError):
            self._too_much = True
            self._discard(FactStatus("waiting", total=self.status.total))
            return False
        if filling.error is not None:
            raise filling.error
        with self._lock:
            if self._listening:  # else the index has dropped its names at this moment
                self._status = replace(self._status, state="complete", total=self._status.done)
                self._reader = FactReader(path)
        return True

    def _batch(self) -> list[Event] | None:
        """The events of the next moments, perhaps none; None when the index has loaded again."""
        events: list[Event] = []
        with contextlib.suppress(queue.Empty):
            while len(events) < BATCH_EVENTS:
                found = self._events.get(timeout=0 if events else _POLL_SECONDS)
                if found is None:
                    return None
                events += found
        self._queued(-sum(event.kv.size_bytes for event in events))
        return events


_NO_NAMES = "The facts of values need the index of key names, which takes more memory than its limit."


def problem_text(error: Exception) -> str:
    """Why the facts cannot be kept, in words for a page."""
    if isinstance(error, EtcdviewError):
        return str(error)
    if isinstance(error, OSError):
        why = error.strerror or "the system refused"
        return f"The facts of values cannot be written to {tempfile.gettempdir()}: {why}. Set TMPDIR to another folder."
    if isinstance(error, sqlite3.Error):
        return f"The facts of values cannot be written: {error}. Check the space in {tempfile.gettempdir()}."
    return "The facts of values could not be made; the log says why."


def newest(events: Sequence[Event]) -> tuple[list[KeyValue], list[tuple[bytes, int]]]:
    """The last value of each key that was written, and each key that was deleted in the end, with its revision."""
    last = {event.kv.key: event for event in events}
    written = [event.kv for event in last.values() if not event.deleted]
    return written, [(event.kv.key, event.kv.mod_revision) for event in last.values() if event.deleted]


class _Filling:
    """A pass that runs elsewhere, watched by a thread of its own."""

    def __init__(self, filler: Filler, count: Callable[[int, int], None]) -> None:
        self._filler, self._count = filler, count
        self.error: Exception | None = UnreachableError("Reading the values broke off.")
        self._thread = threading.Thread(target=self._watch, name="etcdview-facts-pass", daemon=True)
        background.start(self._thread)

    @property
    def ended(self) -> bool:
        """Whether it is over; `error` says how."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """End it."""
        self._filler.stop()
        self._thread.join(2.0)

    def _watch(self) -> None:
        try:
            for keys, size in self._filler.progress():
                self._count(keys, size)
            self.error = None
        except (EtcdviewError, TooMuchError) as error:
            self.error = error
