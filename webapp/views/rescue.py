"""The page on what a backup has and the cluster lacks."""

from __future__ import annotations

from flask import Blueprint, Response, request

from webapp import params
from webapp.rendering import render_page
from webapp.runtime import current_window

MAX_NAME = 300

bp = Blueprint("rescue", __name__)


@bp.get("/rescue")
def rescue_page() -> Response:
    """What is missing, by type and namespace, and how to bring it back."""
    from etcdview.pages import rescue as pages

    query = pages.RescueQuery(
        *(params.text(request.args, name, MAX_NAME) for name in ("from", "resource", "namespace"))
    )
    page = pages.rescue_page(current_window(), query)
    return render_page("rescue/index.html", page, status=page.status)
