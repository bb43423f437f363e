"""What one request may cost: what was read until then is shown as a part, and says so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etcdview.access.roles import LOCAL
from etcdview.cluster.budget import ALL_BYTES, LIGHT_BYTES, RANGES_AT_ONCE, Held, RequestBudget
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.places import Places
from etcdview.cluster.window import Window
from etcdview.codec import Codec, load_encryption_config
from etcdview.config import Settings
from etcdview.errors import BudgetError, BusyError
from etcdview.index import names_for
from etcdview.kube.keys import KeySpace
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.pages.content_search import ContentQuery, content_found, content_page, slowly
from etcdview.pages.encryption import encryption_page
from etcdview.pages.namespaces_and_storage import NamespacesPage, namespaces_page, storage_page
from etcdview.pages.object.page import object_page
from etcdview.pages.object.query import ObjectQuery
from etcdview.pages.registry.page import registry_page
from etcdview.pages.registry.query import RegistryQuery
from etcdview.pages.search import SearchQuery, search_page
from etcdview.stores.files.dump import read_dump
from etcdview.stores.files.memory import StaticStore
from webapp import create_app

NOW = datetime(2026, 11, 23, 16, tzinfo=UTC)
STOPPED = "Reading was stopped after 10 seconds."


class Slow(StaticStore):
    """A store whose clock goes on by a second with each read."""

    seconds = 0.0

    def range(self, request: Range) -> RangeResult:
        self.seconds += 1
        return super().range(request)


def cluster_of(store: Slow, capture: Path) -> Cluster:
    return Cluster(
        name="slow",
        store=store,
        index=names_for(store, KeySpace()),
        codec=Codec(encryption=load_encryption_config(capture / "encryption-config.yaml")),
        keyspace=KeySpace(),
    )


@pytest.fixture
def captured(capture: Path) -> Cluster:
    return cluster_of(Slow("slow", read_dump(capture / "registry.jsonl.gz")), capture)


@pytest.fixture
def many(capture: Path) -> Cluster:
    """6,000 ConfigMaps: twelve pieces."""
    value = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}).encode()
    kvs = [KeyValue(b"/registry/configmaps/shop/%05d" % i, i + 1, i + 1, 1, 0, value) for i in range(6000)]
    return cluster_of(Slow("slow", kvs), capture)


def window_of(cluster: Cluster, left: float = 10) -> Window:
    """With so many reads left in its ten seconds."""
    store = cluster.source
    assert isinstance(store, Slow)
    begun = store.seconds
    window = Window(cluster, LOCAL, RequestBudget(cluster.held, clock=lambda: store.seconds + 0.0))
    store.seconds = begun + 10 - left
    return window


def spend_and_check(
    budget: RequestBudget, clock: list[float], spend: Callable[[RequestBudget, list[float]], None]
) -> None:
    spend(budget, clock)
    budget.check()


@pytest.mark.parametrize(
    ("spend", "error", "says"),
    [
        (lambda budget, clock: clock.append(11.0), BudgetError, "after 10 seconds"),
        (lambda budget, clock: budget.take(100), BudgetError, "of values"),
        (lambda budget, clock: clock.append(-1.0), BudgetError, "closed its connection"),
    ],
    ids=["time", "bytes", "a client that is gone"],
)
def test_a_budget_ends_by_time_by_bytes_and_with_the_client(
    spend: Callable[[RequestBudget, list[float]], None], error: type[BudgetError], says: str
) -> None:
    clock = [0.0]
    budget = RequestBudget(Held(), size_bytes=100, gone=lambda: clock[-1] < 0, clock=lambda: clock[-1])
    budget.check()
    budget.take(60)

    with pytest.raises(error, match=says):
        spend_and_check(budget, clock, spend)


def test_one_value_may_be_larger_than_what_a_request_holds() -> None:
    RequestBudget(Held(), size_bytes=10).take(1000)


def test_requests_share_the_memory_of_the_process_and_give_it_back() -> None:
    held = Held(100)
    one, other = RequestBudget(held), RequestBudget(held)
    one.take(80)
    with pytest.raises(BusyError):
        other.take(30)
    one.give_back()
    one.give_back()

    other.take(30)

    assert held.size_bytes == 30


def test_a_few_requests_at_a_time_read_many_values_and_others_a_little() -> None:
    held = Held()
    held.heavy = Places(1, seconds=0.01)
    one, other = RequestBudget(held), RequestBudget(held)
    one.take(LIGHT_BYTES + 1)

    other.take(LIGHT_BYTES)
    with pytest.raises(BusyError):
        other.take(1)
    one.give_back()
    other.take(1)
    other.give_back()

    assert held.heavy.take()


def test_a_few_reads_of_many_values_are_in_flight_and_others_wait_or_are_told(many: Cluster) -> None:
    window = window_of(many, left=3.05)
    values = Range(b"/registry/configmaps/", b"/registry/configmaps0", limit=1)
    with ExitStack() as others:
        for _ in range(RANGES_AT_ONCE):
            others.enter_context(many.held.ranges)

        with pytest.raises(BusyError):
            window.range(values)
        assert window.store.range(replace(values, keys_only=True)).kvs
        assert window.get(b"/registry/configmaps/shop/00001").entry

    assert Window(many, LOCAL, RequestBudget(many.held)).range(values).entry


def test_what_is_read_for_others_goes_on_without_the_client() -> None:
    budget = RequestBudget(Held(), gone=lambda: True)
    with budget.for_others():
        budget.check()

    with pytest.raises(BudgetError):
        budget.check()


def test_a_filtered_list_shows_what_was_read_and_says_so(many: Cluster) -> None:
    page = registry_page(window_of(many, left=4), RegistryQuery(resource="configmaps", text="0000"), NOW)

    assert page is not None
    assert page.table is not None
    assert page.table.stopped == STOPPED
    assert page.table.scan is not None
    assert 0 < page.table.scan.seen < page.table.scan.total == 6000
    assert page.table.rows


@pytest.mark.parametrize("left", range(3, 20, 2))
def test_what_was_read_of_namespaces_is_never_called_healthy_or_missing(captured: Cluster, left: float) -> None:
    part = namespaces_page(window_of(captured, left), "", NOW)
    whole = namespaces_page(Window(captured), "", NOW)  # though a part was made at the same revision

    assert (part.stopped, whole.stopped) == (STOPPED, "")
    assert 0 < part.checked < whole.checked == whole.total
    assert not any(row.healthy for row in part.rows)
    assert missing_in(part) <= missing_in(whole)


@pytest.mark.parametrize("left", range(2, 6))
def test_a_namespace_of_which_too_little_was_read_is_not_called_unknown(capture: Path, left: float) -> None:
    pod = b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"big"}}'
    other = b'{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"another"}}'  # under this one's key
    kvs = [KeyValue(b"/registry/pods/big/%05d" % i, i + 1, i + 1, 1, 0, pod) for i in range(2900)]
    cluster = cluster_of(Slow("slow", [KeyValue(b"/registry/namespaces/big", 1, 1, 1, 0, other), *kvs]), capture)

    page = namespaces_page(window_of(cluster, left), "big", NOW)

    assert (page.stopped, page.rows) == (STOPPED, ())


def missing_in(page: NamespacesPage) -> set[str]:
    """What is said to need something that is not there, and the services that nothing answers for."""
    lines = [line for row in page.rows for finding in row.findings for line in finding.lines]
    needed = [need for line in lines for need in re.findall(r"needs (\S+ [^\s,]+)", line)]
    return {*needed, *(line for line in lines if line.startswith("Service "))}


def test_names_are_found_when_no_time_is_left_for_their_facts(captured: Cluster) -> None:
    page = search_page(window_of(captured, left=0), SearchQuery("/registry/pods/shop/"))

    assert page.hits
    assert STOPPED in page.facts_problem


def test_what_was_read_of_the_stored_state_is_shown_with_how_much_it_is(captured: Cluster) -> None:
    page = storage_page(window_of(captured), run=True, now=NOW)

    assert page.stopped == STOPPED
    assert 0 < page.checked < page.total


def test_an_object_is_shown_without_what_could_not_be_read_around_it(captured: Cluster) -> None:
    page = object_page(window_of(captured, left=4), ObjectQuery(b"/registry/pods/shop/crashloop"), NOW)

    assert page.entry.object is not None
    assert page.view.around is not None
    assert page.view.around.cut


def test_a_sample_of_the_encryption_that_took_too_long_is_a_part(captured: Cluster) -> None:
    page = encryption_page(window_of(captured), NOW)

    assert page.count.problem == STOPPED
    assert 0 < len(page.count.types) < 65


def test_a_search_answers_what_it_has_found_and_a_page_that_shows_it_as_it_comes_goes_on(many: Cluster) -> None:
    query = ContentQuery("ConfigMap", prefix="/registry/")

    found = content_found(window_of(many, left=3), query, 10_000)
    assert STOPPED in found.progress.why
    assert 0 < len(found.hits) < 6000

    steps = content_page(window_of(many, left=3), query).steps
    assert steps is not None
    assert list(steps)[-1].progress.found == 1000


def test_a_search_for_a_text_that_only_passes_values_over_ends_in_time_too(many: Cluster) -> None:
    query = ContentQuery("not-anywhere-in-it", prefix="/registry/")
    assert slowly(query) == ""

    progress = content_found(window_of(many, left=3), query, 10).progress

    assert (progress.complete, progress.done) == (False, True)
    assert STOPPED in progress.why
    assert 0 < progress.looked < progress.total
    assert many.held.size_bytes == 0


def test_who_comes_when_the_memory_is_taken_is_told_when_to_try_again(captured: Cluster) -> None:
    client = create_app(Settings(), captured).test_client()
    captured.held.add(ALL_BYTES)

    refused = client.get("/object?key=/registry/pods/shop/crashloop")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")

    captured.held.give_back(ALL_BYTES)
    assert client.get("/object?key=/registry/pods/shop/crashloop").status_code == 200
    assert client.get("/nonsense").status_code == 404
    assert captured.held.size_bytes == 0


def test_what_is_read_after_a_request_has_ended_is_never_counted() -> None:
    held = Held()
    budget = RequestBudget(held)
    budget.take(LIGHT_BYTES + 1)
    budget.give_back()

    for _ in range(10):  # a thread that reads ahead comes too late
        with pytest.raises(BudgetError, match="the request has ended"):
            budget.take(LIGHT_BYTES + 1)
    assert held.size_bytes == 0
    others = [RequestBudget(held) for _ in range(2)]
    for other in others:
        other.take(LIGHT_BYTES + 1)  # no place of the heavy ones is lost
    assert held.size_bytes == 2 * (LIGHT_BYTES + 1)
