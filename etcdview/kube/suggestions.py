"""What somebody may have meant by a word that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_CUTOFF = 0.6


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like `word`; "" where none is like it."""
    known = list(known)
    begun = [each for each in known if len(word.lstrip("-")) > 1 and each.startswith(word.lower())]
    if begun:
        return begun[0]
    return next(iter(difflib.get_close_matches(word.lower(), known, n=1, cutoff=_CUTOFF)), "")


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A question for a remedy, or `otherwise` where no known word is like `word`."""
    found = nearest(word, known)
    return f"Did you mean {found!r}?" if found else otherwise
