"""Every key name, counted and searched without asking etcd for each page. Names, never values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etcdview.index.base import Names
    from etcdview.keys import KeySpace
    from etcdview.stores.base import Store


def names_for(store: Store, keyspace: KeySpace) -> Names:
    """The names of `store`: read once from a file, kept true by a watch where the store is live."""
    from etcdview.index.memory import MemoryNames

    return MemoryNames.of_store(store, keyspace)
