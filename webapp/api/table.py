"""One resource type's objects as kubectl's table: the rows of the registry page and of `etcdview get -o table-json`."""

from __future__ import annotations

import base64
from typing import Any, get_args

from marshmallow import Schema, fields, validate

from etcdview.pages.parts.addresses import cursor_name, cursor_text, key_text
from etcdview.pages.registry.listing import LONGEST_CELL, Health, TableRow
from etcdview.pages.registry.query import MAX_COLUMNS, MAX_FILTER, MAX_PAGE_SIZE, PAGE_SIZE, Labels, RegistryQuery
from etcdview.pages.registry.reading import query_table
from webapp.api.blueprint import bp, problems
from webapp.api.schemas import CursorField, ElsewhereField, Strict, elsewhere_json
from webapp.runtime import current_window, now


class TableQuery(Schema):
    """Which objects: as on the registry page."""

    resource = fields.String(
        required=True,
        validate=validate.Length(1, MAX_FILTER),
        metadata={"description": "as kubectl spells it: pods, deployments.apps, backups.example.org"},
    )
    namespace = fields.String(
        load_default="",
        validate=validate.Length(max=MAX_FILTER),
        metadata={"description": "empty for all; ignored for types without namespaces"},
    )
    q = fields.String(
        load_default="",
        validate=validate.Length(max=MAX_FILTER),
        metadata={"description": "words that all stand in its cells as kubectl prints them, its node or its state"},
    )
    labels = fields.String(
        load_default="",
        validate=validate.Length(max=MAX_FILTER),
        metadata={"description": "a label selector, as kubectl's -l"},
    )
    state = fields.String(
        load_default="",
        validate=validate.OneOf(("", *get_args(Health))),
        metadata={"description": "only objects in this state, which each row has too"},
    )
    node = fields.String(
        load_default="",
        validate=validate.Length(max=MAX_FILTER),
        metadata={"description": "only objects on this node (spec.nodeName)"},
    )
    status = fields.String(
        load_default="",
        validate=validate.Length(max=MAX_FILTER),
        metadata={"description": "only objects whose state is told so, up to a comma: CrashLoopBackOff, Bound"},
    )
    sort = fields.String(
        load_default="",
        validate=validate.Length(max=MAX_FILTER),
        metadata={"description": "a column's name, namespace, age, size or rewrites; - before it for descending order"},
    )
    wide = fields.Boolean(load_default=False, metadata={"description": "with the columns of kubectl's -o wide"})
    size = fields.Boolean(load_default=False, metadata={"description": "with the columns Size (bytes) and Rewrites"})
    columns = fields.String(
        load_default="",
        validate=validate.Length(max=MAX_COLUMNS),
        metadata={
            "description": "the names of the columns to have, with commas between them; the first is always there"
        },
    )
    limit = fields.Integer(
        load_default=PAGE_SIZE,
        validate=validate.Range(1, MAX_PAGE_SIZE),
        metadata={"description": "how many rows a page has"},
    )
    cursor = CursorField()


class ColumnSchema(Strict):
    """A column, as the API server describes it."""

    name = fields.String()
    type = fields.String()
    priority = fields.Integer(metadata={"description": "0, or more for a column of -o wide"})


class RowSchema(Schema):
    """One object. An object that could not be decoded has null cells, and `error` says why."""

    key = fields.String(required=True)
    key64 = fields.String(required=True, metadata={"description": "the key's bytes in base64url"})
    namespace = fields.String(required=True, metadata={"description": "empty for what is in none"})
    name = fields.String(required=True)
    cells = fields.List(
        fields.Raw(allow_none=True),
        required=True,
        metadata={
            "description": "a text, number, boolean or null for each column, as the API server sends them; "
            f"a text of more than {LONGEST_CELL:,} characters is cut and ends with …"
        },
    )
    state = fields.String(required=True, validate=validate.OneOf(get_args(Health)))
    misnamed = fields.String(metadata={"description": "what the object calls itself, where its key says otherwise"})
    error = fields.String()


class ScanSchema(Strict):
    """How many objects a filter or an order has checked, of how many; `unread` could not be decoded."""

    seen = fields.Integer()
    total = fields.Integer()
    unread = fields.Integer()


class TableSchema(Schema):
    """A page of rows, all read at one revision; `count` is of all that match.

    `complete` is false while more are still to be read: key names are being loaded, or the scan did not read all.
    """

    revision = fields.Integer(required=True)
    count = fields.Integer(required=True)
    complete = fields.Boolean(required=True)
    columns = fields.List(fields.Nested(ColumnSchema), required=True)
    rows = fields.List(fields.Nested(RowSchema), required=True)
    next = fields.String(
        required=True, allow_none=True, metadata={"description": "the cursor of the next page; null on the last"}
    )
    scan = fields.Nested(ScanSchema)
    elsewhere = ElsewhereField()


@bp.get("/table")
@bp.arguments(TableQuery, location="query", error_status_code=400)
@bp.response(200, TableSchema)
@problems(404, 429, 503)
def table(query: dict[str, Any]) -> dict[str, Any]:
    """One resource type's objects with the columns and cells of `kubectl get`."""
    wanted = RegistryQuery(
        resource=query["resource"],
        namespace=query["namespace"],
        wide=query["wide"],
        size=query["size"],
        text=query["q"].strip(),
        labels=Labels.parse(query["labels"].strip()),
        state=query["state"],
        node=query["node"].strip(),
        status=query["status"].strip(),
        sort=query["sort"].strip(),
        after=cursor_name(query["cursor"]),
        limit=query["limit"],
        columns=RegistryQuery.columns_from(query["columns"]),
    )
    found = query_table(current_window(), wanted, now())
    body = {
        "revision": found.revision,
        "count": found.count,
        "complete": found.complete,
        "columns": found.columns,
        "rows": [_row(row, len(found.columns)) for row in found.rows],
        "next": cursor_text(found.next_after) or None,
    }
    if found.scan is not None:
        body["scan"] = found.scan
    return body | elsewhere_json(found.elsewhere)


def _row(row: TableRow, width: int) -> dict[str, Any]:
    shown = {
        "key": key_text(row.key),
        "key64": base64.urlsafe_b64encode(row.key).rstrip(b"=").decode(),
        "namespace": row.namespace,
        "name": row.name,
        "cells": row.short_cells or [None] * width,
        "state": row.state,
    }
    if row.misnamed:
        shown["misnamed"] = row.misnamed
    return shown | ({"error": row.error} if row.error else {})
