"""Tables at their edges: pages, orders, filters, undecodable values, deleted rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from etcdview.errors import NotFoundError, QueryError
from etcdview.index.base import KeyIndex
from etcdview.index.changes import ChangeLog
from etcdview.index.churn import Churn
from etcdview.kube.resources import BUILTIN
from etcdview.models import Event, KeyValue, Range
from etcdview.pages.registry import by_column, reading
from etcdview.pages.registry.listing import LONGEST_CELL, Listing, RowFilter, Shown
from etcdview.pages.registry.page import registry_page
from etcdview.pages.registry.query import Labels, RegistryQuery
from etcdview.pages.registry.reading import TableRows, query_table
from etcdview.pages.registry.table import ObjectTable
from etcdview.stores.files.dump import read_dump
from etcdview.tables import table_for
from tests.unit.pages.registry_of import REVISION, kv, obj, window_on

PODS = next(r for r in BUILTIN if (r.group, r.kind) == ("", "Pod"))
BROKEN = b"k8s\0\xff\xff\xff"


def config_map(name: str, created: str = "", namespace: str = "shop", **labels: str) -> KeyValue:
    metadata: dict[str, Any] = {"labels": labels} | ({"creationTimestamp": created} if created else {})
    return kv(f"/registry/configmaps/{namespace}/{name}", obj("ConfigMap", namespace, name, metadata=metadata))


def read(kvs: Iterable[KeyValue], now: datetime, resource: str = "configmaps", **query: Any) -> TableRows:
    return query_table(window_on(kvs), RegistryQuery(resource=resource, **query), now)


def names(found: TableRows) -> list[str]:
    return [row.name for row in found.rows]


def pages(kvs: Sequence[KeyValue], now: datetime, **query: Any) -> list[list[str]]:
    """The names on each page, one cursor after another."""
    found, after = [], None
    while True:
        page = read(kvs, now, after=after, **query)
        found.append(names(page))
        after = page.next_after
        if after is None:
            return found


MAPS = [
    config_map("a10", "2026-11-23T15:57:30Z", app="web"),
    config_map("a9", "2026-11-20T15:57:30Z", app="web"),
    config_map("b", "2026-11-23T14:57:30Z"),
    config_map("c"),
    config_map("d", "2026-11-23T15:50:30Z", namespace="abc"),
]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [["d", "a10"], ["a9", "b"], ["c"]]),
        ({"sort": "name"}, [["a9", "a10"], ["b", "c"], ["d"]]),
        ({"sort": "-name"}, [["d", "c"], ["b", "a10"], ["a9"]]),
        ({"sort": "Age"}, [["a10", "d"], ["b", "a9"], ["c"]]),
        ({"sort": "-age"}, [["c", "a9"], ["b", "d"], ["a10"]]),
        ({"sort": "data"}, [["d", "a10"], ["a9", "b"], ["c"]]),
        ({"sort": "-data"}, [["d", "a10"], ["a9", "b"], ["c"]]),
        ({"sort": "namespace"}, [["d", "a9"], ["a10", "b"], ["c"]]),
        ({"labels": Labels.parse("app=web")}, [["a10", "a9"]]),
        ({"text": "SHOP a"}, [["a10", "a9"]]),
        ({"text": "shop", "sort": "-age"}, [["c", "a9"], ["b", "a10"]]),
        ({"text": "nothing like it"}, [[]]),
        ({"labels": Labels.parse("app=web,!app")}, [[]]),
        ({"namespace": "abc"}, [["d"]]),
        ({"namespace": "empty"}, [[]]),
    ],
)
def test_pages_go_on_where_the_one_before_ended(query: dict[str, Any], found: list[list[str]], now: datetime) -> None:
    assert pages(MAPS, now, limit=2, **query) == found


def test_the_count_is_of_all_that_match_and_not_of_the_page(now: datetime) -> None:
    assert [read(MAPS, now, limit=1, **q).count for q in ({}, {"text": "shop"}, {"sort": "name"})] == [5, 4, 5]


def test_a_column_that_is_not_there_is_named_in_the_error(now: datetime) -> None:
    with pytest.raises(QueryError, match="Unknown column 'nonsense'"):
        read(MAPS, now, sort="-nonsense")


def test_a_column_of_the_wide_table_sorts_one_that_does_not_show_it_too(now: datetime) -> None:
    kvs = [kv(f"/registry/pods/shop/{n}", obj("Pod", "shop", n, spec={"nodeName": node})) for n, node in ("a2", "b1")]

    assert names(read(kvs, now, "pods", sort="node", wide=True)) == ["b", "a"]
    assert names(read(kvs, now, "pods", sort="node")) == ["b", "a"]
    assert names(read(kvs, now, "pods", sort="-node", columns=("ready",))) == ["a", "b"]
    assert [column.name for column in read(kvs, now, "pods", sort="node").columns][-1] == "Age"


@pytest.mark.parametrize("kind", BUILTIN, ids=lambda resource: resource.prefix)
def test_every_column_of_every_type_sorts_both_ways(kind: Any, now: datetime) -> None:
    found = obj(kind.kind, "shop", "a", kind.version if not kind.group else f"{kind.group}/{kind.version}")
    window = window_on([kv("/registry/x/a", found), kv("/registry/x/b", BROKEN)])
    listing = Listing(kind, table_for(kind), Shown(wide=True))
    rows = [listing.row(entry, now) for entry in window.range(Range(b"/registry/x/", b"/registry/x0")).entries]

    for column in listing.columns:
        for sign in ("", "-"):
            assert [row.key[-1:] for row in listing.ordered(rows, sign + column.name)] == [b"a", b"b"]


def test_a_filtered_page_goes_on_after_a_row_that_was_deleted_meanwhile(now: datetime) -> None:
    gone = b"/registry/configmaps/shop/a95"

    assert names(read(MAPS, now, text="shop", after=gone)) == ["b", "c"]
    with pytest.raises(QueryError, match="has been deleted"):
        read(MAPS, now, sort="name", after=gone)


def test_a_value_that_cannot_be_decoded_is_listed_last_when_sorted_and_meets_no_filter(now: datetime) -> None:
    kvs = [kv("/registry/configmaps/shop/aaa", BROKEN), *MAPS]

    assert names(read(kvs, now)) == ["d", "a10", "a9", "aaa", "b", "c"]
    assert names(read(kvs, now, sort="name"))[-1] == names(read(kvs, now, sort="-name"))[-1] == "aaa"
    assert names(read(kvs, now, text="0")) == ["d", "a10", "a9", "b", "c"]
    scan = read(kvs, now, text="0").scan
    assert scan is not None
    assert (scan.seen, scan.total, scan.unread) == (6, 6, 1)
    (row,) = (row for row in read(kvs, now).rows if row.name == "aaa")
    assert (row.cells, row.texts, row.state, bool(row.error)) == ((), (), "unknown", True)


@pytest.mark.parametrize("sort", ["data", "-data", "age", "-age", "size", "-rewrites"])
def test_a_long_type_is_ordered_by_any_column_as_a_short_one_is(
    now: datetime, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    kvs = [*MAPS, kv("/registry/configmaps/shop/aaa", BROKEN)]
    whole = read(kvs, now, sort=sort)
    monkeypatch.setattr(reading, "SCAN_LIMIT", 1)
    found = read(kvs, now, sort=sort)

    assert (names(found), found.count, found.complete) == (names(whole), 6, True)
    assert pages(kvs, now, sort=sort, limit=4) == [names(whole)[:4], names(whole)[4:]]
    with pytest.raises(QueryError, match="Unknown column 'colour'"):
        read(kvs, now, sort="colour")


def test_an_order_that_is_read_goes_on_where_the_request_before_ended(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = names(read(MAPS, now, sort="-data"))
    monkeypatch.setattr(reading, "SCAN_LIMIT", 1)
    monkeypatch.setattr(by_column, "READ_SECONDS", 0.0)  # each request reads one stretch
    monkeypatch.setattr(by_column, "STRETCH", 2)
    window, query = window_on(MAPS), RegistryQuery(resource="configmaps", sort="-data")
    found = [query_table(window, query, now) for _ in range(4)]

    assert [(rows.complete, rows.count, rows.scan and rows.scan.seen) for rows in found] == [
        (False, 2, 2),
        (False, 4, 4),
        (True, 5, 5),
        (True, 5, 5),
    ]
    assert names(found[-1]) == whole


def test_names_are_all_checked_for_words_however_few_values_may_be_read(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SCAN_LIMIT", 1)
    found = read(MAPS, now, text="shop A")

    assert (names(found), found.count, found.complete) == (["a10", "a9"], 2, False)
    assert found.scan is not None
    assert (found.scan.seen, found.scan.total) == (3, 5)


def test_names_and_namespaces_order_all_objects_however_few_values_may_be_read(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SCAN_LIMIT", 1)

    assert pages(MAPS, now, limit=2, sort="-name") == [["d", "c"], ["b", "a10"], ["a9"]]
    assert pages(MAPS, now, limit=3, sort="namespace") == [["d", "a9", "a10"], ["b", "c"]]
    assert read(MAPS, now, sort="name").complete


def test_sizes_and_rewrites_are_columns_on_request(now: datetime) -> None:
    plain, sized = read(MAPS, now), read(MAPS, now, size=True)

    assert [column.name for column in sized.columns] == [*(c.name for c in plain.columns), "Size", "Rewrites"]
    assert [row.cells[-2:] for row in sized.rows] == [(row.entry.size_bytes, 1) for row in plain.rows]
    assert names(read(MAPS, now, sort="-size")) == [
        row.name for row in sorted(plain.rows, key=lambda row: (row.entry.size_bytes, row.key))[::-1]
    ]


def test_a_namespace_means_nothing_to_a_type_without_namespaces(now: datetime) -> None:
    nodes = [kv(f"/registry/minions/{n}", obj("Node", "", n)) for n in ("n1", "n2")]

    assert names(read(nodes, now, "nodes", namespace="shop")) == ["n1", "n2"]


def test_flow_schemas_come_in_kubectls_order_with_what_cannot_be_decoded(now: datetime) -> None:
    def schema(name: str, precedence: int) -> KeyValue:
        found = obj("FlowSchema", "", name, "flowcontrol.apiserver.k8s.io/v1", spec={"matchingPrecedence": precedence})
        return kv(f"/registry/flowschemas/{name}", found)

    kvs = [schema("a", 900), schema("b", 100), kv("/registry/flowschemas/c", BROKEN)]
    first, second = pages(kvs, now, resource="flowschemas", limit=2)

    assert [name for name in first + second if name != "c"] == ["b", "a"]
    assert (len(second), read(kvs, now, "flowschemas", limit=2).count) == (1, 3)


def test_a_bad_selector_is_an_error_of_the_answer_and_a_problem_of_the_page(now: datetime) -> None:
    labels = Labels.parse("app=(")
    page = registry_page(window_on(MAPS), RegistryQuery(resource="configmaps", labels=labels), now)

    assert page is not None
    assert page.problem is labels.problem is not None
    assert page.query.labels.text == "app=("
    with pytest.raises(QueryError):
        read(MAPS, now, labels=labels)


def test_an_unknown_type_is_not_found(now: datetime) -> None:
    with pytest.raises(NotFoundError):
        read(MAPS, now, "nonsense")


def test_an_object_without_a_name_in_it_has_that_of_its_key(now: datetime) -> None:
    (row,) = read([kv("/registry/configmaps/shop/a", {"apiVersion": "v1", "kind": "ConfigMap"})], now).rows

    assert (row.name, row.texts[0]) == ("a", "a")


def test_words_are_found_in_cells_as_they_are_shown(now: datetime) -> None:
    listing = Listing(PODS, table_for(PODS), Shown(wide=True))
    found = obj("Pod", "shop", "web", spec={"nodeName": "node\nsecond line"})
    (entry,) = window_on([kv("/registry/pods/shop/web", found)]).get(b"/registry/pods/shop/web").entries
    row = listing.row(entry, now)

    assert "node..." in row.texts
    assert [RowFilter(Labels().selector, words).keeps(row) for words in ("NODE web", "second", "")] == [
        True,
        False,
        True,
    ]


@dataclass(frozen=True)
class FollowedRange:
    """Key names with a log of changes, as a live index has."""

    names: KeyIndex
    changes: ChangeLog

    def churn(self) -> tuple[Churn, ...]:
        return ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.names, name)


def live_page(now: datetime, *gone: bytes, **query: Any) -> ObjectTable | None:
    """The page a poll gets after these keys were deleted."""
    window = window_on(MAPS)
    log = ChangeLog()
    log.restart(REVISION)
    deleted = [Event(replace(MAPS[0], key=key, mod_revision=REVISION + 1, value=b""), deleted=True) for key in gone]
    log.note(deleted, REVISION + 1, 0.0)
    window.index = FollowedRange(window.index, log)
    page = registry_page(window, RegistryQuery(resource="configmaps", since=REVISION, **query), now)
    return None if page is None else page.table


def test_deleted_rows_stand_where_the_bytes_of_their_keys_put_them(now: datetime) -> None:
    """Shown keys sort otherwise: a byte that is no UTF-8 is shown as a backslash and its number."""
    base = b"/registry/configmaps/shop/"
    page = live_page(now, base + b"\xff", base + b"a8", base + "é".encode(), base + b"~")

    assert page is not None
    assert [(row.name, row.change) for row in page.rows] == [
        ("d", ""),
        ("a10", ""),
        ("a8", "deleted"),
        ("a9", ""),
        ("b", ""),
        ("c", ""),
        ("~", "deleted"),
        ("é", "deleted"),
        ("/registry/configmaps/shop/\\xff", "deleted"),
    ]


def test_a_page_of_a_long_list_strikes_out_its_own_keys_alone(now: datetime) -> None:
    base = b"/registry/configmaps/shop/"
    page = live_page(now, base + b"a8", base + b"zzz", limit=3, until=base + b"a9")

    assert page is not None
    assert [row.name for row in page.rows] == ["d", "a10", "a8", "a9"]


def test_a_poll_that_finds_nothing_new_has_no_page(now: datetime) -> None:
    assert live_page(now) is None
    assert live_page(now, b"/registry/secrets/shop/x") is None


def test_a_cell_of_a_page_or_the_api_is_bounded_and_that_of_a_command_is_not(now: datetime) -> None:
    long = "m" * 5_000
    found = read([kv("/registry/events/shop/e", obj("Event", "shop", "e", message=long))], now, "events")
    (row,) = found.rows

    assert row.texts[-1] == row.cells[-1] == long
    assert row.short_texts[-1] == row.short_cells[-1] == "m" * LONGEST_CELL + "…"
    assert row.short_texts[:-1] == row.texts[:-1]
    assert row.short_cells[:-1] == row.cells[:-1]


@pytest.mark.parametrize(
    ("resource", "names"),
    [("storageclasses", ["fast-ssd (default)", "slow-hdd"]), ("ingressclasses", ["edge (default)"])],
)
def test_a_name_keeps_what_its_table_says_behind_it(
    capture: Path, now: datetime, resource: str, names: list[str]
) -> None:
    rows = read(read_dump(capture / "registry.jsonl.gz"), now, resource).rows

    assert [row.texts[0] for row in rows] == [row.cells[0] for row in rows] == names


def test_cells_that_the_api_server_sends_without_a_column_are_kept_apart(capture: Path, now: datetime) -> None:
    row = read(read_dump(capture / "registry.jsonl.gz"), now, "ipaddresses").rows[0]

    assert row.cells == ("10.101.82.129", "services/shop/cart")
    assert len(row.beyond) == 1  # its age
