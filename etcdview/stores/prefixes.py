"""What a store holds where nothing is below the registry's prefix: another prefix, as OpenShift has it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from etcdview.errors import DeniedError, NotFoundError, UnsupportedError
from etcdview.kube.keys import KeySpace
from etcdview.models import Range
from etcdview.stores.protocols import Store, prefix_end

AT_MOST = 8


def other_prefixes(store: Store, root: bytes) -> tuple[str, ...]:
    """The first parts of keys (/kubernetes.io) where no key begins with `root`; () where one does, or none may be read.

    At most 8, a request each: the first key after all that begin with the part before.
    """
    try:
        return prefixes_beside(root, partial(_first, store))
    except (DeniedError, UnsupportedError):
        return ()  # a user of one prefix may not see the others


def prefixes_beside(root: bytes, first: Callable[[bytes, bytes], bytes | None]) -> tuple[str, ...]:
    """The same of keys that `first` knows: it gives the first key of [start, end), None where there is none."""
    if first(root, prefix_end(root)) is not None:
        return ()
    return tuple(_parts(first))


def check_registry(store: Store, keyspace: KeySpace) -> None:
    """Raises NotFoundError where the store has keys, and none of them is below the registry's prefix."""
    others = other_prefixes(store, keyspace.root)
    if others:
        raise NotFoundError(*explain_empty(keyspace.prefix, others))


def explain_empty(prefix: str, others: tuple[str, ...]) -> tuple[str, str]:
    """What is the matter, and what to do about it, where `others` are not empty."""
    names = others[0] if len(others) == 1 else f"{', '.join(others[:-1])} and {others[-1]}"
    return (
        f"No key is below {prefix or '/'}; there are keys below {names}.",
        f"Name the API server's prefix with --etcd-prefix, for example --etcd-prefix {others[0]}.",
    )


def _first(store: Store, start: bytes, end: bytes) -> bytes | None:
    kvs = store.range(Range(start, end, limit=1, keys_only=True, serializable=True)).kvs
    return kvs[0].key if kvs else None


def _parts(first: Callable[[bytes, bytes], bytes | None]) -> list[str]:
    found: list[str] = []
    start = b"/"
    while len(found) < AT_MOST:
        key = first(start, b"0")
        if key is None:
            break
        part, slash, _ = key[1:].partition(b"/")
        found.append("/" + part.decode("utf-8", "backslashreplace"))
        start = prefix_end(b"/" + part + slash)
    return found
