"""The search pages: key names, and what keys hold."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from etcdview.errors import QueryError
from etcdview.pages.parts.addresses import href
from webapp import params
from webapp.accounts.expensive import in_turn, searches
from webapp.hangup import hung_up
from webapp.rendering import render_page, stream_page, wants_fragment
from webapp.runtime import current_window

bp = Blueprint("search", __name__)


@bp.get("/search")
def search_page() -> Response:
    """Keys that match, in pages."""
    from etcdview.pages import search as pages

    args = request.args
    query = pages.SearchQuery(
        text=args.get("q", ""),
        mode=args.get("mode", ""),
        after=params.cursor(args),
        limit=params.integer(args, "limit", pages.PAGE_SIZE, least=1, most=pages.MAX_PAGE_SIZE),
    )
    try:
        page = pages.search_page(current_window(), query, hung_up() if wants_fragment() else None)
    except QueryError as error:
        page = pages.refused_page(current_window(), query, error)
    status = page.problem.status if page.problem else 200
    return render_page("search/index.html", page, fragments={"results": "search/_results.html"}, status=status)


@bp.get("/palette")
def palette_page() -> Response | BaseResponse:
    """Places for a few words, as they are typed; the search page for a browser without JavaScript."""
    from etcdview.pages import palette as pages

    text = request.args.get("q", "")
    if not wants_fragment():
        return redirect(href("/search", q=text[: pages.MAX_TEXT]))
    return render_page("search/_palette.html", pages.palette(current_window(), text))


@bp.get("/search/content")
def content_search_page() -> Response:
    """Objects that match, as they are found."""
    from etcdview.pages import content_search as pages
    from etcdview.pages.search import MAX_TEXT

    args = request.args
    query = pages.ContentQuery(
        text=params.text(args, "q", MAX_TEXT),
        resource=params.text(args, "resource", MAX_TEXT),
        namespace=params.text(args, "namespace", MAX_TEXT),
        prefix=params.text(args, "prefix", MAX_TEXT),
    )
    try:
        query = replace(query, kind=pages.parse_kind(args.get("kind", "")))
        with ExitStack() as stack:
            if pages.is_costly(current_window(), query):
                stack.enter_context(in_turn(searches))
            response = stream_page("search/content.html", pages.content_page(current_window(), query))
            response.call_on_close(stack.pop_all().close)
        return response
    except QueryError as error:  # the form again, with what was typed
        return render_page(
            "search/content.html", pages.content_form(current_window(), query, error), status=error.status
        )
