"""The addresses of the API.

What answers is in routes.py and state.py, which need flask-smorest and marshmallow: they are loaded with the first
call, or soon after the start (webapp/late.py), and not before the first page.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from webapp.api import URL_PREFIX

bp = Blueprint("api", __name__, url_prefix=URL_PREFIX)


@bp.get("/cluster")
def cluster() -> Any:
    """The members, their health, and the verdict."""
    from webapp.api import routes

    return routes.cluster()


@bp.get("/health")
def health() -> Any:
    """The verdict and the findings it rests on."""
    from webapp.api import routes

    return routes.health()


@bp.get("/resources")
def resources() -> Any:
    """The resource types with their counts."""
    from webapp.api import routes

    return routes.resources()


@bp.get("/keys")
def keys() -> Any:
    """Keys that match, in pages."""
    from webapp.api import routes

    return routes.keys()


@bp.get("/object")
def object_() -> Any:
    """One key's value, decoded."""
    from webapp.api import routes

    return routes.object_()


@bp.get("/history")
def history() -> Any:
    """The values that one key had."""
    from webapp.api import routes

    return routes.history()


@bp.get("/certificates")
def certificates() -> Any:
    """Every certificate that is known."""
    from webapp.api import state

    return state.certificates()


@bp.get("/storage")
def storage() -> Any:
    """The problems of what etcd stores."""
    from webapp.api import state

    return state.storage()


@bp.get("/namespaces")
def namespaces() -> Any:
    """The namespaces and their problems."""
    from webapp.api import state

    return state.namespaces()


@bp.get("/content")
def content() -> Any:
    """Keys whose decoded values match."""
    from webapp.api import state

    return state.content()


@bp.get("/table")
def table() -> Any:
    """One resource type as kubectl's table."""
    from webapp.api import table as operation

    return operation.table()


@bp.get("/space")
def space() -> Any:
    """What fills the database."""
    from webapp.api import space as operation

    return operation.space()


@bp.get("/compare")
def compare() -> Any:
    """What differs between two states."""
    from webapp.api import compare as operation

    return operation.compare()


@bp.get("/")
def operations() -> Any:
    """What there is."""
    from webapp.api import document

    return document.operations()


@bp.get("/openapi.json")
def openapi() -> Any:
    """The description of the API."""
    from webapp.api import document

    return document.openapi()
