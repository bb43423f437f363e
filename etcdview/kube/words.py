"""A count and its noun."""

from __future__ import annotations

from collections.abc import Iterable


def counted(number: int, noun: str, many: str = "") -> str:
    """1 key, 2 keys, 1,201 keys; `many` where the plural is not the noun with an s."""
    return f"{number:,} {plural(number, noun, many)}"


def plural(number: int, noun: str, many: str = "") -> str:
    """The noun alone, as it stands behind the number."""
    return noun if number == 1 else many or f"{noun}s"


def listed(words: Iterable[str], last: str = "and") -> str:
    """Words as a sentence lists them: a, b and c; `last` stands before the last one."""
    given = list(words)
    return f" {last} ".join([", ".join(given[:-1]), given[-1]] if len(given) > 1 else given)
