"""Any range of kine, read through what little kine answers, is what etcd would give.

The imitation answers as kine 0.11, 0.13 and 0.14.4 do; tests/kine, which `make compat` runs, compares with kine itself.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Any

import pytest
from etcd3 import etcdrpc
from hypothesis import given, settings
from hypothesis import strategies as st

from etcdview.errors import FutureRevisionError, UnsupportedError
from etcdview.models import KeyValue, Member, Membership, Range
from etcdview.stores.etcd.kine import KineReads, folder_of, inside, is_kine
from etcdview.stores.etcd.messages import Call
from etcdview.stores.files.memory import StaticStore
from etcdview.stores.protocols import prefix_end

REVISION = 100
RELEASES = ("0.11", "0.13", "0.17")
releases = st.sampled_from(RELEASES)


class Kine:
    """Answers as a release of kine did: one key, or those of a folder from some key on; refuses the rest."""

    def __init__(self, keys: list[bytes], release: str = "0.17") -> None:
        self.keys = sorted(keys)
        self.release = release
        # 0.11 lists by age: here the keys came in another order than that of their names
        self.listed = sorted(keys, key=lambda key: key[::-1]) if release == "0.11" else self.keys

    def run(self, call: Call) -> Any:
        r = call.request
        assert not r.serializable
        if r.keys_only and self.release in ("0.11", "0.13"):
            raise UnsupportedError("keysOnly is not implemented by kine")
        response = etcdrpc.RangeResponse(header=etcdrpc.ResponseHeader(revision=REVISION))
        if not r.range_end:
            assert not r.limit, "invalid combination of rangeEnd and limit"
            if r.revision > REVISION or (r.revision and not self._get(r.key)):
                raise FutureRevisionError("That revision is in the future.")
            self._add(response, self._get(r.key))
            return response
        assert not r.count_only, "wrong where there is nothing to count"
        prefix = r.range_end[:-1] + bytes([r.range_end[-1] - 1])
        assert prefix.endswith(b"/")
        folder = [key for key in self.listed if key.startswith(prefix)]
        found = folder if r.key == prefix else self._list(r.key, folder, r.revision)
        cut = found[: r.limit] if r.limit else found
        self._add(response, cut)
        response.more = len(cut) < len(found)
        response.count = len(folder) if self.release == "0.11" and response.more else len(found)
        return response

    def _get(self, key: bytes) -> list[bytes]:
        if self.release in ("0.11", "0.13"):
            folder = [k for k in self.keys if key.endswith(b"/") and k.startswith(key)]
            return folder[:1] or ([key] if key in self.keys else [])
        return [key] if key in self.keys else []

    def _list(self, start: bytes, folder: list[bytes], revision: int) -> list[bytes]:
        if self.release == "0.11":
            last = start.rstrip(b"\0")
            if not revision:
                return folder
            return folder[folder.index(last) + 1 :] if last in folder else []
        if self.release == "0.13":
            return folder[bisect_right(folder, start.rstrip(b"\0")) :]
        rest = folder[bisect_left(folder, start) :]
        return rest if rest or revision else folder

    def _add(self, response: Any, keys: list[bytes]) -> None:
        for key in keys:
            response.kvs.add(key=key, value=b"v" + key, mod_revision=self.keys.index(key) + 1)
        response.count = len(keys)


def both(keys: list[bytes], release: str = "0.17") -> tuple[KineReads, StaticStore]:
    kvs = [KeyValue(key, 0, n + 1, 0, 0, b"v" + key) for n, key in enumerate(sorted(keys))]
    return KineReads(Kine(keys, release).run), StaticStore("same", kvs, REVISION)


segments = st.text("ab.-0z", min_size=1, max_size=3)
keys = st.lists(segments, min_size=1, max_size=4).map(lambda parts: ("/" + "/".join(parts)).encode())
bounds = st.one_of(
    keys, keys.map(lambda key: key + b"/"), keys.map(lambda key: key + b"\0"), st.just(b"/"), st.just(b"\0")
)


@settings(max_examples=150, deadline=None)
@given(st.lists(keys, max_size=25, unique=True), bounds, st.one_of(bounds, st.just(b"\0")), st.integers(0, 6), releases)
def test_every_range_is_what_etcd_would_give(
    present: list[bytes], start: bytes, end: bytes, limit: int, release: str
) -> None:
    kine, etcd = both(present, release)

    found = kine.range(Range(start, end, limit=limit))

    assert found == etcd.range(Range(start, end, limit=limit))
    assert kine.range(Range(start, end, limit=limit, keys_only=True)) == etcd.range(
        Range(start, end, limit=limit, keys_only=True)
    )
    assert kine.range(Range(start, end, count_only=True)) == etcd.range(Range(start, end, count_only=True))
    assert kine.range(Range(start, end, limit=limit, revision=REVISION)) == etcd.range(Range(start, end, limit=limit))


@settings(max_examples=100, deadline=None)
@given(st.lists(keys, max_size=25, unique=True), bounds, releases)
def test_every_prefix_is_what_etcd_would_give(present: list[bytes], prefix: bytes, release: str) -> None:
    kine, etcd = both(present, release)

    assert kine.range(Range(prefix, prefix_end(prefix))) == etcd.range(Range(prefix, prefix_end(prefix)))


@settings(max_examples=80, deadline=None)
@given(st.lists(keys, min_size=1, max_size=25, unique=True), st.integers(1, 4), releases)
def test_pages_give_each_key_once_and_end(present: list[bytes], limit: int, release: str) -> None:
    """Each page begins after the last key of the one before, as every list of etcdview does."""
    kine, _ = both(present, release)
    seen: list[bytes] = []
    start, revision = b"/", 0
    while True:
        page = kine.range(Range(start, b"0", limit=limit, revision=revision))
        seen += [kv.key for kv in page.kvs]
        if not page.more:
            break
        start, revision = page.kvs[-1].key + b"\0", page.revision
    assert seen == sorted(present)


@pytest.mark.parametrize("release", RELEASES)
def test_a_folder_of_several_pages_arrives_whole(release: str) -> None:
    names = [b"/registry/pods/ns/%04d" % n for n in range(2500)]
    kine, etcd = both([*names, b"/registry/nodes/a", b"/registry/secrets/ns/a"], release)

    assert kine.range(Range(b"/registry/pods/", b"/registry/pods0")) == etcd.range(
        Range(b"/registry/pods/", b"/registry/pods0")
    )
    assert kine.range(Range(b"\0", b"\0")) == etcd.range(Range(b"\0", b"\0"))


def test_one_key_is_asked_for_by_itself() -> None:
    kine, etcd = both([b"/a", b"/b"])

    assert kine.range(Range(b"/a", b"")) == etcd.range(Range(b"/a", b""))
    assert kine.range(Range(b"/c", b"")) == etcd.range(Range(b"/c", b""))
    assert kine.range(Range(b"/a", b"", count_only=True)).count == 1


def test_a_revision_that_is_really_in_the_future_is_told_as_such() -> None:
    kine, _ = both([b"/a"])

    with pytest.raises(FutureRevisionError):
        kine.range(Range(b"/b", b"", revision=REVISION + 1))


@pytest.mark.parametrize(
    ("start", "end", "folder"),
    [
        (b"/registry/pods/", b"/registry/pods0", b"/registry/pods/"),
        (b"/registry/pods/a", b"/registry/pods/m", b"/registry/pods/"),
        (b"/registry/pods/mon", b"/registry/pods/moo", b"/registry/pods/"),
        (b"/registry/nodes/", b"/registry/pods0", b"/registry/"),
        (b"/registry/pods/ns/", b"/registry/pods/ns0", b"/registry/pods/ns/"),
        (b"/", b"0", b"/"),
        (b"\0", b"\0", b"/"),
        (b"", b"x", b"/"),
        (b"/a/b", b"/a/c\0", b"/a/"),
        (b"/registry/pods/ns/a", b"", b"/registry/pods/ns/"),
        (b"/registry/pods/", b"", b"/registry/pods/"),
        (b"word", b"", b"/"),
    ],
)
def test_the_folder_of_a_range_is_the_innermost_that_holds_it(start: bytes, end: bytes, folder: bytes) -> None:
    assert folder_of(start, end) == folder


def test_what_is_inside_a_range() -> None:
    assert [inside(b"/b", b"/d")(key) for key in (b"/a", b"/b", b"/c/x", b"/d")] == [False, True, True, False]
    assert [inside(b"/b", b"\0")(key) for key in (b"/a", b"/z")] == [False, True]
    assert [inside(b"/b", b"")(key) for key in (b"/b", b"/b/c")] == [True, False]


@pytest.mark.parametrize(
    ("cluster_id", "names", "expected"),
    [(0, ["kine"], True), (7, ["kine"], False), (7, ["a", "b"], False), (0, [], False)],
)
def test_kine_is_known_by_its_membership(cluster_id: int, names: list[str], expected: bool) -> None:
    members = tuple(Member(n, name, (), ()) for n, name in enumerate(names))

    assert is_kine(Membership(cluster_id, members)) is expected
