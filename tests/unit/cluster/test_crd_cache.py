"""What the CRDs define is read once, not once a page; and is there while etcd is not."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from etcdview.cluster.crd_cache import CrdCache
from etcdview.codec import Codec
from etcdview.errors import DeadlineError
from etcdview.index.base import Freshness, State
from etcdview.index.changes import ChangeLog
from etcdview.kube.crds import Definitions
from etcdview.kube.keys import KeySpace
from etcdview.models import Event, KeyValue, Range, RangeResult
from etcdview.objects import Objects

CRD = b"/registry/apiextensions.k8s.io/customresourcedefinitions/backups.example.org"


class Names:
    """As much of an index as Kinds asks."""

    def __init__(self) -> None:
        self.state: State = "live"
        self.changes = ChangeLog()
        self.changes.restart(7)

    def freshness(self) -> Freshness:
        return Freshness(self.state, 7, complete=True)

    def churn(self) -> Sequence[Any]:
        return ()


class CountingObjects(Objects):
    """Objects whose definitions are counted as they are read, or that cannot be reached."""

    reads = 0
    down = False
    revision = 7

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.gate, self.entered = threading.Event(), threading.Semaphore(0)
        self.gate.set()

    def definitions(self, revision: int = 0) -> Any:
        self.reads += 1
        self.entered.release()
        assert self.gate.wait(10)
        if self.down:
            raise DeadlineError("No answer.")
        return Definitions(), self.revision


class Empty:
    """A store without keys."""

    def range(self, request: Range) -> RangeResult:
        return RangeResult(7)


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def objects() -> CountingObjects:
    return CountingObjects(Empty(), Codec(), KeySpace(), lambda obj, _, __: obj)  # type: ignore[arg-type]  # only range is called


def cache(names: Names, objects: CountingObjects, recheck_seconds: float = 5.0) -> CrdCache:
    return CrdCache(names, KeySpace(), objects.definitions, recheck_seconds)  # type: ignore[arg-type]


def ask(known: CrdCache, times: int) -> None:
    for _ in range(times):
        known.definitions()


def test_they_are_read_again_only_when_one_has_changed(names: Names, objects: CountingObjects) -> None:
    known = cache(names, objects)
    ask(known, 3)
    assert objects.reads == 1

    names.changes.note([Event(KeyValue(CRD, 8, 8, 1))], 8, 0.0)
    objects.revision = 8
    ask(known, 3)
    assert objects.reads == 2


def test_once_a_change_was_seen_nobody_gets_the_old_columns_although_another_reads(
    names: Names, objects: CountingObjects
) -> None:
    known = cache(names, objects)
    before = known.definitions()
    names.changes.note([Event(KeyValue(CRD, 8, 8, 1))], 8, 0.0)
    objects.revision, objects.gate = 8, threading.Event()
    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(known.definitions) for _ in range(4)]
        assert objects.entered.acquire(timeout=10)
        objects.gate.set()
    assert all(future.result() is not before for future in found)


@pytest.mark.parametrize("seconds", [60.0, 0.0])
def test_while_the_watch_cannot_tell_they_are_believed_for_some_seconds(
    names: Names, objects: CountingObjects, seconds: float
) -> None:
    names.state = "behind"
    ask(cache(names, objects, seconds), 5)
    assert objects.reads == (1 if seconds else 5)


def test_those_of_before_serve_while_etcd_cannot_be_asked(names: Names, objects: CountingObjects) -> None:
    known = cache(names, objects, 0.0)
    before = known.definitions()
    names.state, objects.down = "down", True

    assert known.definitions() is before
    assert objects.reads == 2


def test_a_cluster_that_never_answered_has_none_and_is_asked_again(names: Names, objects: CountingObjects) -> None:
    known = cache(names, objects)
    objects.down = True
    assert not known.definitions().crds
    objects.down = False
    ask(known, 2)
    assert objects.reads == 2
