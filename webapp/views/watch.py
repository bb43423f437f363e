"""The watch page, and the freshness that every page shows."""

from __future__ import annotations

from flask import Blueprint, Response, request

from etcdview.pages.parts.frame import page_frame
from webapp import params
from webapp.rendering import nothing_new, render_page, wants_fragment
from webapp.runtime import current_window, now

MAX_PREFIX = 1000
MAX_MINUTES = 7 * 24 * 60

bp = Blueprint("watch", __name__)


@bp.get("/watch")
def watch_page() -> Response:
    """Changes as they happen."""
    from etcdview.pages import watch as pages

    args = request.args
    query = pages.WatchQuery(
        prefix=params.text(args, "prefix", MAX_PREFIX),
        kind=params.text(args, "kind", MAX_PREFIX),
        text=params.text(args, "q", MAX_PREFIX),
        since=params.position(args, "since") if wants_fragment() else 0,
        until=params.position(args, "pause"),
        minutes=params.integer(args, "minutes", 0, most=MAX_MINUTES),
        calm=params.integer(args, "calm", 0, most=1) == 1 if args.get("calm") else None,
    )
    page = pages.watch_page(current_window(), query, now())
    if query.since and not page.moved and not page.lost:  # what is hidden moves the page, too: else it falls behind
        return nothing_new()
    return render_page("watch/index.html", page, fragments={"news": "watch/_news.html"})


@bp.get("/freshness")
def freshness_bar() -> Response:
    """How fresh the names are, for the bar of an open page."""
    return render_page("freshness.html", page_frame(current_window()), fragments={"freshness": "_freshness.html"})
