"""Two streams of keys become the pairs that differ, whatever is in them."""

from __future__ import annotations

import gzip
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from etcdview.models import KeyValue, Range
from etcdview.recovery.merge import common_ranges, differing, key_values, merged, state_of
from etcdview.stores.files.database import open_snapshot
from etcdview.stores.files.memory import StaticStore

ALL = Range(b"\0", b"\0")
CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop"
KEYS = st.dictionaries(st.binary(min_size=1, max_size=3), st.binary(max_size=2), max_size=8)


def kvs(values: dict[bytes, bytes]) -> list[KeyValue]:
    return [KeyValue(key, 1, 5, 1, 0, value) for key, value in sorted(values.items())]


@given(KEYS, KEYS)
def test_the_pairs_are_the_keys_that_differ_in_order(old: dict[bytes, bytes], new: dict[bytes, bytes]) -> None:
    found = [
        ((one or other).key, one and one.value, other and other.value)  # type: ignore[union-attr]
        for one, other in merged(kvs(old), kvs(new))
    ]

    assert found == [(k, old.get(k), new.get(k)) for k in sorted({*old, *new}) if old.get(k) != new.get(k)]


def test_one_store_differs_from_itself_in_nothing() -> None:
    state = state_of(StaticStore("a", kvs({b"/a": b"1", b"/b": b"2"})))

    assert list(differing(state, state, [ALL])) == []


def test_only_the_given_ranges_are_compared() -> None:
    states = [state_of(StaticStore("s", kvs(v))) for v in ({b"/a": b"1", b"/b": b"1"}, {b"/a": b"2", b"/b": b"2"})]

    [(one, _)] = differing(*states, [Range(b"/b", b"/c")])

    assert one is not None
    assert one.key == b"/b"


def test_what_etcd_does_not_permit_is_left_out() -> None:
    assert common_ranges([ALL], None) == (ALL,)
    assert common_ranges([ALL], (Range(b"/a", b"/b"),)) == (Range(b"/a", b"/b"),)
    assert common_ranges([Range(b"/c", b"/d")], (Range(b"/a", b"/b"),)) == ()


def test_two_database_files_are_compared_by_their_records_as_by_their_values(tmp_path: Path) -> None:
    snapshot = gzip.decompress((CAPTURE / "snapshot.db.gz").read_bytes())
    stores = []
    for name in ("one.db", "other.db"):
        (tmp_path / name).write_bytes(snapshot)
        stores.append(open_snapshot(tmp_path / name))
    old, new = state_of(stores[0], stores[0].revision - 40), state_of(stores[1])
    by_values = list(merged(key_values(old, ALL), key_values(new, ALL)))

    assert list(differing(old, new, [ALL])) == by_values
    assert by_values
    assert list(differing(new, new, [ALL])) == []
    for store in stores:
        store.close()
