"""Attempts to log in, counted when they begin and given back where they succeed.

Counting failures once they are answered would let through as many guesses at once as there are threads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from werkzeug.exceptions import TooManyRequests

SWEEP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `amount` attempts within any `seconds`."""

    amount: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """One that was counted, under each of its keys at the same moment."""

    owner: Attempts
    keys: tuple[str, ...]
    at: float

    def succeeded(self) -> None:
        """Give it back: only failures count."""
        self.owner.give_back(self)


class Attempts:
    """The attempts of the last hour by key, in this process's memory. Safe to use from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # guards all below
        self._begun: dict[str, list[float]] = {}  # by key, the oldest first
        self._longest = 0.0
        self._swept_at = clock()

    def begin(self, rates: Mapping[str, Sequence[Rate]]) -> Attempt:
        """Count an attempt under all keys. Raises TooManyRequests, and counts nothing, where one has had too many."""
        with self._lock:
            now = self._clock()
            self._longest = max([self._longest, *(rate.seconds for each in rates.values() for rate in each)])
            self._sweep(now)
            wait = max((self._wait(key, rate, now) for key, each in rates.items() for rate in each), default=0.0)
            if wait > 0:
                raise TooManyRequests("Too many attempts to log in. Try again later.", retry_after=ceil(wait))
            for key in rates:
                self._begun.setdefault(key, []).append(now)
        return Attempt(self, tuple(rates), now)

    def give_back(self, attempt: Attempt) -> None:
        """See Attempt.succeeded."""
        with self._lock:
            for key in attempt.keys:
                begun = self._begun.get(key, [])
                if attempt.at in begun:  # not swept meanwhile
                    begun.remove(attempt.at)

    def forget_all(self) -> None:
        """Begin anew."""
        with self._lock:
            self._begun.clear()

    def _wait(self, key: str, rate: Rate, now: float) -> float:
        """Seconds until the key may try again; 0 where it may now."""
        begun = self._begun.get(key, [])
        if len(begun) < rate.amount:
            return 0.0
        # the attempt that has to leave the window before there is room in it
        return max(0.0, begun[-rate.amount] + rate.seconds - now)

    def _sweep(self, now: float) -> None:
        """Names that were tried once would stay in memory for ever."""
        if now - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = now
        recent = {key: [at for at in begun if at > now - self._longest] for key, begun in self._begun.items()}
        self._begun = {key: begun for key, begun in recent.items() if begun}
