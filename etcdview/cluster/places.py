"""Work that a process does for a few at a time."""

from __future__ import annotations

import threading


class Places:
    """Places for so many at a time. A few more wait a moment; the next are told at once: who waits holds a thread."""

    def __init__(self, most: int, *, waiting: int = 2, seconds: float = 2.0) -> None:
        """At most `waiting` wait, for at most `seconds`."""
        self._free = threading.BoundedSemaphore(most)
        self._waiting = threading.BoundedSemaphore(waiting)
        self._seconds = seconds

    def take(self) -> bool:
        """Whether there is a place; it is given back with `give_back`."""
        if self._free.acquire(blocking=False):
            return True
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._free.acquire(timeout=self._seconds)
        finally:
            self._waiting.release()

    def give_back(self) -> None:
        """The place is free for another."""
        self._free.release()
