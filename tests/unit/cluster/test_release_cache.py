"""The codec's release is found in a file at once, of a live etcd without a page that waits for it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from etcdview.cluster.release_cache import ReleaseCodecs
from etcdview.codec import Codec
from etcdview.errors import AnswerError, EtcdviewError, TooLargeError, UnreachableError
from etcdview.models import KeyValue, Range, RangeResult
from tests.unit.cluster.opened import KEYSPACE, opened

NODE = (
    b'{"apiVersion":"v1","kind":"Node","metadata":{"name":"cp1","labels":{"node-role.kubernetes.io/control-plane":""}},'
    b'"status":{"nodeInfo":{"kubeletVersion":"v1.31.2"}}}'
)


class Live:
    """A store that tells of a node once its gate is open, or of nothing at all."""

    live = True
    name = "a server"

    def __init__(self) -> None:
        self.store = opened({"/registry/minions/cp1": NODE}).source
        self.gate = threading.Event()
        self.error: EtcdviewError | None = None

    def range(self, request: Range) -> RangeResult:
        assert self.gate.wait(10)
        if self.error is not None:
            raise self.error
        return self.store.range(request)

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        assert self.gate.wait(10)
        if self.error is not None:
            raise self.error
        return self.store.get_many(keys, revision=revision, keys_only=keys_only)


def finish() -> None:
    for thread in [t for t in threading.enumerate() if t.name == "etcdview-release"]:
        thread.join(10)


def test_of_a_file_it_is_known_at_the_first_question() -> None:
    codecs = ReleaseCodecs(opened({"/registry/minions/cp1": NODE}).source, Codec(), KEYSPACE)
    assert str(codecs.codec().release) == "1.31"
    assert codecs.words() == ("1.31", "the kubelet of node cp1 says v1.31.2")


def test_all_that_says_it_is_told_to_those_alone_who_may_see_everything() -> None:
    codecs = ReleaseCodecs(opened({"/registry/minions/cp1": NODE}).source, Codec(), KEYSPACE)
    why = "the kubelet of node cp1 says v1.31.2"
    assert [(one.says, one.why, one.counts) for one in codecs.ranked(named=True)] == [("1.31", why, "decides")]
    assert codecs.ranked(named=False) == ()


def test_the_versions_that_objects_are_stored_in_are_read_as_signs() -> None:
    stored = {
        "/registry/flowschemas/catch-all": ("flowcontrol.apiserver.k8s.io/v1", "FlowSchema", "catch-all"),
        "/registry/poddisruptionbudgets/shop/web": ("policy/v1", "PodDisruptionBudget", "web"),
    }
    objects = {
        key: f'{{"apiVersion":"{version}","kind":"{kind}","metadata":{{"name":"{name}"}}}}'.encode()
        for key, (version, kind, name) in stored.items()
    }
    codecs = ReleaseCodecs(opened(objects | {"/registry/minions/cp1": NODE}).source, Codec(), KEYSPACE)

    whys = [one.why for one in codecs.ranked(named=True)]

    assert "FlowSchema catch-all is stored as flowcontrol.apiserver.k8s.io/v1" in whys
    assert "PodDisruptionBudget web is stored as policy/v1" in whys


def test_no_page_waits_for_a_live_etcd_to_tell_it() -> None:
    store, base = Live(), Codec()
    codecs = ReleaseCodecs(store, base, KEYSPACE)  # type: ignore[arg-type]
    assert codecs.codec() is base
    assert codecs.words() == ("", "")
    store.gate.set()
    finish()
    assert str(codecs.codec().release) == "1.31"


@pytest.mark.parametrize("error", [UnreachableError, AnswerError, TooLargeError])
def test_an_etcd_that_is_down_lies_or_holds_huge_nodes_leaves_the_codec_as_it_was(error: type[EtcdviewError]) -> None:
    store, base = Live(), Codec()
    store.error = error("It cannot be told.")
    store.gate.set()
    codecs = ReleaseCodecs(store, base, KEYSPACE)  # type: ignore[arg-type]
    codecs.codec()
    finish()
    assert codecs.codec() is base


def test_nodes_that_are_too_large_together_are_read_one_by_one() -> None:
    class Few(Live):
        def range(self, request: Range) -> RangeResult:
            if request.limit > 1:
                raise TooLargeError("Too large.")
            return super().range(request)

    store = Few()
    store.gate.set()
    codecs = ReleaseCodecs(store, Codec(), KEYSPACE, waits=True)  # type: ignore[arg-type]
    assert codecs.words()[0] == "1.31"


def test_a_release_that_was_set_is_not_looked_for() -> None:
    store = Live()  # whose gate is shut: a read would never end
    codecs = ReleaseCodecs(store, Codec(release="1.29"), KEYSPACE)  # type: ignore[arg-type]
    assert codecs.words() == ("1.29", "set by kubernetes-version")


def test_a_user_of_a_part_is_told_by_what_is_in_it() -> None:
    class Limited(Live):
        asked = 0

        def permitted(self) -> tuple[Range, ...]:
            self.asked += 1
            return (Range(b"/registry/minions/", b"/registry/minions0"),)

        def range(self, request: Range) -> RangeResult:
            assert request.start.startswith(b"/registry/minions/")
            return super().range(request)

        def get_many(self, keys: Sequence[bytes], **how: Any) -> dict[bytes, KeyValue]:
            assert all(key.startswith(b"/registry/minions/") for key in keys)
            return super().get_many(keys, **how)

    store = Limited()
    store.gate.set()
    codecs = ReleaseCodecs(store, Codec(), KEYSPACE)  # type: ignore[arg-type]
    codecs.codec()
    finish()
    assert str(codecs.codec().release) == "1.31"
    assert store.asked == 1  # etcd answers it anew each time
