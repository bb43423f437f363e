"""Opening what the settings name: a live etcd, or a file. It never waits for etcd to answer."""

from __future__ import annotations

import os
from pathlib import Path

from etcdview.access.exposure import exposure_warnings
from etcdview.access.secret_key import derived
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.sources import open_codec, open_etcd, open_file
from etcdview.config import Settings
from etcdview.errors import SettingError
from etcdview.health.monitor import Monitor
from etcdview.index import names_for
from etcdview.kube.keys import KeySpace
from etcdview.writes.undo import UndoFile, default_path

UNSECURED = "This etcd is reached without TLS: anyone who reaches it can read and change everything. Development only."


def open_cluster(settings: Settings) -> Cluster:
    """The cluster, its threads started. Raises SettingError or FileFormatError for files that cannot be read."""
    keyspace = KeySpace(settings.etcd_prefix)
    if settings.from_file:
        store = open_file(Path(settings.from_file))
        return Cluster(
            name=settings.cluster_name or Path(settings.from_file).name,
            store=store,
            index=names_for(store, keyspace),
            codec=open_codec(settings),
            keyspace=keyspace,
            warnings=(*exposure_warnings(settings), *store.notes),
            fingerprint_key=_fingerprint_key(settings),
        )
    return _live(settings, keyspace)


def _live(settings: Settings, keyspace: KeySpace) -> Cluster:
    undo = _undo(settings)
    store = open_etcd(settings)
    monitor = Monitor(store)
    monitor.start()
    plain = any(e.startswith("http://") for e in settings.endpoints)
    return Cluster(
        name=settings.cluster_name or "etcd",
        store=store,
        index=names_for(
            store,
            keyspace,
            prefixes=tuple(prefix.encode() for prefix in settings.prefixes),
            memory_limit_bytes=settings.memory_limit,
        ),
        codec=open_codec(settings),
        keyspace=keyspace,
        monitor=monitor,
        warnings=(*exposure_warnings(settings), *((UNSECURED,) if plain else ())),
        fingerprint_key=_fingerprint_key(settings),
        undo=undo,
    )


def _undo(settings: Settings) -> UndoFile | None:
    """Where changed values are kept; None where nothing may be changed. Raises SettingError without a login."""
    if not settings.allow_writes:
        return None
    if not settings.login:
        raise SettingError(
            "--allow-writes needs a login: only admins can make changes.",
            "Set up a login (such as --users-file), or leave --allow-writes out.",
        )
    return UndoFile(Path(settings.undo_file).expanduser() if settings.undo_file else default_path(os.environ))


def _fingerprint_key(settings: Settings) -> bytes:
    """The same in all workers and replicas with one secret key; none: one of its own."""
    return derived(settings, "fingerprints") if settings.secret_key else b""
