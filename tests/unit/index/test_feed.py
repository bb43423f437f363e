"""A feed that is stopped ends, whatever moment the stop comes at."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from etcdview.index.base import FollowedRange
from etcdview.index.feed import Feed
from etcdview.index.lister import keys_under
from etcdview.kube.keys import KeySpace
from etcdview.models import Event, WatchBatch
from etcdview.stores.files.memory import StaticStore


class Quiet:
    """A watch on which nothing happens until it is cancelled."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()

    def __iter__(self) -> Iterator[WatchBatch]:
        self.cancelled.wait()
        return iter(())

    def request_progress(self) -> None: ...

    def cancel(self) -> None:
        self.cancelled.set()


class StoppedMeanwhile(StaticStore):
    """While it opens the watch, somebody stops the feed: there is no watch yet that the stop could cancel."""

    feed: Feed

    def watch(self, start: bytes, end: bytes, revision: int) -> Quiet:
        self.feed.stop()
        return Quiet()


class Nothing:
    def moved(self, events: Sequence[Event], followed: FollowedRange) -> None: ...

    def loaded(self) -> None: ...

    def forgotten(self) -> None: ...

    def over_limit(self) -> str:
        return ""


def test_a_stop_while_the_watch_is_being_opened_ends_the_feed() -> None:
    before = set(threading.enumerate())
    store = StoppedMeanwhile("test", ())
    store.feed = Feed(store, KeySpace(), [keys_under(b"/registry/")], Nothing())
    store.feed.start()
    store.feed.join(5.0)
    assert set(threading.enumerate()) <= before
