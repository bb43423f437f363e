"""Reading names in bounded pieces: every name once, few requests, little counted twice."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.keys import names as large_cluster
from etcdview.errors import AnswerError, DeadlineError, QueryError, SlowError, TooLargeError, UnreachableError
from etcdview.index import bounded
from etcdview.index.bounded import BoundedNames, survey
from etcdview.index.lister import EVERYTHING, KeyRange, Lister, disjoint, keys_under, sections
from etcdview.index.load import Load, Loaded
from etcdview.index.memory import MemoryNames
from etcdview.index.walk import COUNT_SECONDS, NamePart, NameWalk, names_in
from etcdview.kube.keys import KeySpace
from etcdview.models import KeyValue, NamesPiece, Range, RangeResult
from etcdview.stores.files.dump import open_dump
from etcdview.stores.files.memory import StaticStore

KEYSPACE = KeySpace()
SEGMENTS = st.sampled_from([b"registry", b"pods", b"minions", b"shop", b"web-1", b"example.org", b"b", b"", b"\xff"])
KEYS = (st.lists(SEGMENTS, min_size=1, max_size=6).map(b"/".join)).filter(bool)


def store_of(keys: set[bytes] | list[bytes]) -> CountingStore:
    return CountingStore("test", (KeyValue(key, 1, 1, 1) for key in keys), revision=5)


class CountingStore(StaticStore):
    """A store that knows how much was asked of it: requests, names given, names walked over to count them."""

    requests = 0
    given = 0
    walked = 0

    def range(self, request: Range) -> RangeResult:
        result = super().range(request)
        self.requests += 1
        self.given += len(result.kvs)
        self.walked += result.count
        return result


def pods(count: int, name: Callable[[random.Random, int], str]) -> list[bytes]:
    chance = random.Random(5)  # noqa: S311 - the same shapes each time
    return sorted({f"/registry/pods/{name(chance, n)}".encode() for n in range(count)})


SHAPES = {
    "numbered": pods(40_000, lambda _, n: f"ns-{n % 50:04d}/pod-{n:07d}"),
    "one namespace": pods(40_000, lambda r, _: f"default/web-{r.getrandbits(40):010x}"),
    "words": pods(40_000, lambda r, _: f"{r.choice(['kube-system', 'shop', 'a'])}/{r.choice('abcxyz')}.{r.random()}"),
    "namespaces of words": sorted({key for _, key in large_cluster(40_000, {"pods": 1.0})}),
    "few and many": pods(40_000, lambda r, n: f"a/{n}" if n < 50 else f"z/{r.getrandbits(64):016x}"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_large_type_is_read_in_bounded_pieces(shape: str) -> None:
    keys, store = SHAPES[shape], store_of(SHAPES[shape])
    lister, key_range = Lister(store, 5, piece_names=1_000), keys_under(b"/registry/pods/")
    pieces = list(names_in(lister, key_range))
    assert list(chain.from_iterable(pieces)) == keys
    assert max(map(len, pieces)) <= 2_000
    # paging by the limit alone would walk over 20 times as many names as there are
    assert store.walked < 4 * len(keys)
    assert store.requests < 6 * len(keys) / 1_000


@given(st.sets(KEYS))
def test_sections_cover_everything_once(keys: set[bytes]) -> None:
    store = store_of(keys)
    parts = [part for part, _ in sections(EVERYTHING, KEYSPACE)]
    assert all(left.end == right.start for left, right in pairwise(parts))
    assert sum(store.range(Range(part.start, part.end)).count for part in parts) == len(keys)


@settings(max_examples=30)
@given(st.sets(KEYS), st.sampled_from([EVERYTHING, keys_under(b"/registry/"), keys_under(b"/registry/pods/shop/")]))
def test_a_load_gives_every_name_of_its_range(keys: set[bytes], key_range: KeyRange) -> None:
    names: list[bytes] = []
    for piece in Load(store_of(keys), key_range, KEYSPACE, 5, threading.Event()):
        names += piece.names
    assert sorted(names) == sorted(key for key in keys if key in key_range)


def test_a_load_that_is_stopped_ends() -> None:
    stop = threading.Event()
    for _ in Load(store_of(SHAPES["numbered"]), EVERYTHING, KEYSPACE, 5, stop):
        stop.set()
    assert not [t for t in threading.enumerate() if t.name.startswith("etcdview-index-read") and _lives_on(t)]


def _lives_on(thread: threading.Thread) -> bool:
    thread.join(1.0)
    return thread.is_alive()


def test_errors_of_the_readers_come_out_where_the_load_is_read() -> None:
    store = store_of([b"/registry/pods/a/b"])
    with pytest.raises(QueryError, match="holds revision 5 only"):
        list(Load(store, EVERYTHING, KEYSPACE, 99, threading.Event()))


class SlowStore(CountingStore):
    """A store that does not give more than 300 names within its deadline."""

    def range(self, request: Range) -> RangeResult:
        if (request.limit or 1 << 60) > 300:
            raise DeadlineError("too slow")
        return super().range(request)


def test_pieces_shrink_where_etcd_is_too_slow_for_them() -> None:
    keys = SHAPES["numbered"][:4_000]
    store = SlowStore("slow", (KeyValue(key, 1, 1, 1) for key in keys), revision=5)
    lister, key_range = Lister(store, 5), keys_under(b"/registry/")
    assert list(chain.from_iterable(names_in(lister, key_range))) == keys


class CrowdedStore(CountingStore):
    """A store that cannot count more than `most` names within its deadline, whatever the limit is."""

    slow = 0
    patient = 0
    most = 10_000

    def list_names(self, request: Range, timeout_seconds: float = 0.0) -> NamesPiece:
        found = self.range(replace(request, keys_only=True))
        if found.count > self.most:
            if not timeout_seconds:
                self.slow += 1
                raise SlowError("busy")
            assert timeout_seconds == COUNT_SECONDS
            self.patient += 1
        return NamesPiece(found.revision, [kv.key for kv in found.kvs], found.count, found.more)


CROWDS = SHAPES | {
    "one long beginning": pods(40_000, lambda r, _: f"customer-0123456789-production/web-{r.getrandbits(40):010x}"),
    "two crowds": pods(40_000, lambda r, n: f"{'ab' if n % 2 else 'xy'}/{r.getrandbits(40):010x}"),
}


@pytest.mark.parametrize("shape", CROWDS)
def test_names_that_cannot_be_counted_in_time_are_all_read(shape: str) -> None:
    keys = CROWDS[shape]
    store = CrowdedStore("slow", (KeyValue(key, 1, 1, 1) for key in keys), revision=5)
    walk = NameWalk(Lister(store, 5, 200), keys_under(b"/registry/pods/"))

    names = list(walk.begin())
    while not walk.finish() and (part := walk.claim()) is not None:
        names += walk.read(part)

    assert names == keys
    assert (walk.uncounted, walk.count, walk.found) == (True, None, len(keys))
    assert store.slow < 20
    assert store.patient < 5
    assert store.requests < 10_000  # most of them of empty parts, which cost nothing


@pytest.mark.parametrize("shape", CROWDS)
def test_readers_at_once_get_through_a_crowd_as_one_does(shape: str) -> None:
    keys = CROWDS[shape]
    store = CrowdedStore("slow", (KeyValue(key, 1, 1, 1) for key in keys), revision=5)
    walk = NameWalk(Lister(store, 5, 200), keys_under(b"/registry/pods/"))
    names, parts, chance = list(walk.begin()), list[NamePart](), random.Random(5)  # noqa: S311 - the same order
    walk.finish()
    while not walk.over:
        while len(parts) < 4 and (part := walk.claim()) is not None:
            parts.append(part)
        names += walk.read(parts.pop(chance.randrange(len(parts))))
        walk.finish()
    assert sorted(names) == keys
    assert store.slow < 40


OTHER_CHARACTERS = pods(40_000, lambda r, _: f"a_B/Web_{r.getrandbits(40):010X}")  # that guesses know nothing of


class BlinkingStore(CountingStore):
    """A store that is too slow for one request, the one with the number `slow_for`."""

    slow_for = 0

    def range(self, request: Range) -> RangeResult:
        found = super().range(request)
        if self.requests == self.slow_for:
            raise SlowError("busy")
        return found


@pytest.mark.parametrize("all_keys", [*CROWDS.values(), OTHER_CHARACTERS], ids=[*CROWDS, "other characters"])
def test_one_slow_answer_costs_little(all_keys: list[bytes]) -> None:
    keys = all_keys[::20]
    for slow_for in range(1, 30):
        store = BlinkingStore("test", (KeyValue(key, 1, 1, 1) for key in keys), revision=5)
        store.slow_for = slow_for
        lister = Lister(store, 5, 300)
        assert list(chain.from_iterable(names_in(lister, keys_under(b"/registry/")))) == keys, slow_for
        assert store.requests < 2_500, slow_for


def test_pieces_grow_again_after_a_slow_answer() -> None:
    store = BlinkingStore("test", (KeyValue(key, 1, 1, 1) for key in SHAPES["numbered"]), revision=5)
    store.slow_for = 3
    lister = Lister(store, 5, 1_000)
    sizes = [lister.size for _ in names_in(lister, keys_under(b"/registry/"))]
    assert min(sizes) == 500
    assert sizes[-1] == 1_000


def test_a_load_tells_how_many_names_a_section_held_that_could_not_be_counted() -> None:
    keys = [*SHAPES["few and many"], b"/registry/secrets/a/b"]
    store = CrowdedStore("slow", (KeyValue(key, 1, 1, 1) for key in keys), revision=5)
    load = Load(store, EVERYTHING, KEYSPACE, 5, threading.Event())

    pieces, counted = list[Loaded](), set[bool]()
    for piece in load:
        pieces.append(piece)
        counted.add(load.counted)

    assert sorted(name for piece in pieces for name in piece.names) == keys
    counts = Counter[str]()
    for piece in pieces:
        counts[piece.section.prefix] += piece.count or 0
    assert (counts["pods"], counts["secrets"]) == (40_000, 1)
    assert (False in counted, load.counted) == (True, True)
    assert [piece.section.prefix for piece in pieces if piece.last].count("pods") == 1


def test_a_member_that_is_too_slow_for_everything_is_told_so() -> None:
    class Busy(CountingStore):
        def range(self, request: Range) -> RangeResult:
            self.requests += 1
            raise SlowError("busy")

    store = Busy("slow", (), revision=5)
    with pytest.raises(SlowError, match="busy"):
        list(names_in(Lister(store, 5), keys_under(b"/registry/")))
    assert store.requests < 10


def test_a_search_that_nobody_waits_for_ends() -> None:
    keys, stop = CROWDS["one long beginning"], threading.Event()

    class Watched(CrowdedStore):
        def list_names(self, request: Range, timeout_seconds: float = 0.0) -> NamesPiece:
            if self.requests == 200:
                stop.set()
            return super().list_names(request, timeout_seconds)

    store = Watched("slow", (KeyValue(key, 1, 1, 1) for key in keys), revision=5)
    assert [name for piece in Load(store, EVERYTHING, KEYSPACE, 5, stop, 1) for name in piece.names] == []
    assert not [t for t in threading.enumerate() if t.name.startswith("etcdview-index-read") and _lives_on(t)]
    assert store.requests < 210


def test_readers_end_where_one_more_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[threading.Thread] = []

    def start(thread: threading.Thread) -> threading.Thread:
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        thread.start()
        started.append(thread)
        return thread

    monkeypatch.setattr("etcdview.background.start", start)
    with pytest.raises(RuntimeError, match="new thread"):
        list(Load(store_of(SHAPES["numbered"]), EVERYTHING, KEYSPACE, 5, threading.Event(), 4))
    assert not [thread for thread in started if _lives_on(thread)]


def test_a_member_that_hangs_is_told_so() -> None:
    class Hung(CountingStore):
        def range(self, request: Range) -> RangeResult:
            raise DeadlineError("hangs")

    with pytest.raises(DeadlineError, match="hangs"):
        list(names_in(Lister(Hung("hung", (), revision=5), 5), keys_under(b"/registry/")))


def test_one_large_section_is_read_by_all_readers() -> None:
    reading: set[str] = set()
    together = threading.Barrier(3)

    class Watched(CountingStore):
        def range(self, request: Range) -> RangeResult:
            name = threading.current_thread().name
            if request.start > b"/registry/pods/" and request.start < b"/registry/pods0" and name not in reading:
                reading.add(name)
                together.wait(20)  # goes on once three readers are in it
            return super().range(request)

    keys = SHAPES["one namespace"]
    store = Watched("test", (KeyValue(key, 1, 1, 1) for key in keys), revision=5)
    names = [name for piece in Load(store, EVERYTHING, KEYSPACE, 5, threading.Event(), 3) for name in piece.names]
    assert sorted(names) == keys
    assert len(reading) == 3


def test_a_load_ends_where_fewer_keys_come_than_were_counted() -> None:
    class Promising(CountingStore):
        def range(self, request: Range) -> RangeResult:
            found = super().range(request)
            return replace(found, count=found.count + 5) if found.more else found

    store = Promising("etcd-1", (KeyValue(key, 1, 1, 1) for key in SHAPES["numbered"]), revision=5)
    with pytest.raises(AnswerError, match="etcd-1 counts 5 more keys than it lists"):
        list(Load(store, EVERYTHING, KEYSPACE, 5, threading.Event()))


class NarrowStore(CountingStore):
    """A store whose answers hold at most 50 names, because these are long."""

    def range(self, request: Range) -> RangeResult:
        found = super().range(request)
        if len(found.kvs) > 50:
            raise TooLargeError("too large")
        return found


def test_names_that_are_too_long_for_one_answer_are_read_in_smaller_pieces() -> None:
    keys = SHAPES["numbered"][:1_000]
    store = NarrowStore("narrow", (KeyValue(key, 1, 1, 1) for key in keys), revision=5)
    lister, key_range = Lister(store, 5), keys_under(b"/registry/")

    assert list(chain.from_iterable(names_in(lister, key_range))) == keys
    found = BoundedNames(store, KEYSPACE).search("/registry/", "contains", limit=500)
    assert found.keys == tuple(keys[:500])


def test_prefixes_inside_another_are_left_out() -> None:
    wanted = [b"/registry/pods/", b"/registry/", b"/registry/secrets/", b"/other/"]
    assert disjoint(wanted) == [KeyRange(b"/other/", b"/other0"), KeyRange(b"/registry/", b"/registry0")]


def test_bounded_reads_count_the_capture_as_memory_does(capture: Path) -> None:
    store = open_dump(capture / "registry.jsonl.gz")
    memory, bounded = MemoryNames.of_store(store, KEYSPACE), BoundedNames(store, KEYSPACE)
    counts = {row.resource.prefix: row.count for row in memory.tree().types}
    assert {row.resource.prefix: row.count for row in bounded.tree().types} == counts
    assert [row.resource.prefix for row in bounded.tree().types] == sorted(counts)
    assert bounded.tree().unrecognised == 0


@given(st.sets(KEYS))
def test_a_survey_counts_every_key_once(keys: set[bytes]) -> None:
    tree = survey(store_of(keys), KEYSPACE, [EVERYTHING])
    assert tree.count == len(keys)


@given(st.sets(KEYS), KEYS, st.integers(1, 4))
def test_bounded_pages_equal_those_of_memory(keys: set[bytes], prefix: bytes, limit: int) -> None:
    store = store_of(keys)
    memory, bounded = MemoryNames.of_store(store, KEYSPACE), BoundedNames(store, KEYSPACE)
    after = None
    while True:
        one = memory.page(keys_under(prefix).start, keys_under(prefix).end, after=after, limit=limit)
        other = bounded.page(keys_under(prefix).start, keys_under(prefix).end, after=after, limit=limit)
        assert (one.keys, one.count, one.next_after) == (other.keys, other.count, other.next_after)
        after = one.next_after
        if after is None:
            return


@given(st.sets(KEYS), st.sampled_from([("pods", "contains"), ("/registry/pods/**", "glob"), ("[pb]", "regex")]))
def test_bounded_searches_find_what_memory_finds(keys: set[bytes], search: tuple[str, str]) -> None:
    store, (text, mode) = store_of(keys), search
    memory, bounded = MemoryNames.of_store(store, KEYSPACE), BoundedNames(store, KEYSPACE)
    expected = memory.search(text, mode, limit=1000)
    found = bounded.search(text, mode, limit=1000)
    assert (found.keys, found.count, found.count_is_exact) == (expected.keys, expected.count, True)
    assert set(bounded.unrecognised(limit=1000).keys) <= set(memory.unrecognised(limit=1000).keys)


def test_a_bounded_search_looks_at_so_many_names_and_says_where_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etcdview.index.bounded.SCAN_NAMES", 1_000)
    monkeypatch.setattr("etcdview.index.bounded.SCAN_PIECE", 500)
    keys = SHAPES["numbered"][:2_500]
    bounded = BoundedNames(store_of(keys), KEYSPACE)
    found, after = list[bytes](), None
    for _ in range(3):
        page = bounded.search("7", "contains", after=after, limit=5_000)
        found, after = found + list(page.keys), page.next_after
    assert found == [key for key in keys if b"7" in key]
    assert after is None


def test_an_error_that_nobody_foresaw_comes_out_of_the_load() -> None:
    class Broken(CountingStore):
        def range(self, request: Range) -> RangeResult:
            raise ZeroDivisionError

    store = Broken("test", (), revision=5)
    with pytest.raises(ZeroDivisionError):
        list(Load(store, EVERYTHING, KEYSPACE, 5, threading.Event()))


@pytest.mark.parametrize("shape", SHAPES)
def test_bounded_pages_hold_every_name_and_count_it_once(shape: str) -> None:
    keys, store = SHAPES[shape], store_of(SHAPES[shape])
    names = BoundedNames(store, KEYSPACE)
    found: list[bytes] = []
    after = None
    while len(found) < 5_000:
        page = names.page(b"/registry/pods/", b"/registry/pods0", after=after, limit=500)
        assert page.count == len(keys)
        found += page.keys
        after = page.next_after
    assert found == keys[: len(found)]
    # each page counting what is left of the range would walk over 15 times as many
    assert store.walked < 4 * len(keys)


def test_a_survey_of_before_stands_while_etcd_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(CountingStore):
        down = False

        def range(self, request: Range) -> RangeResult:
            if self.down:
                raise UnreachableError("no answer", "")
            return super().range(request)

    store = Failing("test", (KeyValue(key, 1, 1, 1) for key in SHAPES["numbered"]), revision=5)
    monkeypatch.setattr(bounded, "SURVEY_SECONDS", -1.0)
    names = BoundedNames(store, KEYSPACE)
    before = names.tree()
    store.down = True
    assert names.tree() == before
