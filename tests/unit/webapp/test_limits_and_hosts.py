"""Requests at once, hosts that are answered, headers on every answer, and who is asking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from flask import Flask, Response, g
from flask.testing import FlaskClient
from werkzeug.exceptions import TooManyRequests

from etcdview.access.roles import LOCAL
from webapp.accounts import limits
from webapp.accounts.identify import current_viewer
from webapp.runtime import current_cluster, current_frame, current_window
from webapp.security import HEADERS

Begin = Callable[[], None]


@pytest.fixture
def begin(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """Begin to answer another request of the same viewer, as if a login were needed."""
    monkeypatch.setattr(limits, "_nobody_logs_in", lambda: False)
    limits._at_once.clear()
    with ExitStack() as open_requests:

        def another() -> None:
            open_requests.enter_context(app.app_context())
            open_requests.enter_context(app.test_request_context("/"))
            g.viewer = LOCAL
            limits._take_slot()

        yield another
    assert not limits._at_once  # whatever happened, each slot was given back once


def test_a_viewer_gets_so_many_answers_at_once_and_the_next_when_one_has_ended(begin: Begin) -> None:
    for _ in range(limits.MAX_AT_ONCE):
        begin()
    with pytest.raises(TooManyRequests, match="wait for one"):
        begin()
    limits._give_slot(None)  # the refused request took none, and gives none back
    assert limits._at_once.total() == limits.MAX_AT_ONCE


@pytest.mark.parametrize(("told", "kept"), [({"Retry-After": "0"}, "1"), ({}, "1"), ({"Retry-After": "7"}, "7")])
def test_nobody_is_told_to_come_again_at_once(app: Flask, told: dict[str, str], kept: str) -> None:
    with app.test_request_context("/kube/api/v1/pods"):
        assert app.process_response(Response("", 429, told)).headers["Retry-After"] == kept


@pytest.mark.parametrize(
    ("address", "is_watch"),
    [("pods?watch=1", True), ("pods?watch", True), ("pods?watch=false", False), ("pods?watch=0&limit=1", False)],
)
def test_only_a_watch_is_counted_among_watches(app: Flask, address: str, is_watch: bool) -> None:
    with app.test_request_context(f"/kube/api/v1/{address}"):
        assert limits._is_watch() is is_watch


def test_a_slot_is_given_back_once_also_after_an_error(begin: Begin) -> None:
    begin()
    begin()
    limits._give_slot(ValueError())
    limits._give_slot(None)
    assert limits._at_once.total() == 1
    begin()
    assert limits._at_once.total() == 2


def test_a_stream_keeps_its_slot_until_it_is_closed(begin: Begin) -> None:
    begin()
    response = limits._keep_while_it_streams(Response(iter([b"1", b"2"])))
    limits._give_slot(None)
    assert limits._at_once.total() == 1
    response.close()
    assert not limits._at_once


def test_a_file_that_the_server_sends_itself_keeps_no_slot(begin: Begin) -> None:
    begin()
    limits._keep_while_it_streams(Response(iter([b"1"]), direct_passthrough=True))
    limits._give_slot(None)
    assert not limits._at_once


def test_where_nobody_logs_in_nothing_is_counted(client: FlaskClient) -> None:
    limits._at_once.clear()
    client.get("/account")
    assert not limits._at_once


@pytest.mark.parametrize(
    "host", ["", "..", "a..b", "a b", "[::1", "a/b", "x" * 300, "localhost:99999999", "evil.example"]
)
@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/health", "/nowhere", "/static/nothing.css"])
def test_a_host_that_is_not_ours_is_refused_with_all_headers(client: FlaskClient, host: str, path: str) -> None:
    response = client.get(path, headers={"Host": host})
    assert response.status_code == 400
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS


@pytest.mark.parametrize("path", ["/", "/healthz", "/nowhere", "/api/v1/nowhere", "/static/nothing.css"])
def test_every_answer_carries_the_headers_and_is_not_kept(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    assert response.headers["Cache-Control"] == "no-store"


def test_before_the_guard_has_spoken_nobody_is_asking_and_there_is_no_frame(app: Flask) -> None:
    with app.app_context(), app.test_request_context("/"):
        assert current_viewer() is None
        assert current_frame() is None


def test_a_request_has_one_window_on_the_cluster_of_the_app(app: Flask) -> None:
    with app.app_context(), app.test_request_context("/"):
        g.viewer = LOCAL
        assert current_window() is current_window()
        assert current_window().cluster is current_cluster()
