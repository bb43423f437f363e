"""A killed member's data directory: its log has what its database had not written yet, for histories of every kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import grpc
import pytest
from etcd3 import etcdrpc

from etcdview.cluster.sources import open_file
from etcdview.demo.cluster import LocalCluster
from etcdview.models import KeyValue, Range
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.files.database import SnapshotStore
from etcdview.stores.protocols import Store

LAST = 60  # requests of a history
KEYS = [b"/registry/k%02d" % i for i in range(12)]
LATE = ("--backend-batch-interval=1h", "--backend-batch-limit=1000000")  # the database has none of what follows


class History:
    """Random requests to one member; those that it refuses are part of it."""

    def __init__(self, url: str, seed: int, *, compacting: bool) -> None:
        channel = grpc.insecure_channel(url.removeprefix("http://"))
        self._kv, self._lease = etcdrpc.KVStub(channel), etcdrpc.LeaseStub(channel)
        self._random = Random(seed)  # noqa: S311 - of histories
        self._compacting = compacting
        self._leases = [0, 0, 0, 12345]  # the last was never granted
        self.revision = self.compacted = 1

    def run(self, count: int) -> None:
        """So many requests, one after the other.

        The last of them leave etcd's database as it is. A compaction writes it, and so does the end of a lease from
        3.5.13 on: batchTxBuffered.Unlock commits after each deletion from a bucket.
        """
        kinds: list[Callable[[], Any]] = [self._txn] * 6 + [self._put] * 6 + [self._delete] * 3 + [self._grant]
        writing = [self._revoke, *[self._compact] * self._compacting]
        for number in range(count):
            choice = kinds + writing if number < count - LAST else kinds
            try:
                answer = self._random.choice(choice)()
            except grpc.RpcError:
                continue
            self.revision = max(self.revision, answer.header.revision)

    def _key(self) -> bytes:
        return self._random.choice(KEYS)

    def _range(self) -> tuple[bytes, bytes]:
        start = self._key()
        return start, self._random.choice((b"", b"", start + b"\xff", self._key(), b"\0"))

    def _put_request(self) -> Any:
        lease, kept = self._random.choice(self._leases), self._random.choice("nnnnvl")
        value = b"" if kept == "v" else self._random.randbytes(self._random.choice((0, 1, 30, 3000)))
        return etcdrpc.PutRequest(
            key=self._key(),
            value=value,
            lease=0 if kept == "l" else lease,
            ignore_value=kept == "v",
            ignore_lease=kept == "l",
        )

    def _put(self) -> Any:
        return self._kv.Put(self._put_request(), timeout=20)

    def _delete(self) -> Any:
        start, end = self._range()
        return self._kv.DeleteRange(etcdrpc.DeleteRangeRequest(key=start, range_end=end), timeout=20)

    def _compare(self) -> Any:
        start, end = self._range()
        field = self._random.choice(("version", "create_revision", "mod_revision", "value", "lease"))
        near = {"version": self._random.randrange(4), "value": self._random.choice((b"", b"\x80"))}
        wanted = near.get(field, self._random.choice((0, self.revision, self.revision // 2)))
        targets = {"version": 0, "create_revision": 1, "mod_revision": 2, "value": 3, "lease": 4}
        return etcdrpc.Compare(
            result=self._random.randrange(4), target=targets[field], key=start, range_end=end, **{field: wanted}
        )

    def _operation(self, depth: int) -> Any:
        kind = self._random.choice(("put", "put", "delete", "range", "txn"))
        start, end = self._range()
        if kind == "put":
            return etcdrpc.RequestOp(request_put=self._put_request())
        if kind == "delete":
            return etcdrpc.RequestOp(request_delete_range=etcdrpc.DeleteRangeRequest(key=start, range_end=end))
        if kind == "txn" and depth < 2:
            return etcdrpc.RequestOp(request_txn=self._txn_request(depth + 1))
        revision = self._random.choice((0, 0, self.revision, self.compacted))
        return etcdrpc.RequestOp(request_range=etcdrpc.RangeRequest(key=start, range_end=end, revision=revision))

    def _txn_request(self, depth: int = 0) -> Any:
        def operations() -> list[Any]:
            return [self._operation(depth) for _ in range(self._random.randrange(3))]

        compares = [self._compare() for _ in range(self._random.randrange(3))]
        return etcdrpc.TxnRequest(compare=compares, success=operations(), failure=operations())

    def _txn(self) -> Any:
        return self._kv.Txn(self._txn_request(), timeout=20)

    def _grant(self) -> Any:
        answer = self._lease.LeaseGrant(etcdrpc.LeaseGrantRequest(TTL=600), timeout=20)
        self._leases.append(answer.ID)
        return answer

    def _revoke(self) -> Any:
        return self._lease.LeaseRevoke(etcdrpc.LeaseRevokeRequest(ID=self._random.choice(self._leases)), timeout=20)

    def _compact(self) -> Any:
        revision = self._random.randrange(self.compacted, self.revision + 1)
        answer = self._kv.Compact(etcdrpc.CompactionRequest(revision=revision), timeout=20)
        self.compacted = revision
        return answer


def states(store: Store, oldest: int, newest: int) -> dict[int, tuple[KeyValue, ...]]:
    """All keys at each revision."""
    return {revision: store.range(Range(b"\0", b"\0", revision=revision)).kvs for revision in range(oldest, newest + 1)}


def check(folder: Path, seed: int, steps: int, *, compacting: bool) -> None:
    """What a member served just before it was killed is what its data directory shows."""
    with LocalCluster(folder, ("one",), options=LATE) as running:
        live = EtcdStore(running.endpoints, running.tls)
        history = History(running.endpoints[0], seed, compacting=compacting)
        history.run(steps)
        newest = live.range(Range(b"x")).revision
        served = states(live, history.compacted, newest)
        live.close()
        running.members[0].kill(at_once=True)

    store = open_file(running.members[0].data)

    assert isinstance(store, SnapshotStore)
    assert store.recovered
    assert (store.revision, max(store.compacted, 1)) == (newest, history.compacted)
    assert states(store, history.compacted, newest) == served
    assert len(store.recovered.changes) > LAST // 6
    store.close()


@pytest.mark.parametrize("compacting", [False, True])
def test_what_a_killed_member_served_is_in_its_data_directory(member_folder: Path, compacting: bool) -> None:
    check(member_folder, seed=1, steps=200, compacting=compacting)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 22))
def test_the_same_for_other_histories(member_folder: Path, seed: int) -> None:
    check(member_folder, seed, steps=600, compacting=seed % 2 == 0)


def test_a_majority_of_the_members_has_every_write_shown_or_said_not_to_be_known_as_committed(
    member_folder: Path,
) -> None:
    with LocalCluster(member_folder, ("a", "b", "c"), options=LATE) as running:
        live = EtcdStore(running.endpoints, running.tls)
        for number in range(40):
            live.put(b"/registry/late/%02d" % number, b"v", mod_revision=0)
        served = live.range(Range(b"\0", b"\0")).kvs
        live.close()

    have_all = 0
    for member in running.members:
        store = open_file(member.data)
        assert isinstance(store, SnapshotStore)
        assert store.recovered
        found, rest = store.range(Range(b"\0", b"\0")).kvs, store.recovered.uncommitted
        assert len(found) > 30
        assert found == served[: len(found)]
        told = [key for _, key in rest.changes] if rest else []
        have_all += [kv.key for kv in found] + told == [kv.key for kv in served]
        store.close()
    assert have_all >= 2
