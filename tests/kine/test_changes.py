"""What is written to kine is seen as it happens: created, changed, deleted; and the index follows."""

from __future__ import annotations

from itertools import count, islice

import pytest

from etcdview.index.live import Index
from etcdview.kube.keys import KeySpace
from etcdview.models import Range
from etcdview.pages.tools.changes import ChangeLine, watch_changes, watched_range
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.protocols import prefix_end
from tests.integration.indexing import settled
from tests.kine.conftest import Kine

pytestmark = pytest.mark.kine
FOLDER = b"/registry/configmaps/watched/"
numbers = count()


def life(store: EtcdStore) -> tuple[bytes, list[tuple[int, str]]]:
    """A new key, created, changed and deleted; the revisions."""
    key = FOLDER + b"m%d" % next(numbers)
    created = store.put(key, b"a", mod_revision=0)
    changed = store.put(key, b"bc", mod_revision=created)
    return key, [(created, "created"), (changed, "changed"), (store.delete(key, mod_revision=changed), "deleted")]


def test_a_life_is_told_as_it_was(store: EtcdStore) -> None:
    revision = store.range(Range(b"/")).revision
    key, lived = life(store)

    for prefix in (key, FOLDER, b"/registry/", b""):
        seen = list(islice(watch_changes(store, revision, watched_range(store, prefix), lambda _: None), 3))

        assert [(line.revision, line.kind) for line in seen] == lived, prefix
        assert {line.key for line in seen} == {key.decode()}
        assert [line.size_bytes for line in seen] == [1, 2, None]


def test_a_key_that_is_created_again_is_created(store: EtcdStore) -> None:
    revision = store.range(Range(b"/")).revision
    key, _ = life(store)
    again = store.put(key, b"d", mod_revision=0)

    seen = list(islice(watch_changes(store, revision, watched_range(store, key), lambda _: None), 4))

    assert seen[-1] == ChangeLine(again, "created", key.decode(), 1)


def test_a_watch_of_a_prefix_gives_nothing_else(store: EtcdStore) -> None:
    revision = store.range(Range(b"/")).revision
    life(store)
    wanted = store.put(FOLDER + b"wanted-%d" % next(numbers), b"x", mod_revision=0)

    first = next(watch_changes(store, revision, watched_range(store, FOLDER + b"wanted-"), lambda _: None))

    assert first.revision == wanted


@pytest.mark.parametrize("prefixes", [(), (b"/registry/configmaps/",)])
def test_the_index_holds_every_name_once_and_follows(kine: Kine, prefixes: tuple[bytes, ...]) -> None:
    store = kine.open()
    index = Index(store, KeySpace(), prefixes=prefixes)
    index.start()
    try:
        settled(index, 1)
        start = prefixes[0] if prefixes else b"/registry/"
        held = [kv.key for kv in store.range(Range(start, prefix_end(start), keys_only=True)).kvs]
        assert list(index.page(start, prefix_end(start), limit=10_000).keys) == held

        key = FOLDER + b"index-%d" % next(numbers)
        written = store.put(key, b"x", mod_revision=0)
        settled(index, written)
        assert key in index.page(FOLDER, prefix_end(FOLDER), limit=10_000).keys
        assert [(c.key, c.created) for c in index.changes.recent(limit=1)] == [(key, True)]

        settled(index, store.delete(key, mod_revision=written))
        assert key not in index.page(FOLDER, prefix_end(FOLDER), limit=10_000).keys
        assert [(c.key, c.deleted) for c in index.changes.recent(limit=1)] == [(key, True)]
    finally:
        index.close()
        store.close()
