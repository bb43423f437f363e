"""A grpc server in this process that speaks etcd's messages and answers what a test tells it to, lies included."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from etcd3 import etcdrpc

from etcdview.demo.certificates import Pair

Answer = Callable[[Any, Any], Any]
REQUESTS = {
    "/etcdserverpb.KV/Range": etcdrpc.RangeRequest,
    "/etcdserverpb.KV/Txn": etcdrpc.TxnRequest,
    "/etcdserverpb.KV/Compact": etcdrpc.CompactionRequest,
    "/etcdserverpb.Cluster/MemberList": etcdrpc.MemberListRequest,
    "/etcdserverpb.Cluster/MemberAdd": etcdrpc.MemberAddRequest,
    "/etcdserverpb.Cluster/MemberPromote": etcdrpc.MemberRemoveRequest,
    "/etcdserverpb.Cluster/MemberRemove": etcdrpc.MemberRemoveRequest,
    "/etcdserverpb.Auth/Authenticate": etcdrpc.AuthenticateRequest,
    "/etcdserverpb.Maintenance/Status": etcdrpc.StatusRequest,
    "/etcdserverpb.Maintenance/Alarm": etcdrpc.AlarmRequest,
    "/etcdserverpb.Maintenance/Defragment": etcdrpc.DefragmentRequest,
    "/etcdserverpb.Maintenance/MoveLeader": etcdrpc.MoveLeaderRequest,
    "/etcdserverpb.Maintenance/HashKV": etcdrpc.HashKVRequest,
    "/etcdserverpb.Maintenance/Snapshot": etcdrpc.SnapshotRequest,
    "/etcdserverpb.Watch/Watch": etcdrpc.WatchRequest,
}

KINDS = {"Watch": grpc.stream_stream_rpc_method_handler, "Snapshot": grpc.unary_stream_rpc_method_handler}


class Answers(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc has no types
    """The answer to each call by its last name; calls without one are unknown to the server."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self._answers = answers
        self.calls: list[str] = []

    def service(self, handler_call_details: Any) -> Any:
        path = handler_call_details.method
        name = path.rpartition("/")[2]
        if name not in self._answers:
            return None
        self.calls.append(name)
        return KINDS.get(name, grpc.unary_unary_rpc_method_handler)(
            self._answers[name],
            request_deserializer=REQUESTS[path].FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )


@contextmanager
def answering(*, pair: Pair | None = None, **answers: Answer) -> Iterator[tuple[str, Answers]]:
    """A running server: its address, and the calls that it has had. It speaks TLS with the certificate of `pair`."""
    handler = Answers(answers)
    server = grpc.server(ThreadPoolExecutor(8), handlers=[handler])
    port = _port(server, pair)
    server.start()
    try:
        yield f"{'https' if pair else 'http'}://127.0.0.1:{port}", handler
    finally:
        server.stop(None).wait()


def _port(server: Any, pair: Pair | None) -> int:
    if pair is None:
        return int(server.add_insecure_port("127.0.0.1:0"))
    files = ((pair.key.read_bytes(), pair.cert.read_bytes()),)
    return int(server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(files)))


class Silent:
    """Accepts connections and never says a word on them, so that a TLS handshake hangs until `let_go`."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._let_go = threading.Event()
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._run, name="test-silent", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._listener.getsockname()[1]}"

    def let_go(self) -> None:
        """Hang up on everybody, from now on at once."""
        self._let_go.set()
        for line in self._held:
            line.close()

    def stop(self) -> None:
        self.let_go()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _run(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._held.append(line)
            self.reached.set()
            if self._let_go.is_set():
                line.close()


def refusing(code: grpc.StatusCode, details: str) -> Answer:
    """An answer that is an error."""

    def refuse(_: Any, context: Any) -> None:
        context.abort(code, details)

    return refuse
