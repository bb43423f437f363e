"""Work that a process does for a few at a time."""

from __future__ import annotations

import threading


class Places:
    """Places for so many at a time. A few more wait a moment; the next are told at once: who waits holds a thread."""

    def __init__(self, most: int, *, waiting: int = 2, seconds: float = 2.0, each: int = 1) -> None:
        """At most `waiting` wait, for at most `seconds`. Who is named has `each` places at most."""
        self._each = each
        self._most, self._most_waiting, self._seconds = most, waiting, seconds
        self._changed = threading.Condition()  # guards the two below
        self._holders: list[str] = []
        self._waiting = 0

    def take(self, who: str = "") -> bool:
        """Whether there is a place; it is given back with `give_back`."""
        with self._changed:
            if not self._has_place(who):
                if self._waiting >= self._most_waiting:
                    return False
                self._waiting += 1
                self._changed.wait_for(lambda: self._has_place(who), self._seconds)
                self._waiting -= 1
                if not self._has_place(who):
                    return False
            self._holders.append(who)
            return True

    def give_back(self, who: str = "") -> None:
        """The place is free for another."""
        with self._changed:
            self._holders.remove(who)
            self._changed.notify_all()

    def _has_place(self, who: str) -> bool:
        return len(self._holders) < self._most and not (who and self._holders.count(who) >= self._each)
