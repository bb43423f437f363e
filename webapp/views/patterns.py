"""The page of all components in all states, for those who change the look."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app

from webapp.rendering import render_page

bp = Blueprint("patterns", __name__)


@bp.get("/patterns")
def patterns_page() -> Response:
    """Every component in every state; only where Flask's debug is on (FLASK_DEBUG=1)."""
    if not current_app.debug:
        abort(404)
    return render_page("patterns/index.html", None)
