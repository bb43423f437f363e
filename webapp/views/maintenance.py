"""Looking after the cluster: the members, one operation's plan, and doing it. A snapshot is streamed as it comes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import cast

from flask import Blueprint, Response, redirect, request, stream_with_context
from werkzeug.exceptions import TooManyRequests

from etcdview.browse.maintenance import (
    OperationQuery,
    maintenance_page,
    operate,
    operation_page,
    run_page,
    snapshot_stream,
)
from etcdview.browse.writing import Trouble
from etcdview.errors import UnsafeError, UsageError
from etcdview.upkeep.doing import Step
from webapp import params
from webapp.accounts.auditing import audit
from webapp.acting import acting
from webapp.params import Args
from webapp.rendering import render_page, stream_page
from webapp.runtime import current_cluster, current_window, now

bp = Blueprint("maintenance", __name__)
MISTAKE = 422
# One takes a thread, and a member's bandwidth, for as long as it lasts.
_SNAPSHOTS = threading.BoundedSemaphore(2)


@bp.get("/maintenance")
def members() -> Response:
    """The members, and what can be done."""
    args = request.args
    page = maintenance_page(current_window(), *(params.text(args, name, 100) for name in ("done", "member", "name")))
    return render_page("maintenance/index.html", page)


@bp.get("/maintenance/<operation>")
def ask(operation: str) -> Response:
    """What it would do."""
    return render_page("maintenance/operation.html", operation_page(current_window(), _query(operation, request.args)))


@bp.post("/maintenance/<operation>")
def do(operation: str) -> Response:
    """Do it."""
    query, window = _query(operation, request.form), current_window()
    try:
        if operation == "snapshot":
            return _snapshot(query)
        with acting(operation, detail=query.detail):
            if operation == "defragment-all":
                turns = run_page(window, query)
                return stream_page("maintenance/run.html", replace(turns, steps=_logged(turns.steps)))
            return cast(Response, redirect(operate(window, query), 303))
    except (UsageError, UnsafeError) as error:
        status = MISTAKE if isinstance(error, UsageError) else error.status
        page = operation_page(window, query, Trouble.of(error))
        return render_page("maintenance/operation.html", page, status=status)


def _logged(steps: Iterator[Step]) -> Iterator[Step]:
    """Each member's turn in the audit log, as it ends."""
    for step in steps:
        audit("defragment", result="failed" if step.trouble else "done", detail=step.member)
        yield step


def _query(operation: str, args: Args) -> OperationQuery:
    return OperationQuery(
        operation=operation,
        member=params.text(args, "member", 40),
        revision=params.integer(args, "revision", 0),
        peer_url=params.text(args, "peer", 300),
        name=params.text(args, "name", 100),
        alarm=params.text(args, "alarm", 20),
        typed=params.text(args, "typed", 300),
    )


def _snapshot(query: OperationQuery) -> Response:
    """The file, with its length, so that the browser shows how far it is and notices where it breaks off."""
    with ExitStack() as stack:
        done = stack.enter_context(acting("snapshot"))
        stack.enter_context(_slot())
        stream = snapshot_stream(current_window(), query)
        stack.callback(stream.close)
        held = stack.pop_all()

    def sent() -> Iterator[bytes]:
        with held:
            yield from stream
            done.detail = f"{stream.size_bytes} bytes, sha256 {stream.sha256}"

    response = Response(stream_with_context(sent()), mimetype="application/octet-stream")
    response.call_on_close(held.close)
    response.content_length = stream.size_bytes
    response.headers.set("Content-Disposition", "attachment", filename=_file_name())
    return response


@contextmanager
def _slot() -> Iterator[None]:
    if not _SNAPSHOTS.acquire(blocking=False):
        raise TooManyRequests("Two snapshots are being taken already: wait until one of them has ended.")
    try:
        yield
    finally:
        _SNAPSHOTS.release()


def _file_name() -> str:
    name = "".join(c if c.isalnum() or c in "-._" else "_" for c in current_cluster().name)
    return f"{name}-{now():%Y%m%d-%H%M%S}.db"
