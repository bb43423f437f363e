"""Pages over all objects, made once for all who open them at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Protocol, TypeVar

from etcdview.cluster.window import Window
from etcdview.pages.parts.facts_state import fact_revision, facts_state
from etcdview.pages.parts.positions import position_text


class Stoppable(Protocol):
    """A page; `stopped` says why it is a part of what was to be read, "" where it is all of it."""

    @property
    def stopped(self) -> str: ...


T = TypeVar("T", bound=Stoppable)


def shared(
    window: Window, question: Hashable, make: Callable[[], T], is_whole: Callable[[T], bool] = lambda _: True
) -> T:
    """What `make` gives; a whole page is kept for some seconds while neither names nor facts of values change.

    Whole is one that was not stopped, and that `is_whole` calls so.
    """
    fresh = window.index.freshness()
    revisions = position_text(fresh.revision), position_text(fact_revision(window))
    as_of = (*revisions, fresh.state, fresh.complete, facts_state(window))
    return window.shared(question, as_of, make, lambda page: not page.stopped and is_whole(page))
