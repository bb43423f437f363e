"""/api/v1/openapi.json: what the routes say of themselves, put together by flask-smorest."""

from __future__ import annotations

import functools
from typing import Any

from flask import Flask, Response, jsonify
from flask_smorest import Api

from etcdview import __version__

# An operation is described once its module is loaded
from webapp.api import URL_PREFIX, compare, routes, space, state, table  # noqa: F401
from webapp.api.blueprint import bp


class _Api(Api):  # type: ignore[misc]  # flask-smorest carries no types
    def _register_error_handlers(self) -> None:
        """Errors are webapp.errors' business, for pages and API alike."""


def openapi() -> Response:
    """The description of the API."""
    return jsonify(described())


def operations() -> Response:
    """Each address, with a line on it and its parameters: for somebody who looks by hand."""
    found = [
        {
            "path": path,
            "summary": methods["get"]["summary"],
            "parameters": [parameter["name"] for parameter in methods["get"].get("parameters", [])],
        }
        for path, methods in sorted(described()["paths"].items())
    ]
    return jsonify(openapi=f"{URL_PREFIX}/openapi.json", operations=found)


@functools.cache
def described() -> dict[str, Any]:
    """Made on an app of its own, for flask-smorest wants one that has not answered anything yet."""
    app = Flask(__name__)
    app.config |= {"API_TITLE": "etcdview", "API_VERSION": __version__, "OPENAPI_VERSION": "3.1.0"}
    api = _Api(app)
    api.register_blueprint(bp)
    document: dict[str, Any] = api.spec.to_dict()
    for (schema, *_), name in api.ma_plugin.converter.refs.items():
        if schema.__module__.startswith("webapp."):
            document["components"]["schemas"][name]["description"] = " ".join((schema.__doc__ or "").split())
    return document
