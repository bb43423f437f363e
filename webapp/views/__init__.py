"""The pages: their addresses, and the view that answers each.

A view reads the address, calls one function of browse, and renders.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, request

from etcdview.writes import MAX_STORED_BYTES
from webapp.lazily import loaded_when_called
from webapp.views import accounts, audit, overview, reveal

# The text of the largest value there may be, and the other fields.
_MAX_FORM_BYTES = MAX_STORED_BYTES + 64 * 1024
# The module here, which is the blueprint too -> method and address, and the view in it.
_VIEWS = {
    "assets": (("GET /static-packages/htmx.js", "htmx"),),
    "edit": (
        ("GET /edit", "edit"),
        ("GET /create", "create"),
        ("GET /restore", "restore"),
        ("POST /edit", "check"),
        ("POST /edit/back", "back"),
        ("POST /edit/apply", "apply"),
        ("GET /delete", "ask"),
        ("POST /delete", "delete"),
        ("GET /delete-prefix", "ask_prefix"),
        ("POST /delete-prefix", "delete_below"),
        ("GET /changed", "changed"),
    ),
    "encryption": (("GET /encryption", "encryption"), ("POST /encryption", "count")),
    "health": (("GET /health", "health"), ("POST /health/compare", "compare"), ("GET /certificates", "certificates")),
    "maintenance": (
        ("GET /maintenance", "members"),
        ("GET /maintenance/<operation>", "ask"),
        ("POST /maintenance/<operation>", "do"),
    ),
    "object": (("GET /object", "show"), ("GET /history", "history"), ("GET /download", "as_file")),
    "registry": (("GET /registry", "registry"),),
    "search": (("GET /search", "search"), ("GET /search/content", "content")),
    "watch": (("GET /watch", "watch"), ("GET /freshness", "freshness")),
    "wellbeing": (("GET /namespaces", "namespaces"), ("GET /storage", "storage")),
}


def init_app(app: Flask) -> None:
    """Register every address."""
    app.add_url_rule("/", "overview.overview", overview.overview)  # loaded now: it is what is asked for first
    for loaded in (accounts, reveal, audit):
        app.register_blueprint(loaded.bp)
    for module, views in _VIEWS.items():
        bp = Blueprint(module, __name__)
        for asked, view in views:
            method, address = asked.split(" ")
            bp.add_url_rule(address, view, loaded_when_called(f"{__name__}.{module}", view), methods=[method])
        if module == "edit":
            bp.url_value_preprocessor(_larger_forms)
        app.register_blueprint(bp)


def _larger_forms(_: str | None, __: dict[str, Any] | None) -> None:
    """Before anything reads the form, the check of its token included."""
    request.max_form_memory_size = _MAX_FORM_BYTES
