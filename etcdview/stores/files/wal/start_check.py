"""Whether etcd would bring in a log: it reads all files of it, and refuses a checksum that does not fit.

Source: etcd's server/storage/wal (ValidSnapshotEntries, openWALFiles), alike from 3.4.8 to 3.7.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from etcdview.stores.files.wal.frames import CRC, LogFrames, Segment
from etcdview.stores.files.wal.log import LogCut, log_files


def start_fault(folder: Path, cut: LogCut) -> str:
    """What keeps etcd from reading the log in a folder to its end, once `cut` is cut off it; "" for nothing.

    Every byte is checked, so it takes some seconds a file. Raises FileFormatError.
    """
    found = [(sequence, path) for sequence, path in log_files(folder) if path.name not in cut.behind]
    for (before, _), (sequence, path) in pairwise(found):
        if sequence != before + 1:
            return f"the file before {path.name} is missing"
    return next(_faults([path for _, path in found], cut), "")


def _faults(paths: Sequence[Path], cut: LogCut) -> Iterator[str]:
    crc = 0
    for path in paths:
        segment = Segment(path)
        try:
            frames = LogFrames(segment)
            for frame in frames:
                if path.name == cut.name and frames.end >= cut.size:
                    return
                if crc not in (0, frame.crc) if frame.kind == CRC else not frame.fits(crc):
                    yield f"{path.name} has a record whose checksum does not fit at byte {frames.end:,}"
                crc = frame.crc
            if frames.fault and (path.name, frames.end) != (cut.name, cut.size):
                yield f"{path.name} has {frames.fault} at byte {frames.end:,}"
        finally:
            segment.close()
