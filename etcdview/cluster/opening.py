"""Opening what the settings name: a live etcd, or a file. It never waits for etcd to answer."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from etcdview.access.exposure import exposure_warnings
from etcdview.access.secret_key import derived
from etcdview.cluster.cluster import Cluster, EtcdBeside
from etcdview.cluster.event_log import EventLog
from etcdview.cluster.facts_process import filler_starter
from etcdview.cluster.other_files import OtherFiles, TimelineFile
from etcdview.cluster.source_name import SourceName
from etcdview.cluster.sources import open_codec, open_file, open_live, open_source
from etcdview.codec import Codec
from etcdview.config import Settings
from etcdview.errors import FileFormatError, SettingError
from etcdview.health.monitor import Monitor
from etcdview.index import names_for
from etcdview.index.base import Announcing, KeyIndex
from etcdview.index.facts.database import new_folder
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.live import Facts
from etcdview.kube.keys import KeySpace
from etcdview.stores.files.data_directory import is_data_directory
from etcdview.stores.files.timeline import is_folder, snapshots_in
from etcdview.stores.kept import Kept
from etcdview.stores.protocols import Store
from etcdview.stores.routed import RoutedStore
from etcdview.writes.undo import UndoFile, default_path

UNSECURED = "This etcd is reached without TLS: anyone who reaches it can read and change everything. Development only."
BACKUP_SECONDS = 60.0  # after which the folders of backups are listed again


def open_cluster(settings: Settings) -> Cluster:
    """The cluster, its threads started. Raises SettingError or FileFormatError for files that cannot be read."""
    keyspace = KeySpace(settings.etcd_prefix)
    if settings.from_file or settings.deleted:
        store = open_source(settings)
        index, codec = names_for(store, keyspace), open_codec(settings)
        timeline = _timeline(settings)
        return Cluster(
            name=settings.cluster_name or Path(settings.from_file).name,
            store=store,
            index=index,
            codec=codec,
            keyspace=keyspace,
            warnings=(*exposure_warnings(settings), *getattr(store, "notes", ())),
            fingerprint_key=_fingerprint_key(settings),
            facts=_facts(settings, index, codec, keyspace, store),
            shows_secrets=settings.show_secrets,
            others=_others(settings),
            files=_files(settings, timeline),
            timeline=timeline,
            shown_file=timeline[-1].name if timeline else "",
            kept_bytes=settings.kube_cache,
        )
    return _live(settings, keyspace)


def _live(settings: Settings, keyspace: KeySpace) -> Cluster:
    undo = _undo(settings)
    store = open_live(settings)
    monitor = Monitor(store)
    monitor.start()
    plain = any(e.startswith("http://") for e in settings.endpoints)
    codec = open_codec(settings)
    index = names_for(
        store,
        keyspace,
        prefixes=tuple(prefix.encode() for prefix in settings.prefixes),
        memory_limit_bytes=settings.memory_limit,
    )
    return Cluster(
        name=settings.cluster_name or "etcd",
        store=store,
        index=index,
        codec=codec,
        keyspace=keyspace,
        monitor=monitor,
        warnings=(*exposure_warnings(settings), *((UNSECURED,) if plain else ())),
        fingerprint_key=_fingerprint_key(settings),
        undo=undo,
        facts=_facts(settings, index, codec, keyspace),
        events=_event_logs(index, store) if settings.kube_api else (),
        beside=_beside(store),
        others=_others(settings),
        files=_files(settings, ()),
        kept_bytes=settings.kube_cache if settings.kube_api else 0,
        backups=backups_at(settings.compare),
    )


def _event_logs(index: KeyIndex, store: Store) -> tuple[EventLog, ...]:
    """One for each etcd, whose revisions are its own."""
    if not isinstance(index, Announcing):
        return ()
    if not isinstance(store, RoutedStore):
        return (EventLog(index, store),)

    def holds(source: int, key: bytes) -> bool:
        return store.source_of(key) == source

    return tuple(EventLog(index, store, partial(holds, source)) for source in range(len(store.others) + 1))


def _beside(store: Store) -> tuple[EtcdBeside, ...]:
    """The etcds that hold single types, each with a monitor of its own, begun."""
    found = tuple(
        EtcdBeside(holds, other.endpoints, Monitor(other))
        for other, holds in (store.others if isinstance(store, RoutedStore) else ())
    )
    for one in found:
        one.monitor.start()
    return found


def _others(settings: Settings) -> dict[str, Store]:
    """The files to compare with, by their names; by their paths where two have one name. Raises FileFormatError."""
    names = Counter(Path(file).name for file in settings.compare)
    return {file if names[Path(file).name] > 1 else Path(file).name: open_file(Path(file)) for file in settings.compare}


def _timeline(settings: Settings) -> tuple[TimelineFile, ...]:
    """The snapshots of the folder that is open; none where it does not hold several."""
    return _snapshots(Path(SourceName.parse(settings.from_file).path)) if settings.from_file else ()


def _snapshots(folder: Path) -> tuple[TimelineFile, ...]:
    if not is_folder(folder) or is_data_directory(folder):
        return ()
    found = snapshots_in(folder)
    return tuple(TimelineFile(file.path, file.written) for file in found) if len(found) > 1 else ()


def backups_at(paths: Sequence[str], clock: Callable[[], float] = time.monotonic) -> Callable[[], list[TimelineFile]]:
    """What gives the files to compare with, and the snapshots of such folders, listed again once a minute.

    A member's data directory is not a backup, nor is what cannot be read at that moment. `clock` gives seconds.
    """

    def listed() -> list[TimelineFile]:
        return [backup for path in paths for backup in _backups_in(Path(path))]

    return Kept(BACKUP_SECONDS, listed, clock=clock).get


def _backups_in(path: Path) -> list[TimelineFile]:
    with suppress(OSError, FileFormatError):  # a backup job may remove it while it is read
        if path.is_file():
            return [TimelineFile(path, datetime.fromtimestamp(path.stat().st_mtime, UTC))]
        if path.is_dir() and not is_data_directory(path):
            return [TimelineFile(one.path, one.written) for one in snapshots_in(path)]
    return []


def _files(settings: Settings, timeline: Sequence[TimelineFile]) -> OtherFiles:
    """The files beside the newest in folders: that of the open one and those to compare with, by their names.

    Where two have one name, by their paths.
    """
    folders = [timeline, *(_snapshots(Path(file)) for file in settings.compare)]
    paths = dict.fromkeys(file.path for folder in folders for file in folder)
    names = Counter(path.name for path in paths)
    return OtherFiles({str(path) if names[path.name] > 1 else path.name: path for path in paths}, open_file)


def _facts(
    settings: Settings, index: KeyIndex, codec: Codec, keyspace: KeySpace, store: Store | None = None
) -> Facts | None:
    """The facts of all values, as far as the settings permit; begun in the background. `store` knows how many bytes."""
    if settings.facts == "off":
        return None
    unbounded = settings.facts == "on"
    facts = Facts(
        index,
        Extractor(codec, keyspace, lambda: datetime.now(UTC)),
        filler_starter(settings),
        new_folder,
        unbounded=unbounded,
        rate=settings.scan_rate,
        live=not settings.from_file,
        value_bytes=0 if unbounded else getattr(store, "value_bytes", 0),  # a sum over all keys
    )
    facts.start()
    return facts


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
