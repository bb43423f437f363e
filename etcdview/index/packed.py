"""A sorted set of key names in packed blocks: about the bytes of the names themselves, searched by C.

A block is one immutable bytes object of some hundred names, less what they all begin with, a newline before and after
each. Readers take a View and need no lock afterwards. Why it is so: docs/decisions/0010-names-in-packed-blocks.md.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

BLOCK_NAMES = 512  # names in a block as it is built
SPLIT_BYTES = 16 * 1024  # a body that grows past it is cut in two: an insertion copies one body
MERGE_BYTES = 2 * 1024  # a body that shrinks below it joins a neighbour

# Newline separates names, so a newline inside a name (no Kubernetes key has one) is written as two bytes.
# 0x0b is the byte after it, so that the order of written names is the order of names.
_ESCAPES = ((b"\x0b", b"\x0b\x02"), (b"\n", b"\x0b\x01"))


@dataclass(frozen=True, slots=True)
class Block:
    """Names that stand together: each is `stem` and one line of `body`, which begins and ends with a newline.

    `plain`: every name is UTF-8 and written as it is, so that the block can be searched as one text. A block that
    once held another name may say no.
    """

    stem: bytes
    body: bytes
    count: int
    plain: bool

    @property
    def first(self) -> bytes:
        """The least name."""
        return unescape(self.stem + self.body[1 : self.body.index(b"\n", 1)])

    @property
    def last(self) -> bytes:
        """The greatest name."""
        return unescape(self.stem + self.body[self.body.rindex(b"\n", 0, -1) + 1 : -1])

    def names(self) -> list[bytes]:
        """Every name, in order."""
        names = self.text().split(b"\n")
        return names if self.plain else [unescape(name) for name in names]

    def take(self, first: int, limit: int) -> list[bytes]:
        """At most `limit` names from position `first` on."""
        lines = self.body[first + 1 : -1].split(b"\n", limit)[:limit] if first < len(self.body) - 1 else []
        return [unescape(self.stem + line) for line in lines]

    def lower(self, written: bytes) -> int:
        """The position of the newline before the first name that is not less than `written`."""
        # a name without the stem is less or greater than all of the block
        if not written.startswith(self.stem):
            return 0 if written < self.stem else len(self.body) - 1
        return _lower(self.body, written[len(self.stem) :])

    def text(self) -> bytes:
        """The whole names, a newline between them."""
        return self.stem + self.body[1:-1].replace(b"\n", b"\n" + self.stem)


@dataclass(frozen=True, slots=True)
class View:
    """The set as it was at one moment. Its lists are never changed."""

    blocks: Sequence[Block]
    firsts: Sequence[bytes]
    counts: Sequence[int]
    count: int

    def rank(self, name: bytes) -> int:
        """How many names are less than `name`."""
        written = escape(name)
        at = max(bisect_right(self.firsts, written) - 1, 0)
        if at >= len(self.blocks):
            return 0
        block = self.blocks[at]
        # each name has one newline before it: those before the position are the lesser names of this block
        return sum(self.counts[:at]) + block.body.count(b"\n", 0, block.lower(written))

    def count_between(self, start: bytes, end: bytes) -> int:
        """How many names are in [start, end); `end` as in Store.range."""
        if end == b"":
            return self.rank(start + b"\0") - self.rank(start)
        last = self.count if end == b"\0" else self.rank(end)
        return max(last - self.rank(start), 0)

    def iterate(self, start: bytes, limit: int) -> list[bytes]:
        """At most `limit` names from `start` on, in order."""
        found: list[bytes] = []
        written = escape(start)
        at = max(bisect_right(self.firsts, written) - 1, 0)
        while at < len(self.blocks) and len(found) < limit:
            block = self.blocks[at]
            found += block.take(block.lower(written), limit - len(found))
            at += 1
        return found

    def blocks_from(self, start: bytes) -> Iterator[Block]:
        """The blocks that hold names from `start` on; the first may hold lesser ones too."""
        at = max(bisect_right(self.firsts, escape(start)) - 1, 0)
        return iter(self.blocks[at:])

    def __contains__(self, name: bytes) -> bool:
        return self.iterate(name, 1) == [name]


class PackedNames:
    """The set itself. One thread changes it; `view` may be called by others under the owner's lock."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._firsts: list[bytes] = []
        self._counts: list[int] = []
        self._count = 0
        self._size_bytes = 0
        self._view: View | None = None

    def __len__(self) -> int:
        return self._count

    @property
    def size_bytes(self) -> int:
        """About how much memory the names take."""
        return self._size_bytes + len(self._blocks) * 300

    def view(self) -> View:
        """What the set holds now, for reading at leisure."""
        if self._view is None:
            self._view = View(tuple(self._blocks), tuple(self._firsts), tuple(self._counts), self._count)
        return self._view

    def extend(self, names: Sequence[bytes]) -> list[Block]:
        """Add sorted, distinct names that no name stands between which is here already; gives their blocks."""
        if not names:
            return []
        blocks = [_pack(names[first:last]) for first, last in _cuts(names)]
        at = self._gap_before(names[0])
        self._replace(at, at, blocks)
        return blocks

    def add(self, name: bytes) -> bool:
        """Add one name; whether it is new."""
        written = escape(name)
        # the block whose first name is the last that is not greater; a name before all goes into the first block
        at = max(bisect_right(self._firsts, written) - 1, 0)
        if not self._blocks or self._stands_apart(self._blocks[at], written):
            # a block of its own, behind the one it was compared with unless it is less than all
            at += bool(self._blocks) and written > self._firsts[at]
            self._replace(at, at, [_pack([name])])
            return True
        new = _inserted(self._blocks[at], written)
        if new is None:
            return False
        self._replace(at, at + 1, _halves(new) if len(new.body) > SPLIT_BYTES else [new])
        return True

    def discard(self, name: bytes) -> bool:
        """Take one name out; whether it was there."""
        written = escape(name)
        at = bisect_right(self._firsts, written) - 1
        if at < 0:
            return False
        new = _removed(self._blocks[at], written)
        if new is None:
            return False
        self._replace(at, at + 1, [new] if new.count else [])
        if new.count and len(new.body) < MERGE_BYTES:
            self._merge(at)
        return True

    def _gap_before(self, name: bytes) -> int:
        """Where blocks that begin with the name go; a block that reaches across is cut in two."""
        at = bisect_right(self._firsts, escape(name))
        if at and self._blocks[at - 1].last > name:
            names = self._blocks[at - 1].names()
            middle = bisect_left(names, name)
            self._replace(at - 1, at, [_pack(names[:middle]), _pack(names[middle:])])
        return at

    @staticmethod
    def _stands_apart(block: Block, written: bytes) -> bool:
        """Whether the name should have its own block, rather than shorten the stem of a full one."""
        return block.count >= BLOCK_NAMES // 4 and not written.startswith(block.stem)

    def _replace(self, first: int, last: int, new: list[Block]) -> None:
        old = self._blocks[first:last]
        self._blocks[first:last] = new
        self._firsts[first:last] = [b.stem + b.body[1 : b.body.index(b"\n", 1)] for b in new]
        self._counts[first:last] = [b.count for b in new]
        self._count += sum(b.count for b in new) - sum(b.count for b in old)
        self._size_bytes += sum(len(b.body) for b in new) - sum(len(b.body) for b in old)
        # views that were given out keep the blocks of before: blocks are replaced, never changed
        self._view = None

    def _merge(self, at: int) -> None:
        left = at - 1 if at else at
        pair = self._blocks[left : left + 2]
        # half of what is split: two blocks that were merged must not be cut again by the next few insertions
        if len(pair) == 2 and sum(len(b.body) for b in pair) < SPLIT_BYTES // 2:
            self._replace(left, left + 2, [_pack([*pair[0].names(), *pair[1].names()])])


def escape(name: bytes) -> bytes:
    """The name as blocks write it: without newlines, in the same order."""
    if b"\n" in name or b"\x0b" in name:
        for plain, written in _ESCAPES:
            name = name.replace(plain, written)
    return name


def unescape(written: bytes) -> bytes:
    """The name that blocks write so."""
    if b"\x0b" in written:
        for plain, code in reversed(_ESCAPES):
            written = written.replace(code, plain)
    return written


def _pack(names: Sequence[bytes]) -> Block:
    # the names are sorted: what the first and the last begin with, all begin with
    stem = _common(escape(names[0]), escape(names[-1]))
    # joined first and looked at as a whole: names with a newline are rare, and escaping each costs more than the join
    text = b"\n" + b"\n".join(names) + b"\n"
    if text.count(b"\n") != len(names) + 1 or b"\x0b" in text:
        text = b"\n" + b"\n".join([escape(name) for name in names]) + b"\n"
    return Block(stem, text.replace(b"\n" + stem, b"\n") if stem else text, len(names), _is_plain(text))


def _is_plain(text: bytes) -> bool:
    if b"\x0b" in text:
        return False
    if text.isascii():
        return True
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _cuts(names: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Where to cut: at most BLOCK_NAMES together, at a change of directory if one is near, so that stems are long."""
    first = 0
    while first < len(names):
        last = min(first + BLOCK_NAMES, len(names))
        # the name that would begin the next block: where its directory begins, stems on both sides are longest
        if last < len(names):
            directory = names[last][: names[last].rfind(b"/") + 1]
            change = bisect_left(names, directory, first, last)
            # not for a directory that begins right here: blocks of a few names cost more than a short stem
            if change > first + BLOCK_NAMES // 4:
                last = change
        yield first, last
        first = last


def _lower(body: bytes, rest: bytes) -> int:
    # a binary search over bytes, not names: from the middle back to the newline before it, which begins a line
    low, high = 0, len(body) - 1
    while low < high:
        start = body.rfind(b"\n", low, (low + high) // 2 + 1)
        stop = body.find(b"\n", start + 1)
        if body[start + 1 : stop] < rest:
            low = stop
        else:
            high = start
    return low


def _inserted(block: Block, written: bytes) -> Block | None:
    """The block with the name in it; None if it is there already."""
    # a name that does not share the stem makes it shorter, for all names of the block
    if not written.startswith(block.stem):
        block = _with_stem(block, _common(block.stem, written))
    rest = written[len(block.stem) :]
    at = _lower(block.body, rest)
    line = b"\n" + rest
    # compared with its newlines on both sides: "a" is not in a block because "ab" is
    if block.body.startswith(line + b"\n", at):
        return None
    plain = block.plain and _is_plain(written)
    return Block(block.stem, block.body[:at] + line + block.body[at:], block.count + 1, plain)


def _removed(block: Block, written: bytes) -> Block | None:
    if not written.startswith(block.stem):
        return None
    line = b"\n" + written[len(block.stem) :]
    at = _lower(block.body, line[1:])
    if not block.body.startswith(line + b"\n", at):
        return None
    return Block(block.stem, block.body[:at] + block.body[at + len(line) :], block.count - 1, block.plain)


def _with_stem(block: Block, stem: bytes) -> Block:
    more = block.stem[len(stem) :]
    body = b"\n" + more + block.body[1:-1].replace(b"\n", b"\n" + more) + b"\n"
    return Block(stem, body, block.count, block.plain)


def _halves(block: Block) -> list[Block]:
    names = block.names()
    middle = len(names) // 2
    return [_pack(names[:middle]), _pack(names[middle:])] if middle else [block]


def _common(one: bytes, other: bytes) -> bytes:
    """What both begin with."""
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return one[:at]
    return min(one, other, key=len)
