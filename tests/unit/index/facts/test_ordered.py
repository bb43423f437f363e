"""Pages in the order of an index of facts."""

from __future__ import annotations

import contextlib
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from etcdview.codec import Codec
from etcdview.index.facts.database import FactWriter, create, open_reader
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.ordered import IndexOrder, IndexPage, IndexWalk, has_index
from etcdview.index.facts.reading import Column, FactReader, Order, Wanted, _where
from etcdview.kube.keys import KeySpace
from etcdview.kube.selectors import LabelSelector, parse_labels
from etcdview.models import KeyValue
from etcdview.relations.model import Health
from etcdview.relations.states import status_in

START = datetime(2026, 11, 28, tzinfo=UTC)
EXTRACTOR = Extractor(Codec(), KeySpace(), lambda: START)
NAMES = 120


def _event(number: int, random: random.Random) -> KeyValue:
    """Some have no time of creation, some cannot be decoded, and many are equal in time and size."""
    metadata = {"name": f"e{number:03}", "namespace": random.choice(("shop", "bank"))}
    if number % 11:
        metadata["creationTimestamp"] = f"{START - timedelta(seconds=random.randrange(20)):%Y-%m-%dT%H:%M:%SZ}"
    obj = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": metadata | {"labels": {"odd": str(number % 2)}},
        "type": "Warning" if number % 3 else "Normal",
        "message": "x" * random.randrange(5),
    }
    value = json.dumps(obj).encode() if number % 13 else b"not an object"
    return KeyValue(
        f"/registry/events/{metadata['namespace']}/{metadata['name']}".encode(), 1, number + 1, 1, value=value
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("facts") / "facts.db"
    create(made)
    chance = random.Random(1)  # noqa: S311 - the same each time
    writer = FactWriter(made)
    writer.write(EXTRACTOR.fact(_event(number, chance)) for number in range(NAMES))
    writer.complete()
    writer.close()
    return made


@pytest.mark.parametrize("order", ["size", "created"])
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(resource="events"),
        Wanted(resource="events", namespace="bank"),
        Wanted(resource="events", readable=True),
        Wanted(resource="events", namespace="shop", state="unhealthy"),
        Wanted(resource="events", labels=parse_labels("odd=1")),
        Wanted(resource="events", labels=parse_labels("odd=0"), state="healthy"),
    ],
)
@pytest.mark.parametrize("limit", [1, 7, NAMES])
def test_pages_have_every_key_once_and_know_where_they_are(
    path: Path, order: IndexOrder, descending: bool, wanted: Wanted, limit: int
) -> None:
    reader = FactReader(path)
    pages: list[IndexPage] = []
    after: bytes | None = None
    while not pages or pages[-1].more:
        page = reader.page(wanted, order, descending=descending, after=after, limit=limit)
        assert page is not None
        pages.append(page)
        after = page.keys[-1]
    keys = [key for page in pages for key in page.keys]
    values = {fact.key: getattr(fact, order) or 0 for fact in reader.facts(wanted)}
    reader.close()

    assert len(keys) == len(set(keys))
    assert set(keys) == values.keys()
    assert [values[key] for key in keys] == sorted(values.values(), reverse=descending)
    assert [page.start for page in pages] == [limit * n for n in range(len(pages))]
    assert [page.before for page in pages] == [None, None, *(page.keys[-1] for page in pages[:-2])][: len(pages)]


@pytest.mark.parametrize("order", ["size", "created"])
def test_no_page_is_sorted(path: Path, order: IndexOrder) -> None:
    connection = open_reader(path)
    said: list[str] = []
    connection.set_trace_callback(said.append)
    IndexWalk(connection, 1, order, descending=True).page(b"/registry/events/shop/e001", 5)
    connection.set_trace_callback(None)
    plans = [row[3] for query in said for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")]
    connection.close()

    assert len(said) >= 3
    assert not [step for step in plans if "TEMP B-TREE" in step or step.startswith("SCAN f")]


def test_a_key_that_is_gone_has_no_page_behind_it(path: Path) -> None:
    reader = FactReader(path)
    gone = [reader.page(Wanted(resource=r), "size", descending=True, after=b"/no", limit=5) for r in ("events", "none")]
    empty = reader.page(Wanted(resource="none"), "size", descending=True, after=None, limit=5)
    reader.close()

    assert (gone, empty) == ([None, None], IndexPage())


def test_events_alone_have_an_index_by_age() -> None:
    assert [has_index(r, o) for r in ("events", "pods") for o in ("size", "created")] == [True, True, True, False]


def test_the_number_of_events_stays_when_unused_texts_go(path: Path, tmp_path: Path) -> None:
    made = tmp_path / "facts.db"
    create(made)
    writer = FactWriter(made)
    writer._new_texts = writer._clean_after  # as after months of labels that came and went
    writer.write([])
    writer.write([EXTRACTOR.fact(_event(1, random.Random(1)))])  # noqa: S311
    writer.complete()
    writer.close()
    reader = FactReader(made)
    page = reader.page(Wanted(resource="events"), "created", descending=True, after=None, limit=5)
    reader.close()

    assert page is not None
    assert len(page.keys) == 1


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two namespaces with a hundred objects each of two types, and one with three."""
    made = tmp_path_factory.mktemp("uneven") / "facts.db"
    create(made)
    writer = FactWriter(made)
    for namespace, count in (("bank", 100), ("shop", 100), ("few", 3)):
        writer.write(EXTRACTOR.fact(_made(plural, namespace, n)) for plural in ("pods", "events") for n in range(count))
    writer.complete()
    writer.close()
    return made


def _made(plural: str, namespace: str, number: int) -> KeyValue:
    metadata = {"name": f"o{number}", "namespace": namespace, "labels": {"odd": str(number % 2)}}
    kind = {"pods": "Pod", "events": "Event"}[plural]
    value = json.dumps({"apiVersion": "v1", "kind": kind, "metadata": metadata, "x": "y" * number}).encode()
    return KeyValue(f"/registry/{plural}/{namespace}/o{number}".encode(), 1, number + 1, number + 1, value=value)


@pytest.mark.parametrize("resource", ["", "pods"])
@pytest.mark.parametrize("labels", [None, parse_labels("odd=1")])
@pytest.mark.parametrize("namespace", ["few", "bank", "nowhere"])
def test_a_small_namespace_has_the_same_answers_as_a_large_one(
    uneven: Path, resource: str, labels: LabelSelector | None, namespace: str
) -> None:
    reader = FactReader(uneven)
    every = reader.facts(Wanted(labels=labels))
    inside = [f for f in every if f.namespace == namespace and resource in ("", f.resource)]
    wanted = Wanted(resource=resource, namespace=namespace, labels=labels)
    largest = sorted((fact.size for fact in inside), reverse=True)[:2]

    assert (reader.count(wanted), set(reader.keys(wanted))) == (len(inside), {fact.key for fact in inside})
    assert list(reader.facts(wanted)) == inside
    assert [fact.size for fact in reader.top(wanted, "size", 2)] == largest
    assert [fact.version for fact in reader.top(wanted, "version", 1)] == sorted({f.version for f in inside})[-1:]
    assert sum(alike.keys for alike in reader.tally(wanted, 1_000)) == len(inside)
    assert reader.spread(wanted).keys == len(inside)
    reader.close()


def test_the_unhealthy_objects_of_a_namespace_are_found_by_an_index_of_their_own(uneven: Path) -> None:
    with contextlib.closing(open_reader(uneven)) as connection:
        for namespace in ("bank", "few"):
            where, values = _where(connection, Wanted(resource="pods", namespace=namespace, state="unhealthy"))
            plan = connection.execute(f"EXPLAIN QUERY PLAN SELECT f.id FROM facts f {where}", values).fetchall()  # noqa: S608
            assert [step[3] for step in plan if " f " in step[3]] == [
                "SEARCH f USING INDEX unhealthy (namespace=? AND resource=?)"
            ]


@pytest.mark.parametrize("order", ["size", "created", "version"])
@pytest.mark.parametrize("descending", [True, False])
def test_given_keys_are_put_in_the_order_that_all_keys_have(path: Path, order: Order, descending: bool) -> None:
    reader = FactReader(path)
    every = reader.keys(Wanted(resource="events"))
    some = [*every[::3], b"/registry/events/shop/zzz-not-seen"]
    whole = reader.keys(Wanted(resource="events"), order=order, descending=descending)
    found = reader.in_order(some, order, descending=descending)
    reader.close()

    assert found == tuple(key for key in whole if key in some)
    assert len(found) == len(every[::3])


@pytest.mark.parametrize("column", ["word", "node"])
def test_texts_of_given_keys_are_those_that_all_have(path: Path, column: Column) -> None:
    reader = FactReader(path)
    some = [*reader.keys(Wanted(resource="events"))[::3], b"/registry/events/shop/zzz-not-seen"]
    whole = dict(reader.texts(Wanted(resource="events", readable=True), column))
    found = reader.texts_of(some, column)
    reader.close()

    assert found == tuple((key, whole[key]) for key in some if key in whole)
    assert 10 < len(found) < len(some) - 1  # those that cannot be decoded have none


def test_objects_of_a_status_are_counted_as_they_are_listed(uneven: Path, path: Path) -> None:
    for one in (uneven, path):
        reader = FactReader(one)
        words = {fact.word for fact in reader.facts(Wanted())}
        for status in {status_in(word) for word in words} - {""} | {"None"}:
            for resource in ("pods", "events"):
                wanted = Wanted(resource=resource, status=status, readable=True)
                assert reader.count(wanted) == len(reader.keys(wanted)), (resource, status)
        reader.close()


@pytest.mark.parametrize(("resource", "index"), [("pods", "unhealthy"), ("events", "by_type_size")])
def test_unhealthy_objects_of_all_namespaces_are_found_by_the_index_that_has_less(
    tmp_path: Path, resource: str, index: str
) -> None:
    made = tmp_path / "facts.db"
    create(made)
    writer = FactWriter(made)
    chance = random.Random(2)  # noqa: S311
    pods = [_made("pods", "bank", number) for number in range(300)]
    ended = [replace(kv, value=kv.value.replace(b'"x"', b'"status": {"phase": "Succeeded"}, "x"')) for kv in pods[30:]]
    writer.write(map(EXTRACTOR.fact, (*pods[:30], *ended)))
    writer.write([EXTRACTOR.fact(_event(number, chance)) for number in range(20)])  # some of them unhealthy
    writer.complete()
    writer.close()
    reader = FactReader(made)
    wanted = Wanted(resource=resource, state="unhealthy")
    listed = {fact.key for fact in reader.facts(Wanted(resource=resource)) if fact.state == "unhealthy"}
    assert set(reader.keys(wanted)) == listed
    assert listed
    reader.close()
    with contextlib.closing(open_reader(made)) as connection:
        where, values = _where(connection, wanted)
        plan = connection.execute(f"EXPLAIN QUERY PLAN SELECT f.id FROM facts f {where}", values).fetchall()  # noqa: S608
    assert next(step[3] for step in plan if " f " in step[3]).split(" INDEX ")[1].split(" ")[0] == index


def test_how_sizes_are_spread_is_kept_for_a_type(path: Path) -> None:
    reader = FactReader(path)
    events, everything = Wanted(resource="events"), Wanted()
    assert reader.spread(events) is reader.spread(events)
    assert reader.spread(everything) is reader.spread(everything)
    assert reader.spread(events) == reader.spread(everything)
    assert reader.spread(Wanted(resource="none")).keys == 0
    assert reader.spread(Wanted(resource="events", namespace="bank")).keys < NAMES
    reader.close()


@pytest.mark.parametrize("resource", ["", "pods", "events", "none"])
@pytest.mark.parametrize("namespace", ["", "bank", "few", "nowhere"])
@pytest.mark.parametrize("state", ["healthy", "unhealthy", "unknown"])
@pytest.mark.parametrize("readable", [True, False])
def test_objects_in_a_state_are_counted_as_they_are_listed(
    path: Path, uneven: Path, resource: str, namespace: str, state: Health, readable: bool
) -> None:
    for one in (path, uneven):
        reader = FactReader(one)
        wanted = Wanted(resource=resource, namespace=namespace, state=state, readable=readable)
        assert reader.count(wanted) == len(reader.keys(wanted))
        reader.close()


def test_a_text_that_looks_like_labels_and_is_none_matches_nothing(tmp_path: Path) -> None:
    made = tmp_path / "facts.db"
    create(made)
    writer = FactWriter(made)
    writer.write([EXTRACTOR.fact(_made("pods", "bank", 1))])
    for text in ("{", '{"odd":"1"', "{}", "{1}", '{"odd":1}', "{{"):
        writer._text(text)
    writer.write([])
    writer.complete()
    writer.close()
    reader = FactReader(made)
    found = [reader.count(Wanted(labels=parse_labels(text))) for text in ("odd=1", "odd!=1", "odd", "!odd", "even!=1")]
    reader.close()

    assert found == [1, 0, 1, 0, 1]
