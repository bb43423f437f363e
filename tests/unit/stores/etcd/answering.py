"""A grpc server in this process that speaks etcd's messages and answers what a test tells it to, lies included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from etcd3 import etcdrpc

Answer = Callable[[Any, Any], Any]
REQUESTS = {
    "/etcdserverpb.KV/Range": etcdrpc.RangeRequest,
    "/etcdserverpb.KV/Txn": etcdrpc.TxnRequest,
    "/etcdserverpb.KV/Compact": etcdrpc.CompactionRequest,
    "/etcdserverpb.Auth/Authenticate": etcdrpc.AuthenticateRequest,
    "/etcdserverpb.Maintenance/Status": etcdrpc.StatusRequest,
    "/etcdserverpb.Watch/Watch": etcdrpc.WatchRequest,
}


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
        make = grpc.stream_stream_rpc_method_handler if name == "Watch" else grpc.unary_unary_rpc_method_handler
        return make(
            self._answers[name],
            request_deserializer=REQUESTS[path].FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )


@contextmanager
def answering(**answers: Answer) -> Iterator[tuple[str, Answers]]:
    """A running server: its address, and the calls that it has had."""
    handler = Answers(answers)
    server = grpc.server(ThreadPoolExecutor(8), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"http://127.0.0.1:{port}", handler
    finally:
        server.stop(None).wait()


def refusing(code: grpc.StatusCode, details: str) -> Answer:
    """An answer that is an error."""

    def refuse(_: Any, context: Any) -> None:
        context.abort(code, details)

    return refuse
