"""Answers that many viewers want at the same moment: made once for all who may see the same.

Twenty browsers that open a page over all objects cost what one does. Nobody gets an answer that is older than what the
index had applied when they came.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from etcdview.stores.kept import Kept

KEPT_SECONDS = 5.0  # where nothing has changed: ages and time limits go on, and the index may be behind
KEPT_QUESTIONS = 16

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Answer(Generic[T]):
    """What was made, and the state of things before that."""

    as_of: Hashable
    value: T


class SharedAnswers:
    """Those of one cluster, the newest questions. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the questions
        self._questions: OrderedDict[Hashable, Kept[_Answer[Any]]] = OrderedDict()

    def get(
        self,
        question: Hashable,
        as_of: Hashable,
        make: Callable[[], T],
        *,
        is_whole: Callable[[T], bool] = lambda _: True,
    ) -> T:
        """The answer to `question`, who is asking included; as of a state that is at least as new as `as_of`.

        While one makes it, all others wait for the next one and share that. One that is not whole is not kept: another
        request may have more time. Raises what `make` raises.
        """

        def made() -> _Answer[T]:
            value = make()
            return _Answer(as_of if is_whole(value) else object(), value)

        kept = self._kept(question)
        known = kept.known
        newer = known is None or known.as_of != as_of
        answer = kept.get(newer=newer, read=made)
        return cast(T, answer.value)

    def _kept(self, question: Hashable) -> Kept[_Answer[Any]]:
        with self._lock:
            kept = self._questions.get(question)
            if kept is None:
                kept = self._questions[question] = Kept(KEPT_SECONDS, _unread)
            self._questions.move_to_end(question)
            while len(self._questions) > KEPT_QUESTIONS:
                self._questions.popitem(last=False)
        return kept


def _unread() -> _Answer[Any]:
    raise LookupError("each reads by their own window")
