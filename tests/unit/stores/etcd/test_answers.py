"""The live client at the edges: errors as answers, tokens that are always refused, members that hang, a burst."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from etcd3 import etcdrpc

from etcdview.endpoints import parse_endpoint
from etcdview.errors import CompactedError, DeadlineError, DeniedError, NoQuorumError
from etcdview.models import Range, TlsFiles
from etcdview.stores.etcd import outage
from etcdview.stores.etcd.channel import Channel
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.etcd.login import Login
from etcdview.stores.etcd.messages import Call
from etcdview.stores.etcd.send_once import send
from etcdview.stores.etcd.watch import WAITING_ANSWERS
from tests.unit.stores.etcd.answering import answering, refusing

COMPACTED = refusing(grpc.StatusCode.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted")
STALE = refusing(grpc.StatusCode.UNAUTHENTICATED, "etcdserver: invalid auth token")


def token(_: Any, __: Any) -> Any:
    return etcdrpc.AuthenticateResponse(token="t")


def test_an_answer_that_is_an_error_ends_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "REST_SECONDS", 0.0)
    with answering(Range=COMPACTED) as (url, _):
        store = EtcdStore([url], TlsFiles())
        store._failover._leaderless.met(NoQuorumError("No leader."), outage.SLOW_SECONDS + 1)
        for _ in range(2):
            with pytest.raises(CompactedError):
                store.range(Range(b"/a", revision=1))
        store.close()


def by_probe(url: str) -> None:
    store = EtcdStore([url], TlsFiles(), user="root", password="x")
    probe = store.probe(url)
    try:
        probe.read(2.0, serializable=True)
    finally:
        probe.close()
        store.close()


def by_change(url: str) -> None:
    channel = Channel(parse_endpoint(url), TlsFiles())
    try:
        send(channel, Login("root", "x"), Call("kv", "Range", etcdrpc.RangeRequest(key=b"/a")), 2.0)
    finally:
        channel.close()


@pytest.mark.parametrize("read", [by_probe, by_change])
def test_a_token_that_is_always_refused_is_renewed_once(read: Callable[[str], None]) -> None:
    with answering(Range=STALE, Authenticate=token) as (url, server):
        with pytest.raises(DeniedError, match="refuses the login"):
            read(url)
        assert server.calls == ["Authenticate", "Range"] * 2


def test_a_login_at_a_member_that_hangs_delays_no_login_at_another() -> None:
    requested, let_go = threading.Event(), threading.Event()

    def hang(_: Any, __: Any) -> Any:
        requested.set()
        let_go.wait(20)
        return etcdrpc.AuthenticateResponse(token="late")

    with answering(Authenticate=hang) as (silent, _), answering(Authenticate=token) as (good, _):
        hanging, living = Channel(parse_endpoint(silent), TlsFiles()), Channel(parse_endpoint(good), TlsFiles())
        login = Login("root", "x")
        first = threading.Thread(target=login.token, args=(hanging, 20.0))
        first.start()
        assert requested.wait(5)
        with pytest.raises(DeadlineError, match="the login"):
            login.token(hanging, 0.05)
        assert login.token(living, 5.0) == "t"
        assert login.forget("t")
        let_go.set()
        first.join()
        hanging.close()
        living.close()


def test_a_burst_of_changes_waits_at_the_server_and_none_is_lost() -> None:
    many = 1_000

    def burst(_: Any, __: Any) -> Iterator[Any]:
        yield etcdrpc.WatchResponse(created=True)
        for n in range(1, many + 1):
            yield etcdrpc.WatchResponse(header=etcdrpc.ResponseHeader(revision=n))

    with answering(Watch=burst) as (url, _):
        store = EtcdStore([url], TlsFiles())
        watch = store.watch(b"/", b"0", 1)
        assert watch._answers.maxsize == WAITING_ANSWERS
        revisions = []
        for batch in watch:
            revisions.append(batch.revision)
            if batch.revision == many:
                break
        watch.cancel()
        store.close()
    assert revisions == list(range(1, many + 1))


def test_a_watch_that_nobody_reads_ends_when_it_is_cancelled() -> None:
    def burst(_: Any, __: Any) -> Iterator[Any]:
        yield etcdrpc.WatchResponse(created=True)
        for n in range(1, 1_000):
            yield etcdrpc.WatchResponse(header=etcdrpc.ResponseHeader(revision=n))

    with answering(Watch=burst) as (url, _):
        store = EtcdStore([url], TlsFiles())
        watch = store.watch(b"/", b"0", 1)
        watch.cancel()
        watch._reader.join(5)
        assert not watch._reader.is_alive()
        assert list(watch) == []
        store.close()
