"""What works in the background: how threads end with the process, and what other processes need."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_POLL_SECONDS = 0.1


def start(thread: threading.Thread) -> threading.Thread:
    """Start the thread, and give it back.

    From Python 3.12 on no thread starts once the process ends. A thread that wants one then works for nobody any
    longer; SystemExit ends it without a word. Raises RuntimeError where the system gives no more threads.
    """
    try:
        thread.start()
    except RuntimeError as error:
        if at_the_end(error):
            raise SystemExit from error
        raise
    return thread


def at_the_end(error: RuntimeError) -> bool:
    """Whether no thread started because the process ends (CPython's sentence, 3.12 and later)."""
    return "interpreter shutdown" in str(error)


def hand_over(waiting: queue.Queue[T], item: T, is_over: Callable[[], bool]) -> None:
    """Put an item into a queue that may be full, unless it is over meanwhile: then nobody takes anything out of it."""
    while not is_over():
        try:
            waiting.put(item, timeout=_POLL_SECONDS)
        except queue.Full:
            continue
        return


def modules_found() -> dict[str, str]:
    """The variable by which another Python, begun with -P, finds the modules that this one finds, and no others."""
    return {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
