"""How often each storage prefix was written, a count a minute over the last hour."""

from __future__ import annotations

import threading
from dataclasses import dataclass

MINUTES = 60


@dataclass(frozen=True, slots=True)
class Churn:
    """Writes (puts and deletes) of one storage prefix: `per_minute`, the oldest minute first, the present one last."""

    prefix: str
    per_minute: tuple[int, ...]

    @property
    def total(self) -> int:
        """Writes in the last hour, or since the index began to watch."""
        return sum(self.per_minute)


class ChurnCounter:
    """A ring of sixty counts a prefix. `now_seconds` is any clock that does not go back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the rings
        self._rings: dict[str, list[int]] = {}
        self._minute = 0

    def note(self, prefix: str, now_seconds: float) -> None:
        """Count one write."""
        with self._lock:
            self._roll(int(now_seconds // 60))
            ring = self._rings.get(prefix)
            if ring is None:
                ring = self._rings[prefix] = [0] * MINUTES
            ring[self._minute % MINUTES] += 1

    def rates(self, now_seconds: float) -> tuple[Churn, ...]:
        """Every prefix that was written, the busiest first."""
        with self._lock:
            self._roll(int(now_seconds // 60))
            at = self._minute % MINUTES + 1
            rows = [Churn(prefix, tuple(ring[at:] + ring[:at])) for prefix, ring in self._rings.items()]
        return tuple(sorted((row for row in rows if row.total), key=lambda row: (-row.total, row.prefix)))

    def _roll(self, minute: int) -> None:
        """Empty the minutes that have begun since the last look."""
        for passed in range(max(self._minute + 1, minute - MINUTES + 1), minute + 1):
            for ring in self._rings.values():
                ring[passed % MINUTES] = 0
        self._minute = max(self._minute, minute)
