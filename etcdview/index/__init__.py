"""Every key name, counted and searched without asking etcd for each page. Names, never values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etcdview.index.base import KeyIndex
    from etcdview.kube.keys import KeySpace
    from etcdview.stores.protocols import Store


def names_for(
    store: Store, keyspace: KeySpace, *, prefixes: Sequence[bytes] = (), memory_limit_bytes: int = 0
) -> KeyIndex:
    """The names of `store`: read once from a file; of a live store an Index that has begun to load in the background.

    `prefixes` for an etcd user who may read no more than these; without, all that etcd permits is read.
    Past `memory_limit_bytes` (0: no limit) the names are let go, and bounded reads answer. Close it in the end.
    """
    if not store.live:
        from etcdview.index.memory import MemoryNames

        return MemoryNames.of_store(store, keyspace)
    from etcdview.index.live import Index

    index = Index(store, keyspace, prefixes=prefixes, memory_limit_bytes=memory_limit_bytes)  # type: ignore[arg-type]  # live stores are watchable
    index.start()
    return index
