"""The pages on etcd itself: health, and certificates."""

from __future__ import annotations

from flask import Blueprint, Response

from etcdview.browse.certificates import certificates_page
from etcdview.browse.health import health_page
from webapp.rendering import render_page
from webapp.runtime import current_window, now

bp = Blueprint("health", __name__)


@bp.get("/health")
def health() -> Response:
    """The verdict and all that it rests on."""
    page = health_page(current_window(), now())
    return render_page("health/index.html", page, fragments={"health": "health/_health.html"})


@bp.get("/certificates")
def certificates() -> Response:
    """Every certificate in sight."""
    return render_page("certificates/index.html", certificates_page(current_window(), now()))
