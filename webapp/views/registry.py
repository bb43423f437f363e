"""The registry page: the tree, and a type's objects."""

from __future__ import annotations

from flask import Blueprint, Response, request

from etcdview.browse.registry import MAX_PAGE_SIZE, PAGE_SIZE, RegistryQuery, registry_page
from webapp import params
from webapp.rendering import render_page
from webapp.runtime import current_window, now

bp = Blueprint("registry", __name__)


@bp.get("/registry")
def registry() -> Response:
    """The tree; with resource= a table."""
    args = request.args
    query = RegistryQuery(
        resource=args.get("resource", ""),
        namespace=args.get("namespace", ""),
        wide=params.flag(args, "wide"),
        after=params.cursor(args),
        limit=params.integer(args, "limit", PAGE_SIZE, least=1, most=MAX_PAGE_SIZE),
    )
    page = registry_page(current_window(), query, now())
    return render_page("registry/index.html", page, fragments={"objects": "registry/_objects.html"})
