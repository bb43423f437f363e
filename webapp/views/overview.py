"""The overview page."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response
from htmx_flask import request

from etcdview.pages import overview as pages
from etcdview.pages.attention import GRAVITIES, AttentionQuery, Grave
from webapp import params
from webapp.accounts.state import current_accounts
from webapp.rendering import render_page, wants_fragment
from webapp.runtime import current_window, now

MAX_NAME = 253

bp = Blueprint("overview", __name__)


@bp.get("/")
def overview_page() -> Response:
    """The two verdicts, members, what fills the registry."""
    args, window = request.args, current_window()
    query = AttentionQuery(
        severity=cast(Grave, params.choice(args, "severity", tuple(GRAVITIES))),
        kind=params.text(args, "kind", MAX_NAME),
        namespace=params.text(args, "namespace", MAX_NAME),
        every=params.flag(args, "all"),
    )
    saved = current_accounts().audit.newest_done("snapshot")
    page = pages.overview_page(window, now(), saved.at if saved else None)
    if request.htmx.target != "overview" or not wants_fragment():
        page = pages.with_kubernetes(page, window, now(), query)
    fragments = {"overview": "overview/_overview.html", "kubernetes": "overview/_kubernetes_again.html"}
    return render_page("overview/index.html", page, fragments=fragments)
