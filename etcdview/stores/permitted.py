"""The parts of a range that etcd permits its user to read: a user of one prefix is asked for no more than that."""

from __future__ import annotations

from collections.abc import Sequence

from etcdview.errors import NotPermittedError
from etcdview.kube.keys import show
from etcdview.models import Range
from etcdview.stores.protocols import Restricted, Store, least_end, prefix_end

_END_OF_ALL = b"\0"
GRANT = "Give the user's role permission for it: etcdctl role grant-permission ROLE read PREFIX --prefix=true."


def permitted_parts(store: Store, start: bytes, end: bytes) -> tuple[Range, ...]:
    """What of [start, end), as in Store.range, may be read, in order; all of it where etcd does not limit its user.

    Raises NotPermittedError where nothing of it may be read.
    """
    permitted = store.permitted() if isinstance(store, Restricted) else None
    if permitted is None:
        return (Range(start, end),)
    parts = overlapping(permitted, start, end)
    if not parts:
        raise NotPermittedError(
            f"etcd permits this user {permitted_text(permitted)}, not {text_of(Range(start, end))}.", GRANT
        )
    return parts


def is_limited(parts: tuple[Range, ...], start: bytes, end: bytes) -> bool:
    """Whether `parts`, of permitted_parts, leave out something of [start, end)."""
    return parts != (Range(start, end),)


def overlapping(permitted: tuple[Range, ...], start: bytes, end: bytes) -> tuple[Range, ...]:
    """The parts of [start, end) that lie in permitted ranges."""
    return tuple(part for whole in permitted if (part := _both(whole, start, end)) is not None)


def permitted_text(parts: Sequence[Range]) -> str:
    """What may be read, for a sentence: `only keys below /registry/pods/`."""
    if not parts:
        return "no keys at all"
    return f"only {_listed([text_of(part) for part in parts])}"


def _both(whole: Range, start: bytes, end: bytes) -> Range | None:
    end = end or start + b"\0"
    low = max(whole.start, start)
    high = least_end(whole.end, end)
    if high != _END_OF_ALL and low >= high:
        return None
    return Range(low, high)


def text_of(part: Range) -> str:
    """The keys of a range, for a sentence: `keys below /registry/pods/`."""
    if not part.end:
        return f"the key {show(part.start)}"
    if part.start in (b"", _END_OF_ALL) and part.end == _END_OF_ALL:
        return "all keys"
    if part.end == prefix_end(part.start):
        return f"keys below {show(part.start)}"
    if part.end == part.start + b"\0":
        return f"the key {show(part.start)}"
    return f"keys from {show(part.start)} to {show(part.end)}"


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
