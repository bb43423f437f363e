"""Whatever is written, deleted, compacted and cut off in whatever order: the index equals a fresh load."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from etcdview.demo.cluster import LocalCluster
from etcdview.index import packed
from tests.integration.indexing import assert_true, indexed, settled, writing
from tests.integration.proxy import Proxy

PREFIXES = [b"/registry/pods/shop/", b"/registry/minions/", b"/registry/example.org/b/shop/", b"stray/", b""]
NAMES = st.integers(0, 15).map(lambda n: b"name-%d" % n) | st.sampled_from([b"\xff", b"a\nb"])
KEYS = st.builds(bytes.__add__, st.sampled_from(PREFIXES), NAMES)


class History(RuleBasedStateMachine):
    """One random history of an etcd with the index looking on through a proxy."""

    etcd: LocalCluster
    proxy: Proxy

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.url = self.etcd.endpoints[0]
        self.writer = self.open.enter_context(writing(self.url))
        self.revision = self.writer.put(b"/registry/pods/shop/first")
        self.index = self.open.enter_context(indexed(self.proxy.url))
        self.cut_off = False

    @rule(keys=st.lists(KEYS, min_size=1, max_size=8))
    def put(self, keys: list[bytes]) -> None:
        self.revision = self.writer.put(*keys)

    @rule(key=KEYS)
    def delete(self, key: bytes) -> None:
        self.revision = self.writer.delete(key)

    @rule(keys=st.lists(KEYS, min_size=2, max_size=2, unique=True))
    def delete_a_range(self, keys: list[bytes]) -> None:
        self.revision = self.writer.delete(min(keys), max(keys))

    @rule()
    def compact(self) -> None:
        self.revision = self.writer.put(b"/registry/leases/kube-system/beat")
        self.writer.compact(self.revision)

    @rule()
    def drop_the_connection(self) -> None:
        self.proxy.cut()

    @precondition(lambda self: not self.cut_off)
    @rule()
    def cut_the_network(self) -> None:
        self.proxy.cut(refuse=True)
        self.cut_off = True

    @precondition(lambda self: self.cut_off)
    @rule()
    def heal_the_network(self) -> None:
        self.proxy.heal()
        self.cut_off = False

    @precondition(lambda self: not self.cut_off)
    @rule()
    def wait_until_it_is_live(self) -> None:
        settled(self.index, self.revision)

    def teardown(self) -> None:
        try:
            self.proxy.heal()
            assert_true(self.index, self.url)
        finally:
            self.open.close()


@pytest.fixture
def proxied(plain_etcd: LocalCluster) -> Iterator[Proxy]:
    with Proxy(int(plain_etcd.endpoints[0].rpartition(":")[2])) as proxy:
        yield proxy


def test_any_history_leaves_the_index_equal_to_etcd(
    plain_etcd: LocalCluster, proxied: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "BLOCK_NAMES", 8)
    monkeypatch.setattr(packed, "SPLIT_BYTES", 128)
    monkeypatch.setattr(packed, "MERGE_BYTES", 32)
    machine = type("HistoryHere", (History,), {"etcd": plain_etcd, "proxy": proxied})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
