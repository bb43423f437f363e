"""The facts of one cluster or file: filled by a process of their own, then kept true by the index's watch."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from etcdview import background
from etcdview.errors import EtcdviewError, UnreachableError
from etcdview.index.base import Announcing, FollowedRange, KeyIndex
from etcdview.index.facts.database import FactWriter, create
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.filling import Pass, TooMuchError, UnwritableError, pieces_of
from etcdview.index.facts.problems import DELETED, NAMES_AGAIN, NO_NAMES, TOO_MANY, problem_text
from etcdview.index.facts.reading import FactReader
from etcdview.index.facts.waiting import ChangeQueue, TakenChanges, newest
from etcdview.index.lister import EVERYTHING, KeyRange
from etcdview.index.reached import least_of
from etcdview.models import Event

_log = logging.getLogger(__name__)

State = Literal["starting", "waiting", "filling", "complete", "failed"]

AUTO_BYTES = 256 * 1024 * 1024  # of values, read without a request
QUIET_SECONDS = 5.0  # before that: the first pages come first
AGAIN_SECONDS = 30.0  # after a pass that failed; twice as long each time that the database cannot be written
_LONGEST_SECONDS = 3600.0
_DOUBLED = 10  # times at the most
_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class FactStatus:
    """How far the facts are: `done` of about `total` keys, `bytes` of values read.

    `problem` says what is wrong, or why the values are read again; what "failed" is tried again `again_seconds` later.
    `revision`: every change up to it is in them, once they are complete; more may be. Of several etcds it is pinned.

    "waiting": for someone to begin, because there are more than AUTO_BYTES to read.
    """

    state: State
    done: int = 0
    total: int = 0
    bytes: int = 0
    revision: int = 0
    problem: str = ""
    again_seconds: float = 0.0

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
        self._lock = threading.Lock()  # guards the six below
        self._status = FactStatus("starting")
        self._why = ""  # the values are read again
        self._reader: FactReader | None = None  # while the status is "complete"
        self._told: list[Callable[[FactReader], None]] = []
        self._folder: Path | None = None
        self._filler: Filler | None = None
        self._waiting = ChangeQueue()
        self._reached: dict[KeyRange, FollowedRange] = {}  # what is written of each part that the index follows
        self._listening = False
        self._unwritable = 0  # passes that ended so, one after the other
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

    def when_complete(self, tell: Callable[[FactReader], None]) -> None:
        """Call it with who answers, each time that the facts are complete, and now if they are.

        It must not take long, nor raise anything.
        """
        with self._lock:
            self._told.append(tell)
            reader = self._reader
        if reader is not None:
            tell(reader)

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

    def changed(self, events: Sequence[Event], followed: FollowedRange) -> None:
        """See Listener."""
        if self._listening and not self._waiting.put(events, followed):  # the database stands still
            self._drop(TOO_MANY)

    def reloaded(self) -> None:
        """See Listener. Facts are hidden until they are read again: they may be out of date."""
        if self._listening:
            self._drop(NAMES_AGAIN)

    def _drop(self, why: str) -> None:
        """Changes were missed: the values are read again."""
        self._listening = False
        self._hide(FactStatus("starting", problem=why))
        self._waiting.end()

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
            self._set(FactStatus("failed", problem=NO_NAMES))

    def _fail(self, error: Exception) -> None:
        self._listening = False
        pause = AGAIN_SECONDS
        if isinstance(error, UnwritableError | sqlite3.Error | OSError):
            pause = min(AGAIN_SECONDS * 2**self._unwritable, _LONGEST_SECONDS)
            self._unwritable = min(self._unwritable + 1, _DOUBLED)
        self._wake.clear()  # before it is looked whether this ends: the end wakes as well
        self._discard(FactStatus("failed", problem=problem_text(error), again_seconds=pause))
        if not self._stop.is_set():
            self._wake.wait(pause)

    def _set(self, status: FactStatus) -> None:
        with self._lock:
            self._status = status

    def _hide(self, status: FactStatus) -> None:
        """Answer nothing more."""
        with self._lock:
            self._status, self._why = status, status.problem
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
        self._discard(FactStatus("starting", problem=self._why))
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
        self._waiting = ChangeQueue()
        self._listening = True

    def _begin_pass(self, path: Path) -> Filler:
        # after listening has begun: the watch reports every change after these revisions
        parts = self._index.followed() if isinstance(self._index, Announcing) else (FollowedRange(EVERYTHING, 0),)
        self._reached = {part.key_range: part for part in parts}
        total = self._index.tree().count
        self._set(FactStatus("filling", total=total, revision=least_of(parts), problem=self._why))
        most = 0 if self._unbounded else AUTO_BYTES
        pieces = tuple(piece for part in parts for piece in pieces_of(self._index, part))
        filler = self._start_filler(Pass(pieces, self._rate, most), path)
        with self._lock:
            self._filler = filler
        if self._stop.is_set():
            filler.stop()
        return filler

    def _count(self, keys: int, size: int) -> None:
        with self._lock:
            total = max(self._status.total, keys)
            self._status = replace(self._status, done=keys, total=total, bytes=size)

    def _advance(self, reached: Sequence[FollowedRange]) -> None:
        """All changes up to there are written."""
        self._reached |= {part.key_range: part for part in reached}
        with self._lock:
            self._status = replace(self._status, revision=least_of(self._reached.values()))

    def _follow(self, writer: FactWriter, path: Path) -> None:
        """Write what changes, until the index loads again, or the file is gone. Raises what ended the pass."""
        filling = _Filling(self._begin_pass(path), self._count)
        try:
            complete = False
            while not self._stop.is_set():
                done = filling.ended  # before: the pass was over when the last of these changes was taken
                changes = self._waiting.take(0.0 if done and not complete else _POLL_SECONDS)
                if changes is None:
                    return
                if not path.exists():
                    _log.warning("%s was deleted, perhaps by what cleans up there: the values are read again", path)
                    self._hide(FactStatus("starting", problem=DELETED))
                    return
                self._write(writer, changes, filling=not done)
                if done and changes.last and not complete:
                    complete = self._completes(filling, path)
                    if not complete:
                        return
        finally:
            filling.stop()

    def _write(self, writer: FactWriter, changes: TakenChanges, *, filling: bool) -> None:
        if changes.events:
            facts, deleted = newest(changes.events)
            writer.write(map(self._extractor.fact, facts), deleted, filling=filling)
        if changes.reached:
            self._advance(changes.reached)

    def _completes(self, filling: _Filling, path: Path) -> bool:
        """Whether the pass that has ended read everything. Raises what it failed with."""
        if isinstance(filling.error, TooMuchError):
            self._too_much = True
            self._discard(FactStatus("waiting", total=self.status.total))
            return False
        if filling.error is not None:
            raise filling.error
        self._unwritable = 0
        with self._lock:
            if self._listening:  # else the index has dropped its names at this moment
                self._why = ""
                self._status = replace(self._status, state="complete", total=self._status.done, problem="")
                self._reader = FactReader(path)
            reader, told = self._reader, tuple(self._told)
        if reader is not None:
            for tell in told:
                tell(reader)
        return True


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
