"""What requests leave in the audit log: what was done, by the views that do it, and every attempt that was refused."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask, Response, g, request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.exceptions import HTTPException

from etcdview.access.audit import Result
from etcdview.errors import AuditError, QueryError
from etcdview.pages.parts.addresses import read_key
from webapp.accounts.addresses import client_address
from webapp.accounts.csrf import SAFE_METHODS
from webapp.accounts.identify import current_viewer
from webapp.accounts.state import current_accounts

log = logging.getLogger(__name__)

REFUSALS = (400, 401, 403, 429)
# More refusals of one address a minute are not written: a flood must not push what matters out of the log.
REFUSALS_OF_ADDRESS = parse("30/minute")

_storage = MemoryStorage()
_counts = MovingWindowRateLimiter(_storage)


def init_app(app: Flask) -> None:
    """Log refusals; counted anew for this app."""
    _storage.reset()
    app.after_request(_refused)


def audit(
    action: str, *, who: str = "", key: bytes = b"", revision: int = 0, result: Result = "done", detail: str = ""
) -> None:
    """One entry for what this request does; `who` only where it is not the viewer.

    Raises AuditError where it cannot be written: log before doing.
    """
    recorder(who)(action=action, key=key, revision=revision, result=result, detail=detail)


def audit_if_possible(action: str, **facts: Any) -> None:
    """The same for what happens whether or not it can be logged: a logout, a refusal. The server's log says if not."""
    try:
        audit(action, **facts)
    except AuditError as error:
        log.error("not in the audit log: %s: %s", action, error)


def recorder(who: str = "") -> Callable[..., None]:
    """Audit.record for this viewer and address; good also when the request is over, while its answer streams."""
    viewer = current_viewer()
    g.audited = True
    return partial(
        current_accounts().audit.record,
        who=who or (viewer.name if viewer else ""),
        method=viewer.method if viewer else "",
        address=client_address(),
    )


def _refused(response: Response) -> Response:
    """An attempt that was refused and that no view has logged. A visit without any login is not an attempt."""
    if not _counts_as_attempt(response) or g.get("audited"):
        return response
    if _counts.hit(REFUSALS_OF_ADDRESS, client_address()):
        detail = f"{request.method} {request.path} {response.status_code}"
        audit_if_possible("request", who=str(g.get("tried", "")), key=_key(), result="refused", detail=detail)
    return response


def _counts_as_attempt(response: Response) -> bool:
    if response.status_code not in REFUSALS:
        return False
    if response.status_code == 400:
        return request.method not in SAFE_METHODS  # no CSRF token, or another's; or another host
    return response.status_code != 401 or "shown" in g or current_viewer() is not None


def _key() -> bytes:
    """The key that was asked for: of a form where it is sent by one, whatever the address says beside it."""
    try:
        fields = request.args if request.method in SAFE_METHODS else request.form
        return read_key(fields.get("key"), fields.get("key64"))
    except (QueryError, HTTPException):  # no key; or a form that is too large, or none
        return b""
