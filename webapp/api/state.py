"""Certificates, the problems of namespaces and of the stored state, and searches in values."""

from __future__ import annotations

import base64
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

from etcdview.pages import content_search
from etcdview.pages.certificates.page import CertificatesPage, certificates_page
from etcdview.pages.content_search import ContentQuery
from etcdview.pages.namespaces_and_storage import is_costly, namespaces_page, reads_many, storage_page
from etcdview.pages.parts.addresses import key_text
from etcdview.pages.parts.costly import lists_many
from etcdview.pages.problems import StoragePage
from webapp.accounts.expensive import expensive, in_turn, readings, searches
from webapp.api import state_schemas as schemas
from webapp.api.blueprint import bp, problems
from webapp.runtime import current_window, now, patient_window


@bp.get("/certificates")
@bp.response(200, schemas.CertificatesSchema)
@problems(503)
def certificates() -> CertificatesPage:
    """Every certificate that is known: how long it lasts, who signed it, and how it is renewed."""
    return certificates_page(current_window(), now())


@bp.get("/storage")
@bp.arguments(schemas.StorageQuery, location="query", error_status_code=400)
@bp.response(200, schemas.StorageAnswerSchema)
@problems(429, 503)
def storage(query: dict[str, Any]) -> StoragePage:
    """The problems of what etcd stores."""
    window = current_window()
    costly = query["run"] and is_costly(window)
    with expensive(window, "check-storage") if costly else nullcontext():
        return storage_page(patient_window() if costly else window, query["run"], now())


@bp.get("/namespaces")
@bp.arguments(schemas.NamespacesQuery, location="query", error_status_code=400)
@bp.response(200, schemas.NamespacesSchema)
@problems(404, 429, 503)
def namespaces(query: dict[str, Any]) -> dict[str, Any]:
    """The namespaces, what they hold, and their problems."""
    window = current_window()
    many = reads_many(window, query["namespace"]) or lists_many(window)
    with in_turn(readings) if many else nullcontext():
        page = namespaces_page(window, query["namespace"], now())
    rows = [{n: getattr(row, n) for n in ("name", "phase", "count", "healthy", "findings")} for row in page.rows]
    for row, shown in zip(page.rows, rows, strict=True):
        shown["counts"] = dict(row.counts)
    return {
        "checked": page.checked,
        "total": page.total,
        "too_many": page.too_many,
        "outside": page.outside,
        "rows": rows,
    }


@bp.get("/content")
@bp.arguments(schemas.ContentQuerySchema, location="query", error_status_code=400)
@bp.response(200, schemas.ContentSchema)
@problems(404, 410, 429, 503)
def content(query: dict[str, Any]) -> dict[str, Any]:
    """Keys whose decoded values match. Masked values are not searched."""
    limit = query.pop("limit")
    wanted = ContentQuery(text=query.pop("q"), **query)
    costly = content_search.is_costly(current_window(), wanted)
    with in_turn(searches) if costly else nullcontext():
        window = patient_window() if costly else current_window()
        found = content_search.content_found(window, wanted, limit)
    hits = [
        {
            "key": key_text(hit.key),
            "key64": base64.urlsafe_b64encode(hit.key).rstrip(b"=").decode(),
            "mod_revision": hit.mod_revision,
            "path": hit.match.path,
        }
        for hit in found.hits
    ]
    return asdict(found.progress) | {"keys": hits}
