"""Where commands read from: the store that the settings name, and the objects in it, masked."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from etcdview.cluster.consistent_store import STALE, ConsistentStore
from etcdview.cluster.sources import open_codec, open_source
from etcdview.config import Settings
from etcdview.kube.keys import KeySpace
from etcdview.kube.redaction import Redactor
from etcdview.models import Range, RangeResult
from etcdview.objects import Objects
from etcdview.objects.release import codec_for
from etcdview.stores.files.revision_store import RevisionStore
from etcdview.stores.permitted import permitted_text
from etcdview.stores.protocols import Store, Watch, WatchableStore

Say = Callable[[str], None]  # shows a sentence to the person who runs the command, beside the answer


def open_noted(settings: Settings, say: Say) -> Store:
    """The store that the settings name. What a file's reader has to know of it is said."""
    store = open_source(settings)
    say_notes(store, say)
    return store


def say_notes(store: Store, say: Say) -> None:
    """What a file's reader has to know of it."""
    for note in getattr(store, "notes", ()):
        say(note)


def deleted_words(store: Store, key: bytes) -> str:
    """A sentence that leads to a key which was deleted from the file; "" where it was not."""
    deleted = isinstance(store, RevisionStore) and store.has_deleted(key)
    return "It was deleted, and --deleted shows it." if deleted else ""


def warned(store: Store, say: Say) -> Store:
    """The store as pages read it: from one member once the quorum is lost. The first answer of that kind is said."""
    return _Warned(store, say) if store.live and isinstance(store, WatchableStore) else store


class _Warned(ConsistentStore):
    """Reads that say once that they are behind."""

    def __init__(self, store: WatchableStore, say: Say) -> None:
        super().__init__(store)
        self._followed = store
        self._say = say
        self._said = False
        self._limit_said = False

    def range(self, request: Range) -> RangeResult:
        """See Store.range."""
        result = super().range(request)
        if self.quorum_lost and not self._said:
            self._said = True
            self._say(f"{STALE} This is revision {result.revision:,}.")
        return result

    def watch(self, start: bytes, end: bytes, revision: int) -> Watch:
        """See Watchable.watch."""
        return self._followed.watch(start, end, revision)

    def permitted(self) -> tuple[Range, ...] | None:
        """See Restricted.permitted. A limit is said: nothing else may be read, whatever there is."""
        found = super().permitted()
        if found is not None and not self._limit_said:
            self._limit_said = True
            self._say(f"etcd permits this user {permitted_text(found)}.")
        return found


def open_objects(store: Store, settings: Settings) -> Objects:
    """The store's objects as of its release, with Secrets masked by fingerprints that hold for this run only.

    Raises what the store raises.
    """
    keyspace = KeySpace(settings.etcd_prefix)
    codec = codec_for(store, open_codec(settings), keyspace)
    return Objects(store, codec, keyspace, Redactor(secrets.token_bytes(32)).mask)
