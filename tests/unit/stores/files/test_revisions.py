"""Records of keys: what is found at every revision, however often a name comes again."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etcdview.stores.files import revisions
from etcdview.stores.files.revisions import Revisions

Change = tuple[bytes, int]  # the name, and the size of its record; 0 deletes it
changes = st.lists(st.tuples(st.sampled_from([b"a", b"a\0", b"b", b"c", b"d"]), st.integers(0, 2)), max_size=30)


@pytest.fixture(params=[0, 2, revisions._LATELY], autouse=True, scope="module")
def names_of_late(request: pytest.FixtureRequest) -> Iterator[None]:
    """How many names are remembered while records are added makes no difference."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(revisions, "_LATELY", request.param)
        yield


def expected(all_changes: Sequence[Change], revision: int) -> list[tuple[bytes, int]]:
    """The keys at a revision, each with its record; the change at place n has revision n + 1."""
    found: dict[bytes, int] = {}
    for record, (name, size) in enumerate(all_changes[:revision]):
        found[name] = record
        if not size:
            del found[name]
    return sorted(found.items())


def check(found: Revisions, all_changes: Sequence[Change]) -> None:
    now = found.find(b"\0", b"\0")
    assert list(zip(now.names, now.records, strict=True)) == expected(all_changes, len(all_changes))
    for revision in range(1, len(all_changes) + 1):
        then = found.find_at(b"\0", b"\0", revision)
        assert list(zip(then.names, then.records, strict=True)) == expected(all_changes, revision)
    for name in {name for name, _ in all_changes}:
        records = [record for record, change in enumerate(all_changes) if change[0] == name]
        assert list(found.records_of(name, len(all_changes) + 1)) == records[::-1]


@given(changes, changes)
def test_every_revision_has_the_keys_that_it_had(first: list[Change], more: list[Change]) -> None:
    found = Revisions()
    found.extend([name for name, _ in first], range(1, len(first) + 1), range(len(first)), [size for _, size in first])
    found.finish()
    check(found, first)

    found.resume()
    for record, (name, size) in enumerate(more, len(first)):
        found.add(name, record + 1, record, size)
    found.finish()
    check(found, [*first, *more])


def test_a_name_that_comes_again_soon_is_held_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "_LATELY", 1000)
    found = Revisions()

    tracemalloc.start()
    for record in range(5000):
        found.add(b"/registry/leases/%d" % (record % 100) + b"x" * 1000, record + 1, record, 1)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held < 1_000_000  # all of them: 5 MB
