"""Changes and maintenance at the edges: what is sent, once, and what each answer comes to; what a load puts at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from etcd3 import etcdrpc

from etcdview.errors import (
    ConflictError,
    DeniedError,
    EtcdviewError,
    NotPermittedError,
    QueryError,
    UnknownOutcomeError,
    UnreachableError,
    UnsafeError,
)
from etcdview.models import Alarm, KeyValue, Progress, TlsFiles
from etcdview.stores.etcd import bulk_load
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.etcd.writes import MAX_KEYS
from tests.unit.stores.etcd.answering import Answer, Answers, answering, refusing

Code = grpc.StatusCode
HEADER = etcdrpc.ResponseHeader(revision=9, cluster_id=1, member_id=7)


def read(*_: Any) -> Any:
    return etcdrpc.RangeResponse(header=HEADER)


@contextmanager
def store_with(**answers: Answer) -> Iterator[tuple[EtcdStore, Answers]]:
    with answering(Range=read, **answers) as (url, server):
        store = EtcdStore([url], TlsFiles())
        store._is_kine_known = True
        try:
            yield store, server
        finally:
            store.close()


def transaction(*found: tuple[bytes, int], succeeded: bool = False) -> Answer:
    response = etcdrpc.TxnResponse(header=HEADER, succeeded=succeeded)
    for key, revision in found:
        response.responses.add().response_range.kvs.add(key=key, mod_revision=revision)
    return lambda *_: response


class TestWrites:
    def test_a_change_gives_the_revision_that_it_made(self) -> None:
        with store_with(Txn=transaction(succeeded=True)) as (store, server):
            assert store.put(b"/a", b"1", mod_revision=4) == 9
            assert store.delete(b"/a", mod_revision=9) == 9
            assert store.delete_many({b"/a": 4, b"/b": 5}) == 9
        assert server.calls == ["Range", "Txn"] * 3

    @pytest.mark.parametrize(
        ("answer", "revision", "word"),
        [
            (transaction((b"/a", 8)), 4, "at revision 8 now"),
            (transaction(), 4, "was deleted after"),
            (transaction(), 0, "already"),
        ],
    )
    def test_a_key_that_is_not_as_it_was_is_a_conflict(self, answer: Answer, revision: int, word: str) -> None:
        with store_with(Txn=answer) as (store, _), pytest.raises(ConflictError, match=word):
            store.put(b"/a", b"1", mod_revision=revision)

    def test_of_many_keys_the_changed_and_the_gone_are_counted(self) -> None:
        with (
            store_with(Txn=transaction((b"/a", 4), (b"/b", 6))) as (store, _),
            pytest.raises(ConflictError, match="2 of these 3 keys"),
        ):
            store.delete_many({b"/a": 4, b"/b": 5, b"/c": 5})

    @pytest.mark.parametrize("count", [0, MAX_KEYS + 1])
    def test_no_key_and_too_many_keys_are_refused_before_anything_is_sent(self, count: int) -> None:
        with store_with(Txn=transaction(succeeded=True)) as (store, server), pytest.raises(QueryError, match="1 to"):
            store.delete_many({b"/%d" % n: 1 for n in range(count)})
        assert server.calls == []

    def test_as_many_as_a_transaction_takes_are_sent(self) -> None:
        with store_with(Txn=transaction(succeeded=True)) as (store, _):
            assert store.delete_many({b"/%d" % n: 1 for n in range(MAX_KEYS)}) == 9

    @pytest.mark.parametrize(
        ("code", "details", "error"),
        [
            (Code.UNAVAILABLE, "Socket closed", UnknownOutcomeError),
            (Code.DEADLINE_EXCEEDED, "too late", UnknownOutcomeError),
            (Code.UNKNOWN, "garbage", UnknownOutcomeError),
            (Code.UNAVAILABLE, "etcdserver: request timed out", UnknownOutcomeError),
            (Code.UNAVAILABLE, "etcdserver: no leader", UnreachableError),
            (Code.RESOURCE_EXHAUSTED, "etcdserver: too many requests", UnreachableError),
            (Code.RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded", DeniedError),
            (Code.PERMISSION_DENIED, "etcdserver: permission denied", NotPermittedError),
        ],
    )
    def test_a_change_without_an_answer_is_sent_once(self, code: Any, details: str, error: type[EtcdviewError]) -> None:
        with store_with(Txn=refusing(code, details)) as (store, server), pytest.raises(error) as caught:
            store.put(b"/a", b"1", mod_revision=4)
        assert type(caught.value) is error or error is UnreachableError
        assert isinstance(caught.value, UnknownOutcomeError) is (error is UnknownOutcomeError)
        assert server.calls.count("Txn") == 1


class TestMaintenance:
    @pytest.mark.parametrize(
        ("call", "method"),
        [
            (lambda store: store.compact(5), "Compact"),
            (lambda store: store.promote(7), "MemberPromote"),
            (lambda store: store.remove(7), "MemberRemove"),
            (lambda store: store.disarm(Alarm(7, "NOSPACE")), "Alarm"),
        ],
    )
    def test_an_operation_whose_answer_is_lost_is_sent_once_and_its_outcome_unknown(
        self, call: Callable[[EtcdStore], object], method: str
    ) -> None:
        answers = {method: refusing(Code.UNAVAILABLE, "Socket closed")}
        with store_with(**answers) as (store, server), pytest.raises(UnknownOutcomeError, match=method):
            call(store)
        assert server.calls == ["Range", method]

    def test_a_compacted_revision_is_refused_by_etcd_and_told_so(self) -> None:
        gone = refusing(Code.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted")
        with store_with(Compact=gone) as (store, _), pytest.raises(EtcdviewError, match="compacted") as caught:
            store.compact(5)
        assert not isinstance(caught.value, UnreachableError)

    def test_an_unknown_alarm_is_refused_before_anything_is_sent(self) -> None:
        with store_with() as (store, server), pytest.raises(QueryError, match="'9'"):
            store.disarm(Alarm(7, "9"))
        assert server.calls == []

    def test_members_that_have_just_met_keep_a_change_of_membership_waiting(self) -> None:
        busy = refusing(Code.UNAVAILABLE, "etcdserver: unhealthy cluster")
        with store_with(MemberRemove=busy) as (store, _), pytest.raises(UnsafeError, match="some seconds"):
            store.remove(7)

    def test_a_learner_is_added_as_a_learner(self) -> None:
        sent: list[bytes] = []

        def add(request: Any, _: Any) -> Any:
            sent.append(request.SerializeToString())
            return etcdrpc.MemberAddResponse(header=HEADER, member=etcdrpc.Member(ID=8))

        with store_with(MemberAdd=add) as (store, _):
            assert store.add_learner(["http://127.0.0.1:2380"]).id == 8
        assert sent[0].endswith(b"\x10\x01")  # isLearner, a field that the client's schema lacks

    def test_a_snapshot_that_breaks_off_is_an_error_after_the_pieces_that_came(self) -> None:
        def pieces(_: Any, context: Any) -> Iterator[Any]:
            yield etcdrpc.SnapshotResponse(blob=b"1", remaining_bytes=2)
            context.abort(Code.UNAVAILABLE, "Socket closed")

        with store_with(Snapshot=pieces) as (store, _):
            probe = store.probe(store.endpoints[0])
            stream = probe.snapshot()
            assert next(stream).remaining_bytes == 2
            with pytest.raises(UnreachableError):
                next(stream)
            probe.close()

    def test_a_snapshot_over_a_closed_connection_sends_nothing(self) -> None:
        with store_with() as (store, server):
            probe = store.probe(store.endpoints[0])
            probe.close()
            with pytest.raises(UnreachableError, match="closed"):
                next(probe.snapshot())
        assert server.calls == []

    def test_a_member_that_lacks_a_call_says_which(self) -> None:
        with store_with() as (store, _):
            probe = store.probe(store.endpoints[0])
            with pytest.raises(EtcdviewError, match="Defragment"):
                probe.defragment(2.0)
            probe.close()


class TestBulkLoad:
    def batches(self, kvs: list[KeyValue]) -> list[list[KeyValue]]:
        return list(bulk_load._batches(kvs))

    @pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (128, [128]), (129, [128, 1]), (256, [128, 128])])
    def test_a_transaction_takes_128_keys(self, count: int, sizes: list[int]) -> None:
        assert [len(b) for b in self.batches([KeyValue(b"/%d" % n, 1, 1, 1) for n in range(count)])] == sizes

    def test_a_value_larger_than_a_batch_goes_alone(self) -> None:
        huge = KeyValue(b"/b", 1, 1, 1, value=b"x" * (bulk_load.BYTES_PER_TXN + 1))
        small = [KeyValue(key, 1, 1, 1, value=b"v") for key in (b"/a", b"/c")]
        assert self.batches([small[0], huge, small[1]]) == [[small[0]], [huge], [small[1]]]

    def test_keys_are_put_in_the_order_of_their_changes_and_progress_is_told(self) -> None:
        sent: list[bytes] = []
        reported: list[Progress] = []

        def put(request: Any, _: Any) -> Any:
            sent.extend(op.request_put.key for op in request.success)
            return etcdrpc.TxnResponse(header=HEADER, succeeded=True)

        kvs = [KeyValue(b"/%03d" % n, 1, 200 - n, 1) for n in range(130)]
        with answering(Txn=put) as (url, _):
            assert bulk_load.load(url, TlsFiles(), kvs, reported.append) == 130
        assert sent == sorted((kv.key for kv in kvs), reverse=True)
        assert [p.done for p in reported] == [128, 130]

    def test_an_error_ends_the_load_at_its_batch(self) -> None:
        full = refusing(Code.RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded")
        with answering(Txn=full) as (url, server), pytest.raises(DeniedError, match="full"):
            bulk_load.load(url, TlsFiles(), [KeyValue(b"/%d" % n, 1, 1, 1) for n in range(300)])
        assert server.calls == ["Txn"]
