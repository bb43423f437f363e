"""The objects that `etcdview get` reads, masked."""

from __future__ import annotations

import secrets

from etcdview.config import Settings
from etcdview.keys import KeySpace
from etcdview.objects import Objects
from etcdview.redact import Redactor
from etcdview.sources import open_codec
from etcdview.stores.base import Store


def open_objects(store: Store, settings: Settings) -> Objects:
    """The store's objects, with Secrets masked by fingerprints that hold for this run only."""
    return Objects(store, open_codec(settings), KeySpace(settings.etcd_prefix), Redactor(secrets.token_bytes(32)).mask)
