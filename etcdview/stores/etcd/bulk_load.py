"""Filling an etcd with a dump's keys: for the demo and for tests. No page and no other command writes this way."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence

import grpc
from etcd3 import etcdrpc

from etcdview.endpoints import parse_endpoint
from etcdview.errors import EtcdviewError
from etcdview.models import KeyValue, Progress, ProgressFn, TlsFiles, no_progress
from etcdview.stores.etcd.channel import Channel
from etcdview.stores.etcd.grpc_errors import translate
from etcdview.stores.etcd.messages import PROBE_KEY, Call

KEYS_PER_TXN = 128  # etcd's default --max-txn-ops
BYTES_PER_TXN = 1 << 20  # etcd takes requests of 1.5 MiB (--max-request-bytes)
DEADLINE_SECONDS = 30.0


def load(endpoint: str, tls: TlsFiles, kvs: Iterable[KeyValue], progress: ProgressFn = no_progress) -> int:
    """Put all keys, those changed earlier first; gives how many. Each key may be there once.

    Leases are left out: etcd would delete events and master leases as they run out. Raises EtcdviewError.
    """
    ordered = sorted(kvs, key=lambda kv: kv.mod_revision)
    channel = Channel(parse_endpoint(endpoint, tls=tls.given), tls)
    done = 0
    try:
        for batch in _batches(ordered):
            _put(channel, batch)
            done += len(batch)
            progress(Progress(done, len(ordered), "keys loaded"))
    finally:
        channel.close()
    return done


def commit(endpoint: str, tls: TlsFiles, timeout_seconds: float) -> None:
    """Let a member write into its file all that its cluster has agreed on.

    One that does not answer within the time, or refuses, is left as it is.
    """
    channel = Channel(parse_endpoint(endpoint, tls=tls.given), tls)
    calls = (
        Call("kv", "Range", etcdrpc.RangeRequest(key=PROBE_KEY, count_only=True)),  # waits until it has applied it
        Call("maintenance", "Hash", etcdrpc.HashRequest(), needs_leader=False),  # writes its file first
    )
    try:
        for call in calls:
            with contextlib.suppress(grpc.RpcError, EtcdviewError):
                channel.ask(call, timeout_seconds)
    finally:
        channel.close()


def _put(channel: Channel, batch: Sequence[KeyValue]) -> None:
    puts = [etcdrpc.RequestOp(request_put=etcdrpc.PutRequest(key=kv.key, value=kv.value)) for kv in batch]
    call = Call("kv", "Txn", etcdrpc.TxnRequest(success=puts))
    try:
        channel.ask(call, DEADLINE_SECONDS)
    except grpc.RpcError as error:
        raise translate(error, channel.name, call.method) from error


def _batches(kvs: Iterable[KeyValue]) -> Iterator[list[KeyValue]]:
    batch: list[KeyValue] = []
    size = 0
    for kv in kvs:
        more = len(kv.key) + len(kv.value)
        if batch and (len(batch) == KEYS_PER_TXN or size + more > BYTES_PER_TXN):
            yield batch
            batch, size = [], 0
        batch.append(kv)
        size += more
    if batch:
        yield batch
