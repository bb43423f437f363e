"""The overview page."""

from __future__ import annotations

from flask import Blueprint, Response
from htmx_flask import request

from etcdview.pages import overview as pages
from webapp.accounts.state import current_accounts
from webapp.rendering import render_page, wants_fragment
from webapp.runtime import current_window, now

bp = Blueprint("overview", __name__)


@bp.get("/")
def overview_page() -> Response:
    """The two verdicts, members, what fills the registry."""
    window = current_window()
    saved = current_accounts().audit.newest_done("snapshot")
    page = pages.overview_page(window, now(), saved.at if saved else None)
    if request.htmx.target != "overview" or not wants_fragment():
        page = pages.with_kubernetes(page, window, now())
    fragments = {"overview": "overview/_overview.html", "kubernetes": "overview/_kubernetes.html"}
    return render_page("overview/index.html", page, fragments=fragments)
