"""The JSON API under /api/v1: the same page dataclasses as the pages, serialised; described by OpenAPI."""

from __future__ import annotations

from flask import Blueprint, Flask

from webapp.lazily import loaded_when_called

URL_PREFIX = "/api/v1"
# Address under URL_PREFIX -> the module here, and the view in it.
_VIEWS = {
    "cluster": ("routes", "cluster"),
    "health": ("routes", "health"),
    "resources": ("routes", "resources"),
    "keys": ("routes", "keys"),
    "object": ("routes", "object_"),
    "history": ("routes", "history"),
    "openapi.json": ("document", "openapi"),
}


def init_app(app: Flask) -> None:
    """Register the addresses."""
    bp = Blueprint("api", __name__, url_prefix=URL_PREFIX)
    for address, (module, view) in _VIEWS.items():
        bp.add_url_rule(f"/{address}", view, loaded_when_called(f"{__name__}.{module}", view))
    app.register_blueprint(bp)
