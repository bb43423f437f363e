"""The live store: etcd's v3 API over grpc and mutual TLS, with every call ended by its deadline.

Nothing is opened before the first call, so that a server may fork its workers first.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any

from etcd3 import etcdrpc

from etcdview.endpoints import parse_endpoint, parse_endpoints
from etcdview.errors import (
    DeniedError,
    NotPermittedError,
    TooLargeError,
    UnreachableError,
    UnsupportedError,
)
from etcdview.models import KeyValue, Membership, NamesPiece, Range, RangeResult, TlsFiles
from etcdview.stores.etcd import messages
from etcdview.stores.etcd.channel import Channel
from etcdview.stores.etcd.diagnosis import DIAGNOSIS, diagnose_endpoint
from etcdview.stores.etcd.explain import Explainer
from etcdview.stores.etcd.failover import Failover
from etcdview.stores.etcd.kine import KineReads, folder_of, is_kine
from etcdview.stores.etcd.login import Login
from etcdview.stores.etcd.maintenance import MaintenanceCalls
from etcdview.stores.etcd.order import Order
from etcdview.stores.etcd.permissions import common_name_of, readable_by
from etcdview.stores.etcd.plausible import check_members, check_only, check_range, check_revisions
from etcdview.stores.etcd.probe import EtcdProbe
from etcdview.stores.etcd.send_once import Once
from etcdview.stores.etcd.watch import EtcdWatch, open_watch
from etcdview.stores.etcd.writes import Writes
from etcdview.stores.permitted import GRANT, text_of
from etcdview.tls.diagnosis import Step

__all__ = ["DIAGNOSIS", "EtcdStore"]

WATCH_SHARE = 0.85  # of the deadline for opening a watch; the rest is for finding out why it cannot be opened
RANGES_PER_TXN = 128  # etcd's default --max-txn-ops
BYTES_PER_TXN = 1 << 20  # of keys; etcd takes requests of 1.5 MiB (--max-request-bytes)


class EtcdStore(Writes, MaintenanceCalls):
    """The protocols of base.py over a live etcd. Safe to call from any thread."""

    live = True

    def __init__(
        self,
        endpoints: Sequence[str],
        tls: TlsFiles,
        *,
        timeout_seconds: float = 5.0,
        user: str = "",
        password: str = "",
        if_refused: str = "",
    ) -> None:
        parsed = parse_endpoints(endpoints, tls=tls.given)
        self.endpoints = tuple(str(endpoint) for endpoint in parsed)
        self.name = ", ".join(self.endpoints)
        self.tls = tls
        self.timeout_seconds = timeout_seconds
        self._login = Login(user, password)
        self._explain = Explainer(if_refused)
        self._channels = [Channel(endpoint, tls) for endpoint in parsed]
        self._order = Order(self._channels)
        self._failover = Failover(self._order, self._login, self._explain)
        self._is_kine_known = False
        self._limited: KineReads | None = None
        self._once = Once(self._order, self._login, self._failover)

    @property
    def user(self) -> str:
        """See Maintainable.user."""
        return self._login.user

    def range(self, request: Range, timeout_seconds: float = 0.0) -> RangeResult:
        """See Store.range. `timeout_seconds` in place of the store's own, for loads that take longer."""
        kine = self._kine()
        if kine is not None:
            return kine.range(request)
        large = bool(request.end) and not (request.limit or request.count_only)
        serializable = request.serializable
        call = messages.Call("kv", "Range", messages.range_request(request), needs_leader=not serializable, large=large)
        try:
            response = self._run(call, timeout_seconds)
        except NotPermittedError as error:
            what = f"etcd does not permit this user to read {text_of(request)}."
            raise NotPermittedError(what, GRANT) from error
        check_range(self.name, request, response)
        return messages.range_result(response, request.revision, serializable=serializable)

    def list_names(self, request: Range, timeout_seconds: float = 0.0) -> NamesPiece:
        """See NameLister.list_names."""
        kine = self._kine()
        if kine is not None:
            found = kine.range(replace(request, keys_only=True, serializable=False))
            return NamesPiece(found.revision, [kv.key for kv in found.kvs], found.count, found.more)
        request = replace(request, keys_only=True)
        call = messages.Call("kv", "Range", messages.range_request(request), needs_leader=not request.serializable)
        response = self._run(call, timeout_seconds)
        check_range(self.name, request, response)
        return messages.names_piece(response, request.revision)

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        """See Store.get_many: transactions of at most 128 ranges, all at the revision of the first."""
        found: dict[bytes, KeyValue] = {}
        for batch in _batches(keys):
            kvs, revision = (self._get_each if self._kine() else self._get_batch)(batch, revision, keys_only)
            found.update((kv.key, kv) for kv in kvs)
        return found

    def watch(self, start: bytes, end: bytes, revision: int) -> EtcdWatch:
        """See Watchable.watch; tries the endpoints in turn until one begins it."""
        folder = folder_of(start, end) if self._kine() else b""
        deadline = time.monotonic() + self.timeout_seconds
        channels = self._order.channels()
        errors: list[tuple[Channel, UnreachableError]] = []
        for tried, channel in enumerate(channels):
            share = (deadline - time.monotonic()) * WATCH_SHARE / (len(channels) - tried)
            try:
                token = self._login.token(channel, share)
                return open_watch(channel, start, end, revision, token, share, folder)
            except UnreachableError as error:
                self._order.shun(channel)
                errors.append((channel, error))
        raise self._explain.verdict(errors, deadline)

    def permitted(self) -> tuple[Range, ...] | None:
        """See Restricted.permitted. A user without a name may be the one that its client certificate names."""
        self._login.ask_again()
        if self._login.user:
            self._login.token(self._order.channels()[0], self.timeout_seconds)  # finds out whether logins are on
        user = self._login.user or self._certified()
        return readable_by(self._run, user) if user else None

    def _certified(self) -> str:
        """The common name of the client certificate, where etcd refuses it a key; "" where it may read it."""
        if not self.tls.cert:
            return ""
        try:
            self._run(messages.Call("kv", "Range", messages.range_request(Range(messages.PROBE_KEY, count_only=True))))
        except NotPermittedError:
            return common_name_of(self.tls.cert)
        return ""

    def members(self) -> Membership:
        """The cluster's members, as the member that answers knows them."""
        call = messages.Call("cluster", "MemberList", etcdrpc.MemberListRequest(), needs_leader=False)
        response = self._run(call)
        check_members(self.name, response.members)
        return messages.membership(response)

    def probe(self, endpoint: str) -> EtcdProbe:
        """One endpoint (any, not only this store's) on a connection of its own; close it after use."""
        parsed = parse_endpoint(endpoint, tls=self.tls.given)
        return EtcdProbe(Channel(parsed, self.tls), self._login, self._explain)

    def diagnose(self, endpoint: str, prefix: bytes, timeout_seconds: float) -> tuple[Step, ...]:
        """One endpoint from the files to a read below `prefix`, as far as the first step that fails; see DIAGNOSIS."""
        channel = Channel(parse_endpoint(endpoint, tls=self.tls.given), self.tls)
        return diagnose_endpoint(channel, self._login, prefix, timeout_seconds)

    def close(self) -> None:
        """End all calls and let go of the connections."""
        for channel in self._channels:
            channel.close()

    def _kine(self) -> KineReads | None:
        """The reads of kine, where the server is that; asked once."""
        if not self._is_kine_known:
            with suppress(DeniedError, UnsupportedError):
                self._limited = KineReads(self._run) if is_kine(self.members()) else None
            self._is_kine_known = True
        return self._limited

    def _run(self, call: messages.Call, timeout_seconds: float = 0.0) -> Any:
        return self._failover.run(call, timeout_seconds or self.timeout_seconds)

    def _get_batch(self, keys: Sequence[bytes], revision: int, keys_only: bool) -> tuple[list[KeyValue], int]:
        ranges = [messages.range_request(Range(key, b"", revision=revision, keys_only=keys_only)) for key in keys]
        request = etcdrpc.TxnRequest(success=[etcdrpc.RequestOp(request_range=r) for r in ranges])
        try:
            response = self._run(messages.Call("kv", "Txn", request))
        except TooLargeError:
            return self._get_each(keys, revision, keys_only)
        kvs = list(messages.ranges_of(response.responses))
        check_only(self.name, keys, kvs)
        check_revisions(self.name, kvs, response.header.revision)
        return kvs, revision or response.header.revision

    def _get_each(self, keys: Sequence[bytes], revision: int, keys_only: bool) -> tuple[list[KeyValue], int]:
        """For kine, which has no such transactions, and large values: a request a key, at the first's revision."""
        kvs: list[KeyValue] = []
        for key in keys:
            result = self.range(Range(key, revision=revision, keys_only=keys_only))
            revision = revision or result.revision
            kvs.extend(result.kvs)
        return kvs, revision


def _batches(keys: Sequence[bytes]) -> Iterator[list[bytes]]:
    todo = iter(keys)
    while some := list(islice(todo, RANGES_PER_TXN)):
        size = 0
        batch: list[bytes] = []
        for key in some:
            if batch and size + len(key) > BYTES_PER_TXN:
                yield batch
                size, batch = 0, []
            batch.append(key)
            size += len(key)
        yield batch
