"""When a search ends before it is through: nobody waits for it any more, or it has taken its time."""

from __future__ import annotations

import time
from collections.abc import Callable

SEARCH_BUDGET_SECONDS = 2.0

Stop = Callable[[], bool]  # whether to give up; asked again and again, so it must be cheap


def in_time(stop: Stop | None) -> Stop:
    """As `stop`, and also true once SEARCH_BUDGET_SECONDS are over, counted from now."""
    deadline = time.monotonic() + SEARCH_BUDGET_SECONDS
    return lambda: time.monotonic() > deadline or (stop is not None and stop())
