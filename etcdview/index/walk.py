"""One way through the names of a range, in parts that several readers read at once.

The end of each part is guessed from how dense the names of the last one stood; the limit only guards against a bad
guess. The names of the whole range are counted once, where etcd can do so in time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from etcdview.errors import SlowError
from etcdview.index.lister import MIN_PIECE_NAMES, KeyRange, Lister, Scale
from etcdview.models import NamesPiece
from etcdview.stores.protocols import least_end

_WIDER = 2  # at most, where the last piece held few names: one sparse directory says little about the next
_WIDER_EMPTY = 4  # where it held none
_NARROWER = 1024  # parts of a range that etcd cannot count in time: an empty one costs a thousandth of that time
_SEARCHES = 3  # of ever narrower ranges; that is six characters which all names have alike
COUNT_SECONDS = 30.0  # for a member that lives, then: five million names take it 7 s


class _StoppedError(Exception):
    """A search ends that nobody waits for."""


@dataclass(slots=True)
class _Pace:
    """How wide the next part of a range should be, for all that read parts of it."""

    step: int
    being_read: int = 0
    feels: bool = False  # its way to the next name: one part at a time, or all readers would jump too far

    @property
    def waits(self) -> bool:
        """Whether a part can be claimed only once another has come."""
        return self.feels and self.being_read > 0


@dataclass(frozen=True, slots=True)
class NamePart:
    """A range for one reader, and the step by which its end was guessed."""

    key_range: KeyRange
    step: int
    pace: _Pace


@dataclass(frozen=True, slots=True)
class _Left:
    """A range that nobody has claimed, and how many names it holds where that was counted."""

    key_range: KeyRange
    pace: _Pace
    count: int | None = None


class NameWalk:
    """The names of `key_range`, read from any thread: `begin` once, then `claim` and `read` until it is over.

    After `begin`, and after each `read`, the reader calls `finish` once it has dealt with the names. `count` is of all
    names: None before it has begun, and where etcd takes too long to count them (`uncounted`).
    """

    def __init__(self, lister: Lister, key_range: KeyRange, stopped: Callable[[], bool] = lambda: False) -> None:
        """`stopped`: whether nobody waits for the names any longer."""
        self.count: int | None = None
        self.uncounted = False
        self._lister = lister
        self._range = key_range
        self._stopped = stopped
        self._scale = Scale(key_range)
        self._lock = threading.Lock()  # guards what is below
        self._left: list[_Left] = []  # to be claimed from the end
        self._in_hand = 1  # what is read or dealt with, which is the beginning at first
        self._being_read = 0  # parts claimed whose names have not come
        self._found = 0

    @property
    def found(self) -> int:
        """How many names have come."""
        with self._lock:
            return self._found

    @property
    def over(self) -> bool:
        """Whether all names have come, and were dealt with."""
        with self._lock:
            return self._is_over()

    def begin(self) -> Sequence[bytes]:
        """The first names, if there are any. Raises CompactedError, SlowError, AnswerError, as `read` does."""
        start, end = self._range.start, self._range.end
        try:
            piece, read_to = self._lister.read(start, end, self._lister.size), end
        except SlowError:
            self.uncounted = True
            start, read_to, piece = self._search(self._range)
        with self._lock:
            if not self.uncounted:
                self.count = piece.count
            self._arrived(piece, KeyRange(start, end), read_to, self._step_of(piece, 1))
        return piece.names

    def claim(self) -> NamePart | None:
        """A part for the caller to read; None where there is none at the moment."""
        with self._lock:
            at = next((n for n in reversed(range(len(self._left))) if not self._left[n].pace.waits), None)
            if at is None:
                return None
            left = self._left.pop(at)
            start, end, pace = left.key_range.start, left.key_range.end, left.pace
            # the last part goes to the end: a guess that stops just before it would cost one more request
            if not self._fits(left):
                end = least_end(self._scale.after(start, pace.step), end)
            if end != left.key_range.end:
                self._left.insert(at, _Left(KeyRange(end, left.key_range.end), pace))
            self._in_hand += 1
            self._being_read += 1
            pace.being_read += 1
            return NamePart(KeyRange(start, end), pace.step, pace)

    def read(self, part: NamePart) -> Sequence[bytes]:
        """The names of a part; the first of them where it holds too many, and the others are there to be claimed."""
        start, end = part.key_range.start, part.key_range.end
        limit = self._lister.size * 2  # twice as many as are hoped for: a guess that is too wide ends in one answer
        try:
            read_to, piece = end, self._lister.read(start, end, limit)
            step = self._next_step(part.step, piece.count)
        except SlowError:
            self._lister.shrink(limit)  # it may be the number of the values
            part.pace.feels = True
            start, read_to, piece = self._search(part.key_range)
            step = self._step_of(piece, part.step)
        with self._lock:
            self._being_read -= 1
            part.pace.being_read -= 1
            part.pace.step, part.pace.feels = step, not piece.names
            self._arrived(piece, KeyRange(start, end), read_to, step)
        return piece.names

    def finish(self) -> bool:
        """Say that names were dealt with; whether they were the last."""
        with self._lock:
            self._in_hand -= 1
            if not self._is_over():
                return False
            missing = 0 if self.count is None else self.count - self._found
        if missing > 0:
            raise self._lister.miscounted(missing)
        return True

    def _is_over(self) -> bool:
        return not self._left and not self._in_hand

    def _search(self, key_range: KeyRange) -> tuple[bytes, bytes, NamesPiece]:
        """The first names of a range that etcd cannot count in time, and the part that they are of.

        Parts without a name cost next to nothing; a part that cannot be counted either is searched in turn. Raises
        SlowError where the last of these cannot be counted in COUNT_SECONDS.
        """
        for _ in range(_SEARCHES):
            start = key_range.start
            for end in self._scale.cut(key_range, _NARROWER):
                if self._stopped():
                    raise _StoppedError
                try:
                    piece = self._lister.read(start, end, MIN_PIECE_NAMES)
                except SlowError:
                    key_range = KeyRange(start, end)
                    break
                if piece.names or end == key_range.end:
                    return start, end, piece
                start = end
        start, end = key_range.start, key_range.end
        return start, end, self._lister.read(start, end, self._lister.size * 2, COUNT_SECONDS)

    def _fits(self, left: _Left) -> bool:
        """Whether what is left fits in one piece."""
        size = self._lister.size
        count = left.count
        if count is None and self.count is not None and not self._left:  # it is all that is left, but for what is read
            count = self.count - self._found - self._being_read * size
        return count is not None and count <= size * 3 // 2

    def _next_step(self, step: int, count: int) -> int:
        """Wider where a part by this step held few names, narrower where it held many."""
        if not count:
            return step * _WIDER_EMPTY
        return max(min(step * self._lister.size // count, step * _WIDER), 1)

    def _step_of(self, piece: NamesPiece, step: int) -> int:
        """A step from how far apart names stand; `step` where there are none."""
        if not piece.names:
            return step
        distance = self._scale.between(piece.names[0], piece.names[-1])
        return max(distance * self._lister.size // len(piece.names), 1)

    def _arrived(self, piece: NamesPiece, part: KeyRange, read_to: bytes, step: int) -> None:
        """Names came of the beginning of a part, which ends at `read_to`; what is behind them begins with `step`."""
        self._found += len(piece.names)
        if piece.more:  # go on behind the last name, not at the guessed end
            count = piece.count - len(piece.names) if read_to == part.end else None
            rest = KeyRange(self._lister.behind(part.start, piece), part.end)
            self._left.append(_Left(rest, _Pace(step), count))
        elif read_to != part.end:
            self._left.append(_Left(KeyRange(read_to, part.end), _Pace(step)))
        if self._found == self.count:  # to read on would be for nothing
            self._left.clear()


def names_in(lister: Lister, key_range: KeyRange) -> Iterator[Sequence[bytes]]:
    """All names of a range in order, piece by piece, by one reader. Raises what the store raises, and AnswerError."""
    walk = NameWalk(lister, key_range)
    yield walk.begin()
    while not walk.finish() and (part := walk.claim()) is not None:
        yield walk.read(part)
