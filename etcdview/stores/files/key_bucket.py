"""The bucket "key" of a database file, read once: every revision in its order, each with its key and where it stands.

There are millions of them, and somebody waits for the file to open: it is one loop, without an object or a call for a
record.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from etcdview.errors import FileFormatError
from etcdview.stores.files.bbolt import LEAF_ELEMENT, PAGE_HEAD, BoltFile, Bucket
from etcdview.stores.files.records import KEY_TAG, record_name
from etcdview.stores.files.revisions import Revisions

REVISION_BYTES = 17  # of a key of the bucket: main, an underscore, sub; one more marks a deletion
TOMBSTONE = ord("t")
_REVISION = struct.Struct(">QBQ")
_UNDERSCORE = ord("_")
_LONG = 0x80  # sizes from here on take more bytes than one
_TOGETHER = 4096  # records that are added at once


class _Records(NamedTuple):
    """A column each, as Revisions.extend takes them."""

    names: list[bytes]
    revisions: list[int]
    positions: list[int]
    sizes: list[int]


def read_revisions(file: BoltFile, bucket: Bucket) -> Revisions:
    """Every record of the bucket. Raises FileFormatError for what is not a revision behind the one before."""
    found, records = Revisions(), _Records([], [], [], [])
    newest = (0, -1)
    for position, page, count in file.leaves(bucket):
        newest = _read_leaf(file, records, newest, position, page, count)
        if len(records.names) >= _TOGETHER:
            found.extend(*records)
            records = _Records([], [], [], [])
    found.extend(*records)
    found.finish()
    return found


def _read_leaf(
    file: BoltFile, records: _Records, newest: tuple[int, int], position: int, page: bytes, count: int
) -> tuple[int, int]:
    """Add a leaf's records; gives the revision of the last. `BoltFile.spans` says why each place is checked."""
    names, revisions, positions, sizes = records
    last_main, last_sub = newest
    length, at, step = len(page), PAGE_HEAD.size, LEAF_ELEMENT.size
    first = at + step * count
    for _, offset, key_size, value_size in LEAF_ELEMENT.iter_unpack(page[at:first]):
        key_at = at + offset
        value_at = key_at + key_size
        if key_at < first or value_at + value_size > length:
            raise file.misplaced(position)
        first = value_at + value_size
        at += step
        deleted = key_size != REVISION_BYTES
        if deleted and (key_size != REVISION_BYTES + 1 or page[value_at - 1] != TOMBSTONE):
            raise _invalid(file, page[key_at:value_at], position + value_at)
        main, mark, sub = _REVISION.unpack_from(page, key_at)
        if mark != _UNDERSCORE or main < last_main or (main == last_main and sub <= last_sub):
            raise _invalid(file, page[key_at:value_at], position + value_at)
        last_main, last_sub = main, sub
        # etcdutl snapshot restore --bump-revision leaves a revision without a record: it only counts
        size = page[value_at + 1] if value_size > 1 else _LONG
        if 0 < size < _LONG and size + 2 <= value_size and page[value_at] == KEY_TAG:
            names.append(page[value_at + 2 : value_at + 2 + size])
        else:
            names.append(_name(file, page[value_at:first], position + value_at) if value_size else b"")
        revisions.append(main)
        positions.append(position + value_at)
        sizes.append(0 if deleted else value_size)
    return last_main, last_sub


def _invalid(file: BoltFile, key: bytes, near: int) -> FileFormatError:
    return file.broken(f"is damaged: {key.hex()} near byte {near:,} is not a valid next revision")


def _name(file: BoltFile, record: bytes, position: int) -> bytes:
    """The key of a record that is not as nearly all are."""
    try:
        return record_name(memoryview(record))
    except ValueError as error:
        raise file.broken(f"has a damaged record at byte {position:,} ({error})") from error
