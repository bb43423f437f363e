"""Answers that contradict themselves or the request: an error that names the server, at every way of reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from etcd3 import etcdrpc

from etcdview.errors import AnswerError
from etcdview.index.bounded import BoundedNames
from etcdview.index.lister import keys_under
from etcdview.kube.keys import KeySpace
from etcdview.models import Range, TlsFiles
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.paging import PieceReader
from tests.unit.stores.etcd.answering import answering

PODS = keys_under(b"/registry/pods/")
NAMES = [b"/registry/pods/a/%02d" % n for n in range(20)]
Lie = Callable[[Any], Any]


def honest(request: Any) -> Any:
    """What etcd would answer."""
    keys = [k for k in NAMES if k >= request.key and (request.range_end == b"\0" or k < request.range_end)]
    if not request.range_end:
        keys = [k for k in NAMES if k == request.key]
    listed = [] if request.count_only else keys[: request.limit or None]
    return answer(listed, len(keys), more=bool(request.limit) and len(listed) < len(keys) and not request.count_only)


def answer(keys: list[bytes], count: int, *, more: bool = False, revision: int = 9, changed: int = 5) -> Any:
    response = etcdrpc.RangeResponse(header=etcdrpc.ResponseHeader(revision=revision), count=count, more=more)
    for key in keys:
        response.kvs.add(key=key, create_revision=min(changed, 5), mod_revision=changed, version=1)
    return response


LIES: dict[str, tuple[Any, str]] = {
    "a negative revision": (answer(NAMES, 20, revision=-1), "revision -1"),
    "keys changed beyond the newest revision": (answer(NAMES, 20, changed=10), "beyond 9"),
    "keys changed at a negative revision": (answer(NAMES, 20, changed=-7), "below 0"),
    "fewer counted than listed": (answer(NAMES, 3), "lists 20 keys and counts 3"),
    "nothing counted": (answer(NAMES, 0), "lists 20 keys and counts 0"),
    "a negative count": (answer([], -1), "counts -1"),
    "more, and none are left": (answer(NAMES, 20, more=True), "more=true"),
    "more of nothing": (answer([], 0, more=True), "more=true"),
    "more, and not one key": (answer([], 20, more=True), "more=true"),
    "keys of before the range": (answer([b"/registry/a", *NAMES], 21), "outside"),
    "keys of behind the range": (answer([*NAMES, b"/registry/z"], 21), "outside"),
    "an empty key": (answer([b""], 1), "outside"),
}


def by_range(store: EtcdStore) -> Any:
    return list(PieceReader(store).read(PODS.start, PODS.end))


def by_names(store: EtcdStore) -> Any:
    return store.list_names(Range(PODS.start, PODS.end, limit=50)), by_page(store)


def by_page(store: EtcdStore) -> Any:
    return BoundedNames(store, KeySpace(), (PODS,)).page(PODS.start, PODS.end)


def by_search(store: EtcdStore) -> Any:
    return BoundedNames(store, KeySpace(), (PODS,)).search("nothing", "substring")


WAYS = [by_range, by_names, by_page, by_search]


@pytest.mark.parametrize("read", WAYS)
@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_an_error_that_names_the_server(lie: str, read: Callable[[EtcdStore], Any]) -> None:
    reported, word = LIES[lie]
    with answering(Range=lambda *_: reported) as (url, server):
        store = opened(url)
        with pytest.raises(AnswerError) as caught:
            read(store)
        store.close()
    assert caught.value.what.startswith(url)
    assert word in caught.value.what
    assert len(server.calls) <= 2


@pytest.mark.parametrize("read", WAYS)
def test_the_truth_is_read(read: Callable[[EtcdStore], Any]) -> None:
    with answering(Range=lambda request, _: honest(request)) as (url, _):
        store = opened(url)
        read(store)
        store.close()


@pytest.mark.parametrize("key", [b"/a", b"\0", b"/registry/pods0", b"\xff"])
def test_a_tree_is_no_endless_walk_where_every_answer_is_the_same_key(key: bytes) -> None:
    with answering(Range=lambda request, _: answer([] if request.count_only else [key], 1)) as (url, server):
        store = opened(url)
        with pytest.raises(AnswerError, match=url):
            BoundedNames(store, KeySpace()).tree()
        store.close()
    assert len(server.calls) < 200


def test_one_key_that_was_asked_for_is_that_key() -> None:
    with answering(Range=lambda *_: answer([b"/other"], 1)) as (url, _):
        store = opened(url)
        with pytest.raises(AnswerError, match="outside of the range"):
            store.range(Range(b"/mine"))
        store.close()


@pytest.mark.parametrize(
    ("reported", "word"),
    [
        (answer([b"/other"], 1), "not requested"),
        (answer([b"/a"], 1, changed=10), "beyond 9"),
        (answer([b"/a"], 1, changed=-1), "below 0"),
    ],
)
def test_many_keys_that_were_asked_for_are_those(reported: Any, word: str) -> None:
    def transaction(_: Any, __: Any) -> Any:
        return etcdrpc.TxnResponse(
            header=etcdrpc.ResponseHeader(revision=9),
            succeeded=True,
            responses=[etcdrpc.ResponseOp(response_range=reported)],
        )

    with answering(Txn=transaction) as (url, _):
        store = opened(url)
        with pytest.raises(AnswerError, match=word):
            store.get_many([b"/a", b"/b"])
        store.close()


def opened(url: str) -> EtcdStore:
    store = EtcdStore([url], TlsFiles())
    store._is_kine_known = True  # whether it is kine is not what is tested
    return store
