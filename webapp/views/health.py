"""The pages on etcd itself: health, and certificates."""

from __future__ import annotations

from flask import Blueprint, Response

from webapp.accounts.expensive import expensive
from webapp.rendering import render_page
from webapp.runtime import current_window, now
from webapp.toasts import tell

bp = Blueprint("health", __name__)


@bp.get("/health")
def health_page() -> Response:
    """The verdict and all that it rests on."""
    from etcdview.pages.health import page as pages

    page = pages.health_page(current_window(), now())
    return render_page("health/index.html", page, fragments={"health": "health/_health.html"})


@bp.post("/health/compare")
def compare_members() -> Response:
    """Begin to compare the members' data; the page shows the result."""
    from etcdview.pages.health import page as pages

    window = current_window()
    with expensive(window, "compare-data"):
        pages.begin_comparison(window)
    tell("The comparison of the members' data has begun.")
    return Response(status=303, headers={"Location": "/health"})


@bp.get("/certificates")
def certificates_page() -> Response:
    """Every certificate that etcdview knows of."""
    from etcdview.pages.certificates import page as pages

    return render_page("certificates/index.html", pages.certificates_page(current_window(), now()))
