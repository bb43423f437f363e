"""htmx, served from the installed package: no copy in the repository, no CDN."""

from __future__ import annotations

from importlib.resources import as_file, files

from flask import Blueprint, Response, send_file

YEAR_SECONDS = 365 * 24 * 3600

bp = Blueprint("assets", __name__)


@bp.get("/static-packages/htmx.js")
def htmx() -> Response:
    """The htmx that requirements.txt pins."""
    with as_file(files("js_lib_htmx") / "static" / "htmx" / "htmx.min.js") as path:
        return send_file(path, mimetype="text/javascript", max_age=YEAR_SECONDS)
