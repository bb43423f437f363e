"""One key: its page, its history, and its value as a file."""

from __future__ import annotations

from flask import Blueprint, Response, request

from webapp import params
from webapp.accounts.auditing import audit
from webapp.rendering import nothing_new, render_page, wants_fragment
from webapp.runtime import current_window, now

bp = Blueprint("object", __name__)

# By the id of the part that asks: on the object's own page, and in the drawer beside a list
FRAGMENTS = {"object": "object/_object.html", "drawer-value": "object/_drawer_value.html"}


@bp.get("/object")
def object_page() -> Response:
    """The object page."""
    from etcdview.pages.object import page as pages
    from etcdview.pages.object.query import ObjectQuery, parse_view
    from etcdview.pages.registry.changed import is_unchanged

    args = request.args
    query = ObjectQuery(
        key=params.key(args),
        view=parse_view(args.get("view", "")),
        revision=params.integer(args, "revision", 0),
        managed=params.flag(args, "managed"),
        as_served=params.flag(args, "served"),
        since=params.integer(args, "since", 0) if wants_fragment() else 0,
    )
    if is_unchanged(current_window(), query.key, query.since):
        return nothing_new()
    page = pages.object_page(current_window(), query, now())
    return render_page("object/index.html", page, fragments=FRAGMENTS)


@bp.get("/history")
def history_page() -> Response:
    """The values that the key had, and the difference of two of them."""
    from etcdview.pages.object import history as pages

    args = request.args
    between = params.integers(args, "between", least=1)
    return render_page("object/history.html", pages.history_page(current_window(), params.key(args), between))


@bp.get("/download")
def download_value() -> Response:
    """The value as a file."""
    from etcdview.pages.object import download as pages

    args = request.args
    key, form, revision = params.key(args), args.get("format", "yaml"), params.integer(args, "revision", 0)
    file = pages.download(current_window(), key, form, revision)
    audit("download", key=key, revision=revision, detail=form)
    response = Response(file.content, mimetype=file.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=file.name)
    return response
