"""The pages on etcd itself: health, and certificates."""

from __future__ import annotations

from flask import Response

from etcdview.pages.certificates.page import certificates_page
from etcdview.pages.health.page import begin_comparison, health_page
from webapp.accounts.acting import acting
from webapp.rendering import render_page
from webapp.runtime import current_window, now


def health() -> Response:
    """The verdict and all that it rests on."""
    page = health_page(current_window(), now())
    return render_page("health/index.html", page, fragments={"health": "health/_health.html"})


def compare() -> Response:
    """Compare the members' data; the page shows what comes of it."""
    with acting("compare-data"):
        begin_comparison(current_window())
    return Response(status=303, headers={"Location": "/health"})


def certificates() -> Response:
    """Every certificate in sight."""
    return render_page("certificates/index.html", certificates_page(current_window(), now()))
