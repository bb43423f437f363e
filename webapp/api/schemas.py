"""How the page dataclasses look as JSON. Field names are an interface: docs/interfaces.md."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from etcdview.models import MAX_REVISION
from etcdview.pages.parts.elsewhere import Elsewhere
from etcdview.pages.search import MAX_PAGE_SIZE, MAX_TEXT, PAGE_SIZE


class ElsewhereField(fields.List[str]):
    """Absent where there is nothing to tell."""

    def __init__(self) -> None:
        text = "prefixes that have what this answer lacks, where the registry's own has none; absent where none have"
        super().__init__(fields.String(), metadata={"description": text})


def elsewhere_json(found: Elsewhere | None) -> dict[str, list[str]]:
    """The members that an answer has of it."""
    return {} if found is None else {"elsewhere": list(found.prefixes)}


class Strict(Schema):
    """An answer: every field always there (but `elsewhere`), camelCase outside and snake_case inside."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Name the JSON member after the attribute, unless the field says otherwise."""
        if field_obj.data_key is None:
            first, *rest = field_name.split("_")
            field_obj.data_key = first + "".join(part.capitalize() for part in rest)
        field_obj.required = not isinstance(field_obj, ElsewhereField)


class MemberSchema(Strict):
    """One member; null is what the member or its release does not say. Sizes are bytes."""

    id = fields.String(metadata={"description": "hexadecimal, as etcdctl prints it"})
    name = fields.String()
    healthy = fields.Boolean(metadata={"description": "a linearizable read through this member succeeded"})
    error = fields.String()
    leader = fields.Boolean()
    learner = fields.Boolean()
    version = fields.String()
    peer_urls = fields.List(fields.String(), data_key="peerURLs")
    client_urls = fields.List(fields.String(), data_key="clientURLs")
    db_size = fields.Integer(allow_none=True)
    db_size_in_use = fields.Integer(allow_none=True)
    quota = fields.Integer(allow_none=True)
    raft_term = fields.Integer(allow_none=True)
    raft_index = fields.Integer(allow_none=True)
    raft_applied_index = fields.Integer(allow_none=True)
    latency_seconds = fields.Float(allow_none=True)


class ClusterSchema(Strict):
    """The etcd cluster. For a file: no members, verdict "unknown"."""

    cluster_id = fields.String()
    revision = fields.Integer()
    verdict = fields.String()
    members = fields.List(fields.Nested(MemberSchema))
    alarms = fields.List(fields.String())


class Counts(fields.Dict):
    """A dict of names to numbers, which is JSON already: going through thousands of them one by one takes long."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value


class ResourceSchema(Strict):
    """One storage prefix with its counts."""

    resource = fields.String()
    group = fields.String()
    version = fields.String()
    kind = fields.String()
    prefix = fields.String()
    count = fields.Integer()
    namespaces = Counts(keys=fields.String(), values=fields.Integer())


class ResourcesSchema(Strict):
    """All storage prefixes; `complete` is false while the index loads."""

    revision = fields.Integer()
    complete = fields.Boolean()
    facts_complete = fields.Boolean(metadata={"description": "the facts of all values are known"})
    elsewhere = fields.List(
        fields.String(), metadata={"description": "prefixes that have keys, where the registry's prefix has none"}
    )
    resources = fields.List(fields.Nested(ResourceSchema))


class KeySchema(Strict):
    """A key and etcd's facts about it."""

    key = fields.String()
    key64 = fields.String(metadata={"description": "the key's bytes in base64url"})
    create_revision = fields.Integer(allow_none=True)
    mod_revision = fields.Integer(allow_none=True)
    version = fields.Integer(allow_none=True)
    lease = fields.String(allow_none=True, metadata={"description": "hexadecimal, as etcdctl prints it; 0 for none"})


class KeysSchema(Strict):
    """One page of keys; `count` is of all that match."""

    revision = fields.Integer()
    complete = fields.Boolean()
    count = fields.Integer()
    keys = fields.List(fields.Nested(KeySchema))
    next = fields.String(allow_none=True, metadata={"description": "the cursor of the next page; null on the last"})
    elsewhere = ElsewhereField()


class StorageSchema(Strict):
    """How the value is stored."""

    format = fields.String()
    provider = fields.String()
    key_name = fields.String()
    api_version = fields.String()
    kind = fields.String()


class ValueSchema(Schema):
    """A value that cannot be decoded: `text` where it is UTF-8, else `base64`. Of a Secret only its size is told."""

    text = fields.String()
    base64 = fields.String()


class ObjectSchema(Schema):
    """One key's value, decoded; `error` and the `value` as it is in place of `object` where it cannot be."""

    key = fields.String(required=True)
    key64 = fields.String(required=True)
    create_revision = fields.Integer(required=True, data_key="createRevision")
    mod_revision = fields.Integer(required=True, data_key="modRevision")
    version = fields.Integer(required=True)
    lease = fields.String(required=True)
    size = fields.Integer(required=True)
    storage = fields.Nested(StorageSchema, required=True)
    object = fields.Raw()
    error = fields.String()
    value = fields.Nested(ValueSchema)


class RevisionSchema(Schema):
    """One value that the key had, or its deletion."""

    mod_revision = fields.Integer(required=True, data_key="modRevision", attribute="modRevision")
    version = fields.Integer(required=True)
    deleted = fields.Boolean(required=True)
    object = fields.Raw(
        allow_none=True, metadata={"description": "null where it cannot be decoded, absent where the key was deleted"}
    )


class HistorySchema(Schema):
    """The values of one key, newest first, as far back as etcd keeps them."""

    key = fields.String(required=True)
    revisions = fields.List(fields.Nested(RevisionSchema), required=True)


class ProblemSchema(Schema):
    """RFC 9457."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)


class CursorField(fields.String):
    """Where a page begins."""

    def __init__(self) -> None:
        super().__init__(
            load_default="", metadata={"description": "`next` of the page before; empty for the first page"}
        )


class KeysQuery(Schema):
    """Which keys: exactly one of prefix, contains, glob and regex; none means all."""

    prefix = fields.String(
        validate=validate.Length(max=MAX_TEXT),
        metadata={"description": "what the key begins with; one of `prefix`, `contains`, `glob`, `regex`"},
    )
    contains = fields.String(
        validate=validate.Length(max=MAX_TEXT), metadata={"description": "what the key has anywhere"}
    )
    glob = fields.String(
        validate=validate.Length(max=MAX_TEXT),
        metadata={"description": "a pattern of the key's last parts, or with / before it of all: `**` crosses slashes"},
    )
    regex = fields.String(
        validate=validate.Length(max=MAX_TEXT),
        metadata={"description": "a regular expression (RE2) that is found in the key"},
    )
    limit = fields.Integer(
        load_default=PAGE_SIZE,
        validate=validate.Range(1, MAX_PAGE_SIZE),
        metadata={"description": "how many keys a page has"},
    )
    cursor = CursorField()


class KeyQuery(Schema):
    """Which key: `key` as text, or `key64` in base64url."""

    key = fields.String(metadata={"description": "the key as text; this or `key64`"})
    key64 = fields.String(metadata={"description": "the key's bytes in base64url, which can name any key"})


class ObjectQuerySchema(KeyQuery):
    """Which key, at which revision (0 is the newest)."""

    revision = fields.Integer(
        load_default=0,
        validate=validate.Range(0, MAX_REVISION),
        metadata={"description": "the value as of this revision of etcd; 0 for the newest"},
    )
