"""The registry page: the tree, and a type's objects."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect
from htmx_flask import request
from werkzeug.wrappers import Response as BaseResponse

from etcdview.errors import QueryError
from webapp import params
from webapp.rendering import nothing_new, render_page, wants_fragment
from webapp.runtime import current_window, now

if TYPE_CHECKING:
    from etcdview.pages.registry.drawer import Drawer
    from etcdview.pages.registry.page import RegistryPage
    from etcdview.pages.registry.query import RegistryQuery

bp = Blueprint("registry", __name__)


@bp.get("/registry")
def registry_page() -> Response | BaseResponse:
    """The tree; with resource= a table, with prefix= one level of the keys by slash."""
    from etcdview.pages.registry import page as pages
    from etcdview.pages.registry.query import MAX_COLUMNS, MAX_FILTER, MAX_PAGE_SIZE, PAGE_SIZE, Labels, RegistryQuery

    args = request.args
    if "prefix" in args or "prefix64" in args:
        return _keys_page(params.prefix(args))
    as_file = "" if "table" in args else params.choice(args, "format", ("csv", "json"))
    query = RegistryQuery(
        resource=args.get("resource", ""),
        namespace=args.get("namespace", ""),
        wide=params.flag(args, "wide"),
        size=params.flag(args, "size"),
        text=params.text(args, "q", MAX_FILTER),
        labels=Labels.parse(params.text(args, "labels", MAX_FILTER)),
        state=RegistryQuery.state_from(params.text(args, "state", MAX_FILTER)),
        node=params.text(args, "node", MAX_FILTER),
        status=params.text(args, "status", MAX_FILTER),
        sort=params.text(args, "sort", MAX_FILTER),
        after=params.cursor(args),
        limit=params.integer(args, "limit", MAX_PAGE_SIZE if as_file else PAGE_SIZE, least=1, most=MAX_PAGE_SIZE),
        since=params.integer(args, "since", 0) if wants_fragment() else 0,
        until=params.cursor(args, "until"),
        columns=RegistryQuery.columns_from(params.words(args, "columns", MAX_COLUMNS)),
        roomy=not as_file,
    )
    if as_file == "json":
        own = [(k, t) for k, t in args.items(multi=True) if k not in ("format", "columns")]
        own += [("columns", query.columns_text)] * bool(query.columns)
        return redirect("/api/v1/table?" + urlencode(own))
    drawer = _drawer(query)
    if drawer is not None and request.htmx.target == "drawer" and not request.htmx.history_restore_request:
        return render_page("registry/_drawer.html", drawer)
    page = pages.registry_page(current_window(), query, now())
    if page is None:
        return nothing_new()
    if as_file == "csv":
        return _csv(page)
    status = page.problem.status if page.problem else 200
    page = replace(page, drawer=drawer)
    response = render_page("registry/index.html", page, fragments={"objects": "registry/_objects.html"}, status=status)
    if request.htmx.trigger == "filters" and not request.htmx.boosted:  # the address follows what one types
        response.headers["HX-Replace-Url"] = query.href()
    return response


def _drawer(query: RegistryQuery) -> Drawer | None:
    """The details of the object that `key=` names, beside the list."""
    from etcdview.pages.registry.drawer import drawer

    if not query.resource or not {"key", "key64"} & request.args.keys():
        return None
    return drawer(current_window(), params.key(request.args), query.href(), now())


def _csv(page: RegistryPage) -> Response:
    """The page's rows; the header Link leads to those of the next page, as GitHub's lists do."""
    from etcdview.pages.registry.as_csv import table_csv

    if page.problem is not None:
        raise page.problem
    if page.table is None:
        raise QueryError("format=csv is for the table of a resource type.", "Add resource=, for example resource=pods.")
    name = re.sub(r"[^A-Za-z0-9.-]", "-", page.title)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    if page.table.next_href:
        headers["Link"] = f'<{page.table.next_href}&format=csv>; rel="next"'
    return Response(table_csv(page.table), mimetype="text/csv", headers=headers)


def _keys_page(prefix: bytes) -> Response:
    from etcdview.pages.registry.keytree import key_tree_page

    return render_page("registry/keys.html", key_tree_page(current_window(), prefix, params.cursor(request.args)))
