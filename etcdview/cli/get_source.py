"""Where `etcdview get` and others read from, and the objects that they read, masked."""

from __future__ import annotations

import secrets

import click

from etcdview.config import Settings
from etcdview.keys import KeySpace
from etcdview.objects import Objects
from etcdview.redact import Redactor
from etcdview.sources import open_codec, open_store
from etcdview.stores.base import Store


def open_noted(settings: Settings) -> Store:
    """The store that the settings name; what has to be said of a file is said on standard error."""
    store = open_store(settings)
    for note in () if store.live else getattr(store, "notes", ()):
        click.echo(f"etcdview: {note}", err=True)
    return store


def open_objects(store: Store, settings: Settings) -> Objects:
    """The store's objects, with Secrets masked by fingerprints that hold for this run only."""
    return Objects(store, open_codec(settings), KeySpace(settings.etcd_prefix), Redactor(secrets.token_bytes(32)).mask)
