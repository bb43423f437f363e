"""Keys beside an empty registry, as the index knows them: on OpenShift they have other prefixes."""

from __future__ import annotations

from etcdview.cluster.window import Window
from etcdview.errors import EtcdviewError
from etcdview.stores.prefixes import explain_empty, prefixes_beside

__all__ = ["explain_empty", "prefixes_elsewhere"]


def prefixes_elsewhere(window: Window) -> tuple[str, ...]:
    """The first parts of keys where none is below the registry's prefix; () where one is, or that is not known (yet).

    Nothing is told to a viewer of a part of the cluster.
    """
    if not window.viewer.scope.whole or not window.index.freshness().complete:
        return ()

    def first(start: bytes, end: bytes) -> bytes | None:
        return next(iter(window.index.page(start, end, limit=1).keys), None)

    try:
        return prefixes_beside(window.keyspace.root, first)
    except EtcdviewError:
        return ()
