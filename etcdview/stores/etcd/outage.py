"""While etcd is down and finding that out is slow, one caller at a time finds out, and the others are told at once.

Otherwise every thread of the web server would sit out the whole deadline, and no page would be served at all.
"""

from __future__ import annotations

import threading
import time

from etcdview.errors import UnreachableError

SLOW_SECONDS = 0.5
REST_SECONDS = 1.0


class Outage:
    """What is known of an outage, for one sort of call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the two below
        self._error: UnreachableError | None = None
        self._rests_until = 0.0

    @property
    def known(self) -> bool:
        """Whether the last caller met an outage that took long to find out."""
        return self._error is not None

    def admit(self, trial_seconds: float) -> None:
        """Let this caller try, or raise what the last one met. A trial may take `trial_seconds`."""
        with self._lock:
            if self._error is None:
                return
            now = time.monotonic()
            if now < self._rests_until:
                error = self._error
                raise type(error)(error.what, error.remedy, endpoint=error.endpoint)
            self._rests_until = now + trial_seconds

    def over(self) -> None:
        """A call was answered."""
        if self._error is not None:
            with self._lock:
                self._error = None

    def met(self, error: UnreachableError, took_seconds: float) -> None:
        """A call failed after that long; where that was quick there is nothing to spare the others."""
        with self._lock:
            self._error = error if took_seconds > SLOW_SECONDS or self._error is not None else None
            self._rests_until = time.monotonic() + REST_SECONDS
