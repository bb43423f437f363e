"""What fills the database, by resource type, namespace or object."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from etcdview.pages.space.report import BYS, MOST_OBJECTS, OBJECTS, SpaceQuery, report_json, space_report
from webapp.api.blueprint import bp, long_answer, problems
from webapp.api.schemas import Strict
from webapp.runtime import current_window

MAX_NAME = 300


class SpaceQuerySchema(Schema):
    """What a row is, and of which part."""

    by = fields.String(load_default="resource", validate=validate.OneOf(BYS), metadata={"description": "what a row is"})
    resource = fields.String(
        load_default="", validate=validate.Length(max=MAX_NAME), metadata={"description": "of this type alone"}
    )
    namespace = fields.String(
        load_default="", validate=validate.Length(max=MAX_NAME), metadata={"description": "in this namespace alone"}
    )
    limit = fields.Integer(
        load_default=OBJECTS,
        validate=validate.Range(1, MOST_OBJECTS),
        metadata={"description": "how many objects have a row of their own; one more has what they leave out"},
    )


class SpaceTotalSchema(Strict):
    """The sum of all rows; null: the sizes are not known yet."""

    keys = fields.Integer()
    bytes = fields.Integer(allow_none=True)


class SpaceRowSchema(Schema):
    """Keys and the bytes of their values, and what of these is in which fields. What does not apply is absent.

    `resource` is empty for unrecognised keys, `namespace` for what is in none. A size is null while it is unknown.
    """

    resource = fields.String(metadata={"description": "as in /api/v1/resources"})
    group = fields.String()
    namespace = fields.String()
    key = fields.String()
    key64 = fields.String(metadata={"description": "the key's bytes in base64url"})
    keys = fields.Integer(required=True)
    bytes = fields.Integer(required=True, allow_none=True)
    managedFieldsBytes = fields.Integer(required=True, allow_none=True)
    annotationsBytes = fields.Integer(
        required=True, allow_none=True, metadata={"description": "with the last applied configuration"}
    )
    lastAppliedBytes = fields.Integer(required=True, allow_none=True)
    dataBytes = fields.Integer(required=True, allow_none=True, metadata={"description": "of ConfigMaps and Secrets"})


class SpaceSchema(Strict):
    """The rows, the largest first. `complete` is false, and sizes are null, until all values have been read once."""

    revision = fields.Integer()
    complete = fields.Boolean()
    total = fields.Nested(SpaceTotalSchema)
    rows = fields.List(fields.Nested(SpaceRowSchema))


@bp.get("/space")
@long_answer
@bp.arguments(SpaceQuerySchema, location="query", error_status_code=400)
@bp.response(200, SpaceSchema)
@problems(404, 429, 503)
def space(query: dict[str, Any]) -> dict[str, Any]:
    """What fills the database: keys, and the bytes of their values."""
    part = SpaceQuery(query["resource"], query["namespace"])
    return report_json(space_report(current_window(), query["by"], query["limit"], part))
