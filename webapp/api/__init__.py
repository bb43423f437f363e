"""The JSON API under /api/v1: the same page dataclasses as the pages, serialised; described by OpenAPI."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api

from etcdview import __version__
from webapp.api.routes import bp


class _Api(Api):  # type: ignore[misc]  # flask-smorest carries no types
    def _register_error_handlers(self) -> None:
        """Errors are webapp.errors' business, for pages and API alike."""


def init_app(app: Flask) -> None:
    """Register the routes, and /api/v1/openapi.json that describes them."""
    app.config |= {
        "API_TITLE": "etcdview",
        "API_VERSION": __version__,
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/api/v1",
        "OPENAPI_JSON_PATH": "openapi.json",
    }
    _Api(app).register_blueprint(bp)
