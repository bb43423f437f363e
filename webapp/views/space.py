"""The page on what fills the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from etcdview.errors import QueryError
from webapp import params
from webapp.accounts.expensive import expensive
from webapp.rendering import render_page, wants_fragment
from webapp.runtime import current_window, now
from webapp.toasts import tell

if TYPE_CHECKING:
    from etcdview.pages.space.report import SpaceQuery

MAX_NAME = 300

bp = Blueprint("space", __name__)


@bp.get("/space")
def space_page() -> Response:
    """Keys and bytes by type, namespace and object; with `against`, what grew since that state."""
    from etcdview.pages.growth import with_growth
    from etcdview.pages.space import page as pages

    window = current_window()
    page = pages.space_page(window, _part(), now())
    if not wants_fragment():
        page = with_growth(window, page, params.text(request.args, "against", MAX_NAME))
    return render_page("space/index.html", page, fragments={"space": "space/_space.html"})


@bp.post("/space")
def read_values() -> Response:
    """Begin to read all values; the page shows how far it is."""
    from etcdview.pages.parts import facts_state

    window = current_window()
    with expensive(window, "read-values"):
        begun = facts_state.begin_facts(window)
    why_not = facts_state.facts_state(window).text or "All values have been read already."
    tell("Reading all values has begun." if begun else why_not)
    return Response(status=303, headers={"Location": "/space"})


@bp.get("/space.csv")
def space_csv() -> Response:
    """The report of the API as CSV."""
    from etcdview.pages.space import report as pages

    by = params.text(request.args, "by", MAX_NAME) or "resource"
    if by not in pages.BYS:
        raise QueryError(f"by={by[:40]!r} is unknown.", f"Use one of {', '.join(pages.BYS)}.")
    report = pages.space_report(current_window(), by, pages.MOST_OBJECTS, _part())
    headers = {"Content-Disposition": f'attachment; filename="space-by-{by}.csv"'}
    return Response(pages.csv_lines(report), mimetype="text/csv", headers=headers)


def _part() -> SpaceQuery:
    from etcdview.pages.space.report import SpaceQuery

    return SpaceQuery(params.text(request.args, "resource", MAX_NAME), params.text(request.args, "namespace", MAX_NAME))
