"""What is read from kine is what etcd would give: each key once, each range whole, every page of it."""

from __future__ import annotations

import random

import pytest

from etcdview.errors import ConflictError
from etcdview.models import KeyValue, Range
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.files.memory import StaticStore
from etcdview.stores.protocols import prefix_end
from tests.kine.conftest import Kine

pytestmark = pytest.mark.kine
RANGES = 300


@pytest.fixture
def etcd(store: EtcdStore) -> StaticStore:
    """What etcd would give of the same keys."""
    result = store.range(Range(b"/registry/", b"/registry0"))
    return StaticStore("same", result.kvs, result.revision)


def test_each_key_is_there_once_with_its_value(kine: Kine, store: EtcdStore) -> None:
    found = [kv for kv in store.range(Range(b"/registry/", b"/registry0")).kvs if kv.key in kine.written]

    assert [(kv.key, kv.value) for kv in found] == [(kv.key, kv.value) for _, kv in sorted(kine.written.items())]
    everything = [kv.key for kv in store.range(Range(b"\0", b"\0", keys_only=True)).kvs]
    assert len(everything) == len(set(everything))
    assert kine.written.keys() <= set(everything)


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_give_each_key_once_and_end(store: EtcdStore, etcd: StaticStore, limit: int) -> None:
    prefix = b"/registry/pods/" if limit == 1 else b"/registry/"
    seen: list[bytes] = []
    start, revision = prefix, 0
    while True:
        page = store.range(Range(start, prefix_end(prefix), limit=limit, revision=revision, keys_only=True))
        seen += [kv.key for kv in page.kvs]
        if not page.more:
            break
        start, revision = page.kvs[-1].key + b"\0", page.revision

    assert seen == [kv.key for kv in etcd.range(Range(prefix, prefix_end(prefix))).kvs]


def test_any_range_is_what_etcd_would_give(kine: Kine, store: EtcdStore, etcd: StaticStore) -> None:
    """Bounds of all kinds: keys, folders, the middle of a name, after a key."""
    chance = random.Random(1)  # noqa: S311 (the same ranges each time)
    keys = sorted(kine.written)

    def bound() -> bytes:
        key = chance.choice(keys)
        cut = key[: chance.randint(len("/registry/"), len(key))]
        return chance.choice((key, key + b"\0", cut, key[: key.rfind(b"/") + 1], prefix_end(cut)))

    for _ in range(RANGES):
        start, end = bound(), bound()
        limit = chance.choice((0, 0, 1, 3, 50))
        for asked in (Range(start, end, limit=limit, keys_only=limit == 0), Range(start, end, count_only=True)):
            got, wanted = store.range(asked), etcd.range(asked)
            assert (got.kvs, got.count, got.more) == (wanted.kvs, wanted.count, wanted.more), asked


def test_a_key_that_does_not_exist_is_not_there_at_any_revision(store: EtcdStore) -> None:
    revision = store.range(Range(b"/registry/pods/shop/none")).revision

    assert store.range(Range(b"/registry/pods/shop/none", revision=revision)).kvs == ()
    assert store.get_many([b"/registry/pods/shop/none"]) == {}


def test_keys_are_created_changed_and_deleted_and_a_stale_change_is_refused(store: EtcdStore) -> None:
    key = b"/registry/configmaps/kine/written"
    created = store.put(key, b"a", mod_revision=0)
    changed = store.put(key, b"b", mod_revision=created)

    for stale in (0, created):
        with pytest.raises(ConflictError):
            store.put(key, b"c", mod_revision=stale)
    with pytest.raises(ConflictError):
        store.delete(key, mod_revision=created)

    assert one(store, key).value == b"b"
    assert one(store, key).mod_revision == changed > created == one(store, key).create_revision
    store.delete(key, mod_revision=changed)
    assert store.range(Range(key)).kvs == ()


def one(store: EtcdStore, key: bytes) -> KeyValue:
    return store.range(Range(key)).kvs[0]
