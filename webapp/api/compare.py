"""What differs between two states."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from etcdview.pages.compare import LISTED, MOST_LISTED, CompareQuery, compare_json
from webapp.api.blueprint import bp, problems
from webapp.api.schemas import Strict
from webapp.runtime import current_window

_NAME = validate.Length(max=300)


class CompareQuerySchema(Schema):
    """Two sources, and which keys of them."""

    old = fields.String(
        data_key="from",
        required=True,
        validate=_NAME,
        metadata={
            "description": "`live`, a file that the server has (--from, --compare), or one of them as NAME@REVISION"
        },
    )
    new = fields.String(
        data_key="to", required=True, validate=_NAME, metadata={"description": "the other side, written as `from`"}
    )
    resource = fields.String(
        load_default="", validate=_NAME, metadata={"description": "only this resource type, as kubectl spells it"}
    )
    namespace = fields.String(load_default="", validate=_NAME, metadata={"description": "only this namespace"})
    all = fields.Boolean(load_default=False, metadata={"description": "status, heartbeats and the like too"})
    limit = fields.Integer(
        load_default=LISTED,
        validate=validate.Range(1, MOST_LISTED),
        metadata={"description": "how many changes are listed; all are counted"},
    )


class ComparedStateSchema(Strict):
    """One side."""

    source = fields.String()
    revision = fields.Integer()


class ChangeCountsSchema(Strict):
    """How many keys differ, noise too."""

    added = fields.Integer()
    removed = fields.Integer()
    changed = fields.Integer()


class NoiseSchema(Strict):
    """Changes that say nothing: keys with nothing else, and how often each kind of them occurs."""

    keys = fields.Integer()
    fields_ = fields.Dict(fields.String(), fields.Integer(), data_key="fields", attribute="fields")


class RightSchema(Strict):
    """Verbs on a resource."""

    resource = fields.String()
    verbs = fields.List(fields.String())


class SubjectRightsSchema(Strict):
    """What one subject has in one namespace, or everywhere (empty)."""

    subject = fields.String()
    namespace = fields.String()
    rights = fields.List(fields.Nested(RightSchema))


class RightsSchema(Strict):
    """Rights by RBAC that one side has and the other lacks."""

    gained = fields.List(fields.Nested(SubjectRightsSchema))
    lost = fields.List(fields.Nested(SubjectRightsSchema))


class ChangedFieldSchema(Schema):
    """One field, before and after; null where it is missing."""

    path = fields.String(required=True)
    before = fields.Raw(data_key="from", attribute="from", required=True, allow_none=True)
    after = fields.Raw(data_key="to", attribute="to", required=True, allow_none=True)


class ChangeSchema(Schema):
    """One key that differs. `noise` names what is not listed; `note` says why there are no fields."""

    key = fields.String(required=True)
    key64 = fields.String(metadata={"description": "the key's bytes in base64url"})
    resource = fields.String(required=True)
    namespace = fields.String(required=True)
    name = fields.String(required=True)
    change = fields.String(required=True, validate=validate.OneOf(("added", "removed", "changed")))
    fields_ = fields.List(fields.Nested(ChangedFieldSchema), data_key="fields", attribute="fields", required=True)
    noise = fields.List(fields.String())
    isNoise = fields.Boolean()
    note = fields.String()


class CompareSchema(Strict):
    """What differs. `complete` is false where reading was stopped, `why` says so; `more` changes are not listed."""

    from_ = fields.Nested(ComparedStateSchema, data_key="from", attribute="from")
    to = fields.Nested(ComparedStateSchema)
    counts = fields.Nested(ChangeCountsSchema)
    noise = fields.Nested(NoiseSchema)
    rights = fields.Nested(RightsSchema)
    complete = fields.Boolean()
    why = fields.String()
    more = fields.Integer()
    changes = fields.List(fields.Nested(ChangeSchema))


@bp.get("/compare")
@bp.arguments(CompareQuerySchema, location="query", error_status_code=400)
@bp.response(200, CompareSchema)
@problems(403, 410, 503)
def compare(query: dict[str, Any]) -> dict[str, Any]:
    """What differs between two states."""
    wanted = CompareQuery(
        query["old"], query["new"], query["resource"], query["namespace"], query["all"], query["limit"]
    )
    return compare_json(current_window(), wanted)
