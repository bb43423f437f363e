"""Names read from a store in pieces, all as of one revision; how far apart names stand, for guesses of a piece's end.

A Range with a limit still counts the whole rest of its range (0.3 to 0.5 s for each million keys, and much more where
memory is slow), so a piece needs an end near by: etcdview.index.walk guesses it.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from etcdview.errors import AnswerError, DeadlineError, FutureRevisionError, SlowError, TooLargeError
from etcdview.kube.keys import KeySpace
from etcdview.kube.resources import BY_PREFIX
from etcdview.models import NamesPiece, Range
from etcdview.stores.paging import LYING, next_start
from etcdview.stores.protocols import NameLister, Store, least_end, prefix_end

PIECE_NAMES = 8_000  # etcd reads the values of these too before it drops them: tens of megabytes
MIN_PIECE_NAMES = 250

_DEPTH = 320  # bytes of a name that a guess looks at; Kubernetes' longest have fewer behind their type
_DIGITS = b"\0-./0123456789:abcdefghijklmnopqrstuvwxyz~"
_NUMBERS = len(_DIGITS) ** _DEPTH
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
        low, high = max(whole.start, cursor), least_end(whole.end, key_range.end)
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
    """Reads the names of ranges at one pinned revision; safe to call from several threads.

    `size` is how many names a piece should hold: fewer once the server was too slow for so many, then slowly more.
    """

    def __init__(self, store: Store, revision: int, piece_names: int = PIECE_NAMES) -> None:
        self._store = store
        self._revision = revision
        self.size = self._most = piece_names
        self._serializable = True
        self._lock = threading.Lock()  # guards changes of the size

    def read(self, start: bytes, end: bytes, limit: int, timeout_seconds: float = 0.0) -> NamesPiece:
        """At most `limit` names in [start, end); fewer where the server gives no sign of life for so many.

        Raises SlowError where it lives, and takes too long: it counts the whole range, whatever the limit is.
        CompactedError, and AnswerError where its count contradicts its keys.
        """
        while True:
            try:
                request = Range(start, end, self._revision, limit, serializable=self._serializable)
                piece = list_names(self._store, request, timeout_seconds)
            except FutureRevisionError:
                if not self._serializable:
                    raise
                self._serializable = False  # the member that answers has not got so far yet: ask the quorum
            except DeadlineError as error:
                if isinstance(error, SlowError) or limit <= MIN_PIECE_NAMES:
                    raise
                self.shrink(limit)
                limit = limit // 2
            else:
                if not piece.more and piece.count > len(piece.names):  # a step made of such counts shrinks without end
                    raise self.miscounted(piece.count - len(piece.names))
                if len(piece.names) >= self.size:
                    self._grow()
                return piece

    def shrink(self, limit: int) -> None:
        """Ask for half as many from now on as by this limit, of a server that was too slow for it."""
        with self._lock:
            self.size = min(self.size, max(limit // 4, MIN_PIECE_NAMES // 2))

    def _grow(self) -> None:
        with self._lock:
            self.size = min(self.size + max(self.size // 8, 1), self._most)

    def behind(self, start: bytes, piece: NamesPiece) -> bytes:
        """Where to read on behind a piece that begins at `start`. Raises AnswerError where it holds nothing new."""
        return next_start(self._store.name, start, piece.names[-1] if piece.names else None)

    def miscounted(self, left: int) -> AnswerError:
        """What to raise where `left` keys were counted and not listed."""
        return AnswerError(f"{self._store.name} counts {left:,} more keys than it lists.", LYING)


def step_between(key_range: KeyRange, names: Sequence[bytes]) -> int:
    """How far apart the first and the last of some names of the range stand; at least 1."""
    return Scale(key_range).between(names[0], names[-1]) if names else 1


def name_behind(key_range: KeyRange, name: bytes, step: int) -> bytes:
    """A name within the range that stands `step` behind `name`, or the range's end."""
    return Scale(key_range).after(name, step)


class Scale:
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

    def width(self, key_range: KeyRange) -> int:
        """How far apart the ends of a range within this one are."""
        return max(self._end(key_range) - self._number(key_range.start), 1)

    def after(self, name: bytes, step: int) -> bytes:
        """The name that stands `step` behind `name`, within the range and behind `name` itself."""
        # beyond the greatest number there is no name to spell: the rest of the range is one piece
        number = self._number(name) + step
        if number >= _NUMBERS:
            return self._range.end
        guess = self._base + _spell(number)
        if self._range.end != b"\0" and guess >= self._range.end:
            return self._range.end
        # bytes that are not digits round down, so that a guess may fall behind the name: always go forward
        return max(guess, name + b"\0")

    def cut(self, key_range: KeyRange, parts: int) -> Iterator[bytes]:
        """The ends of about so many parts of equal width of a range within this one; the last is the range's own."""
        low, high = self._number(key_range.start), self._end(key_range)
        for number in range(low, high, max((high - low) // parts, 1)):
            end = self._base + _spell(number)
            if end > key_range.start:  # bytes that are not digits round down
                yield end
        yield key_range.end

    def _end(self, key_range: KeyRange) -> int:
        return _NUMBERS if key_range.end == b"\0" else self._number(key_range.end)

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
