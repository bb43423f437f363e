"""What requests leave in the audit log: what was done, by the views that do it, and every attempt that was refused."""

from __future__ import annotations

from flask import Flask, Response, g, request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from etcdview.audit import Result
from etcdview.errors import QueryError
from etcdview.keys import from_query
from webapp.accounts.addresses import client_address
from webapp.accounts.identify import current_viewer
from webapp.accounts.state import current_accounts

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
    viewer = current_viewer()
    g.audited = True
    current_accounts().audit.record(
        who=who or (viewer.name if viewer else ""),
        method=viewer.method if viewer else "",
        address=client_address(),
        action=action,
        result=result,
        key=key,
        revision=revision,
        detail=detail,
    )


def _refused(response: Response) -> Response:
    """An attempt that was refused and that no view has logged. A visit without any login is no attempt."""
    if not _counts_as_attempt(response) or g.get("audited"):
        return response
    if _counts.hit(REFUSALS_OF_ADDRESS, client_address()):
        detail = f"{request.method} {request.path} {response.status_code}"
        audit("request", who=str(g.get("tried", "")), key=_key(), result="refused", detail=detail)
    return response


def _counts_as_attempt(response: Response) -> bool:
    if not current_accounts().settings.login or response.status_code not in REFUSALS:
        return False
    if response.status_code == 400:
        return request.method not in ("GET", "HEAD", "OPTIONS")  # no CSRF token, or another's
    return response.status_code != 401 or "shown" in g or current_viewer() is not None


def _key() -> bytes:
    try:
        return from_query(request.args.get("key"), request.args.get("key64"))
    except QueryError:
        return b""
