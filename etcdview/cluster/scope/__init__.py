"""What a viewer's scope leaves of names, changes and values. Only cluster.window uses it; nothing here knows pages."""

from etcdview.cluster.scope.facts import FactSource, ScopedFacts
from etcdview.cluster.scope.keys import scoped_names
from etcdview.cluster.scope.ranges import PermittedRanges
from etcdview.cluster.scope.store import ScopedStore

__all__ = ["FactSource", "PermittedRanges", "ScopedFacts", "ScopedStore", "scoped_names"]
