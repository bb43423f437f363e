"""The overview page."""

from __future__ import annotations

from flask import Response

from etcdview.pages.overview import overview_page
from webapp.rendering import render_page
from webapp.runtime import current_window


def overview() -> Response:
    """Members, verdict, what fills the registry."""
    page = overview_page(current_window())
    return render_page("overview/index.html", page, fragments={"overview": "overview/_overview.html"})
