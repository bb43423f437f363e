"""The facts of one cluster or file: filled by a process of their own, then kept true by the index's watch."""

from __future__ import annotations

import contextlib
import logging
import queue
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from etcdview.errors import EtcdviewError
from etcdview.index.base import Announcing, KeyIndex
from etcdview.index.facts.database import FactWriter, create
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.filling import Pass, TooMuchError, ranges_of
from etcdview.index.facts.reading import FactReader
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
    ) -> None:
        """`unbounded`: read however much there is; else up to AUTO_BYTES, and wait for `begin` where there is more.

        `new_folder` makes one for the database alone; it is removed at the end. `rate` as in Pass.
        """
        self._index, self._extractor, self._start_filler = index, extractor, start_filler
        self._new_folder, self._rate, self._live = new_folder, rate, live
        self._unbounded = unbounded
        self._lock = threading.Lock()  # guards the four below
        self._status = FactStatus("starting")
        self._reader: FactReader | None = None
        self._folder: Path | None = None
        self._filler: Filler | None = None
        self._events: queue.Queue[Sequence[Event] | None] = queue.Queue()  # None: all names were loaded again
        self._listening = False
        self._waiting_bytes = 0  # of values in the queue, about: two threads change it
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="etcdview-facts", daemon=True)
        self._quiet_until = 0.0
        self._too_much = False  # more to read than "auto" reads, as a pass has found out

    @property
    def status(self) -> FactStatus:
        """How far they are."""
        with self._lock:
            return self._status

    @property
    def reader(self) -> FactReader | None:
        """Who answers questions, once the facts of all values are known; None before."""
        with self._lock:
            return self._reader if self._status.complete else None

    def start(self) -> None:
        """Begin in the background."""
        self._quiet_until = time.monotonic() + QUIET_SECONDS
        if isinstance(self._index, Announcing):
            self._index.listen(self)
        self._thread.start()

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
        self._discard()

    def changed(self, events: Sequence[Event]) -> None:
        """See Listener."""
        if not self._listening:
            return
        self._waiting_bytes += sum(event.kv.size_bytes for event in events)
        if self._waiting_bytes > WAITING_BYTES:  # the database stands still: what is missed is read again
            self.reloaded()
        else:
            self._events.put(events)

    def reloaded(self) -> None:
        """See Listener."""
        if self._listening:
            self._listening = False
            self._events.put(None)

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self._may_begin():
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

    def _fail(self, error: Exception) -> None:
        self._listening = False
        self._set(FactStatus("failed", problem=f"The values could not be read: {error}"))
        self._discard()
        self._stop.wait(_AGAIN_SECONDS)

    def _set(self, status: FactStatus) -> None:
        with self._lock:
            self._status = status

    def _discard(self) -> None:
        """Let go of the database."""
        with self._lock:
            reader, self._reader = self._reader, None
            folder, self._folder = self._folder, None
        if reader is not None:
            reader.close()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _keep(self) -> None:
        """Fill an empty database, and keep it true until changes may have been missed."""
        self._discard()
        folder = self._new_folder()
        path = folder / "facts.db"
        with self._lock:
            self._folder, self._reader = folder, FactReader(path)
        create(path)
        writer = FactWriter(path)
        try:
            self._listen()
            pass_ = _Filling(self._begin_pass(path), self._count)
            self._follow(writer, pass_)
        finally:
            self._listening = False
            writer.close()

    def _listen(self) -> None:
        self._events = queue.Queue()
        self._waiting_bytes = 0
        self._listening = True

    def _begin_pass(self, path: Path) -> Filler:
        # after listening has begun: every change behind this revision will be told
        since = self._index.freshness().revision if self._live else 0
        total = self._index.tree().count
        self._set(FactStatus("filling", total=total, revision=since))
        most = 0 if self._unbounded else AUTO_BYTES
        filler = self._start_filler(Pass(tuple(ranges_of(self._index)), since, self._rate, most), path)
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

    def _follow(self, writer: FactWriter, filling: _Filling) -> None:
        """Write what changes, until the index loads again. Raises what ended the pass."""
        while not self._stop.is_set():
            batch = self._batch()
            if batch is None:
                filling.stop()
                return
            done = filling.ended
            if batch:
                facts, deleted = newest(batch)
                writer.write(map(self._extractor.fact, facts), deleted, filling=not done)
                self._advance(batch[-1].kv.mod_revision)
            if done and not self.status.complete and not self._completes(filling):
                return
        filling.stop()

    def _completes(self, filling: _Filling) -> bool:
        """Whether the pass that has ended read everything. Raises what it failed with."""
        if isinstance(filling.error, TooMuchError):
            self._too_much = True
            self._set(FactStatus("waiting", total=self.status.total))
            self._discard()
            return False
        if filling.error is not None:
            raise filling.error
        self._set(replace(self.status, state="complete", total=self.status.done))
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
        self._waiting_bytes -= sum(event.kv.size_bytes for event in events)
        return events


def newest(events: Sequence[Event]) -> tuple[list[KeyValue], list[tuple[bytes, int]]]:
    """The last value of each key that was written, and each key that was deleted in the end, with its revision."""
    last = {event.kv.key: event for event in events}
    written = [event.kv for event in last.values() if not event.deleted]
    return written, [(event.kv.key, event.kv.mod_revision) for event in last.values() if event.deleted]


class _Filling:
    """A pass that runs elsewhere, watched by a thread of its own."""

    def __init__(self, filler: Filler, count: Callable[[int, int], None]) -> None:
        self._filler, self._count = filler, count
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._watch, name="etcdview-facts-pass", daemon=True)
        self._thread.start()

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
        except (EtcdviewError, TooMuchError) as error:
            self.error = error
