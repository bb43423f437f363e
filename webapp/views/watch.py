"""The watch page, and the freshness that every page shows."""

from __future__ import annotations

from flask import Response, request

from etcdview.pages.parts.frame import page_frame
from etcdview.pages.watch import WatchQuery, watch_page
from webapp import params
from webapp.rendering import nothing_new, render_page, wants_fragment
from webapp.runtime import current_window

MAX_PREFIX = 1000


def watch() -> Response:
    """Changes as they happen."""
    args = request.args
    query = WatchQuery(
        prefix=params.text(args, "prefix", MAX_PREFIX),
        kind=params.text(args, "kind", MAX_PREFIX),
        text=params.text(args, "q", MAX_PREFIX),
        since=params.integer(args, "since", 0) if wants_fragment() else 0,
        until=params.integer(args, "pause", 0),
    )
    page = watch_page(current_window(), query)
    if query.since and not page.rows and not page.lost:
        return nothing_new()
    return render_page("watch/index.html", page, fragments={"news": "watch/_news.html"})


def freshness() -> Response:
    """How fresh the names are, for the bar of an open page."""
    return render_page("freshness.html", page_frame(current_window()), fragments={"freshness": "_freshness.html"})
