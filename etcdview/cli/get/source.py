"""Where `etcdview get` and others read from, and the objects that they read, masked."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from etcdview.cluster.consistent_store import STALE, ConsistentStore
from etcdview.cluster.sources import open_codec, open_etcd, open_file
from etcdview.config import Settings
from etcdview.kube.keys import KeySpace
from etcdview.kube.redaction import Redactor
from etcdview.models import Range, RangeResult
from etcdview.objects import Objects
from etcdview.stores.permitted import permitted_text
from etcdview.stores.protocols import Store


def open_noted(settings: Settings) -> Store:
    """The store that the settings name; what has to be said of a file is said on standard error."""
    if not settings.from_file:
        return open_etcd(settings)
    store = open_file(Path(settings.from_file))
    for note in store.notes:
        click.echo(f"etcdview: {note}", err=True)
    return store


def warned(store: Store) -> Store:
    """The store as pages read it: from one member once the quorum is lost. The first answer from one is told."""
    return _Warned(store) if store.live else store


class _Warned(ConsistentStore):
    """Reads that say once, on standard error, that they are behind."""

    _said = False
    _limit_said = False

    def range(self, request: Range) -> RangeResult:
        """See Store.range."""
        result = super().range(request)
        if self.quorum_lost and not self._said:
            self._said = True
            click.echo(f"etcdview: {STALE} This is revision {result.revision:,}.", err=True)
        return result

    def permitted(self) -> tuple[Range, ...] | None:
        """See Restricted.permitted. A limit is said: nothing else may be read, whatever there is."""
        found = super().permitted()
        if found is not None and not self._limit_said:
            self._limit_said = True
            click.echo(f"etcdview: etcd permits this user {permitted_text(found)}.", err=True)
        return found


def open_objects(store: Store, settings: Settings) -> Objects:
    """The store's objects, with Secrets masked by fingerprints that hold for this run only."""
    return Objects(store, open_codec(settings), KeySpace(settings.etcd_prefix), Redactor(secrets.token_bytes(32)).mask)
