"""What `decode` and `encode` share: the settings that say how values are stored."""

from __future__ import annotations

from etcdview.config.rows import SOURCE

CODEC_ROWS = tuple(row for row in SOURCE if row.field in ("encryption_config", "kubernetes_version", "etcd_prefix"))
