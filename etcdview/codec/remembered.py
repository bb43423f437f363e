"""Answers that are kept for what comes again and again, in bounded memory whatever is stored in etcd."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")

# What objects have alike is hundreds of bytes; but anyone may store a megabyte, and thousands of such.
LARGEST_BYTES = 4096


def remembered(count: int, make: Callable[..., T]) -> Callable[..., T]:
    """`make`, with its `count` newest answers kept, save those for large arguments. Safe from any thread."""
    kept = functools.lru_cache(maxsize=count)(make)

    def get(*arguments: Hashable) -> T:
        return kept(*arguments) if is_small(*arguments) else make(*arguments)

    return get


def is_small(*arguments: Hashable) -> bool:
    """Whether the answer for these is kept: bytes and texts count, whatever else there is does not."""
    size = 0
    for argument in arguments:
        if isinstance(argument, (bytes, str)):
            size += len(argument)
    return size <= LARGEST_BYTES
