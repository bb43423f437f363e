"""The registry page: the tree, and a type's objects."""

from __future__ import annotations

from flask import Blueprint, Response, request

from webapp import params
from webapp.rendering import nothing_new, render_page, wants_fragment
from webapp.runtime import current_window, now

bp = Blueprint("registry", __name__)


@bp.get("/registry")
def registry_page() -> Response:
    """The tree; with resource= a table, with prefix= one level of the keys by slash."""
    from etcdview.pages.registry import page as pages
    from etcdview.pages.registry.query import MAX_FILTER, MAX_PAGE_SIZE, PAGE_SIZE, Labels, RegistryQuery

    args = request.args
    if "prefix" in args or "prefix64" in args:
        return _keys_page(params.prefix(args))
    query = RegistryQuery(
        resource=args.get("resource", ""),
        namespace=args.get("namespace", ""),
        wide=params.flag(args, "wide"),
        size=params.flag(args, "size"),
        text=params.text(args, "q", MAX_FILTER),
        labels=Labels.parse(params.text(args, "labels", MAX_FILTER)),
        state=RegistryQuery.state_from(params.text(args, "state", MAX_FILTER)),
        node=params.text(args, "node", MAX_FILTER),
        sort=params.text(args, "sort", MAX_FILTER),
        after=params.cursor(args),
        limit=params.integer(args, "limit", PAGE_SIZE, least=1, most=MAX_PAGE_SIZE),
        since=params.integer(args, "since", 0) if wants_fragment() else 0,
        until=params.cursor(args, "until"),
    )
    page = pages.registry_page(current_window(), query, now())
    if page is None:
        return nothing_new()
    status = page.problem.status if page.problem else 200
    return render_page("registry/index.html", page, fragments={"objects": "registry/_objects.html"}, status=status)


def _keys_page(prefix: bytes) -> Response:
    from etcdview.pages.registry.keytree import key_tree_page

    return render_page("registry/keys.html", key_tree_page(current_window(), prefix, params.cursor(request.args)))
