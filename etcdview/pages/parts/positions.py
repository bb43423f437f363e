"""How far a page is, as an address has it: a revision, or those of several etcds with dots between them."""

from __future__ import annotations

from etcdview.errors import QueryError
from etcdview.models import MAX_REVISION
from etcdview.stores.routed import PinnedRevision, pinned

_MOST_ETCDS = 20


def position_text(revision: int) -> str:
    """1200, or 1200.35 where the second etcd is at 35; 0 stands for one that is not known."""
    if not isinstance(revision, PinnedRevision):
        return str(revision)
    known = revision.all()
    return ".".join(str(known.get(source, 0)) for source in range(max(known) + 1))


def read_position(text: str) -> int:
    """The opposite of position_text. Raises QueryError."""
    parts = text.split(".")
    if len(parts) > _MOST_ETCDS or not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
        raise QueryError(f"{text[:40]!r} is not a revision.", "Use a number, such as 120034.")
    found = [int(part) for part in parts]
    if max(found) > MAX_REVISION:
        raise QueryError(f"{text[:40]!r} is out of bounds.", f"Use a number from 0 to {MAX_REVISION}.")
    return pinned(dict(enumerate(found)))
