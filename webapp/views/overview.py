"""The overview page."""

from __future__ import annotations

from flask import Blueprint, Response

from etcdview.pages import overview as pages
from webapp.rendering import render_page
from webapp.runtime import current_window

bp = Blueprint("overview", __name__)


@bp.get("/")
def overview_page() -> Response:
    """Members, verdict, what fills the registry."""
    page = pages.overview_page(current_window())
    return render_page("overview/index.html", page, fragments={"overview": "overview/_overview.html"})
