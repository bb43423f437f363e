"""The page that compares two states."""

from __future__ import annotations

from flask import Blueprint, Response, request

from webapp import params
from webapp.rendering import render_page
from webapp.runtime import current_window

MAX_NAME = 300

bp = Blueprint("compare", __name__)


@bp.get("/compare")
def compare_page() -> Response:
    """What differs between two of the sources that the server has."""
    from etcdview.pages import compare as pages

    args = request.args
    query = pages.CompareQuery(
        params.text(args, "from", MAX_NAME),
        params.text(args, "to", MAX_NAME),
        params.text(args, "resource", MAX_NAME),
        params.text(args, "namespace", MAX_NAME),
        params.flag(args, "all"),
    )
    page = pages.compare_page(current_window(), query)
    return render_page("compare/index.html", page, status=page.status)
