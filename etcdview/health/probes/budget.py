"""How much of a time allowance is left, and the clock that facts are dated by."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class Budget:
    """An allowance of time that several calls share."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    @property
    def left_seconds(self) -> float:
        return max(0.0, self._until - time.monotonic())
