"""Every error as a page, a fragment or a problem document, as asked; never a traceback."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from http import HTTPStatus

from flask import Flask, Response, jsonify
from htmx_flask import request
from werkzeug.exceptions import HTTPException

from etcdview.errors import EtcdviewError
from webapp.rendering import render_page, wants_fragment

log = logging.getLogger(__name__)
API_PREFIX = "/api/"


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What an error page shows: the status, a title, what happened and what to do.

    `stands_for` is the id of the fragment in whose place it is shown, so that a later answer finds its place.
    """

    status: int
    title: str
    what: str
    remedy: str
    stands_for: str = ""


def init_app(app: Flask) -> None:
    """Handle our own errors, those of HTTP, and whatever else happens."""
    app.register_error_handler(EtcdviewError, _ours)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _ours(error: EtcdviewError) -> Response:
    return _answer(ErrorPage(error.status, error.title, error.what, error.remedy))


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    title = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
    response = _answer(ErrorPage(status, title, error.description or title, ""))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    log.error("unexpected error at %s", request.path, exc_info=error)
    what = "etcdview met an error that it did not expect; its log has the details."
    return _answer(ErrorPage(500, "Something went wrong", what, "Please report it with the log."))


def _answer(page: ErrorPage) -> Response:
    if request.path.startswith(API_PREFIX):
        return _problem(page)
    if wants_fragment():
        page = replace(page, stands_for=request.htmx.target or "")
    return render_page("error.html", page, any_fragment="_error.html", status=page.status)


def _problem(page: ErrorPage) -> Response:
    """RFC 9457."""
    response = jsonify(
        type="about:blank", title=page.title, status=page.status, detail=f"{page.what} {page.remedy}".strip()
    )
    response.status_code = page.status
    response.mimetype = "application/problem+json"
    return response
