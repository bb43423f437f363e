"""The audit log as a page, for admins."""

from __future__ import annotations

from dataclasses import dataclass, fields

from flask import Blueprint, Response, request

from etcdview.access.audit import RESULTS, Audit, AuditEntry
from etcdview.errors import QueryError
from etcdview.pages.parts.addresses import href, object_href
from webapp.accounts.guard import needs
from webapp.accounts.state import current_accounts
from webapp.rendering import render_page

bp = Blueprint("audit", __name__)

SHOWN = 200
LOOKED_AT = 20_000
MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """What to show; "" is everything. `key` is a part of the key."""

    who: str = ""
    action: str = ""
    result: str = ""
    key: str = ""

    def wants(self, entry: AuditEntry) -> bool:
        """Whether the entry is meant."""
        return (
            self.who in ("", entry.who)
            and self.action in ("", entry.action)
            and self.result in ("", entry.result)
            and self.key in entry.key
        )


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry, and the address of what it names, "" where that cannot be told from the text."""

    entry: AuditEntry
    href: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """The newest entries that fit, newest first. `path` is "" where the log goes to standard error."""

    query: AuditQuery
    path: str
    rows: tuple[AuditRow, ...]
    actions: tuple[str, ...]
    more: bool
    results: tuple[str, ...] = RESULTS


@bp.get("/audit")
@needs("audit")
def audit_page() -> Response:
    """Who did what."""
    texts = {field.name: request.args.get(field.name, "") for field in fields(AuditQuery)}
    if any(len(text) > MAX_TEXT for text in texts.values()):
        raise QueryError(f"No text in the log is longer than {MAX_TEXT} characters.")
    return render_page("audit/index.html", _page(current_accounts().audit, AuditQuery(**texts)))


def _page(log: Audit, query: AuditQuery) -> AuditPage:
    known = log.latest(LOOKED_AT)
    found = [entry for entry in known if query.wants(entry)]
    return AuditPage(
        query=query,
        path=str(log.path or ""),
        rows=tuple(AuditRow(entry, _href(entry)) for entry in found[:SHOWN]),
        actions=tuple(sorted({entry.action for entry in known})),
        more=len(found) > SHOWN,
    )


def _href(entry: AuditEntry) -> str:
    """Of a prefix the keys below it. A key that is not UTF-8 is written with escapes, which name another key."""
    if not entry.key or "\\x" in entry.key:
        return ""
    if entry.action.endswith("prefix"):
        return href("/search", q=entry.key)
    return object_href(entry.key.encode("utf-8", "surrogatepass"))
