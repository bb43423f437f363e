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
_WIDER_COUNTED = 256  # where it held none, and a count says how many names are left: they bound the next part
_NARROWER = 1024  # parts of a range that etcd cannot count in time: an empty one costs a thousandth of that time
_SEARCHES = 3  # of ever narrower ranges; that is six characters which all names have alike
COUNT_SECONDS = 30.0  # for a member that lives, then: five million names take it 7 s


class _StoppedError(Exception):
    """A search ends that nobody waits for."""


@dataclass(slots=True)
class _Pace:
    """How wide the next part of a range should be, for all that read parts of it."""

    step: int
    count: int | None = None  # names in the range that have not come; None where they were not counted
    being_read: int = 0
    uneven: int = 1  # how much wider a part may be than if names stood evenly: more where few were found so
    feels: bool = False  # its way to the next name: one part at a time, or all readers would jump too far

    @property
    def waits(self) -> bool:
        """Whether a part can be claimed only once another has come."""
        return self.feels and self.being_read > 0

    def came(self, piece: NamesPiece, part_step: int, step: int, size: int) -> None:
        """Learn from a part that was guessed by `part_step`; `step` follows, and `size` names were hoped for."""
        self.being_read -= 1
        if piece.count * 4 > size:
            self.uneven = 1
        elif part_step < self.step:  # it was kept to what names that stand evenly would need
            self.uneven *= _WIDER
        self.step, self.feels = step, not piece.names
        if self.count is not None:
            self.count -= piece.count

    def unclaimed(self, size: int) -> int | None:
        """About how many names are in what nobody reads, where so many are in each part; None where unknown."""
        return None if self.count is None else self.count - self.being_read * size


@dataclass(frozen=True, slots=True)
class NamePart:
    """A range for one reader, and the step by which its end was guessed."""

    key_range: KeyRange
    step: int
    pace: _Pace


@dataclass(frozen=True, slots=True)
class _Left:
    """A range that nobody has claimed."""

    key_range: KeyRange
    pace: _Pace


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
            self._arrived(piece, KeyRange(start, end), read_to, self._step_of(piece))
        return piece.names

    def claim(self) -> NamePart | None:
        """A part for the caller to read; None where there is none at the moment."""
        with self._lock:
            at = next((n for n in reversed(range(len(self._left))) if not self._left[n].pace.waits), None)
            if at is None:
                return None
            left = self._left.pop(at)
            start, end, pace = left.key_range.start, left.key_range.end, left.pace
            step = self._step_in(left)
            if step is not None:
                end = least_end(self._scale.after(start, step), end)
            if end != left.key_range.end:
                self._left.insert(at, _Left(KeyRange(end, left.key_range.end), pace))
            self._in_hand += 1
            pace.being_read += 1
            return NamePart(KeyRange(start, end), step or pace.step, pace)

    def read(self, part: NamePart) -> Sequence[bytes]:
        """The names of a part; the first of them where it holds too many, and the others are there to be claimed."""
        start, end = part.key_range.start, part.key_range.end
        limit = self._lister.size * 2  # twice as many as are hoped for: a guess that is too wide ends in one answer
        try:
            read_to, piece = end, self._lister.read(start, end, limit)
            step = self._next_step(part, piece)
        except SlowError:
            self._lister.shrink(limit)  # it may be the number of the values
            with self._lock:
                part.pace.feels, part.pace.count = True, None  # what the part holds stays unknown
            start, read_to, piece = self._search(part.key_range)
            step = self._step_of(piece) if piece.more else self._scale.width(KeyRange(start, read_to))
        with self._lock:
            part.pace.came(piece, part.step, step, self._lister.size)
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

    def _step_in(self, left: _Left) -> int | None:
        """How wide the next part should be; None: as wide as the range, since all that is left fits in one piece.

        A guess that stops just before the end of the range would cost one more request.
        """
        size, step = self._lister.size, left.pace.step
        count = left.pace.unclaimed(size)
        if count is None:
            return step
        if count <= size * 3 // 2:
            return None
        # a step that takes in most of a range that is known to hold many has them counted again and again
        even = self._scale.width(left.key_range) * size // count  # 0: the digits do not tell these names apart
        return min(step, even * left.pace.uneven) if even else step

    def _next_step(self, part: NamePart, piece: NamesPiece) -> int:
        """Wider where a part held few names, narrower where it held many."""
        if not piece.count:
            return part.step * (_WIDER_EMPTY if part.pace.count is None else _WIDER_COUNTED)
        # behind a guess that was much too wide only the names that came tell how dense they stand, if the digits do
        if piece.more and self._scale.between(piece.names[0], piece.names[-1]) > 1:
            return self._step_of(piece)
        return max(min(part.step * self._lister.size // piece.count, part.step * _WIDER), 1)

    def _step_of(self, piece: NamesPiece) -> int:
        """A step from how far apart names stand; 1 where there are none."""
        if not piece.names:
            return 1
        distance = self._scale.between(piece.names[0], piece.names[-1])
        return max(distance * self._lister.size // len(piece.names), 1)

    def _arrived(self, piece: NamesPiece, part: KeyRange, read_to: bytes, step: int) -> None:
        """Names came of the beginning of a part, which ends at `read_to`; what is behind them begins with `step`."""
        self._found += len(piece.names)
        if piece.more:  # go on behind the last name, not at the guessed end
            count = piece.count - len(piece.names) if read_to == part.end else None
            rest = KeyRange(self._lister.behind(part.start, piece), part.end)
            self._left.append(_Left(rest, _Pace(step, count)))
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
