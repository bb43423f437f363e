"""The search pages: key names, and what keys hold."""

from __future__ import annotations

from flask import Response, request

from etcdview.errors import QueryError
from etcdview.pages.content_search import ContentQuery, content_form, content_page
from etcdview.pages.search import MAX_PAGE_SIZE, MAX_TEXT, PAGE_SIZE, SearchQuery, refused_page, search_page
from webapp import params
from webapp.hangup import hung_up
from webapp.rendering import render_page, stream_page, wants_fragment
from webapp.runtime import current_window


def search() -> Response:
    """Keys that match, in pages."""
    args = request.args
    query = SearchQuery(
        text=args.get("q", ""),
        mode=args.get("mode", ""),
        after=params.cursor(args),
        limit=params.integer(args, "limit", PAGE_SIZE, least=1, most=MAX_PAGE_SIZE),
    )
    try:
        page = search_page(current_window(), query, hung_up() if wants_fragment() else None)
    except QueryError as error:
        page = refused_page(current_window(), query, error)
    status = page.problem.status if page.problem else 200
    return render_page("search/index.html", page, fragments={"results": "search/_results.html"}, status=status)


def content() -> Response:
    """Objects that match, as they are found."""
    args = request.args
    query = ContentQuery(
        text=params.text(args, "q", MAX_TEXT),
        kind=args.get("kind", "text"),
        resource=params.text(args, "resource", MAX_TEXT),
        namespace=params.text(args, "namespace", MAX_TEXT),
        prefix=params.text(args, "prefix", MAX_TEXT),
    )
    try:
        return stream_page("search/content.html", content_page(current_window(), query))
    except QueryError as error:  # the form again, with what was typed
        return render_page("search/content.html", content_form(current_window(), query, error), status=error.status)
