"""Items of lists that are kept: found by their very value, in bounded memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from etcdview.cluster.kept_items import BESIDE_BYTES, SAFE_SECONDS, FinishedItem, KeptItems
from etcdview.models import KeyMeta

NOW = datetime(2026, 11, 29, tzinfo=UTC)
ROOM = 10


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def meta(name: str, revision: int = 5, created: int = 2, version: int = 3) -> KeyMeta:
    return KeyMeta(name.encode(), created, revision, version)


def with_room(items: int, clock: Clock | None = None) -> KeptItems:
    """Room for so many items of a key and a text of five bytes each."""
    return KeptItems(items * (BESIDE_BYTES + ROOM), clock or Clock())


def test_an_item_is_found_by_its_form_its_key_and_all_its_revisions() -> None:
    kept = with_room(4)
    kept.keep("json", [(meta("a/one"), FinishedItem(b"text1"))], kept.era)

    assert kept.known("json", [meta("a/one")], NOW) == {b"a/one": b"text1"}
    for other in (meta("a/two"), meta("a/one", 6), meta("a/one", created=3), meta("a/one", version=4)):
        assert kept.known("json", [other], NOW) == {}
    assert kept.known("table", [meta("a/one")], NOW) == {}
    assert (kept.has("json"), kept.has("table")) == (True, False)


def test_an_item_with_ages_is_true_for_as_long_as_they_stay() -> None:
    kept, soon = with_room(4), NOW + timedelta(seconds=30)
    kept.keep("table", [(meta("a/one"), FinishedItem(b"text1", NOW, soon))], kept.era)

    assert kept.known("table", [meta("a/one")], NOW)
    assert kept.known("table", [meta("a/one")], soon - timedelta(microseconds=1))
    assert not kept.known("table", [meta("a/one")], soon)
    assert not kept.known("table", [meta("a/one")], NOW - timedelta(seconds=1))


def test_what_was_not_used_for_a_while_makes_room_and_nothing_else_does() -> None:
    clock = Clock()
    kept = with_room(2, clock)
    first, second, third = (meta(f"a/{name}") for name in ("one", "two", "six"))
    kept.keep(
        "json",
        [(first, FinishedItem(b"text1")), (second, FinishedItem(b"text2")), (third, FinishedItem(b"text3"))],
        kept.era,
    )

    assert set(kept.known("json", [first, second, third], NOW)) == {b"a/one", b"a/two"}
    clock.seconds = SAFE_SECONDS - 1
    kept.known("json", [first], NOW)
    clock.seconds += 2
    kept.keep("json", [(third, FinishedItem(b"text3"))], kept.era)
    assert set(kept.known("json", [first, second, third], NOW)) == {b"a/one", b"a/six"}
    assert kept.size_bytes == 2 * (BESIDE_BYTES + ROOM)


def test_an_item_that_is_made_again_takes_the_place_of_the_old_one() -> None:
    kept = with_room(1)
    for text in (b"text1", b"text2"):
        kept.keep("json", [(meta("a/one"), FinishedItem(text))], kept.era)

    assert kept.known("json", [meta("a/one")], NOW) == {b"a/one": b"text2"}
    assert kept.size_bytes == BESIDE_BYTES + ROOM


def test_another_etcd_begins_with_nothing() -> None:
    kept = with_room(2)
    kept.keep("json", [(meta("a/one"), FinishedItem(b"text1"))], kept.era)

    kept.reloaded()

    assert (kept.has("json"), kept.size_bytes) == (False, 0)


def test_without_room_nothing_is_kept() -> None:
    kept = KeptItems(0)
    kept.keep("json", [(meta("a/one"), FinishedItem(b"text1"))], kept.era)

    assert not kept.has("json")


def test_what_was_made_before_all_was_forgotten_is_not_kept_afterwards() -> None:
    kept = with_room(2, Clock())
    era = kept.era
    kept.reloaded()

    kept.keep("json", [(meta("a/one"), FinishedItem(b"text1"))], era)
    assert not kept.has("json")

    kept.keep("json", [(meta("a/one"), FinishedItem(b"text1"))], kept.era)
    assert kept.has("json")
