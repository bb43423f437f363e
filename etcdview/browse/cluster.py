"""One cluster, or one file, opened for browsing: store, key names, codec and health monitor, with their lifetimes."""

from __future__ import annotations

import secrets

from etcdview.browse.kinds import Kinds
from etcdview.codec import Codec
from etcdview.health.monitor import Monitor
from etcdview.index.base import Names
from etcdview.keys import KeySpace
from etcdview.redact import Redactor
from etcdview.stores.base import Store


class Cluster:
    """What pages are made from. `monitor` is None where there is nothing alive to ask: a dump or a snapshot."""

    def __init__(
        self,
        *,
        name: str,
        store: Store,
        names: Names,
        codec: Codec,
        keyspace: KeySpace,
        monitor: Monitor | None = None,
        warnings: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.store = store
        self.names = names
        self.codec = codec
        self.keyspace = keyspace
        self.monitor = monitor
        self.warnings = warnings
        self.kinds = Kinds(store, keyspace)
        self.redactor = Redactor(secrets.token_bytes(32))

    def close(self) -> None:
        """Stop the threads and let go of the connections."""
        if self.monitor is not None:
            self.monitor.stop()
        self.names.close()
        self.store.close()
