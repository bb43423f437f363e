"""The watches of several etcds as one: changes as they come, those of each etcd in the order of its own revisions."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from etcdview import background
from etcdview.errors import EtcdviewError
from etcdview.models import WatchBatch
from etcdview.stores.protocols import Watch

Keeps = Callable[[bytes], bool]
_WAITING_BATCHES = 64  # read and not yet taken


class MergedWatch:
    """The Watch protocol. Iterate in one thread; cancel and ask for progress from any."""

    def __init__(self, watches: Sequence[tuple[Watch, Keeps]]) -> None:
        """Each watch with the keys that its etcd holds: others that were left behind in it do not count."""
        self._watches = tuple(watch for watch, _ in watches)
        self._batches: queue.Queue[WatchBatch | EtcdviewError | None] = queue.Queue(_WAITING_BATCHES)
        self._ended = threading.Event()
        for number, (watch, keeps) in enumerate(watches):
            thread = threading.Thread(
                target=self._follow, args=(watch, keeps), name=f"etcdview-merged-watch-{number}", daemon=True
            )
            background.start(thread)

    def __iter__(self) -> Iterator[WatchBatch]:
        while not self._ended.is_set():
            found = self._batches.get()
            if found is None:
                return
            if isinstance(found, EtcdviewError):
                self.cancel()
                raise found
            yield found

    def request_progress(self) -> None:
        """See Watch.request_progress."""
        for watch in self._watches:
            watch.request_progress()

    def cancel(self) -> None:
        """End all of them at once; may be called more than once."""
        self._ended.set()
        for watch in self._watches:
            watch.cancel()
        with suppress(queue.Full):  # then nobody waits for a batch, and the iteration sees that it has ended
            self._batches.put_nowait(None)

    def _follow(self, watch: Watch, keeps: Keeps) -> None:
        """The thread of one watch: its changes into the queue, an error or the end at the end."""
        try:
            for batch in watch:
                events = tuple(event for event in batch.events if keeps(event.kv.key))
                if events:
                    self._give(WatchBatch(batch.revision, events))
        except EtcdviewError as error:
            self._give(error)
        finally:  # also of a fault of ours: who waits goes on
            self._give(None)

    def _give(self, found: WatchBatch | EtcdviewError | None) -> None:
        background.hand_over(self._batches, found, self._ended.is_set)
