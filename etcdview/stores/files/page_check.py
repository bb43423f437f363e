"""Every page of a database file accounted for, as bbolt's check (tx_check.go) does: in use or free, and once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from etcdview.stores.files.bbolt import BoltFile

_AT_MOST = 5  # ranges of pages that a sentence names


@dataclass(frozen=True, slots=True)
class PageCheck:
    """How many of the pages below the high water mark are in use and free; `faults` say what does not add up.

    `listed`: the file has a list of its free pages; without one every page that is not in use is free.
    """

    pages: int
    used: int
    free: int
    listed: bool
    faults: tuple[str, ...] = ()


def check_pages(file: BoltFile) -> PageCheck:
    """Count the pages of the file, reading all of it. Raises FileFormatError where a page cannot be read at all."""
    used, listed = file.pages_in_use(), file.free_pages()
    in_use = used.count(1)
    if listed is None:
        return PageCheck(file.end, in_use, file.end - in_use, False)
    counts = Counter(listed)
    faults = {
        "listed as free and outside of the file": [n for n in counts if not 2 <= n < file.end],
        "listed as free more than once": [n for n, times in counts.items() if times > 1],
        "in use and listed as free": [n for n in counts if n < file.end and used[n]],
        "neither in use nor listed as free": [n for n in range(file.end) if not used[n] and n not in counts],
    }
    said = tuple(f"{_named(numbers)} {what}" for what, numbers in faults.items() if numbers)
    return PageCheck(file.end, in_use, len(counts), True, said)


def _named(numbers: Iterable[int]) -> str:
    """Pages by number, neighbours as a range, and the verb."""
    ordered = sorted(numbers)
    groups = [[n for _, n in run] for _, run in groupby(enumerate(ordered), lambda pair: pair[1] - pair[0])]
    ranges = [f"{run[0]:,}" if len(run) == 1 else f"{run[0]:,}-{run[-1]:,}" for run in groups]
    more = f" and {len(ranges) - _AT_MOST:,} more ranges" if len(ranges) > _AT_MOST else ""
    one = len(ordered) == 1
    return f"page{'s' * (not one)} {', '.join(ranges[:_AT_MOST])}{more} {'is' if one else 'are'}"
