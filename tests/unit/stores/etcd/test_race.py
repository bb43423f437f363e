"""A race between members: one that answers late is replaced once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from etcd3 import etcdrpc

from etcdview.cluster.budget import BudgetedStore, Held, RequestBudget, budgeted_names
from etcdview.errors import BudgetError, DeadlineError
from etcdview.index.bounded import BoundedNames
from etcdview.kube.keys import KeySpace
from etcdview.models import Range, TlsFiles
from etcdview.stores.etcd.channel import Channel
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.etcd.messages import Call
from etcdview.stores.etcd.order import Order
from etcdview.stores.protocols import Store
from tests.unit.stores.etcd.answering import answering, refusing


def test_a_late_error_of_a_replaced_member_asks_no_third_one(monkeypatch: pytest.MonkeyPatch) -> None:
    second_called, noted_twice = threading.Event(), threading.Event()
    sent: list[str] = []
    shunned: list[str] = []
    ours: set[str] = set()
    start, shun = Channel.start, Order.shun

    def starting(channel: Channel, call: Call, *rest: Any) -> Any:
        sent.append(f"{call.method} {channel.name}")
        return start(channel, call, *rest)

    def shunning(order: Order, channel: Channel) -> None:
        shun(order, channel)
        if channel.name in ours:  # stores of other tests may be at work still
            shunned.append(channel.name)
        if len(shunned) == 2:  # as a suspect, then for its late error
            noted_twice.set()

    def late(_: Any, context: Any) -> None:
        second_called.wait(10)
        context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")

    def slow(_: Any, __: Any) -> Any:
        second_called.set()
        noted_twice.wait(10)
        return etcdrpc.RangeResponse(header=etcdrpc.ResponseHeader(revision=7))

    def living(_: Any, __: Any) -> Any:
        return etcdrpc.StatusResponse(leader=1)

    monkeypatch.setattr(Channel, "start", starting)
    monkeypatch.setattr(Order, "shun", shunning)
    silent = refusing(grpc.StatusCode.UNAVAILABLE, "Socket closed")
    with (
        answering(Range=late, Status=silent) as (a, _),
        answering(Range=slow, Status=living) as (b, _),
        answering(Range=slow, Status=living) as (c, _),
    ):
        ours.update((a, b, c))
        store = EtcdStore([a, b, c], TlsFiles())
        store._is_kine_known = True
        assert store.range(Range(b"/a", b"/b", limit=1)).revision == 7
        store.close()
    assert [row for row in sent if row.startswith("Range")] == [f"Range {a}", f"Range {b}"]


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    """Ends the answers that wait for it."""
    event = threading.Event()
    yield event
    event.set()


def living(_: Any, __: Any) -> Any:
    return etcdrpc.StatusResponse(leader=1)


@pytest.mark.parametrize("ask", [lambda s: s.range(Range(b"/a", b"/b")), lambda s: s.get_many([b"/a", b"/b"])])
def test_a_read_ends_with_the_request_that_asked_for_it(
    monkeypatch: pytest.MonkeyPatch, let_go: threading.Event, ask: Callable[[Store], Any]
) -> None:
    granted: list[float] = []
    shunned: list[Channel] = []

    def slow(_: Any, context: Any) -> Any:
        granted.append(context.time_remaining())
        let_go.wait(20)

    with answering(Range=slow, Txn=slow, Status=living) as (address, _):
        store = EtcdStore([address], TlsFiles(), timeout_seconds=600.0)
        store._is_kine_known = True
        monkeypatch.setattr(store._order, "shun", shunned.append)  # of this store: others may be at work still
        with pytest.raises(BudgetError, match="time that was left"):
            ask(BudgetedStore(store, RequestBudget(Held(), seconds=0.6)))
        let_go.set()
        store.close()

    assert 0 < granted[0] < 60
    assert shunned == []  # a member that works on it is no worse than others, and there is no outage


def test_a_dead_member_is_called_so_also_by_who_has_little_time(let_go: threading.Event) -> None:
    def silent(_: Any, __: Any) -> None:
        let_go.wait(20)

    with answering(Range=silent, Status=silent) as (address, _):
        store = EtcdStore([address], TlsFiles(), timeout_seconds=600.0)
        store._is_kine_known = True
        with pytest.raises(DeadlineError):
            BudgetedStore(store, RequestBudget(Held(), seconds=2.5)).range(Range(b"/a", b"/b", limit=1))
        let_go.set()
        store.close()


def test_names_that_etcd_is_asked_for_end_with_the_request(let_go: threading.Event) -> None:
    def slow(_: Any, __: Any) -> Any:
        let_go.wait(20)

    with answering(Range=slow, Status=living) as (address, _):
        store = EtcdStore([address], TlsFiles(), timeout_seconds=600.0)
        store._is_kine_known = True
        names = budgeted_names(BoundedNames(store, KeySpace()), RequestBudget(Held(), seconds=0.6))
        for read in (names.tree, lambda: names.page(b"/a", b"/b"), lambda: names.count(b"/a", b"/b")):
            with pytest.raises(BudgetError):
                read()
        let_go.set()
        store.close()
