"""What the tests of the index share: an index with its store, writing, and comparing with a fresh load."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import grpc
from etcd3 import etcdrpc

from etcdview.index.base import Freshness, Tree
from etcdview.index.live import Index
from etcdview.index.memory import MemoryNames
from etcdview.kube.keys import KeySpace
from etcdview.models import Range, TlsFiles
from etcdview.stores.etcd.client import EtcdStore

KEYSPACE = KeySpace()
PATIENCE_SECONDS = 40.0


class Writer:
    """Writes to etcd, past the store, which cannot."""

    def __init__(self, url: str, tls: TlsFiles | None = None) -> None:
        self._channel = _secure(url, tls) if tls else grpc.insecure_channel(url.removeprefix("http://"))
        self._kv = etcdrpc.KVStub(self._channel)

    def put(self, *keys: bytes, value: bytes = b"x") -> int:
        """Put the keys in one transaction; gives the revision."""
        return self._txn(
            [etcdrpc.RequestOp(request_put=etcdrpc.PutRequest(key=key, value=value)) for key in dict.fromkeys(keys)]
        )

    def delete(self, start: bytes, end: bytes = b"") -> int:
        """Delete a key or a range; gives the revision."""
        request = etcdrpc.DeleteRangeRequest(key=start, range_end=end)
        return self._txn([etcdrpc.RequestOp(request_delete_range=request)])

    def compact(self, revision: int) -> None:
        """Drop the history before `revision`."""
        self._kv.Compact(etcdrpc.CompactionRequest(revision=revision, physical=True), timeout=20)

    def close(self) -> None:
        self._channel.close()

    def _txn(self, operations: Sequence[object]) -> int:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                response = self._kv.Txn(etcdrpc.TxnRequest(success=operations), timeout=20, wait_for_ready=True)
            except grpc.RpcError as error:
                # a cluster that is electing a leader: what is written here may well be written twice
                if error.code() is not grpc.StatusCode.UNAVAILABLE or time.monotonic() > deadline:
                    raise
            else:
                return int(response.header.revision)


def _secure(url: str, tls: TlsFiles) -> grpc.Channel:
    ca, key, cert = (Path(path).read_bytes() for path in (tls.cacert, tls.key, tls.cert))
    return grpc.secure_channel(url.removeprefix("https://"), grpc.ssl_channel_credentials(ca, key, cert))


@contextlib.contextmanager
def writing(url: str, tls: TlsFiles | None = None) -> Iterator[Writer]:
    writer = Writer(url, tls)
    try:
        yield writer
    finally:
        writer.close()


@contextlib.contextmanager
def indexed(*endpoints: str, tls: TlsFiles | None = None, **options: object) -> Iterator[Index]:
    """An index that has begun to load."""
    user = {name: str(options.pop(name)) for name in ("user", "password") if name in options}
    store = EtcdStore(endpoints, tls or TlsFiles(), timeout_seconds=2.0, **user)  # type: ignore[arg-type]
    index = Index(store, KEYSPACE, **options)  # type: ignore[arg-type]
    index.start()
    try:
        yield index
    finally:
        index.close()
        store.close()


def wait_for(what: Callable[[], bool], why: Callable[[], object] = lambda: "") -> None:
    """Until `what` holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < deadline, why()
        time.sleep(0.02)


def settled(index: Index, revision: int) -> Freshness:
    """Once the index is live and has got to `revision`."""

    def so_far() -> bool:
        fresh = index.freshness()
        return fresh.state == "live" and fresh.complete and fresh.revision >= revision

    wait_for(so_far, index.freshness)
    return index.freshness()


def all_names(index: Index) -> list[bytes]:
    """Every name, page by page."""
    names: list[bytes] = []
    after = None
    while True:
        page = index.page(b"\0", b"\0", after=after, limit=1000)
        names += page.keys
        if page.next_after is None:
            return names
        after = page.next_after


def fresh_load(url: str, tls: TlsFiles | None = None) -> tuple[list[bytes], Tree, int]:
    """All names, their tree and the revision, read from etcd anew by another way than the index's."""
    store = EtcdStore([url], tls or TlsFiles(), timeout_seconds=10.0)
    try:
        result = store.range(Range(b"\0", b"\0", keys_only=True))
        names = [kv.key for kv in result.kvs]
        return names, MemoryNames.of_names(names, KEYSPACE, result.revision).tree(), result.revision
    finally:
        store.close()


def assert_true(index: Index, url: str, tls: TlsFiles | None = None) -> None:
    """The index holds what a fresh load holds: names, counts by type and namespace, and the strays."""
    names, tree, revision = fresh_load(url, tls)
    settled(index, revision)
    assert all_names(index) == names
    held = index.tree()
    assert (held.types, held.unrecognised, held.complete) == (tree.types, tree.unrecognised, True)
