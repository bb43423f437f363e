"""A server whose answers contradict each other is named in an error: no read is repeated without end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from etcdview.errors import AnswerError
from etcdview.index.bounded import BoundedNames
from etcdview.index.lister import EVERYTHING, KeyRange, Lister, keys_under
from etcdview.index.walk import names_in
from etcdview.kube.keys import KeySpace
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.stores.files.memory import StaticStore
from etcdview.stores.paging import PieceReader

PODS = keys_under(b"/registry/pods/")


class Liar(StaticStore):
    """A store that changes its answers by `lie`."""

    def __init__(self, lie: Callable[[RangeResult], RangeResult]) -> None:
        keys = [b"/registry/pods/a/%02d" % n for n in range(20)]
        super().__init__("etcd-1", (KeyValue(key, 1, 1, 1) for key in keys), revision=5)
        self._lie = lie

    def range(self, request: Range) -> RangeResult:
        return self._lie(super().range(request))


def counts_more(result: RangeResult) -> RangeResult:
    return replace(result, count=result.count + 5, more=result.more or len(result.kvs) == 20)


def lists_nothing(result: RangeResult) -> RangeResult:
    return replace(result, kvs=(), count=20, more=True)


def repeats_itself(result: RangeResult) -> RangeResult:
    return replace(result, kvs=(KeyValue(b"/registry/pods/a/00", 1, 1, 1),), count=20, more=True)


LIES = [lists_nothing, repeats_itself]


@pytest.mark.parametrize("key_range", [PODS, EVERYTHING])
@pytest.mark.parametrize("lie", [counts_more, *LIES])
def test_the_index_stops_loading(lie: Callable[[RangeResult], RangeResult], key_range: KeyRange) -> None:
    lister = Lister(Liar(lie), 5, piece_names=4)
    with pytest.raises(AnswerError, match="etcd-1 "):
        list(names_in(lister, key_range))


@pytest.mark.parametrize("lie", LIES)
def test_values_stop_coming(lie: Callable[[RangeResult], RangeResult]) -> None:
    with pytest.raises(AnswerError, match="etcd-1 answered more=true"):
        list(PieceReader(Liar(lie)).read(PODS.start, PODS.end))


@pytest.mark.parametrize("lie", LIES)
def test_a_search_stops(lie: Callable[[RangeResult], RangeResult]) -> None:
    names = BoundedNames(Liar(lie), KeySpace(), (PODS,))
    with pytest.raises(AnswerError, match="etcd-1 answered more=true"):
        names.search("nothing", "substring")
