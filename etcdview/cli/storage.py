"""What `decode` and `encode` share: the settings that say how values are stored."""

from __future__ import annotations

from pathlib import Path

from etcdview.codec import Codec, load_encryption_config
from etcdview.config import Settings
from etcdview.config.rows import SOURCE

CODEC_ROWS = tuple(row for row in SOURCE if row.field in ("encryption_config", "kubernetes_version", "etcd_prefix"))


def open_codec(settings: Settings) -> Codec:
    """The codec that the settings ask for. Raises SettingError for a bad EncryptionConfiguration."""
    path = settings.encryption_config
    encryption = load_encryption_config(Path(path)) if path else None
    return Codec(encryption=encryption, release=settings.kubernetes_version or None)
