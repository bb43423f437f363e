"""Showing one field of a Secret: by POST, logged before it is shown, on a page that is not kept and soon leaves."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, request

from webapp import params
from webapp.accounts.auditing import audit
from webapp.accounts.guard import needs
from webapp.accounts.limits import REVEALS, limiter
from webapp.rendering import render_page
from webapp.runtime import current_window

bp = Blueprint("reveal", __name__)


@bp.get("/reveal")
@needs("reveal")
def reveal_page() -> Response:
    """The fields of a Secret, each with a button."""
    from etcdview.pages.object import reveal as pages

    return render_page("accounts/reveal.html", pages.reveal_page(current_window(), params.key(request.args)))


@bp.post("/reveal")
@needs("reveal")
@limiter.limit(REVEALS)
def reveal_field() -> Response:
    """One field in the clear. Reloading asks anew, and is logged anew: nothing is remembered here."""
    from etcdview.pages.object import reveal as pages

    window, key = current_window(), params.key(request.form)
    path, revision = request.form.get("field", ""), params.integer(request.form, "revision", 0)
    page = pages.reveal_page(window, key)
    found = pages.reveal(window, key, path, revision)
    audit("reveal", key=key, revision=revision, detail=path)
    response = render_page("accounts/reveal.html", replace(page, revealed=found))
    response.headers["Refresh"] = f"{pages.SHOWN_SECONDS}; url={page.href}"
    return response
