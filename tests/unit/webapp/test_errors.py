"""Every error as what was asked for: a page, a fragment that finds its place again, or a problem document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import unescape

import pytest
from flask import Flask, Response
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    TooManyRequests,
    UnsupportedMediaType,
)

from etcdview.errors import DeniedError, EtcdviewError, NotFoundError, QueryError, TooLargeError, UnreachableError

Answered = Callable[..., Response]
HTMX = {"HX-Request": "true", "HX-Target": "rows", "HX-Trigger": "rows"}


@pytest.fixture
def answered(app: Flask) -> Answered:
    """How the app answers a request at `path` that met `error`."""

    def answer(error: Exception, path: str = "/registry", headers: dict[str, str] | None = None) -> Response:
        with app.test_request_context(path, headers=headers or {}):
            return app.make_response(app.handle_user_exception(error))

    return answer


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (QueryError("What.", "Remedy."), 400),
        (DeniedError("What.", "Remedy."), 403),
        (NotFoundError("What.", "Remedy."), 404),
        (TooLargeError("What.", "Remedy."), TooLargeError.status),
        (UnreachableError("What.", "Remedy."), 503),
    ],
)
def test_our_errors_say_what_and_remedy_in_both_forms(answered: Answered, error: EtcdviewError, status: int) -> None:
    page = answered(error)
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert "What." in page.get_data(as_text=True)
    assert "Remedy." in page.get_data(as_text=True)
    problem = answered(error, "/api/v1/keys")
    assert (problem.status_code, problem.mimetype) == (status, "application/problem+json")
    assert problem.get_json()["detail"] == "What. Remedy."


@pytest.mark.parametrize("path", ["/registry", "/api/v1/keys"])
def test_an_unexpected_error_shows_nothing_of_itself_and_its_path_forges_no_line(
    answered: Answered, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    response = answered(ValueError("the secret"), f"{path}?a=1%0a[CRITICAL]")
    assert response.status_code == 500
    assert "secret" not in response.get_data(as_text=True)
    assert "Traceback" not in response.get_data(as_text=True)
    assert "\n[CRITICAL]" not in caplog.messages[0]


def test_what_an_error_quotes_is_escaped(answered: Answered) -> None:
    assert (
        "<script>"
        not in answered(QueryError("<script>alert(1)</script>", "<b>")).get_data(as_text=True).split("<main", 1)[1]
    )


@pytest.mark.parametrize(
    ("error", "header"),
    [(MethodNotAllowed(["GET"]), "Allow"), (TooManyRequests("Slowly.", retry_after=7), "Retry-After")],
)
def test_what_http_says_besides_the_text_is_kept(answered: Answered, error: HTTPException, header: str) -> None:
    assert answered(error).headers[header] in ("GET", "7")


@pytest.mark.parametrize("error", [BadRequest, NotFound, MethodNotAllowed, RequestEntityTooLarge, UnsupportedMediaType])
def test_errors_of_http_are_told_in_our_words(answered: Answered, error: type[HTTPException]) -> None:
    page = answered(error()).get_data(as_text=True)
    assert error.description not in unescape(page)
    assert "<h1>Not Found</h1>" not in page
    assert "Own words." in answered(error(description="Own words.")).get_data(as_text=True)


def test_a_fragment_stands_in_the_place_of_the_one_that_was_asked_for(answered: Answered) -> None:
    response = answered(NotFoundError("It is gone."), "/registry?since=5&a=b", HTMX)
    assert 'id="rows"' in response.get_data(as_text=True)
    assert "<html" not in response.get_data(as_text=True)
    assert "since=0" in response.get_data(as_text=True)
    assert "a=b" in response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("error", "stays"),
    [
        (UnreachableError("Down."), True),
        (TooManyRequests("Slowly."), True),
        (ValueError(), True),
        (NotFoundError("Gone."), False),
        (QueryError("No."), False),
    ],
)
def test_what_passes_leaves_a_part_that_refreshes_itself_as_it_is(
    answered: Answered, error: Exception, stays: bool
) -> None:
    assert (answered(error, headers=HTMX).headers.get("HX-Reswap") == "none") is stays


@pytest.mark.parametrize("more", [{"HX-Boosted": "true"}, {"HX-History-Restore-Request": "true"}])
def test_a_link_and_a_restored_history_get_the_whole_page(answered: Answered, more: dict[str, str]) -> None:
    response = answered(NotFoundError("Gone."), headers=HTMX | more)
    assert "<html" in response.get_data(as_text=True)
    assert "HX-Request" in response.vary


def test_a_status_that_http_does_not_know_has_a_title_all_the_same(answered: Answered) -> None:
    class Odd(HTTPException):
        code = 499
        description = "Odd."

    assert answered(Odd()).status_code == 499


@pytest.mark.parametrize("path", ["/export?resource=pods&as=stream", "/kube/api/v1/pods?limit=5"])
def test_what_fails_while_it_is_sent_ends_the_connection_and_is_a_line_of_the_log(
    app: Flask, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    def fails() -> Iterator[bytes]:
        yield b"begun"
        raise UnreachableError("No member answers.")

    with app.test_request_context(path):
        response = app.process_response(Response(fails()))
        sent = response.iter_encoded()
        assert next(iter(sent)) == b"begun"
        with pytest.raises(ConnectionResetError):
            list(sent)

    (record,) = caplog.records
    assert record.exc_info is None
    assert record.getMessage() == f"the answer at {path.partition('?')[0]!r} was cut short: No member answers."
