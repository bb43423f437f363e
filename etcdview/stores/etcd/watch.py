"""A watch over etcd's bidirectional stream, which another thread can end at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import grpc
from etcd3 import etcdrpc

from etcdview import background
from etcdview.errors import (
    CompactedError,
    DeadlineError,
    DeniedError,
    EtcdviewError,
    TooLargeError,
    UnreachableError,
)
from etcdview.models import Event, WatchBatch
from etcdview.stores.etcd.channel import Channel, metadata
from etcdview.stores.etcd.grpc_errors import translate
from etcdview.stores.etcd.kine import inside
from etcdview.stores.etcd.messages import Call, event
from etcdview.stores.protocols import prefix_end

SILENCE_SECONDS = 5.0
CHECK_SECONDS = 1.0
WAITING_ANSWERS = 64  # read and not yet taken


class EtcdWatch:
    """The Watch protocol, served by `endpoint`. Iterate in one thread; cancel and ask for progress from any."""

    def __init__(
        self, channel: Channel, start: bytes, end: bytes, revision: int, token: str, folder: bytes = b""
    ) -> None:
        """`folder`: watch this folder, as kine asks for, and keep what is in [start, end) of it."""
        self.endpoint = channel.name
        self._channel = channel
        self._token = token
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        # full, the reader stops reading, and grpc lets etcd send no more
        self._answers: queue.Queue[Any] = queue.Queue(WAITING_ANSWERS)
        self._ended = threading.Event()
        self._wanted = inside(start, end) if folder else None
        self._requests.put(_create(folder, prefix_end(folder), revision) if folder else _create(start, end, revision))
        sent = iter(self._requests.get, None)
        rows = metadata(True, token)
        self._call = channel.begin(lambda stubs: stubs["watch"].Watch(sent, metadata=rows, wait_for_ready=False))
        self._reader = threading.Thread(target=self._read, name="etcd-watch-reader", daemon=True)
        background.start(self._reader)

    def wait_until_open(self, timeout_seconds: float) -> None:
        """Wait until etcd has made the watch. Raises UnreachableError, DeniedError, CompactedError."""
        answer = self._next(timeout_seconds)
        if answer is None:
            self.cancel()
            raise DeadlineError(f"{self.endpoint} did not begin the watch in time.", endpoint=self.endpoint)
        self._refused(answer)

    def __iter__(self) -> Iterator[WatchBatch]:
        while not self._ended.is_set():
            answer = self._next(SILENCE_SECONDS)
            if answer is None:
                self._check()
                continue
            if answer is _END:
                return
            self._refused(answer)
            if not answer.created:
                yield WatchBatch(answer.header.revision, self._events(answer))

    def request_progress(self) -> None:
        """See Watch.request_progress. etcd before 3.4.25 and 3.5.8 may answer ahead of events (etcd issue 15220)."""
        self._requests.put(etcdrpc.WatchRequest(progress_request=etcdrpc.WatchProgressRequest()))

    def cancel(self) -> None:
        """End the iteration at once; may be called more than once."""
        self._ended.set()
        self._requests.put(None)
        self._call.cancel()
        with suppress(queue.Full):  # then nobody waits for an answer, and the iteration sees that it has ended
            self._answers.put_nowait(_END)

    def _events(self, answer: Any) -> tuple[Event, ...]:
        events = map(event, answer.events)
        return tuple(events if self._wanted is None else (e for e in events if self._wanted(e.kv.key)))

    def _read(self) -> None:
        """The reader thread: etcd's answers into the queue, an error or the end at the end."""
        try:
            for answer in self._call:
                self._give(answer)
        except grpc.RpcError as error:
            self._give(error)
        else:
            self._give(_HUNG_UP)

    def _give(self, answer: Any) -> None:
        background.hand_over(self._answers, answer, self._ended.is_set)

    def _next(self, timeout_seconds: float) -> Any:
        try:
            answer = self._answers.get(timeout=timeout_seconds)
        except queue.Empty:
            return None
        if self._ended.is_set():
            return _END
        if isinstance(answer, grpc.RpcError):
            self.cancel()
            raise _failure(answer, self.endpoint) from answer
        if answer is _HUNG_UP:
            self.cancel()
            raise UnreachableError(f"{self.endpoint} ended the watch.", "", endpoint=self.endpoint)
        return answer

    def _refused(self, answer: Any) -> None:
        if answer is _END or not answer.canceled:
            return
        self.cancel()
        raise _refusal(answer, self.endpoint)

    def _check(self) -> None:
        """Silence may be peace or a dead member: Status tells."""
        call = Call("maintenance", "Status", etcdrpc.StatusRequest(), needs_leader=False)
        try:
            self._channel.ask(call, CHECK_SECONDS, self._token)
        except grpc.RpcError as error:
            ours = translate(error, self.endpoint, call.method)
            if isinstance(ours, UnreachableError) and not self._ended.is_set():
                self.cancel()
                raise ours from error


class _Signal:
    """A word of our own in the queue of answers."""


_END = _Signal()
_HUNG_UP = _Signal()


def open_watch(
    channel: Channel,
    start: bytes,
    end: bytes,
    revision: int,
    token: str,
    timeout_seconds: float,
    folder: bytes = b"",
) -> EtcdWatch:
    """A watch that etcd has confirmed. Raises UnreachableError, DeniedError, CompactedError."""
    watch = EtcdWatch(channel, start, end, revision, token, folder)
    watch.wait_until_open(timeout_seconds)
    return watch


def _create(start: bytes, end: bytes, revision: int) -> Any:
    create = etcdrpc.WatchCreateRequest(
        key=start or b"\0", range_end=end, start_revision=revision, progress_notify=True
    )
    return etcdrpc.WatchRequest(create_request=create)


def _failure(error: grpc.RpcError, endpoint: str) -> EtcdviewError:
    """Ours for grpc's. An answer that is too large would come again: what it holds is as lost as what is compacted."""
    ours = translate(error, endpoint, "Watch")
    return CompactedError(ours.what, "Reload and watch from there.") if isinstance(ours, TooLargeError) else ours


def _refusal(answer: Any, endpoint: str) -> EtcdviewError:
    if answer.compact_revision:
        return CompactedError(
            f"The watch cannot begin there: etcd has compacted everything before revision {answer.compact_revision}.",
            "Reload and watch from there.",
            oldest=answer.compact_revision,
        )
    reason = answer.cancel_reason or "no reason given"
    if "permission denied" in reason or "auth" in reason:
        return DeniedError(f"etcd does not permit this user to watch that ({reason}).", "Grant its role the prefix.")
    return UnreachableError(f"{endpoint} ended the watch ({reason}).", "", endpoint=endpoint)
