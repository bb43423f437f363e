"""Answers that many viewers want at the same moment: made once for all who may see the same.

Twenty browsers that open a page over all objects cost what one does. What one gets is nearly always at most a second
old, however much has changed meanwhile; where the server is so busy that making it takes long, OLD_SECONDS at most.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

RECENT_SECONDS = 1.0  # an answer is given again, though things have changed
SHARE = 10.0  # and for so many times as long as it took, so that a question takes a tenth of a busy server's time
OLD_SECONDS = 10.0  # but never for longer
KEPT_SECONDS = 5.0  # where nothing has changed: ages and time limits go on, and the index may be behind
KEPT_QUESTIONS = 16

T = TypeVar("T")


class Flights:
    """What several want at the same moment is made once. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards what is being made
        self._making: dict[Hashable, Future[Any]] = {}

    def get(self, question: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, or what that of another for the same question gives. Raises what that raises."""
        with self._lock:
            making = self._making.get(question)
            if making is None:
                mine = self._making[question] = Future()
        if making is not None:
            return cast(T, making.result())
        try:
            value = make()
        except BaseException as error:
            self._end(question)
            mine.set_exception(error)
            raise
        self._end(question)
        mine.set_result(value)
        return value

    def is_making(self, question: Hashable) -> bool:
        """Whether someone makes the answer to it right now."""
        with self._lock:
            return question in self._making

    def _end(self, question: Hashable) -> None:
        with self._lock:
            del self._making[question]


@dataclass(frozen=True, slots=True)
class _Answer(Generic[T]):
    """What was made, of which state of things, and when it was ready."""

    value: T
    as_of: Hashable
    at: float
    took_seconds: float

    def is_good(self, as_of: Hashable, now: float, *, newer_comes: bool) -> bool:
        recent = min(max(RECENT_SECONDS, SHARE * self.took_seconds), OLD_SECONDS)
        if newer_comes or self.as_of == as_of:
            recent = max(recent, KEPT_SECONDS)
        return now - self.at < recent


class SharedAnswers:
    """Those of one cluster, of the newest questions. Safe to use from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._flights = Flights()
        self._lock = threading.Lock()  # guards the answers
        self._answers: OrderedDict[Hashable, _Answer[Any]] = OrderedDict()

    def get(
        self,
        question: Hashable,
        as_of: Hashable,
        make: Callable[[], T],
        *,
        is_whole: Callable[[T], bool] = lambda _: True,
    ) -> T:
        """The answer to `question`, who is asking included; `as_of` is the present state of what it is made from.

        While one makes it, all others get the one before, or wait where there is none, and share how that ends. An
        error is not kept, nor an answer that is not whole: another request may have more time. Raises what `make`
        raises.
        """
        newer_comes = self._flights.is_making(question)
        with self._lock:
            known = self._answers.get(question)
            if known is not None and known.is_good(as_of, self._clock(), newer_comes=newer_comes):
                return cast(T, known.value)

        def made() -> T:
            began = self._clock()
            value = make()
            now = self._clock()
            self._keep(question, _Answer(value, as_of, now, now - began) if is_whole(value) else None)
            return value

        return self._flights.get(question, made)

    def _keep(self, question: Hashable, answer: _Answer[Any] | None) -> None:
        with self._lock:
            self._answers.pop(question, None)
            if answer is None:
                return
            self._answers[question] = answer
            while len(self._answers) > KEPT_QUESTIONS:
                self._answers.popitem(last=False)
