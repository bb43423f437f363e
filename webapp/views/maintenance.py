"""Looking after the cluster: the members, one operation's plan, and doing it. A snapshot is streamed as it comes."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar, cast

from flask import Blueprint, Response, redirect, request
from werkzeug.exceptions import TooManyRequests

from etcdview.errors import UnsafeError, UsageError
from etcdview.pages.parts.writable import InputProblem
from webapp import params
from webapp.accounts.acting import acting
from webapp.accounts.auditing import recorder
from webapp.accounts.expensive import RETRY_SECONDS
from webapp.params import Args
from webapp.rendering import render_page, stream_page
from webapp.runtime import current_cluster, current_window, now

if TYPE_CHECKING:
    from etcdview.pages.maintenance import OperationQuery

bp = Blueprint("maintenance", __name__)
T = TypeVar("T")
MISTAKE = 422
# One takes a thread, and a member's bandwidth, for as long as it lasts.
_SNAPSHOTS = threading.BoundedSemaphore(2)


@bp.get("/maintenance")
def maintenance_page() -> Response:
    """The members, and what can be done."""
    from etcdview.pages import maintenance as pages

    args = request.args
    page = pages.maintenance_page(
        current_window(), now(), *(params.text(args, name, 100) for name in ("done", "member", "name"))
    )
    return render_page("maintenance/index.html", page)


@bp.get("/maintenance/<operation>")
def confirm_operation(operation: str) -> Response:
    """What the operation would do."""
    from etcdview.pages import maintenance as pages

    page = pages.operation_page(current_window(), _query(operation, request.args))
    return render_page("maintenance/operation.html", page)


@bp.post("/maintenance/<operation>")
def run_operation(operation: str) -> Response:
    """Run the operation."""
    from etcdview.pages import maintenance as pages

    query, window = _query(operation, request.form), current_window()
    try:
        if operation == "snapshot":
            return _snapshot(query)
        if operation == "defragment-all":
            return _defragment_all(query)
        with acting(operation, detail=query.detail):
            return cast(Response, redirect(pages.operate(window, query, now()), 303))
    except (UsageError, UnsafeError) as error:
        status = MISTAKE if isinstance(error, UsageError) else error.status
        page = pages.operation_page(window, query, InputProblem.of(error))
        return render_page("maintenance/operation.html", page, status=status)


def _query(operation: str, args: Args) -> OperationQuery:
    from etcdview.pages import maintenance as pages

    return pages.OperationQuery(
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
    from etcdview.pages import maintenance as pages

    with ExitStack() as stack:
        done = stack.enter_context(acting("snapshot"))
        stack.enter_context(_slot())
        stream = pages.snapshot_stream(current_window(), query)
        stack.callback(stream.close)
        held = stack.pop_all()

    def sent() -> Generator[bytes]:
        count = 0
        with held:
            try:
                yield b""
                for data in stream:
                    count += len(data)
                    yield data
            finally:
                done.detail = f"{count} of {stream.size_bytes} bytes sent"
            done.detail = f"{stream.size_bytes} bytes, sha256 {stream.sha256}"

    response = Response(mimetype="application/octet-stream")
    response.response = _begun(sent(), response)
    response.content_length = stream.size_bytes
    response.headers.set("Content-Disposition", "attachment", filename=_file_name())
    return response


def _defragment_all(query: OperationQuery) -> Response:
    """Each member's turn as it ends, in the page and in the audit log; the turn of the whole ends with the answer."""
    from etcdview.pages import maintenance as pages

    with ExitStack() as stack:
        done = stack.enter_context(acting("defragment-all", detail=query.detail))
        page = stack.enter_context(pages.running(current_window(), query, now()))
        held = stack.pop_all()
    record = recorder()

    def steps() -> Generator[pages.DefragmentStep]:
        with held:
            yield pages.DefragmentStep("")
            for step in page.steps:
                record(action="defragment", result="failed" if step.problem else "done", detail=step.member)
                done.problem = step.problem
                yield step

    progress = steps()
    response = stream_page("maintenance/run.html", replace(page, steps=progress))
    _begun(progress, response)
    return response


def _begun(stream: Generator[T], response: Response) -> Generator[T]:
    """The stream behind its first, empty piece: begun, so that it ends properly, whenever the answer is closed."""
    next(stream)
    response.call_on_close(stream.close)
    return stream


@contextmanager
def _slot() -> Iterator[None]:
    if not _SNAPSHOTS.acquire(blocking=False):
        raise TooManyRequests("Two snapshots are already being taken: wait until one ends.", retry_after=RETRY_SECONDS)
    try:
        yield
    finally:
        _SNAPSHOTS.release()


def _file_name() -> str:
    name = "".join(c if c.isalnum() or c in "-._" else "_" for c in current_cluster().name)
    return f"{name}-{now():%Y%m%d-%H%M%S}.db"
