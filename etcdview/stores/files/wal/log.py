"""The log of a member: its entries behind an index, in order, and how far they are committed.

Source: etcd's server/storage/wal (ReadAll) and raft's raft.proto.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from etcdview.codec.protobuf.wire import BYTES, VARINT, WireError, encode_varint, pieces, tag, varint
from etcdview.errors import FileFormatError
from etcdview.kube.reasons import reason
from etcdview.stores.files.wal.crc import crc32c
from etcdview.stores.files.wal.frames import (
    CRC,
    ENTRY,
    METADATA,
    STATE,
    TORN,
    LogFrame,
    LogFrames,
    Segment,
    frame_of,
    torn_or,
)

NORMAL, CONF_CHANGE = 0, 1

_NAME = re.compile(r"([0-9a-f]{16})-([0-9a-f]{16})\.wal")
_TYPE, _TERM, _INDEX, _DATA = range(1, 5)  # fields of raftpb.RaftEntry
_NODE, _CLUSTER = 1, 2  # of etcdserverpb.Metadata
_STATE_TERM, _STATE_COMMIT = 1, 3  # of raftpb.HardState


@dataclass(frozen=True, slots=True)
class RaftEntry:
    """An entry of the log; `data` stands at `position` in the segment with the number `segment`."""

    index: int
    term: int
    kind: int
    segment: int
    position: int
    data: bytes


@dataclass(frozen=True, slots=True)
class LogCut:
    """What etcd must not see of a log to start on it: bytes of the file `name` from `size` on, and the files `behind`.

    `name` "": every file before those is good.
    """

    name: str = ""
    size: int = 0
    behind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogEnd:
    """Where the good part of a log ends: at byte `size` of the file `name`, behind a record with the checksum `crc`."""

    name: str
    size: int
    crc: int


@dataclass(slots=True)
class Log:
    """What a log holds behind the index `after`. `commit` is the last index that it says is committed.

    `after_term` is the term of the entry at `after`, 0 where the log does not reach back so far.

    `fault` says where it ends to be readable, and why; "" where it ends properly. `cut` is None then.
    `torn`: it is the last record, and was written in part, as a crash leaves it: nobody was told of that one.
    `harmless` is damage of the same kind to what the database has already, so that nothing of the log is missing.
    `end` is None where that is not known.
    """

    after: int
    segments: list[Segment] = field(default_factory=list)
    after_term: int = 0
    node_id: int = 0
    cluster_id: int = 0
    term: int = 0
    commit: int = 0
    fault: str = ""
    cut: LogCut | None = None
    torn: bool = False
    end: LogEnd | None = None
    harmless: list[str] = field(default_factory=list)
    _terms: array[int] = field(default_factory=lambda: array("Q"))
    _places: array[int] = field(default_factory=lambda: array("Q"))  # kind, segment, position, size of each

    @property
    def last(self) -> int:
        """The index of the last entry; `after` where there is none."""
        return self.after + len(self._terms)

    @property
    def last_term(self) -> int:
        """The term of the last entry; 0 where there is none."""
        return self._terms[-1] if self._terms else 0

    def entries(self, behind: int = 0) -> Iterator[RaftEntry]:
        """Those behind `after`, and behind another index too. Raises FileFormatError where a file has changed."""
        for number in range(max(behind - self.after, 0), len(self._terms)):
            kind, segment, position, size = self._places[4 * number : 4 * number + 4]
            data = self.segments[segment].read(position, size)
            yield RaftEntry(self.after + 1 + number, self._terms[number], kind, segment, position, data)

    def add(self, index: int, term: int, kind: int, segment: int, position: int, size: int) -> None:
        """A new entry takes the place of the one at its index and of all that followed that one, as raft has it."""
        number = index - self.after - 1
        del self._terms[number:], self._places[4 * number :]
        self._terms.append(term)
        self._places.extend((kind, segment, position, size))

    def restart(self, index: int, term: int) -> None:
        """An entry that the database has takes the place of all that followed it, too."""
        del self._terms[:], self._places[:]
        if index == self.after:
            self.after_term = term

    def close(self) -> None:
        """Let go of the files."""
        for segment in self.segments:
            segment.close()


def all_committed(log: Log, end: LogEnd) -> bytes:
    """What stands at `end` of a log whose entries are all known to be committed: a raftpb.HardState in its frame."""
    term = max(log.term, log.last_term)
    state = tag(_STATE_TERM, VARINT) + encode_varint(term) + tag(_STATE_COMMIT, VARINT) + encode_varint(log.last)
    return frame_of(STATE, state, end.crc)


def read_log(folder: Path, after: int) -> Log:
    """The log in member/wal, its entries behind the index `after`. Raises FileFormatError where none can be read.

    What is damaged ends it, and is said in `fault`: what follows does not hang together with what came before. Only
    where an entry follows that takes the place of all up to `after` was nothing lost: that is said in `harmless`.
    """
    log = Log(after)
    try:
        names = _names(folder, after)
        for number, (sequence, path) in enumerate(names):
            if number and sequence != names[number - 1][0] + 1:
                log.fault = f"the file before {path.name} is missing"
                log.cut = LogCut(behind=tuple(later.name for _, later in names[number:]))
                break
            log.segments.append(Segment(path))
        _Reader(log).read()
    except BaseException:
        log.close()
        raise
    return log


def log_files(folder: Path) -> list[tuple[int, Path]]:
    """All files of the log, with their numbers, in order. Raises FileFormatError."""
    return [(sequence, path) for (sequence, _), path in _all_files(folder)]


def _names(folder: Path, after: int) -> list[tuple[int, Path]]:
    """The files that may hold entries behind `after`, with their numbers, in order."""
    found = _all_files(folder)
    # a file is named for the first entry that follows all of the files before it
    begins = [number for number, ((_, index), _) in enumerate(found) if index <= after + 1]
    return [(sequence, path) for (sequence, _), path in found[begins[-1] if begins else 0 :]]


def _all_files(folder: Path) -> list[tuple[tuple[int, int], Path]]:
    try:
        return sorted((m, path) for path in folder.iterdir() if (m := _numbers(path.name)))
    except OSError as error:
        raise FileFormatError(
            f"{folder} cannot be read: {reason(error)}.", "Read it as a user with read permission."
        ) from error


def _numbers(name: str) -> tuple[int, int] | None:
    match = _NAME.fullmatch(name)
    return (int(match[1], 16), int(match[2], 16)) if match else None


@dataclass(frozen=True, slots=True)
class _Damage:
    """Where the log is damaged, and how."""

    segment: int
    position: int
    what: str
    crc: int | None  # of what came before


class _Reader:
    """Fills a Log from its open segments."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._last: LogFrame | None = None
        self._before: int | None = 0  # the checksum of all before `_last`
        self._crc: int | None = 0  # and up to it, as it says itself; None where it cannot be read
        self._damages: list[_Damage] = []  # that may have hidden entries which are needed
        self._is_over = False

    def read(self) -> None:
        """Up to the end, or to what is damaged and needed."""
        for number, segment in enumerate(self._log.segments):
            frames = LogFrames(segment)
            if not self._read(number, frames):
                break
            self._end_at(number, frames.end, self._crc)
        if self._damages:
            self._end(self._damages[0])

    def _read(self, number: int, frames: LogFrames) -> bool:
        """Read one segment; False where the log ends in it."""
        while True:
            for frame in frames:
                if what := self._take(number, frame):
                    self._damages.append(_Damage(number, frames.end, what, self._crc))
                    if self._is_over or self._log.last > self._log.after:
                        return False
                self._last, self._before, self._crc = frame, self._crc, frame.crc
            if not frames.fault:
                return True
            self._damages.append(_Damage(number, frames.end, frames.fault, self._crc))
            if self._log.last > self._log.after:
                return False
            self._last, self._before, self._crc = None, None, frames.stated_crc()
            if not frames.resume():
                self._crc = 0  # the next file says what it begins with
                return True

    def _end(self, damage: _Damage) -> None:
        """The log is good up to there."""
        log, segment = self._log, self._log.segments[damage.segment]
        log.fault, log.torn = self._said(damage), self._is_torn(damage)
        later = (other.path.name for other in log.segments[damage.segment + 1 :])
        log.cut = LogCut(segment.path.name, damage.position, (*later, *(log.cut or LogCut()).behind))
        self._end_at(damage.segment, damage.position, damage.crc)

    def _is_torn(self, damage: _Damage) -> bool:
        """Whether a crash leaves this: nothing of the log follows."""
        frames = LogFrames(self._log.segments[damage.segment])
        frames.end = damage.position
        return damage.what == TORN and damage.segment == len(self._log.segments) - 1 and frames.is_last()

    def _end_at(self, segment: int, position: int, crc: int | None) -> None:
        end = LogEnd(self._log.segments[segment].path.name, position, crc) if crc is not None else None
        self._log.end = end

    def _said(self, damage: _Damage) -> str:
        return f"{self._log.segments[damage.segment].path.name} has {damage.what} at byte {damage.position:,}"

    def _take(self, number: int, frame: LogFrame) -> str:
        """Take over what a frame says; gives what is wrong with it, or ""."""
        if frame.kind == CRC:
            # the first of a file has none before it, where reading begins in the middle of the log
            known = self._crc in (0, None, frame.crc)
            return "" if known else "another checksum than the file before ended with"
        if frame.kind not in (ENTRY, STATE, METADATA):
            return ""
        try:
            numbers, at, size = _fields(frame.data)
        except WireError:
            return self._damaged(frame)
        index = numbers.get(_INDEX, 0)
        if frame.kind == ENTRY and index <= self._log.after:
            self._prove()
            self._log.restart(index, numbers.get(_TERM, 0))
            return ""  # the database has it: nothing is taken from here
        fits = self._fits(frame)
        if frame.kind != ENTRY and (fits or frame.kind == METADATA):  # a member has this ID, or it is not used
            self._take_state(frame.kind, numbers)
        if not fits:
            return self._damaged(frame)
        if frame.kind == ENTRY:
            if index > self._log.last + 1:
                self._is_over = True
                return f"entry {index:,} where entry {self._log.last + 1:,} should be"
            self._prove()
            self._log.add(index, numbers.get(_TERM, 0), numbers.get(_TYPE, 0), number, frame.position + at, size)
        return ""

    def _fits(self, frame: LogFrame) -> bool:
        """Whether its checksum is right; where the one before is damaged, that may be in the checksum which it says."""
        if self._crc is not None and frame.fits(self._crc):
            return True
        last, before = self._last, self._before
        return last is not None and before is not None and frame.fits(crc32c(last.data, before))

    def _prove(self) -> None:
        """An entry takes the place of all from its index on, so nothing that is needed was lost before it."""
        self._log.harmless += map(self._said, self._damages)
        self._damages.clear()

    def _take_state(self, kind: int, numbers: dict[int, int]) -> None:
        if kind == METADATA:
            self._log.node_id, self._log.cluster_id = numbers.get(_NODE, 0), numbers.get(_CLUSTER, 0)
        else:
            self._log.term, self._log.commit = numbers.get(_STATE_TERM, 0), numbers.get(_STATE_COMMIT, 0)

    @staticmethod
    def _damaged(frame: LogFrame) -> str:
        return torn_or(frame.raw, frame.start, "a record whose checksum does not fit")


def _fields(data: bytes) -> tuple[dict[int, int], int, int]:
    """The numbers of a message by field; and where in it the field `data` of an entry begins, and its size."""
    numbers: dict[int, int] = {}
    at = size = 0
    for piece in pieces(data, 0, len(data)):
        if piece.wire_type == VARINT:
            numbers[piece.number], _ = varint(data, piece.value_start, piece.end)
        elif piece.wire_type == BYTES and piece.number == _DATA:
            at, size = piece.value_start, piece.end - piece.value_start
    return numbers, at, size
