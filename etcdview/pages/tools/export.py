"""What is stored, written to a file that can be opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from etcdview.errors import NotFoundError
from etcdview.kube.keys import KeySpace
from etcdview.models import KeyValue
from etcdview.stores.files.dump import write_dump
from etcdview.stores.paging import PieceReader
from etcdview.stores.permitted import permitted_parts
from etcdview.stores.prefixes import Elsewhere, Place, look_elsewhere
from etcdview.stores.protocols import Store, prefix_end


@dataclass(frozen=True, slots=True)
class Exported:
    """How many keys were written, and the revision that all of them are as of."""

    count: int
    revision: int


def export(store: Store, prefix: bytes, path: Path) -> Exported:
    """Write every key below `prefix` that etcd permits its user to read to a dump.

    Raises UsageError for a path that exists, NotFoundError where no key begins with `prefix` and others are the same
    but for its first part, and what the store raises.
    """
    if elsewhere := _elsewhere(store, prefix):
        raise NotFoundError(elsewhere.what, "Give one of these as --prefix.")
    reader = PieceReader(store)
    parts = permitted_parts(store, prefix or b"\0", prefix_end(prefix))
    kvs = (kv for part in parts for piece in reader.read(part.start, part.end) for kv in piece.kvs)
    count = write_dump(some(kvs, path), path)
    return Exported(count, reader.revision)


def some(kvs: Iterable[KeyValue], path: Path) -> Iterator[KeyValue]:
    """The keys of a dump. Raises NotFoundError where there is none: such a file is not told from one that failed."""
    found = False
    for kv in kvs:
        found = True
        yield kv
    if not found:
        raise NotFoundError(f"No key was found: {path} is not made.", "Choose another namespace, selector or prefix.")


def _elsewhere(store: Store, prefix: bytes) -> Elsewhere | None:
    if not prefix.startswith(b"/") or not prefix.isascii():
        return None
    first, _, rest = prefix[1:].partition(b"/")
    return look_elsewhere(store, KeySpace(first.decode()), (Place(rest),) if rest else ())
