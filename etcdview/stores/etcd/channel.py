"""One endpoint's grpc channel and stubs: made on first use, made anew when the certificate files change."""

from __future__ import annotations

import ctypes
import os
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import etcd3
import grpc
from etcd3 import etcdrpc

from etcdview.background import at_the_end
from etcdview.endpoints import Endpoint
from etcdview.errors import UnreachableError
from etcdview.models import TlsFiles
from etcdview.stores.etcd.grpc_errors import CLOSED
from etcdview.stores.etcd.messages import Call
from etcdview.stores.kept import Kept
from etcdview.tls import files as tls_files
from etcdview.tls.refusals import presented

T = TypeVar("T")

STAMP_SECONDS = 1.0
CONNECT_SECONDS = 3.0
BEGIN_SECONDS = 5.0  # to begin a call takes milliseconds
GRACE_SECONDS = 1.0  # grpc's own deadline comes first, wherever it comes at all
MORE_THREADS = "Raise the limit of processes that etcdview runs under (ulimit -u, or pids.max of its container)."
# Reading an answer takes up to four times as much, and each thread may read one: a value is at most 1.5 MiB by default.
MAX_ANSWER_BYTES = 32 * 1024 * 1024

OPTIONS = (
    # larger answers are refused before they are in memory, and asked for in smaller pieces
    ("grpc.max_receive_message_length", MAX_ANSWER_BYTES),
    ("grpc.max_send_message_length", -1),
    # etcd takes a ping every 5 s at most (--grpc-keepalive-min-time), and hangs up on who sends more
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 3_000),
    ("grpc.http2.max_pings_without_data", 0),
    # without this, channels to one address share a connection, and a probe would wait behind a load
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.min_reconnect_backoff_ms", int(CONNECT_SECONDS * 1000)),
    ("grpc.enable_retries", 0),
    ("grpc.enable_http_proxy", 0),
)


@dataclass(slots=True)
class Connection:
    """A channel with its stubs, and the stamp of the files it was made from."""

    channel: grpc.Channel
    stubs: dict[str, Any]
    stamp: tls_files.Stamp
    _changed: threading.Condition = field(default_factory=threading.Condition)  # guards the three below
    _beginning: int = 0
    _ended: bool = False
    _stuck: bool = False

    def begin(self, call: Callable[[dict[str, Any]], T]) -> T:
        """What `call` makes of the stubs. Raises ValueError once closed or stuck, RuntimeError where no thread starts.

        grpc counts a call before it starts the thread that brings the answer. Without that thread the close of the
        channel, and its __del__ too, would wait for the call forever: such a channel is never let go of. From Python
        3.12 on no thread starts once the process ends, so a call that begins just then has none.
        """
        with self._changed:
            if self._ended:  # grpc would take a call on a channel that is stuck, and nobody would bring its answer
                raise ValueError("The connection is closed.")
            self._beginning += 1
        try:  # without the lock: others would wait for it while this thread waits for its turn to run
            return call(self.stubs)
        except RuntimeError:
            self._hold()
            raise
        finally:
            with self._changed:
                self._beginning -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """End all calls. Those that begin are waited for: only then it is known whether they can end."""
        with self._changed:
            self._ended = True
            if not self._changed.wait_for(lambda: not self._beginning, BEGIN_SECONDS):
                self._hold()
            if not self._stuck:
                self.channel.close()

    def _hold(self) -> None:
        """Never let go of the channel, and begin no further call."""
        with self._changed:
            if not self._stuck:
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(self.channel))
            self._ended = self._stuck = True


class _NoWordError(grpc.RpcError):
    """Of a call whose end grpc does not tell: it began beside one that got no thread, see Connection.begin."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.DEADLINE_EXCEEDED

    def details(self) -> str:
        return "not even grpc said a word of it"


class Channel:
    """Calls to one endpoint. Nothing is opened before the first call, so that a process may fork before it."""

    def __init__(self, endpoint: Endpoint, files: TlsFiles) -> None:
        self.endpoint = endpoint
        self.files = files
        # one thread opens at a time; the others use the link of before, or wait for this endpoint's opening alone
        self._newest = self._anew()
        self._lock = threading.Lock()  # guards all below; never held while a connection is opened
        self._link: Connection | None = None
        self._retired: Connection | None = None
        self._closed = False

    @property
    def name(self) -> str:
        """The endpoint as text."""
        return str(self.endpoint)

    def start(self, call: Call, timeout_seconds: float, token: str | None = None) -> Any:
        """Send the call; gives grpc's future. Raises TlsError for unusable files."""
        rows = metadata(call.needs_leader, token)

        def send(stubs: dict[str, Any]) -> Any:
            return getattr(stubs[call.stub], call.method).future(call.request, timeout=timeout_seconds, metadata=rows)

        return self.begin(send)

    def ask(self, call: Call, timeout_seconds: float, token: str | None = None) -> Any:
        """Send the call; the answer. Raises as `start`, and grpc.RpcError."""
        future = self.start(call, timeout_seconds, token)
        try:
            return future.result(timeout_seconds + GRACE_SECONDS)
        except grpc.FutureTimeoutError:
            raise _NoWordError from None

    def begin(self, call: Callable[[dict[str, Any]], T]) -> T:
        """Begin `call` with the stubs of the moment. Raises TlsError for bad files, UnreachableError once closed."""
        link = self.link()
        try:
            return link.begin(call)
        except ValueError as error:  # another thread has closed it just now, or it is stuck
            raise UnreachableError(CLOSED, endpoint=self.name) from error
        except RuntimeError as error:
            self._forget(link)
            if at_the_end(error):
                raise UnreachableError(CLOSED, endpoint=self.name) from error
            raise UnreachableError(f"No thread could be started for a call ({error}).", MORE_THREADS) from error

    def link(self) -> Connection:
        """The connection of the moment. Raises TlsError for unusable files, UnreachableError once closed."""
        link = self._newest.get()
        with self._lock:
            self._check_open()
        return link

    def _forget(self, link: Connection) -> None:
        """The next call opens another one: no call of a connection that is stuck would ever end."""
        with self._lock:
            if self._link is link:
                self._link, self._newest = None, self._anew()

    def _anew(self) -> Kept[Connection]:
        return Kept(STAMP_SECONDS, self._renewed)

    def close(self) -> None:
        """End all calls and let go of the connection."""
        with self._lock:
            self._closed = True
            for link in (self._link, self._retired):
                if link is not None:
                    link.close()
            self._link = self._retired = None

    def _check_open(self) -> None:
        """No call begins once the process ends: see Connection.begin."""
        if self._closed or not threading.main_thread().is_alive():
            raise UnreachableError(CLOSED, endpoint=self.name)

    def _renewed(self) -> Connection:
        """The link of before where the files are unchanged, else one made from them."""
        with self._lock:
            self._check_open()
            before = self._link
        stamp = tls_files.stamp(self.files) if self.endpoint.secure else ()
        if before is not None and before.stamp == stamp:
            return before
        try:
            link = self._open(stamp)
        except UnreachableError:
            # half-written files while they are being renewed: the old ones do until the new ones are whole
            if before is None:
                raise
            return before
        self._replace(link)
        return link

    def _replace(self, link: Connection) -> None:
        with self._lock:
            if self._closed:  # while the link was opened: nobody else would close it
                link.close()
            self._check_open()
            if self._retired is not None:
                self._retired.close()
            # calls under way, a watch among them, end on the channel they began on
            self._retired, self._link = self._link, link

    def _open(self, stamp: tls_files.Stamp) -> Connection:
        credentials, name = None, self.files.server_name
        if self.endpoint.secure:
            material = tls_files.load(self.files, datetime.now(UTC))
            ca = material.ca
            if self.files.insecure_skip_verify:
                ca, name = _as_it_comes(self.endpoint, self.files)
            credentials = grpc.ssl_channel_credentials(ca or None, material.key or None, material.cert or None)
        options: list[tuple[str, Any]] = list(OPTIONS)
        if name:
            options.append(("grpc.ssl_target_name_override", name))
        channel = _connected(self.endpoint, credentials, options)
        return Connection(channel, _stubs(channel), stamp)


def _connected(
    endpoint: Endpoint, credentials: grpc.ChannelCredentials | None, options: list[tuple[str, Any]]
) -> grpc.Channel:
    if not endpoint.path:
        host = endpoint.address.rpartition(":")[0]
        opened = etcd3.Endpoint(host, endpoint.port, secure=endpoint.secure, creds=credentials, opts=options)
        channel: grpc.Channel = opened.channel
        return channel
    # the client knows hosts and ports only; grpc takes what follows unix: to the last byte as the socket's path
    target = f"unix:{os.path.abspath(endpoint.path)}"
    if credentials is None:
        return grpc.insecure_channel(target, options=options)
    return grpc.secure_channel(target, credentials, options=options)


def _as_it_comes(endpoint: Endpoint, files: TlsFiles) -> tuple[bytes, str]:
    """The certificate that the server shows, to be trusted for what it is, and a name that is in it.

    grpc has no way to leave the check out; this is the nearest to etcdctl's --insecure-skip-tls-verify.
    """
    shown = presented(endpoint, files, CONNECT_SECONDS)
    name = shown.names[0] if shown.names else shown.common_name
    return ssl.DER_cert_to_PEM_cert(shown.der).encode(), name


def metadata(needs_leader: bool, token: str | None) -> tuple[tuple[str, str], ...]:
    """`hasleader` is clientv3's WithRequireLeader; `token` is what Authenticate gave."""
    rows = (("hasleader", "true"),) if needs_leader else ()
    return (*rows, ("token", token)) if token else rows


def _stubs(channel: grpc.Channel) -> dict[str, Any]:
    cluster = etcdrpc.ClusterStub(channel)
    # of etcd 3.4 and later, which the client's schema is not; its messages have the fields of MemberRemove's
    cluster.MemberPromote = channel.unary_unary(
        "/etcdserverpb.Cluster/MemberPromote",
        request_serializer=etcdrpc.MemberRemoveRequest.SerializeToString,
        response_deserializer=etcdrpc.MemberRemoveResponse.FromString,
    )
    return {
        "kv": etcdrpc.KVStub(channel),
        "cluster": cluster,
        "maintenance": etcdrpc.MaintenanceStub(channel),
        "auth": etcdrpc.AuthStub(channel),
        "watch": etcdrpc.WatchStub(channel),
    }
