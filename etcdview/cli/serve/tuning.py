"""How Python and the C library are set for a process in which many threads answer."""

from __future__ import annotations

import ctypes
import gc
import sys

# A decoded object is hundreds of dicts, none of them garbage yet: Python's 700 would look through them again and again.
GARBAGE_THRESHOLD = 10_000
# Python's 0.005 is how long a thread that has an answer of etcd waits for each that computes; with fifty, it adds up.
SWITCH_SECONDS = 0.001
# glibc has eight for each processor, so that threads need not wait for each other, and keeps what each was once filled
# with. Python's threads wait for each other anyway.
ARENAS = 2
_M_ARENA_MAX = -8  # of glibc's malloc.h


def tune() -> None:
    """Set all three. To be called before the threads start."""
    gc.set_threshold(GARBAGE_THRESHOLD)
    sys.setswitchinterval(SWITCH_SECONDS)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl and macOS have none
        mallopt(_M_ARENA_MAX, ARENAS)
