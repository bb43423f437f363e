"""What the settings name, opened: a live etcd or a file, and the codec for its values. Nothing is asked yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from etcdview.codec import Codec, load_encryption_config
from etcdview.config import Settings
from etcdview.models import TlsFiles
from etcdview.stores.base import Store
from etcdview.stores.dump import open_dump

if TYPE_CHECKING:
    from etcdview.stores.etcd import EtcdStore


def open_store(settings: Settings) -> Store:
    """The file of --from, or the endpoints. Raises FileFormatError, SettingError."""
    return open_dump(Path(settings.from_file)) if settings.from_file else open_etcd(settings)


def open_etcd(settings: Settings, endpoints: Sequence[str] = (), tls: TlsFiles | None = None) -> EtcdStore:
    """The live etcd; at other endpoints, by other files than the settings' where these are given."""
    # Here, because grpc takes longer to load than a file to read.
    from etcdview.stores.etcd import EtcdStore

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
