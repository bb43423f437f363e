"""Packed blocks hold what a sorted set would hold, whatever bytes the names are made of."""

from __future__ import annotations

from bisect import bisect_left

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from etcdview.index import packed
from etcdview.index.packed import PackedNames, escape, unescape

# names that crowd together, with the bytes that blocks treat in a special way
PIECES = st.sampled_from(
    [b"/registry/", b"pods/", b"ns-1/", b"ns-10/", b"a", b"b", b"/", b"\n", b"\x0b", b"\x01", b"\xff"]
)
NAMES = st.lists(PIECES, min_size=1, max_size=6).map(b"".join) | st.binary(min_size=1, max_size=4)


@given(NAMES, NAMES)
def test_the_written_form_gives_the_name_back_and_keeps_the_order(one: bytes, other: bytes) -> None:
    assert unescape(escape(one)) == one
    assert b"\n" not in escape(one)
    assert (escape(one) < escape(other)) == (one < other)


@given(st.sets(NAMES), NAMES, NAMES.filter(lambda end: end != b"\0"))
def test_ranks_and_counts_are_those_of_a_list(names: set[bytes], start: bytes, end: bytes) -> None:
    ordered = sorted(names)
    packs = PackedNames()
    packs.extend(ordered)
    view = packs.view()
    assert view.rank(start) == bisect_left(ordered, start)
    assert view.count_between(start, end) == len([name for name in ordered if start <= name < end])
    assert view.count_between(start, b"\0") == len([name for name in ordered if start <= name])
    assert view.count_between(start, b"") == (start in names)
    assert (start in view) == (start in names)


class SmallBlocks(RuleBasedStateMachine):
    """A random life of the set, with blocks so small that they split and merge all the time."""

    def __init__(self) -> None:
        super().__init__()
        self.names = PackedNames()
        self.model: set[bytes] = set()

    @initialize(names=st.sets(NAMES, max_size=60))
    def begin(self, names: set[bytes]) -> None:
        self.names.extend(sorted(names))
        self.model = set(names)

    @rule(name=NAMES)
    def add(self, name: bytes) -> None:
        assert self.names.add(name) == (name not in self.model)
        self.model.add(name)

    @rule(name=NAMES)
    def discard(self, name: bytes) -> None:
        assert self.names.discard(name) == (name in self.model)
        self.model.discard(name)

    @rule(data=st.data())
    def discard_one_that_is_there(self, data: st.DataObject) -> None:
        if self.model:
            self.discard(data.draw(st.sampled_from(sorted(self.model))))

    @rule(prefix=NAMES, names=st.sets(NAMES, max_size=20))
    def extend_where_no_name_stands_between(self, prefix: bytes, names: set[bytes]) -> None:
        new = sorted({prefix + name for name in names})
        if new and not any(new[0] <= name <= new[-1] for name in self.model):
            self.names.extend(new)
            self.model.update(new)

    @rule(start=NAMES, limit=st.integers(1, 10))
    def read_on(self, start: bytes, limit: int) -> None:
        assert self.names.view().iterate(start, limit) == sorted(n for n in self.model if n >= start)[:limit]

    @invariant()
    def all_names_are_there_in_order(self) -> None:
        view = self.names.view()
        assert [name for block in view.blocks for name in block.names()] == sorted(self.model)
        assert len(self.names) == view.count == len(self.model)
        assert [unescape(first) for first in view.firsts] == [block.first for block in view.blocks]
        assert all(block.last == block.names()[-1] and block.count == len(block.names()) for block in view.blocks)

    @invariant()
    def the_size_is_that_of_the_bodies(self) -> None:
        view = self.names.view()
        assert self.names.size_bytes == sum(len(b.body) for b in view.blocks) + 300 * len(view.blocks)


@pytest.mark.parametrize("block_names", [4, 16])
def test_any_history_leaves_what_a_set_would_hold(block_names: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "BLOCK_NAMES", block_names)
    monkeypatch.setattr(packed, "SPLIT_BYTES", 64)
    monkeypatch.setattr(packed, "MERGE_BYTES", 24)
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(SmallBlocks, settings=settings(max_examples=50, deadline=None))


def test_a_view_stays_as_it_was() -> None:
    packs = PackedNames()
    packs.extend([b"a", b"c"])
    before = packs.view()
    packs.add(b"b")
    packs.discard(b"a")
    assert before.iterate(b"", 9) == [b"a", b"c"]
    assert packs.view().iterate(b"", 9) == [b"b", b"c"]


def test_names_of_one_directory_are_not_split_over_more_blocks_than_need_be() -> None:
    packs = PackedNames()
    packs.extend([b"/registry/pods/ns-%02d/pod-%04d" % (ns, pod) for ns in range(40) for pod in range(300)])
    assert {block.stem for block in packs.view().blocks} == {b"/registry/pods/ns-%02d/pod-0" % ns for ns in range(40)}


def test_memory_is_about_that_of_what_differs_in_the_names() -> None:
    packs = PackedNames()
    packs.extend([b"/registry/configmaps/kube-system/settings-%06d" % n for n in range(10_000)])
    assert packs.size_bytes < 10_000 * 12
