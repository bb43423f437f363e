"""Names read from a store in pieces, each bounded on both sides, all as of one revision.

A Range with a limit still counts the whole rest of its range (0.3 to 0.5 s for each million keys), so the end of each
piece is guessed from how dense the names of the last one stood, and the limit only guards against a bad guess.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from etcdview.errors import AnswerError, DeadlineError, FutureRevisionError, SlowError, TooLargeError
from etcdview.kube.keys import KeySpace
from etcdview.kube.resources import BY_PREFIX
from etcdview.models import NamesPiece, Range
from etcdview.stores.paging import LYING, next_start
from etcdview.stores.protocols import NameLister, Store, prefix_end

PIECE_NAMES = 8_000  # etcd reads the values of these too before it drops them: tens of megabytes
MIN_PIECE_NAMES = 250
COUNT_SECONDS = 60.0  # for a member that lives, and counts all names of a range: five million take it 7 s

_DEPTH = 320  # bytes of a name that a guess looks at; Kubernetes' longest have fewer behind their type
_DIGITS = b"\0-./0123456789:abcdefghijklmnopqrstuvwxyz~"
_RANKS = bytes(bisect_right(_DIGITS, byte) - 1 for byte in range(256))


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Names in [start, end); `end` b"\\0" is the end of the keyspace, as in Store.range."""

    start: bytes
    end: bytes

    def __contains__(self, key: bytes) -> bool:
        return key >= self.start and (self.end == b"\0" or key < self.end)

    def overlaps(self, other: KeyRange) -> bool:
        """Whether a name may be in both."""
        return (self.end == b"\0" or other.start < self.end) and (other.end == b"\0" or self.start < other.end)

    def covers(self, other: KeyRange) -> bool:
        """Whether all of `other` is in this one."""
        if other.start < self.start:
            return False
        return self.end == b"\0" or (other.end != b"\0" and other.end <= self.end)


EVERYTHING = KeyRange(b"\0", b"\0")


def keys_under(prefix: bytes) -> KeyRange:
    """All names that begin with `prefix`."""
    return KeyRange(prefix or b"\0", prefix_end(prefix))


def disjoint(prefixes: list[bytes]) -> list[KeyRange]:
    """The ranges of the prefixes, in order; those inside another are left out."""
    kept: list[bytes] = []
    for prefix in sorted(prefixes):
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return [keys_under(prefix) for prefix in kept]


def sections(
    key_range: KeyRange, keyspace: KeySpace, prefixes: Collection[str] = BY_PREFIX.keys()
) -> Iterator[tuple[KeyRange, str]]:
    """The range cut at storage prefixes (of all built-in types): each with its prefix, or "" for what lies between."""
    cursor = key_range.start
    for prefix in sorted(prefixes, key=lambda prefix: prefix + "/"):
        whole = keys_under(keyspace.storage_range(prefix))
        low, high = max(whole.start, cursor), whole.end if key_range.end == b"\0" else min(whole.end, key_range.end)
        if low >= high:
            continue
        if cursor < low:
            yield KeyRange(cursor, low), ""
        yield KeyRange(low, high), prefix
        cursor = high
    if key_range.end == b"\0" or cursor < key_range.end:
        yield KeyRange(cursor, key_range.end), ""


def list_names(store: Store, request: Range, timeout_seconds: float = 0.0) -> NamesPiece:
    """Names only, the short way where the store has one. Fewer than `limit`, and more, where these are too long.

    `timeout_seconds` in place of the store's own, on the short way.
    """
    while True:
        try:
            return _list_names(store, request, timeout_seconds)
        except TooLargeError:  # a name may have a megabyte
            if request.limit <= 1:
                raise
            request = replace(request, limit=max(request.limit // 4, 1))


def _list_names(store: Store, request: Range, timeout_seconds: float) -> NamesPiece:
    if isinstance(store, NameLister):
        return store.list_names(request, timeout_seconds)
    result = store.range(replace(request, keys_only=True))
    return NamesPiece(result.revision, [kv.key for kv in result.kvs], result.count, result.more)


class Lister:
    """Reads the names of ranges at one pinned revision; safe to call from several threads."""

    def __init__(self, store: Store, revision: int, piece_names: int = PIECE_NAMES) -> None:
        self._store = store
        self._revision = revision
        self._size = piece_names
        self._serializable = True

    def first(self, key_range: KeyRange) -> NamesPiece:
        """The first names of the range; its count is of the whole range. Raises CompactedError."""
        return self._read(key_range.start, key_range.end, self._size, COUNT_SECONDS)

    def rest(self, key_range: KeyRange, piece: NamesPiece) -> Iterator[NamesPiece]:
        """What follows the first piece, in order. Raises AnswerError where the server's counts contradict its keys."""
        scale = _Scale(key_range)
        left = piece.count - len(piece.names)
        cursor = self._after(key_range.start, piece)
        step = scale.between(piece.names[0], piece.names[-1])
        while left > 0:
            size = self._size  # read anew each time: a member that was too slow has made it smaller
            # the last piece goes to the end: a guess that stops just before it would cost one more request
            end = key_range.end if left <= size * 3 // 2 else scale.after(cursor, step)
            # twice as many as are hoped for: a guess that is too wide still ends in one answer of bounded size
            piece = self._read(cursor, end, size * 2)
            yield piece
            left -= len(piece.names)
            step = _next_step(step, piece.count, size)
            if piece.more:  # the guess was too wide: go on behind the last name, not at the guessed end
                cursor = self._after(cursor, piece)
            elif end != key_range.end:
                cursor = end
            elif left > 0:  # to read on would begin again at b"\0", or ask for an empty range without end
                raise self._miscounted(left)

    def _after(self, start: bytes, piece: NamesPiece) -> bytes:
        return next_start(self._store.name, start, piece.names[-1] if piece.names else None)

    def _read(self, start: bytes, end: bytes, limit: int, patience_seconds: float = 0.0) -> NamesPiece:
        """`patience_seconds`: what a member gets that lives, and was too slow; a smaller limit saves no counting."""
        timeout_seconds = 0.0
        while True:
            try:
                request = Range(start, end, self._revision, limit, serializable=self._serializable)
                piece = list_names(self._store, request, timeout_seconds)
            except FutureRevisionError:
                if not self._serializable:
                    raise
                self._serializable = False  # the member that answers has not got so far yet: ask the quorum
            except DeadlineError as error:
                if isinstance(error, SlowError) and timeout_seconds < patience_seconds:
                    timeout_seconds = patience_seconds
                    continue
                if limit <= MIN_PIECE_NAMES:
                    raise
                # the size is kept for the pieces to come: a server that was too slow once will be again
                limit = limit // 2
                self._size = max(self._size // 2, MIN_PIECE_NAMES // 2)
            else:
                if not piece.more and piece.count > len(piece.names):  # a step made of such counts shrinks without end
                    raise self._miscounted(piece.count - len(piece.names))
                return piece

    def _miscounted(self, left: int) -> AnswerError:
        return AnswerError(f"{self._store.name} counts {left:,} more keys than it lists.", LYING)


def step_between(key_range: KeyRange, names: Sequence[bytes]) -> int:
    """How far apart the first and the last of some names of the range stand; at least 1."""
    return _Scale(key_range).between(names[0], names[-1]) if names else 1


def name_behind(key_range: KeyRange, name: bytes, step: int) -> bytes:
    """A name within the range that stands `step` behind `name`, or the range's end."""
    return _Scale(key_range).after(name, step)


class _Scale:
    """Names of a range as large numbers, so that a distance between names can be laid off from another name.

    Its digits are the characters that names are made of, so that the numbers leave few gaps.
    """

    def __init__(self, key_range: KeyRange) -> None:
        self._range = key_range
        # what all names begin with says nothing of distances, and would fill the digits that are looked at
        common = 0
        if key_range.end != b"\0":
            while key_range.start[: common + 1] == key_range.end[: common + 1] and common < len(key_range.end):
                common += 1
        self._base = key_range.start[:common]

    def between(self, first: bytes, last: bytes) -> int:
        """How far apart two names stand; at least 1."""
        return max(self._number(last) - self._number(first), 1)

    def after(self, name: bytes, step: int) -> bytes:
        """The name that stands `step` behind `name`, within the range and behind `name` itself."""
        # beyond the greatest number there is no name to spell: the rest of the range is one piece
        number = self._number(name) + step
        if number >= len(_DIGITS) ** _DEPTH:
            return self._range.end
        guess = self._base + _spell(number)
        if self._range.end != b"\0" and guess >= self._range.end:
            return self._range.end
        # bytes that are not digits round down, so that a guess may fall behind the name: always go forward
        return max(guess, name + b"\0")

    def _number(self, name: bytes) -> int:
        number = 0
        # padded to one length, so that numbers are in the order of names: "a" before "aa" before "b"
        for byte in name[len(self._base) :][:_DEPTH].ljust(_DEPTH, b"\0"):
            number = number * len(_DIGITS) + _RANKS[byte]
        return number


def _spell(number: int) -> bytes:
    digits = bytearray()
    for _ in range(_DEPTH):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return bytes(reversed(digits)).rstrip(b"\0")


def _next_step(step: int, count: int, size: int) -> int:
    """Wider where the last piece held few names, narrower where it held many."""
    # widened twofold at most: the count of one sparse directory says little about the next
    return max(min(step * size // max(count, 1), step * 2), 1)
