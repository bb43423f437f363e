"""Pages and fragments from templates: one function that knows which of the two is wanted, and the filters they use."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, Response, make_response, render_template, stream_template
from htmx_flask import request
from jinja2 import StrictUndefined

from webapp import filters, table_files
from webapp.compiled import KeptTemplates
from webapp.runtime import current_frame, now
from webapp.toasts import take

_HERE = Path(__file__).parent


def _folder(name: str) -> str:
    """Templates and static files lie in the package once installed, and beside it in a checkout."""
    inside = _HERE / name
    return str(inside if inside.is_dir() else _HERE.parent / name)


TEMPLATES = _folder("templates")
STATIC = _folder("static")


def init_app(app: Flask) -> None:
    """Undefined names are errors, no text brings control characters; filters and the files' versions are at hand."""
    app.jinja_env.bytecode_cache = KeptTemplates()
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.finalize = filters.shown
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(filters.FILTERS)
    app.jinja_env.globals["asset"] = _asset
    app.jinja_env.globals["wants_fragment"] = wants_fragment
    app.context_processor(_frame)
    table_files.init_app(app)


def render_page(
    template: str,
    page: object,
    *,
    fragments: Mapping[str, str] | None = None,
    any_fragment: str = "",
    status: int = 200,
) -> Response:
    """The whole page; or, when htmx asks for one of `fragments` (target id -> template), only that fragment.

    `any_fragment` stands in for every target that `fragments` does not name. A boosted link and a restored history
    want the whole page. The answer depends on the asker: Vary says so. With `table=` in the address
    it is that table alone, as a file.
    """
    if status < 400:
        table_files.begin()
    fragment = (fragments or {}).get(request.htmx.target or "", any_fragment) if wants_fragment() else ""
    text = render_template(fragment or template, page=page)
    file = table_files.wanted_file() if status < 400 else None
    response = file or make_response(text, status)
    response.vary.add("HX-Request")
    return response


def stream_page(template: str, page: object) -> Response:
    """A page that is sent as it is made, for what takes a while; the browser shows it as it comes."""
    take()
    response = Response(stream_template(template, page=page), mimetype="text/html")
    response.headers["X-Accel-Buffering"] = "no"  # a proxy before us must not hold it back
    response.vary.add("HX-Request")
    return response


def nothing_new() -> Response:
    """The answer to a live page that has all there is: 204, which htmx leaves alone."""
    response = make_response("", 204)
    response.vary.add("HX-Request")
    return response


def wants_fragment() -> bool:
    """Whether htmx asks for a part of a page."""
    htmx = request.htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def _frame() -> dict[str, Any]:
    return {"frame": current_frame(), "made_at": now()}


def _asset(name: str) -> str:
    """The address of a static file, with its time as a version, so that browsers may keep it."""
    return _static_address(STATIC, name)


@functools.cache  # a page names sixteen, and making their addresses anew took a quarter of it
def _static_address(folder: str, name: str) -> str:
    return f"/static/{name}?v={int((Path(folder) / name).stat().st_mtime)}"
