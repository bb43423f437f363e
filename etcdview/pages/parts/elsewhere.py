"""Keys that lie beside the registry, as the index knows them: on OpenShift they have other prefixes."""

from __future__ import annotations

from collections.abc import Sequence

from etcdview.cluster.window import Window
from etcdview.errors import EtcdviewError
from etcdview.stores.prefixes import Elsewhere, Place, find_elsewhere, openshift_types, places_of

__all__ = ["Elsewhere", "Place", "openshift_types", "places_of", "read_elsewhere"]


def read_elsewhere(window: Window, places: Sequence[Place] = ()) -> Elsewhere | None:
    """Prefixes that have the keys which the registry's prefix lacks, all or those of one of `places`.

    None where it has them, or that is not known (yet). Nothing is told to a viewer of a part of the cluster.
    """
    if not window.viewer.scope.whole or not window.index.freshness().complete:
        return None

    def first(start: bytes, end: bytes) -> bytes | None:
        return next(iter(window.index.page(start, end, limit=1).keys), None)

    try:
        return find_elsewhere(window.keyspace, first, places)
    except EtcdviewError:
        return None
