"""The search page."""

from __future__ import annotations

from flask import Blueprint, Response, request

from etcdview.browse.search import MAX_PAGE_SIZE, PAGE_SIZE, SearchQuery, search_page
from webapp import params
from webapp.rendering import render_page
from webapp.runtime import current_window

bp = Blueprint("search", __name__)


@bp.get("/search")
def search() -> Response:
    """Keys that match, in pages."""
    args = request.args
    query = SearchQuery(
        text=args.get("q", ""),
        mode=args.get("mode", ""),
        after=params.cursor(args),
        limit=params.integer(args, "limit", PAGE_SIZE, least=1, most=MAX_PAGE_SIZE),
    )
    page = search_page(current_window(), query)
    return render_page("search/index.html", page, fragments={"results": "search/_results.html"})
