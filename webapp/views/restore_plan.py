"""The page on how to bring back a cluster that has lost its quorum."""

from __future__ import annotations

from flask import Blueprint, Response, request

from webapp import params
from webapp.accounts.expensive import in_turn, readings
from webapp.rendering import render_page
from webapp.runtime import current_window, now

MAX_PATH = 300

bp = Blueprint("restore_plan", __name__)


@bp.get("/restore-plan")
def restore_plan_page() -> Response:
    """What is left to restore from, which of it is furthest, and the steps; run=1 reads all of it."""
    from etcdview.pages import restore_plan as pages

    args = request.args
    query = pages.RestorePlanQuery(
        params.text(args, "data-dir", MAX_PATH) or pages.DATA_DIR,
        params.text(args, "copy-to", MAX_PATH) or pages.COPY,
        params.flag(args, "run"),
    )
    if not query.run:
        return render_page("restore_plan/index.html", pages.restore_plan_page(current_window(), query, now()))
    with in_turn(readings):
        page = pages.restore_plan_page(current_window(), query, now())
    return render_page("restore_plan/index.html", page, status=page.status)
