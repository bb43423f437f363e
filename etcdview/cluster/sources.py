"""What the settings name, opened: a live etcd or a file, and the codec for its values. No call is made yet."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from etcdview.cluster.source_name import SourceName
from etcdview.codec import Codec, load_encryption_config
from etcdview.config import NO_ETCD_NAMED, Settings
from etcdview.config.overrides import ServersOverride, parse_override
from etcdview.errors import FileFormatError, SettingError, UsageError
from etcdview.kube.keys import KeySpace
from etcdview.kube.resources import BUILTIN, ResourceType, custom
from etcdview.models import Range, TlsFiles
from etcdview.stores.at_revision import at_revision
from etcdview.stores.files.bbolt import HEAD_BYTES, is_bolt
from etcdview.stores.files.data_directory import is_data_directory, open_data_directory
from etcdview.stores.files.database import open_database, open_snapshot
from etcdview.stores.files.dump import open_dump
from etcdview.stores.files.kine import is_sqlite, open_kine
from etcdview.stores.files.large_dump import LargeDump
from etcdview.stores.files.memory import StaticStore
from etcdview.stores.files.packed import packing_of
from etcdview.stores.files.revision_store import RevisionStore
from etcdview.stores.files.timeline import head_of, is_folder, passed_over, snapshots_in
from etcdview.stores.files.unpacking import is_packed, packing_name, unpacked, unpacking, unpacking_command
from etcdview.stores.protocols import Store, prefix_end
from etcdview.stores.routed import Route, RoutedStore

if TYPE_CHECKING:
    from etcdview.stores.etcd.client import EtcdStore


def open_file(path: Path) -> StaticStore | LargeDump | RevisionStore:
    """A registry dump, a snapshot, a member's data directory or k3s's database, told apart by what is in it.

    Compressed files are unpacked; of a folder with snapshots the newest is opened. Raises FileFormatError.
    """
    store = _opened(path)
    if isinstance(store, RevisionStore) and not store.list_names(Range(b"", b"\0", limit=1)).count:
        store.add_notes(_no_key(store.revision))
    return store


def _opened(path: Path) -> StaticStore | LargeDump | RevisionStore:
    if is_folder(path):
        return _open_folder(path)
    head = head_of(path)
    if not is_packed(head):
        return _open(path, head)
    with unpacking(path) as content:
        inner = content.read(HEAD_BYTES)
    return _open(path, inner, packing_name(head))


def _no_key(revision: int) -> str:
    if revision <= 1:  # where etcd begins to count
        return "It holds no key: nothing was ever written into this etcd."
    return (
        f"It holds no key at revision {revision:,}, its newest: all were deleted. --deleted shows what is kept of them."
    )


def _open_folder(path: Path) -> RevisionStore:
    snapshots = () if is_data_directory(path) else snapshots_in(path)
    if not snapshots:
        return open_data_directory(path)
    newest = snapshots[-1]
    store = _open(newest.path, newest.head, packing_name(head_of(newest.path)) if newest.packed else "")
    if not isinstance(store, RevisionStore):
        raise FileFormatError(f"{newest.path} has changed meanwhile.", "Read it again.")
    if len(snapshots) > 1:
        store.add_notes(
            f"{path} holds {len(snapshots):,} snapshots; this is the newest, {newest.path.name}. "
            "`etcdview snapshot status` lists them all."
        )
    store.add_notes(*passed_over(path))
    return store


def _open(path: Path, head: bytes, packed: str = "") -> StaticStore | LargeDump | RevisionStore:
    """A file that begins so when it is unpacked; `packed` says what it is as it stands, "" for what is not packed."""
    if is_bolt(head):
        return open_database(path, str(path), unpacked(path)) if packed else open_snapshot(path)
    if is_sqlite(head) and not packed:
        return open_kine(path)
    packing = packing_of(head, gzipped=bool(packed))
    if packing is not None:
        command = packing.command.replace("FILE", shlex.quote(str(path)))
        raise FileFormatError(f"{path} is {packing.what}.", f"Unpack it, and give what was in it: {command}")
    start = head.lstrip()
    if start.startswith(b"{") or (head and not start):
        return _with_keys(path, open_dump(path))
    if not head:
        raise _empty(f"{path} is {f'{packed} with nothing in it' if packed else 'empty: it has 0 bytes'}.")
    if packed:
        raise FileFormatError(
            f"{path} is {packed}, and what is in it is neither a registry dump nor a snapshot of etcd.",
            f"Unpack it to see what it holds: {unpacking_command(path, packed)}",
        )
    raise FileFormatError(
        f"{path} is neither a registry dump nor a snapshot of etcd.",
        "Give a dump (.jsonl or .jsonl.gz), a file of `etcdctl snapshot save`, or a member's data directory.",
    )


def _with_keys(path: Path, dump: StaticStore | LargeDump) -> StaticStore | LargeDump:
    """A dump that holds keys; one without any may be what is left of a copy, and is not shown as an empty cluster."""
    if not dump.range(Range(b"", b"\0", count_only=True)).count:
        dump.close()
        raise _empty(f"{path} holds no key.")
    return dump


def _empty(what: str) -> FileFormatError:
    return FileFormatError(
        what, "Take another snapshot or copy: what wrote this one failed, or the disk was full, or it found no key."
    )


def open_source(settings: Settings) -> Store:
    """What --from names: a file, or the live etcd at a revision; without it the live etcd.

    Raises UsageError, FileFormatError, and of a file CompactedError and FutureRevisionError.
    """
    name = SourceName.parse(settings.from_file)
    if not name.path:
        if settings.deleted:
            raise UsageError("--deleted shows what a file holds.", "Name one: --from FILE, or save a snapshot first.")
        return at_revision(open_live(settings), name.revision) if name.revision else open_live(settings)
    store = open_file(Path(name.path))
    if isinstance(store, RevisionStore):
        if name.revision or settings.deleted:
            store.look_at(name.revision, deleted=settings.deleted)
        return store
    if settings.deleted or name.revision not in (0, store.revision):
        store.close()
        raise UsageError(
            f"{name.path} is a dump of revision {store.revision:,}: it has no other, and no deleted keys.",
            "Give a snapshot, a data directory or k3s's state.db.",
        )
    return store


def open_live(settings: Settings) -> EtcdStore | RoutedStore:
    """The live etcd, with the others that hold single types, as one store. Raises SettingError."""
    found = [parse_override(text) for text in settings.etcd_servers_overrides]
    if not found:
        return open_etcd(settings)
    keyspace = KeySpace(settings.etcd_prefix)
    stores: dict[tuple[str, ...], EtcdStore] = {}
    routes: list[Route] = []
    for override in found:
        store = stores.get(override.servers) or open_etcd(settings, override.servers)
        stores[override.servers] = store
        start = keyspace.range_prefix(_type_of(override))
        routes.append(Route(start, prefix_end(start), override.name, store))
    return RoutedStore(open_etcd(settings), routes)


def _type_of(override: ServersOverride) -> ResourceType:
    known = (r for r in BUILTIN if (r.group, r.plural) == (override.group, override.resource))
    found = next(known, None)
    if found is None and not override.group:
        raise SettingError(
            f"--etcd-servers-overrides names {override.name}, which is not a type of the core group.",
            "Write it as the API server does: /events, or apps/deployments.",
        )
    return found or custom(override.group, override.resource)


def open_etcd(settings: Settings, endpoints: Sequence[str] = (), tls: TlsFiles | None = None) -> EtcdStore:
    """The live etcd; at other endpoints, by other files than the settings' where these are given."""
    # Here, because grpc takes longer to load than a file to read.
    from etcdview.stores.etcd.client import EtcdStore

    return EtcdStore(
        endpoints or settings.endpoints,
        tls or settings.tls,
        timeout_seconds=settings.timeout_seconds,
        user=settings.user,
        password=settings.password,
        if_refused="" if settings.etcd_named else NO_ETCD_NAMED,
    )


def open_codec(settings: Settings) -> Codec:
    """The codec that the settings ask for. Raises SettingError for a bad EncryptionConfiguration."""
    path = settings.encryption_config
    encryption = load_encryption_config(Path(path)) if path else None
    return Codec(encryption=encryption, release=settings.kubernetes_version or None)
