"""The page on encryption at rest."""

from __future__ import annotations

from contextlib import nullcontext

from flask import Blueprint, Response

from webapp.accounts.acting import acting
from webapp.accounts.expensive import expensive, in_turn, readings
from webapp.rendering import render_page
from webapp.runtime import current_window, now
from webapp.toasts import tell

bp = Blueprint("encryption", __name__)


@bp.get("/encryption")
def encryption_page() -> Response:
    """Which values are encrypted, and by what."""
    from etcdview.pages import encryption as pages

    window = current_window()
    with in_turn(readings) if pages.is_costly(window) else nullcontext():
        page = pages.encryption_page(window, now())
    return render_page("encryption/index.html", page, fragments={"encryption": "encryption/_encryption.html"})


@bp.post("/encryption")
def count_values() -> Response:
    """Begin to count all values; the page shows the result."""
    from etcdview.pages import encryption as pages

    window = current_window()
    with expensive(window, "count-values"):
        begun = pages.begin_count(window, now())
    tell("The count of all values has begun." if begun else "A count is already running.")
    return Response(status=303, headers={"Location": "/encryption"})


@bp.post("/encryption/stop")
def stop_count() -> Response:
    """Stop the count that runs; the page shows what was counted until then."""
    from etcdview.pages import encryption as pages

    with acting("stop-count"):
        stopped = pages.stop_count(current_window())
    tell("The count of all values was stopped." if stopped else "No count was running.")
    return Response(status=303, headers={"Location": "/encryption"})
