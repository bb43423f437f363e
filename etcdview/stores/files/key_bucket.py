"""The bucket "key" of a database file, read once: every revision in its order, each with its key and where it stands.

There are millions of them, and somebody waits for the file to open: it is one loop, without an object or a call for a
record.
"""

from __future__ import annotations

from etcdview.stores.files.bbolt import LEAF_ELEMENT, PAGE_HEAD, BoltFile, Bucket
from etcdview.stores.files.records import KEY_TAG, record_name
from etcdview.stores.files.revisions import Revisions

REVISION_BYTES = 17  # of a key of the bucket: main, an underscore, sub; one more marks a deletion
TOMBSTONE = ord("t")
_UNDERSCORE = ord("_")
_LONG = 0x80  # sizes from here on take more bytes than one


def read_revisions(file: BoltFile, bucket: Bucket) -> Revisions:
    """Every record of the bucket. Raises FileFormatError for what is not a revision behind the one before."""
    found = Revisions()
    newest = b""
    for position, page, count in file.leaves(bucket):
        newest = _read_leaf(file, found, newest, position, page, count)
    found.finish()
    return found


def _read_leaf(file: BoltFile, found: Revisions, newest: bytes, position: int, page: bytes, count: int) -> bytes:
    """Add a leaf's records; gives the key of the last. `BoltFile.spans` says why each place is checked."""
    last, before, positions = found.last, found.before.append, found.positions.append
    revisions, sizes = found.revisions.append, found.sizes.append
    record, length, at = len(found.revisions), len(page), PAGE_HEAD.size
    first = at + LEAF_ELEMENT.size * count
    for _, offset, key_size, value_size in LEAF_ELEMENT.iter_unpack(page[at:first]):
        key_at = at + offset
        value_at = key_at + key_size
        if key_at < first or value_at + value_size > length:
            raise file.misplaced(position)
        first = value_at + value_size
        at += LEAF_ELEMENT.size
        revision = page[key_at : key_at + REVISION_BYTES]
        deleted = key_size == REVISION_BYTES + 1 and page[value_at - 1] == TOMBSTONE
        if key_size != REVISION_BYTES + deleted or revision <= newest or revision[8] != _UNDERSCORE:
            key, near = page[key_at:value_at].hex(), position + value_at
            raise file.broken(f"is damaged: {key} near byte {near:,} is not a valid next revision")
        newest = revision
        # etcdutl snapshot restore --bump-revision leaves a revision without a record: it only counts
        size = page[value_at + 1] if value_size > 1 else _LONG
        if 0 < size < _LONG and size + 2 <= value_size and page[value_at] == KEY_TAG:
            name = page[value_at + 2 : value_at + 2 + size]
        else:
            name = _name(file, page[value_at:first], position + value_at) if value_size else b""
        before(last.get(name, -1))
        last[name] = record
        record += 1
        revisions(int.from_bytes(revision[:8]))
        positions(position + value_at)
        sizes(0 if deleted else value_size)
    return newest


def _name(file: BoltFile, record: bytes, position: int) -> bytes:
    """The key of a record that is not as nearly all are."""
    try:
        return record_name(memoryview(record))
    except ValueError as error:
        raise file.broken(f"has a damaged record at byte {position:,} ({error})") from error
