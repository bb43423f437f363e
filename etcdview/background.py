"""Threads that work in the background, and how they end with the process."""

from __future__ import annotations

import threading


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
