"""Every error as a page, a fragment or a problem document, as asked; never a traceback."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Flask, Response, jsonify
from htmx_flask import request
from werkzeug.exceptions import HTTPException

from etcdview.errors import BusyError, DeletedError, EtcdviewError
from etcdview.pages.parts.addresses import key_href, object_href
from etcdview.pages.parts.links import Link
from webapp.kubeapi.views import error_response, is_kube, status_response
from webapp.rendering import render_page, wants_fragment

# In place of werkzeug's own sentences, for those that are met by hand
_SAID = {
    400: "The request is invalid.",
    404: "There is no page at this address.",
    405: "This address does not take that method.",
    413: "The request is too large.",
    415: "The request has an unknown content type.",
}
log = logging.getLogger(__name__)
API_PREFIX = "/api/"


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What an error page shows: the status, a title, what happened and what to do.

    `stands_for` is the id of the fragment in whose place it is shown, so that a later answer finds its place, and
    `again_href` the address at which a part that refreshes itself goes on asking: what is gone may come back.
    `links` lead to what is left of it.
    """

    status: int
    title: str
    what: str
    remedy: str
    stands_for: str = ""
    again_href: str = ""
    links: tuple[Link, ...] = ()


def init_app(app: Flask) -> None:
    """Handle our own errors, those of HTTP, and whatever else happens; and those of an answer that has begun."""
    app.after_request(_watched)
    app.register_error_handler(EtcdviewError, _ours)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


class _Sent:
    """An answer as it is sent. An error of ours in the middle of it ends the connection: the client misses the end."""

    def __init__(self, pieces: Iterable[str] | Iterable[bytes], path: str) -> None:
        self._pieces: Iterator[str | bytes] = iter(pieces)
        self._close = getattr(pieces, "close", None)
        self._path = path

    def __iter__(self) -> Iterator[str | bytes]:
        return self

    def __next__(self) -> str | bytes:
        try:
            return next(self._pieces)
        except EtcdviewError as error:
            log.error("the answer at %r was cut short: %s", self._path, error.what)
            raise ConnectionResetError(errno.ECONNRESET, "cut short") from error  # servers end the connection

    def close(self) -> None:
        """Werkzeug closes what it was given."""
        if self._close is not None:
            self._close()


def _watched(response: Response) -> Response:
    if response.is_streamed and not response.direct_passthrough:
        response.response = _Sent(response.response, request.path)  # type: ignore[assignment]  # str or bytes
    return response


def _ours(error: EtcdviewError) -> Response:
    if is_kube(request.path):
        return error_response(error)
    response = _answer(ErrorPage(error.status, error.title, error.what, error.remedy, links=_links(error)))
    if isinstance(error, BusyError):
        response.headers["Retry-After"] = str(error.retry_seconds)
    return response


def _links(error: EtcdviewError) -> tuple[Link, ...]:
    """Of a deleted key its last value and its history."""
    if not isinstance(error, DeletedError):
        return ()
    last = object_href(error.key, revision=error.revision - 1)
    return Link("Its last value", last), Link("Its history", key_href("/history", error.key))


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    title = HTTPStatus(status).phrase.capitalize() if status in HTTPStatus._value2member_map_ else "Error"
    ours = error.description != type(error).description
    what = (error.description if ours else _SAID.get(status, error.description)) or title
    response = _answer(ErrorPage(status, title, what, ""))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    log.error("unexpected error at %r", request.path, exc_info=error)
    what = "Unexpected error in etcdview; its log has the details."
    return _answer(ErrorPage(500, "Something went wrong", what, "Please report it with the log."))


def _answer(page: ErrorPage) -> Response:
    if is_kube(request.path):
        return status_response(page.status, f"{page.what} {page.remedy}".strip())
    if request.path.startswith(API_PREFIX):
        return _problem(page)
    if wants_fragment():
        page = replace(page, stands_for=request.htmx.target or "", again_href=_again_href(page.status))
    response = render_page("error.html", page, any_fragment="_error.html", status=page.status)
    if _refreshes_itself() and (page.status >= 500 or page.status == HTTPStatus.TOO_MANY_REQUESTS):
        response.headers["HX-Reswap"] = "none"  # it passes: what is shown stays, as old as the page's bar says
    return response


def _refreshes_itself() -> bool:
    """Whether a part of an open page asks for news of itself."""
    htmx = request.htmx
    return wants_fragment() and request.method == "GET" and htmx.trigger is not None and htmx.trigger == htmx.target


def _again_href(status: int) -> str:
    if status != HTTPStatus.NOT_FOUND or not _refreshes_itself():
        return ""
    query = urlencode([*((n, v) for n, v in request.args.items(multi=True) if n != "since"), ("since", "0")])
    return f"{request.path}?{query}"


def _problem(page: ErrorPage) -> Response:
    """RFC 9457."""
    response = jsonify(
        type="about:blank", title=page.title, status=page.status, detail=f"{page.what} {page.remedy}".strip()
    )
    response.status_code = page.status
    response.mimetype = "application/problem+json"
    return response
