"""What the CRDs define is read once, not once a page; and is there while etcd is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from etcdview.cluster import crd_cache
from etcdview.cluster.crd_cache import CrdCache
from etcdview.codec import Codec
from etcdview.errors import DeadlineError
from etcdview.index.base import Freshness, State
from etcdview.index.changes import ChangeLog
from etcdview.kube.keys import KeySpace
from etcdview.models import Event, KeyValue, RangeResult
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

    def definitions(self, revision: int = 0) -> Any:
        self.reads += 1
        if self.down:
            raise DeadlineError("No answer.")
        return super().definitions(revision)


class Empty:
    """A store without keys."""

    def range(self, *_: Any, **__: Any) -> RangeResult:
        return RangeResult(7)


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def objects() -> CountingObjects:
    return CountingObjects(Empty(), Codec(), KeySpace(), lambda obj, _: obj)  # type: ignore[arg-type]  # only range is called


def ask(known: CrdCache, objects: Objects, times: int) -> None:
    for _ in range(times):
        known.definitions(objects)


def test_they_are_read_again_only_when_one_has_changed(names: Names, objects: CountingObjects) -> None:
    known = CrdCache(names, KeySpace())  # type: ignore[arg-type]
    ask(known, objects, 3)
    assert objects.reads == 1

    names.changes.note([Event(KeyValue(CRD, 8, 8, 1))], 8, 0.0)
    ask(known, objects, 1)
    assert objects.reads == 2


def test_while_the_watch_cannot_tell_they_are_believed_for_some_seconds(
    names: Names, objects: CountingObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    names.state = "behind"
    known = CrdCache(names, KeySpace())  # type: ignore[arg-type]
    ask(known, objects, 5)
    assert objects.reads == 1

    monkeypatch.setattr(crd_cache, "RECHECK_SECONDS", 0.0)
    ask(known, objects, 1)
    assert objects.reads == 2


def test_those_of_before_serve_while_etcd_cannot_be_asked(
    names: Names, objects: CountingObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = CrdCache(names, KeySpace())  # type: ignore[arg-type]
    before = known.definitions(objects)
    names.state, objects.down = "down", True
    monkeypatch.setattr(crd_cache, "RECHECK_SECONDS", -1.0)

    assert known.definitions(objects) is before
    assert objects.reads == 2
