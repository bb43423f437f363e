"""Expensive questions: for operators and admins, logged, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from werkzeug.exceptions import TooManyRequests

from etcdview.access.roles import LOCAL
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.coverage import Coverage
from etcdview.cluster.places import Places
from etcdview.cluster.window import Window
from etcdview.errors import DeniedError
from tests.security import lab
from tests.security.lab import Lab, post
from webapp.accounts.expensive import expensive, readings, searches


@pytest.fixture(scope="session")
def cluster(capture: Path) -> Iterator[Cluster]:
    opened = lab.hostile_cluster(capture)
    yield opened
    opened.close()


@pytest.fixture
def made(tmp_path: Path, cluster: Cluster) -> Lab:
    return lab.build(tmp_path, cluster)


def endings(made: Lab) -> list[tuple[Any, ...]]:
    return [(e.get("who", ""), e["action"], e["result"]) for e in made.audit if e["action"] not in ("login", "logout")]


def test_the_full_count_and_its_stop_are_logged(made: Lab, cluster: Cluster) -> None:
    client = made.logged_in("olga")

    assert post(client, "/encryption", "/account").status_code == 303
    assert post(client, "/encryption/stop", "/account").status_code == 303

    words = endings(made)
    assert words[:2] == [("olga", "begin count-values", "begun"), ("olga", "count-values", "done")]
    assert words[2:] == [("olga", "begin stop-count", "begun"), ("olga", "stop-count", "done")]
    cluster.coverage.close()


def test_a_second_question_is_refused_until_the_first_has_been_answered(made: Lab, cluster: Cluster) -> None:
    client, window = made.logged_in("olga"), Window(cluster, LOCAL)
    with made.app.test_request_context("/"), expensive(window, "first"):
        refused = post(client, "/encryption", "/account")

        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) > 0
    assert ("olga", "count-values", "refused") in endings(made)
    assert post(client, "/encryption", "/account").status_code != 429


def test_a_question_that_fails_leaves_the_place_to_the_next(made: Lab, cluster: Cluster) -> None:
    window = Window(cluster, LOCAL)
    with made.app.test_request_context("/"):
        with pytest.raises(DeniedError), expensive(window, "first"):
            raise DeniedError("no")
        with expensive(window, "second"):
            pass

    assert [(action, result) for _, action, result in endings(made)][1] == ("first", "refused")


def test_what_goes_on_in_the_background_keeps_the_next_waiting(
    made: Lab, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.accounts.expensive.running_question", lambda _: "All values are being counted.")

    context = made.app.test_request_context("/")
    with context, pytest.raises(TooManyRequests, match="being counted"), expensive(Window(cluster, LOCAL), "second"):
        pass


READS_MUCH = [
    ("/search/content?q=zzzz&prefix=/registry/", searches),
    ("/api/v1/content?q=zzzz&prefix=/registry/", searches),
    ("/encryption", readings),
    ("/namespaces?namespace=shop", readings),
    ("/api/v1/namespaces?namespace=shop", readings),
]


@pytest.mark.parametrize(("path", "places"), READS_MUCH, ids=[path for path, _ in READS_MUCH])
def test_what_reads_very_many_values_is_answered_one_at_a_time(
    made: Lab, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, path: str, places: Places
) -> None:
    monkeypatch.setattr(cluster, "coverage", Coverage())  # nobody has counted
    client = made.logged_in("vera")
    monkeypatch.setattr(places, "_seconds", 0.01)
    for module, name in (("content_search", "MANY"), ("encryption", "MANY"), ("namespaces_and_storage", "AT_ONCE")):
        monkeypatch.setattr(f"etcdview.pages.{module}.{name}", 10)
    for number in range(places._most):
        assert places.take(f"other {number}")

    refused = client.get(path)

    for number in range(places._most):
        places.give_back(f"other {number}")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    for _ in range(2):  # each gives its place back, also where it is sent as it is made
        response = client.get(path)
        assert response.status_code == 200, response.text
        response.close()


@pytest.mark.parametrize(("path", "places"), READS_MUCH, ids=[path for path, _ in READS_MUCH])
def test_what_reads_few_values_waits_for_nobody(made: Lab, path: str, places: Places) -> None:
    client = made.logged_in("vera")
    assert places.take()
    try:
        assert client.get(path).status_code == 200
    finally:
        places.give_back()


@pytest.mark.parametrize("path", ["/api/v1/resources", "/api/v1/space", "/api/v1/namespaces"])
def test_an_answer_that_names_very_many_types_is_made_one_at_a_time(
    made: Lab, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    client = made.logged_in("vera")
    monkeypatch.setattr(readings, "_seconds", 0.01)
    assert readings.take()
    few = client.get(path)
    monkeypatch.setattr("etcdview.pages.parts.costly.MANY", 10)

    many = client.get(path)

    readings.give_back()
    assert (few.status_code, many.status_code, client.get(path).status_code) == (200, 429, 200)


def test_of_those_who_come_while_all_places_are_taken_a_few_wait_and_the_next_are_told() -> None:
    places = Places(1, waiting=1, seconds=20)
    assert places.take()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(places.take)
        while not places._waiting:
            pass
        assert not places.take()
        places.give_back()
        assert waiting.result()


def test_nobody_has_all_places() -> None:
    places = Places(2, seconds=0.01)
    assert places.take("eve")

    assert not places.take("eve")
    assert places.take("vera")
    places.give_back("eve")
    assert places.take("eve")
