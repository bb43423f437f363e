"""What is stored, written to a file that can be opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from etcdview.errors import NotFoundError
from etcdview.kube.keys import show
from etcdview.stores.files.dump import write_dump
from etcdview.stores.paging import PieceReader
from etcdview.stores.permitted import permitted_parts
from etcdview.stores.prefixes import explain_empty, other_prefixes
from etcdview.stores.protocols import Store, prefix_end


@dataclass(frozen=True, slots=True)
class Exported:
    """How many keys were written, and the revision that all of them are as of."""

    count: int
    revision: int


def export(store: Store, prefix: bytes, path: Path) -> Exported:
    """Write every key below `prefix` that etcd permits its user to read to a dump.

    Raises UsageError for a path that exists, NotFoundError where no key begins with the first part of `prefix` and
    others do, and what the store raises.
    """
    first = b"/".join(prefix.split(b"/")[:2])
    others = other_prefixes(store, first + b"/") if prefix.startswith(b"/") else ()
    if others:
        raise NotFoundError(explain_empty(show(first), others)[0], "Give one of these as --prefix.")
    reader = PieceReader(store)
    parts = permitted_parts(store, prefix or b"\0", prefix_end(prefix))
    kvs = (kv for part in parts for piece in reader.read(part.start, part.end) for kv in piece.kvs)
    count = write_dump(kvs, path)
    return Exported(count, reader.revision)
