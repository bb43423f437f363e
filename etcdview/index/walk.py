"""One way through the names of a range, in parts that several readers read at once.

The end of each part is guessed from how dense the names of the last one stood; the limit only guards against a bad
guess. The names of the whole range are counted once, where etcd can do so in time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

from etcdview.errors import SlowError
from etcdview.index.lister import KeyRange, Lister, Scale
from etcdview.models import NamesPiece
from etcdview.stores.protocols import least_end

_SMALLEST_STEP = Scale.unit(32)  # where nothing is known of the names: they differ within so many characters
_WIDER = 2  # at most, where the last piece held few names: one sparse directory says little about the next
_WIDER_EMPTY = 4  # where it held none
_NARROWER = 1024  # where a part holds too many to be counted in time: an empty one costs a thousandth of that time
_TIMES_NARROWER = 6  # then it is not for the count that the server is too slow


@dataclass(frozen=True, slots=True)
class NamePart:
    """A range that one reader reads, and the step by which its end was guessed."""

    key_range: KeyRange
    step: int


@dataclass(frozen=True, slots=True)
class _Left:
    """A range that nobody has claimed, and how many names it holds where that was counted."""

    key_range: KeyRange
    count: int | None


class NameWalk:
    """The names of `key_range`, read from any thread: `begin` once, then claim and read parts until it is over.

    After `begin`, and after each read, the reader calls `finish` once it has dealt with the names. `count` is of all
    names: None before it has begun, and where etcd takes too long to count them (`uncounted`).
    """

    def __init__(self, lister: Lister, key_range: KeyRange) -> None:
        self.count: int | None = None
        self.uncounted = False
        self.found = 0
        self._lister = lister
        self._range = key_range
        self._scale = Scale(key_range)
        self._lock = threading.Lock()  # guards what is below, and `found`
        self._left: list[_Left] = []  # the first in order last
        self._in_hand = 1  # what is being read, which is the beginning at first
        self._step = _SMALLEST_STEP
        self._crowded: bytes | None = None  # what holds too many names ends here; None once names have come

    @property
    def over(self) -> bool:
        """Whether all names have come, and were dealt with."""
        with self._lock:
            return self._is_over()

    def begin(self) -> NamesPiece:
        """The first names, as many as a piece holds; none where they cannot be counted in time.

        Raises CompactedError, and AnswerError where the count contradicts the keys; so do the other methods.
        """
        start, end = self._range.start, self._range.end
        try:
            piece = self._lister.read(start, end, self._lister.size)
        except SlowError:
            self.uncounted = True
            self._left.append(_Left(self._range, None))
            return NamesPiece(0, [], 0, more=True)
        with self._lock:
            self.count = piece.count
            if piece.names:
                self._step = self._scale.between(piece.names[0], piece.names[-1])
            self._arrived(piece, start, end, end)
        return piece

    def claim(self) -> NamePart | None:
        """A part for the caller to read; None where there is none at the moment."""
        with self._lock:
            if not self._left:
                return None
            left = self._left.pop()
            start, end = left.key_range.start, left.key_range.end
            # the last part goes to the end: a guess that stops just before it would cost one more request
            if not self._fits(left):
                end = least_end(self._scale.after(start, self._step), end)
            if end != left.key_range.end:
                self._left.append(_Left(KeyRange(end, left.key_range.end), None))
            self._in_hand += 1
            return NamePart(KeyRange(start, end), self._step)

    def read(self, part: NamePart) -> NamesPiece:
        """The names of a part; the first of them where it holds too many, and the others are there to be claimed."""
        start, end, step = part.key_range.start, part.key_range.end, part.step
        for narrower in range(_TIMES_NARROWER + 1):
            try:
                # twice as many as are hoped for: a guess that is too wide still ends in one answer of bounded size
                piece = self._lister.read(start, end, self._lister.size * 2)
                break
            except SlowError:
                if narrower == _TIMES_NARROWER:
                    raise
                self._crowded = end
                step = max(step // _NARROWER, 1)
                end = least_end(self._scale.after(start, step), part.key_range.end)
        with self._lock:
            self._step = self._next_step(step, end, piece.count)
            self._arrived(piece, start, end, part.key_range.end)
        return piece

    def finish(self) -> bool:
        """Say that names were dealt with; whether they were the last."""
        with self._lock:
            self._in_hand -= 1
            if not self._is_over():
                return False
        if self.count is not None and self.found < self.count:
            raise self._lister.miscounted(self.count - self.found)
        return True

    def _is_over(self) -> bool:
        return not self._left and not self._in_hand

    def _fits(self, left: _Left) -> bool:
        """Whether what is left fits in one piece."""
        size = self._lister.size
        count = left.count
        if self.count is not None and not self._left:  # it is all that is left, but for what is in hand
            count = self.count - self.found - self._in_hand * size
        return count is not None and count <= size * 3 // 2

    def _next_step(self, step: int, end: bytes, count: int) -> int:
        """Wider where the last piece, which ended at `end`, held few names; narrower where it held many."""
        if not count:
            before_many = self._crowded is not None and (self._crowded == b"\0" or end < self._crowded)
            return step if before_many else step * _WIDER_EMPTY
        self._crowded = None
        return max(min(step * self._lister.size // count, step * _WIDER), 1)

    def _arrived(self, piece: NamesPiece, start: bytes, read_to: bytes, end: bytes) -> None:
        """Names came of [start, read_to), which is the beginning of [start, end)."""
        self.found += len(piece.names)
        if piece.more:  # go on behind the last name, not at the guessed end
            count = piece.count - len(piece.names) if read_to == end else None
            self._left.append(_Left(KeyRange(self._lister.behind(start, piece), end), count))
        elif read_to != end:
            self._left.append(_Left(KeyRange(read_to, end), None))
        if self.found == self.count:  # to read on would be for nothing
            self._left.clear()


def names_in(lister: Lister, key_range: KeyRange) -> Iterator[NamesPiece]:
    """All names of a range in order, by one reader. Raises what the store raises, and AnswerError."""
    walk = NameWalk(lister, key_range)
    yield walk.begin()
    while not walk.finish() and (part := walk.claim()) is not None:
        yield walk.read(part)
