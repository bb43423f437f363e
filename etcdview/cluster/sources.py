"""What the settings name, opened: a live etcd or a file, and the codec for its values. No call is made yet."""

from __future__ import annotations

import gzip
import shlex
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from etcdview.codec import Codec, load_encryption_config
from etcdview.config import NO_ETCD_NAMED, Settings
from etcdview.errors import FileFormatError
from etcdview.models import TlsFiles
from etcdview.stores.files.bbolt import is_bolt
from etcdview.stores.files.data_directory import open_data_directory
from etcdview.stores.files.database import SnapshotStore, open_snapshot
from etcdview.stores.files.dump import is_gzip, open_dump
from etcdview.stores.files.memory import StaticStore
from etcdview.stores.files.packed import GZIPPED_SNAPSHOT, HEAD_BYTES, Packing, packing_of

if TYPE_CHECKING:
    from etcdview.stores.etcd.client import EtcdStore


def open_file(path: Path) -> StaticStore | SnapshotStore:
    """A registry dump, a snapshot or a member's database, told apart by what is in it. Raises FileFormatError."""
    try:
        form = "folder" if path.is_dir() else _form(path)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "its gzip data is damaged or cut short"
        raise FileFormatError(f"{path} cannot be read: {reason}.", "Check the path and its permissions.") from error
    if isinstance(form, Packing):
        command = form.command.replace("FILE", shlex.quote(str(path)))
        raise FileFormatError(f"{path} is {form.what}.", f"Unpack it, and give what was in it: {command}")
    match form:
        case "folder":
            return open_data_directory(path)
        case "bolt":
            return open_snapshot(path)
        case "lines":
            return open_dump(path)
    raise FileFormatError(
        f"{path} is neither a registry dump nor a snapshot of etcd.",
        "Give a dump (.jsonl or .jsonl.gz), a file of `etcdctl snapshot save`, or a member's data directory.",
    )


def _form(path: Path) -> str | Packing:
    """What is in a file: bolt, lines or how it is packed; empty for anything else. Raises OSError, EOFError, zlib's."""
    with path.open("rb") as file:
        if is_bolt(file):
            return "bolt"
        file.seek(0)
        head = file.read(HEAD_BYTES)
    start = head.lstrip()
    if is_gzip(start):
        with gzip.open(path, "rb") as unpacked:
            if is_bolt(unpacked):
                return GZIPPED_SNAPSHOT
            unpacked.seek(0)
            return packing_of(unpacked.read(HEAD_BYTES), gzipped=True) or "lines"
    packing = packing_of(head)
    if packing is not None:
        return packing
    return "lines" if start.startswith(b"{") or not start else ""


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
