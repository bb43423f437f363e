"""How the verdict looks as JSON: an interface that alerts are built on."""

from __future__ import annotations

from marshmallow import fields, validate

from etcdview.pages.parts.verdict import SEVERITIES, STATUSES
from webapp.api.schemas import Strict


class FindingSchema(Strict):
    """One problem, or a fact worth knowing, with the numbers it rests on."""

    id = fields.String(metadata={"description": "the rule's; it does not change between releases"})
    severity = fields.String(validate=validate.OneOf(SEVERITIES))
    summary = fields.String()
    evidence = fields.String(metadata={"description": "what was read, and when"})
    why = fields.String(metadata={"description": "why it matters"})
    action = fields.String(metadata={"description": "what to do"})
    commands = fields.List(fields.String(), metadata={"description": "commands that show or fix it"})
    member = fields.String(metadata={"description": "the member's name; empty for the cluster as a whole"})


class HealthSchema(Strict):
    """The verdict, and what it rests on, most severe first. For a file: "unknown", and a finding that says why."""

    verdict = fields.String(validate=validate.OneOf(STATUSES))
    at = fields.String(metadata={"format": "date-time", "description": "when the members were probed, in UTC"})
    findings = fields.List(fields.Nested(FindingSchema))
