"""The registry that `etcdview get` reads."""

from __future__ import annotations

from pathlib import Path

from etcdview.codec import Codec, load_encryption_config
from etcdview.keys import KeySpace
from etcdview.stores.base import Store
from etcdview.stores.dump import open_dump


def open_source(path: str, encryption_config: str, release: str, prefix: str) -> tuple[Store, Codec, KeySpace]:
    """The store, the codec and the key layout that the flags ask for."""
    encryption = load_encryption_config(Path(encryption_config)) if encryption_config else None
    return open_dump(Path(path)), Codec(encryption=encryption, release=release or None), KeySpace(prefix)
