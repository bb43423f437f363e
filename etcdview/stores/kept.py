"""What was read, kept for some seconds: one read for all who ask, and the old answer where a new one fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from etcdview import background
from etcdview.errors import EtcdviewError

T = TypeVar("T")


class Kept(Generic[T]):
    """What `read` gave, for `seconds`. Safe to use from any thread; at most one thread reads at a time.

    Where an old answer is kept, those who come while another thread reads get the old one; else they wait for that
    read and share how it ends, an error too. An error is not kept. Those of the kinds `old_for` are hidden while an
    old answer is kept: that one is given, and nobody reads again for `again_seconds`.
    """

    def __init__(
        self,
        seconds: float,
        read: Callable[[], T],
        *,
        first: T | None = None,
        old_for: tuple[type[Exception], ...] = (),
        again_seconds: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`first` is given, as an old answer, until the first read has ended."""
        self._seconds, self._again_seconds = seconds, again_seconds
        self._read, self._old_for, self._clock = read, old_for, clock
        self._changed = threading.Condition()  # guards all below
        self._known = first
        self._due = float("-inf")  # by the clock
        self._begun = self._ended = 0  # reads so far
        self._failure: BaseException | None = None  # of the read that ended last

    @property
    def known(self) -> T | None:
        """What is kept, however old; None where nothing is."""
        with self._changed:
            return self._known

    def get(self, *, newer: bool = False, read: Callable[[], T] | None = None) -> T:
        """The answer, read anew where it is due. Raises what `read` raises.

        `newer`: what is kept is known to be wrong, so only a read that begins from now on will do. `read`: how this
        caller reads the same, in place of what was given at first; with its own request's budget.
        """
        with self._changed:
            if not newer and self._known is not None and (self._reading or not self._is_due()):
                return self._known
            wanted = self._begun + 1 if newer or not self._reading else self._begun
            self._changed.wait_for(lambda: not self._reading or self._ended >= wanted)
            if self._ended >= wanted:
                return self._outcome()
            self._begun += 1
        return self._run(read or self._read)

    def refresh(self, thread_name: str) -> None:
        """Read in a thread of that name where it is due: for answers that nobody should wait for."""
        with self._changed:
            if self._reading or not self._is_due():
                return
            self._begun += 1
        try:
            background.start(threading.Thread(target=self._run_unseen, name=thread_name, daemon=True))
        except BaseException as error:  # those who wait for that read learn how it ended
            self._end(None, error)
            raise

    def soon(self, seconds: float) -> T | None:
        """What is kept; where nothing is, what the read that goes on gives within so many seconds.

        None where it takes longer, or nobody reads. Raises what that read raised.
        """
        with self._changed:
            if self._known is None:
                self._changed.wait_for(lambda: not self._reading, seconds)
                if self._known is None and not self._reading and self._failure is not None:
                    raise self._failure
            return self._known

    @property
    def _reading(self) -> bool:
        return self._begun > self._ended

    def _is_due(self) -> bool:
        return self._clock() >= self._due

    def _run(self, read: Callable[[], T]) -> T:
        """The read that has begun, to its end."""
        try:
            found = read()
        except BaseException as error:
            self._end(None, error)
            if isinstance(error, self._old_for) and (known := self.known) is not None:
                return known
            raise
        self._end(found, None)
        return found

    def _run_unseen(self) -> None:
        with suppress(EtcdviewError):  # those who wait for the answer are told
            self._run(self._read)

    def _end(self, found: T | None, failure: BaseException | None) -> None:
        """Keep what a read gave, and wake those who wait for it."""
        with self._changed:
            self._ended += 1
            if failure is None:
                self._known, self._due = found, self._clock() + self._seconds
            elif isinstance(failure, self._old_for) and self._known is not None:
                self._due, failure = self._clock() + self._again_seconds, None
            self._failure = failure
            self._changed.notify_all()

    def _outcome(self) -> T:
        """How the read ended that ended last."""
        if self._failure is not None or self._known is None:
            raise self._failure or LookupError("nothing was read")
        return self._known
