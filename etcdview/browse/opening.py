"""Opening what the settings name: a live etcd, or a file. It never waits for etcd to answer."""

from __future__ import annotations

from pathlib import Path

from etcdview.browse.cluster import Cluster
from etcdview.codec import Codec, load_encryption_config
from etcdview.config import Settings
from etcdview.health.monitor import Monitor
from etcdview.index import names_for
from etcdview.keys import KeySpace
from etcdview.stores.base import Store
from etcdview.stores.dump import open_dump
from etcdview.stores.etcd import EtcdStore

UNSECURED = "This etcd is reached without TLS: whoever reaches it can read and change everything. Development only."


def open_cluster(settings: Settings) -> Cluster:
    """The cluster, its threads started. Raises SettingError or FileFormatError for files that cannot be read."""
    keyspace = KeySpace(settings.etcd_prefix)
    if settings.from_file:
        store: Store = open_dump(Path(settings.from_file))
        return Cluster(
            name=settings.cluster_name or Path(settings.from_file).name,
            store=store,
            names=names_for(store, keyspace),
            codec=_codec(settings),
            keyspace=keyspace,
        )
    return _live(settings, keyspace)


def _live(settings: Settings, keyspace: KeySpace) -> Cluster:
    store = EtcdStore(
        settings.endpoints,
        settings.tls,
        timeout_seconds=settings.timeout_seconds,
        user=settings.user,
        password=settings.password,
    )
    monitor = Monitor(store)
    monitor.start()
    plain = any(e.startswith("http://") for e in settings.endpoints)
    return Cluster(
        name=settings.cluster_name or "etcd",
        store=store,
        names=names_for(
            store,
            keyspace,
            prefixes=_prefixes(settings, keyspace),
            memory_limit_bytes=settings.memory_limit,
        ),
        codec=_codec(settings),
        keyspace=keyspace,
        monitor=monitor,
        warnings=(UNSECURED,) if plain else (),
    )


def _prefixes(settings: Settings, keyspace: KeySpace) -> tuple[bytes, ...]:
    """The beginnings of keys to show; none where nothing was said: then all that etcd permits."""
    extra = tuple(prefix.encode() for prefix in settings.extra_prefixes)
    return (keyspace.root, *extra) if extra else ()


def _codec(settings: Settings) -> Codec:
    path = settings.encryption_config
    encryption = load_encryption_config(Path(path)) if path else None
    return Codec(encryption=encryption, release=settings.kubernetes_version or None)
