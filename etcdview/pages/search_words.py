"""The words of a search: filters (`kind:pod ns:shop label:app=cart text:foo`, `-n shop`), and the others. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

FilterName = Literal["kind", "namespace", "label", "text"]
_PREFIXES: tuple[tuple[str, FilterName], ...] = (
    ("kind:", "kind"),
    ("ns:", "namespace"),
    ("namespace:", "namespace"),
    ("label:", "label"),
    ("text:", "text"),
    ("--namespace=", "namespace"),
    ("-n=", "namespace"),
)
_FLAGS = ("-n", "--namespace")


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter; `without` is the search without it."""

    name: FilterName
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class SearchWords:
    """The filters in their order, and the other words in lower case, as names are."""

    filters: tuple[Filter, ...]
    rest: tuple[str, ...]

    def values(self, name: FilterName) -> tuple[str, ...]:
        """What the filters of that name say."""
        return tuple(each.value for each in self.filters if each.name == name)


def read_words(text: str) -> SearchWords:
    """The words of a search; the colon of k9s before them is skipped. A filter without a value is left out."""
    tokens = text.strip().removeprefix(":").split()
    filters, rest, at = [], [], 0
    while at < len(tokens):
        used, found = _filter(tokens, at)
        if found is None:
            rest.append(tokens[at].lower())
        elif found[1]:
            name, value = found
            filters.append(Filter(name, value, " ".join(tokens[:at] + tokens[at + used :])))
        at += used
    return SearchWords(tuple(filters), tuple(rest))


def _filter(tokens: Sequence[str], at: int) -> tuple[int, tuple[FilterName, str] | None]:
    """How many tokens are read, and the filter that they are; None for a plain word."""
    word = tokens[at]
    if word.lower() in _FLAGS:
        return 2, ("namespace", tokens[at + 1].lower() if at + 1 < len(tokens) else "")
    for prefix, name in _PREFIXES:
        if word.lower().startswith(prefix):
            value = word[len(prefix) :]
            return 1, (name, value.lower() if name in ("kind", "namespace") else value)
    if word.lower().startswith("-n") and len(word) > 2:
        return 1, ("namespace", word[2:].lower())
    return 1, None


def pieces(text: str, words: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is one of the words, in upper or lower case."""
    wanted = sorted(filter(None, set(words)), key=len, reverse=True)
    if not wanted:
        yield text, False
        return
    for number, piece in enumerate(re.split(f"({'|'.join(map(re.escape, wanted))})", text, flags=re.IGNORECASE)):
        if piece:
            yield piece, number % 2 == 1
