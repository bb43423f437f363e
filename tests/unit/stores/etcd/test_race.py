"""A race between members: one that answers late is replaced once."""

from __future__ import annotations

import threading
from typing import Any

import grpc
import pytest
from etcd3 import etcdrpc

from etcdview.models import Range, TlsFiles
from etcdview.stores.etcd.channel import Channel
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.etcd.messages import Call
from etcdview.stores.etcd.order import Order
from tests.unit.stores.etcd.answering import answering, refusing


def test_a_late_error_of_a_replaced_member_asks_no_third_one(monkeypatch: pytest.MonkeyPatch) -> None:
    second_called, noted_twice = threading.Event(), threading.Event()
    sent: list[str] = []
    shunned: list[str] = []
    start, shun = Channel.start, Order.shun

    def starting(channel: Channel, call: Call, *rest: Any) -> Any:
        sent.append(f"{call.method} {channel.name}")
        return start(channel, call, *rest)

    def shunning(order: Order, channel: Channel) -> None:
        shun(order, channel)
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
        store = EtcdStore([a, b, c], TlsFiles())
        store._is_kine_known = True
        assert store.range(Range(b"/a", b"/b", limit=1)).revision == 7
        store.close()
    assert [row for row in sent if row.startswith("Range")] == [f"Range {a}", f"Range {b}"]
