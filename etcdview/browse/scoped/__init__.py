"""What a viewer's scope leaves of names, changes and values. Only browse.window uses it; nothing here knows pages."""

from etcdview.browse.scoped.names import scoped_names
from etcdview.browse.scoped.spans import Spans
from etcdview.browse.scoped.store import ScopedStore

__all__ = ["ScopedStore", "Spans", "scoped_names"]
