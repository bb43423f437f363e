"""The page that explains etcd and Kubernetes by this cluster."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, request

from webapp import params
from webapp.rendering import render_page
from webapp.runtime import current_window

bp = Blueprint("learn", __name__)


@bp.get("/learn")
def learn_page() -> Response:
    """What etcd holds, one object, commands, members and quorum, and exercises with a check."""
    from etcdview.pages.learn import page as pages
    from etcdview.pages.learn.exercises import MAX_ANSWER

    args = request.args
    query = pages.LearnQuery(
        key=params.key(args) if args.get("key") or args.get("key64") else b"",
        without=tuple(filter(None, params.text(args, "without", 1000).split(","))),
        exercise=params.integer(args, "exercise", 0, most=100),
        answer=params.text(args, "answer", MAX_ANSWER),
    )
    return render_page("learn/index.html", pages.learn_page(current_window(), query, datetime.now(UTC)))
