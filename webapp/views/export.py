"""What a list shows, as a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from webapp import params
from webapp.accounts.auditing import audit
from webapp.accounts.expensive import in_turn, searches
from webapp.runtime import current_window, now

if TYPE_CHECKING:
    from etcdview.pages.export import Listed

CHUNK_BYTES = 64 * 1024

bp = Blueprint("export", __name__)


@bp.get("/export")
def export_list() -> Response:
    """With kind= what the search in values finds, with resource= alone what the table with these filters shows,
    otherwise what the search for q= finds."""
    from etcdview.pages import export as pages

    args = request.args
    wanted = pages.ListExport(_listed(), args.get("as", "zip"), params.flag(args, "apply"))
    with ExitStack() as stack:
        stack.enter_context(in_turn(searches))
        file = pages.export_list(current_window(), wanted, now())
        audit("export", revision=file.revision, detail=wanted.summary)
        response = Response(_sent(file.pieces), mimetype=file.media_type)
        response.call_on_close(stack.pop_all().close)
    response.headers.set("Content-Disposition", "attachment", filename=file.name)
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _listed() -> Listed:
    from etcdview.pages.content_search import ContentQuery, parse_kind
    from etcdview.pages.registry.query import MAX_COLUMNS, MAX_FILTER, Labels, RegistryQuery
    from etcdview.pages.search import MAX_TEXT, SearchQuery

    args = request.args
    if "kind" in args:
        return ContentQuery(
            params.text(args, "q", MAX_TEXT),
            parse_kind(args["kind"]),
            *(params.text(args, name, MAX_TEXT) for name in ("resource", "namespace", "prefix")),
        )
    if "resource" not in args:
        return SearchQuery(params.text(args, "q", MAX_TEXT), args.get("mode", ""))
    return RegistryQuery(
        resource=params.text(args, "resource", MAX_FILTER),
        namespace=params.text(args, "namespace", MAX_FILTER),
        wide=params.flag(args, "wide"),
        size=params.flag(args, "size"),
        text=params.text(args, "q", MAX_FILTER),
        labels=Labels.parse(params.text(args, "labels", MAX_FILTER)),
        state=RegistryQuery.state_from(params.text(args, "state", MAX_FILTER)),
        node=params.text(args, "node", MAX_FILTER),
        status=params.text(args, "status", MAX_FILTER),
        columns=RegistryQuery.columns_from(params.words(args, "columns", MAX_COLUMNS)),
    )


def _sent(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Small pieces are joined: a chunk of the answer for each line would cost more than the line."""
    parts: list[bytes] = []
    size = 0
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size >= CHUNK_BYTES:
            yield b"".join(parts)
            parts, size = [], 0
    yield b"".join(parts)
