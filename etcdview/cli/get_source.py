"""The registry that `etcdview get` reads: a live etcd, or a file."""

from __future__ import annotations

import secrets
from pathlib import Path

from etcdview.codec import Codec, load_encryption_config
from etcdview.config import Settings
from etcdview.keys import KeySpace
from etcdview.objects import Objects
from etcdview.redact import Redactor
from etcdview.stores.base import Store
from etcdview.stores.dump import open_dump


def open_store(settings: Settings) -> Store:
    """The file of --from, or the endpoints; nothing is asked yet. Raises FileFormatError."""
    if settings.from_file:
        return open_dump(Path(settings.from_file))
    # Here, because grpc takes longer to load than a file to read.
    from etcdview.stores.etcd import EtcdStore

    return EtcdStore(
        settings.endpoints,
        settings.tls,
        timeout_seconds=settings.timeout_seconds,
        user=settings.user,
        password=settings.password,
    )


def open_objects(store: Store, settings: Settings) -> Objects:
    """The store's objects, with Secrets masked by fingerprints that hold for this run only."""
    path = settings.encryption_config
    encryption = load_encryption_config(Path(path)) if path else None
    codec = Codec(encryption=encryption, release=settings.kubernetes_version or None)
    return Objects(store, codec, KeySpace(settings.etcd_prefix), Redactor(secrets.token_bytes(32)).mask)
