"""What the settings name, opened: a live etcd or a file, and the codec for its values. Nothing is asked yet."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from etcdview.codec import Codec, load_encryption_config
from etcdview.config import Settings
from etcdview.errors import FileFormatError
from etcdview.models import TlsFiles
from etcdview.stores.files.bbolt import is_bolt
from etcdview.stores.files.database import SnapshotStore, open_snapshot
from etcdview.stores.files.dump import is_gzip, open_dump
from etcdview.stores.files.memory import StaticStore

if TYPE_CHECKING:
    from etcdview.stores.etcd.client import EtcdStore


def open_file(path: Path) -> StaticStore | SnapshotStore:
    """A registry dump, a snapshot or a member's database, told apart by what is in it. Raises FileFormatError."""
    try:
        form = "bolt" if path.is_dir() else _form(path)
    except (OSError, EOFError, zlib.error) as error:
        raise FileFormatError(f"{path} cannot be read: {error}.", "Check the path and its permissions.") from error
    match form:
        case "bolt":
            return open_snapshot(path)
        case "gzipped bolt":
            raise FileFormatError(f"{path} is a gzipped snapshot.", "Unpack it first: gunzip.")
        case "lines":
            return open_dump(path)
    raise FileFormatError(
        f"{path} is neither a registry dump nor a snapshot of etcd.",
        "Give a dump (.jsonl or .jsonl.gz), a file of `etcdctl snapshot save`, or a member's data directory.",
    )


def _form(path: Path) -> Literal["bolt", "gzipped bolt", "lines", ""]:
    with path.open("rb") as file:
        if is_bolt(file):
            return "bolt"
        file.seek(0)
        start = file.read(64).lstrip()
    if is_gzip(start):
        with gzip.open(path, "rb") as unpacked:
            return "gzipped bolt" if is_bolt(unpacked) else "lines"
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
    )


def open_codec(settings: Settings) -> Codec:
    """The codec that the settings ask for. Raises SettingError for a bad EncryptionConfiguration."""
    path = settings.encryption_config
    encryption = load_encryption_config(Path(path)) if path else None
    return Codec(encryption=encryption, release=settings.kubernetes_version or None)
