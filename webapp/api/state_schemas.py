"""How certificates, problems and content searches look as JSON."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from etcdview.pages.content_search import KINDS, MAX_HITS
from etcdview.pages.search import MAX_TEXT
from webapp.api.schemas import Counts, Strict

_TEXTS = fields.List(fields.String())


class LocationSchema(Strict):
    """Where a certificate was seen."""

    where = fields.String(metadata={"description": "a file, or the member that presents it"})
    purpose = fields.String()


class CertificateSchema(Strict):
    """One certificate."""

    name = fields.String(metadata={"description": "what it is for"})
    state = fields.String(metadata={"description": "valid, expires soon, expires very soon, expired, not valid yet"})
    left = fields.String(metadata={"description": "how long it lasts, in words"})
    part = fields.Float(metadata={"description": "what is left of its life, 0 to 1"})
    begins = fields.DateTime()
    ends = fields.DateTime()
    subject = fields.String()
    issuer = fields.String()
    names = fields.List(fields.String(), metadata={"description": "the names and addresses of a server certificate"})
    serves = fields.String(metadata={"description": "its usages; empty for any"})
    authority = fields.Boolean()
    key = fields.String(metadata={"description": "the kind and size of its key"})
    key_fit = fields.String(metadata={"description": "whether it matches its key file"})
    key_is_wrong = fields.Boolean()
    chain = fields.List(fields.String(), metadata={"description": "subjects from the certificate up to a root"})
    vouched = fields.String(metadata={"description": "whether it chains to a trusted CA"})
    is_untrusted = fields.Boolean()
    places = fields.List(fields.Nested(LocationSchema))
    renew = fields.String(metadata={"description": "the command that renews it; empty for none"})
    serial = fields.String()
    fingerprint = fields.String(metadata={"description": "SHA-256"})


class UnreadableSchema(Strict):
    """A certificate file that cannot be read, and why."""

    where = fields.String()
    what = fields.String()
    remedy = fields.String()


class StoredCertificateSchema(Strict):
    """A field of a stored object with certificates; of several in it, the one that ends first."""

    owner = fields.String()
    field = fields.String()
    state = fields.String()
    left = fields.String()
    subject = fields.String()
    ends = fields.DateTime()


class StoredSchema(Strict):
    """Certificates in the registry: of TLS Secrets, webhooks, APIServices and CRDs."""

    certificates = fields.List(fields.Nested(StoredCertificateSchema), attribute="rows")
    more = fields.Integer(metadata={"description": "that last longer and are left out"})
    checked = fields.Integer(metadata={"description": "objects that were read"})
    total = fields.Integer(metadata={"description": "objects that may hold certificates"})
    undecodable = fields.Integer()
    unreadable = _TEXTS
    problem = fields.String(metadata={"description": "why nothing was read; empty where it was"})
    scoped = fields.Boolean(metadata={"description": "your role is limited to part of the cluster"})


class CertificatesSchema(Strict):
    """Every certificate that is known, the first to expire on top."""

    at = fields.DateTime()
    certificates = fields.List(fields.Nested(CertificateSchema), attribute="rows")
    unreadable = fields.List(fields.Nested(UnreadableSchema))
    none = fields.String(metadata={"description": "why no certificate is known; empty where some are"})
    plain = fields.List(fields.String(), metadata={"description": "endpoints that are reached over plain http"})
    unused = fields.Integer(metadata={"description": "CAs of a bundle that nothing known depends on, left out"})
    stored = fields.Nested(StoredSchema)


class ProblemFoundSchema(Strict):
    """A problem in the stored state."""

    severity = fields.String(validate=validate.OneOf(("info", "warning", "critical")))
    summary = fields.String()
    action = fields.String(metadata={"description": "what to do"})
    evidence = fields.List(fields.String(), attribute="lines")
    more = fields.Integer(metadata={"description": "lines of evidence that are left out"})


class StorageAnswerSchema(Strict):
    """The problems of what etcd stores. `checked` is 0 where there are too many objects to check without `run=1`."""

    revision = fields.Integer()
    checked = fields.Integer()
    total = fields.Integer()
    undecodable = fields.Integer()
    too_many = fields.Boolean(metadata={"description": "more than are checked at all"})
    narrowed = fields.Boolean(metadata={"description": "your role covers a part of all objects; no other is checked"})
    by_facts = fields.Boolean(metadata={"description": "judged by the facts of all values"})
    left_out = fields.List(fields.String(), metadata={"description": "what the facts cannot tell"})
    compared_at = fields.DateTime(
        allow_none=True,
        metadata={
            "description": "findings about owners, UIDs and what leads nowhere are as of then; null: as of `revision`, "
            "or not made"
        },
    )
    findings = fields.List(fields.Nested(ProblemFoundSchema))


class NamespaceSchema(Strict):
    """One namespace; `healthy` is null where nothing was checked."""

    name = fields.String()
    phase = fields.String()
    keys = fields.Integer(
        attribute="count", allow_none=True, metadata={"description": "all keys of the namespace; null: not counted"}
    )
    counts = Counts(keys=fields.String(), values=fields.Integer(), metadata={"description": "objects by kind"})
    healthy = fields.Boolean(allow_none=True)
    findings = fields.List(fields.Nested(ProblemFoundSchema))


class NamespacesSchema(Strict):
    """The namespaces with their problems."""

    checked = fields.Integer(metadata={"description": "objects that were read; 0 where there are too many"})
    total = fields.Integer()
    too_many = fields.Boolean()
    outside = fields.List(fields.String(), metadata={"description": "kinds that your role leaves out: not checked"})
    namespaces = fields.List(fields.Nested(NamespaceSchema), attribute="rows")


class ContentHitSchema(Strict):
    """A key whose value matches."""

    key = fields.String()
    key64 = fields.String(metadata={"description": "the key's bytes in base64url"})
    mod_revision = fields.Integer()
    path = fields.String(metadata={"description": "where in the object"})


class ContentSchema(Strict):
    """What a search in values found, all as of one revision."""

    revision = fields.Integer()
    complete = fields.Boolean(metadata={"description": "every key of the scope was searched"})
    why = fields.String(metadata={"description": "why the search is not complete"})
    looked = fields.Integer(metadata={"description": "keys that were searched"})
    total = fields.Integer()
    undecodable = fields.Integer()
    masked = fields.Integer(metadata={"description": "keys with masked values, which are not searched"})
    keys = fields.List(fields.Nested(ContentHitSchema))


class StorageQuery(Schema):
    """Whether to check however long it takes."""

    run = fields.Boolean(
        load_default=False, metadata={"description": "check all objects, however many there are and long it takes"}
    )


class NamespacesQuery(Schema):
    """Which namespace; none means all."""

    namespace = fields.String(
        load_default="", validate=validate.Length(max=300), metadata={"description": "only this one; empty for all"}
    )


class ContentQuerySchema(Schema):
    """What to search for, and where."""

    kind = fields.String(
        load_default="text",
        validate=validate.OneOf(KINDS),
        metadata={"description": "how `q` is read: a text, a label selector, a field selector or a JSONPath"},
    )
    q = fields.String(
        required=True, validate=validate.Length(1, MAX_TEXT), metadata={"description": "what to search for"}
    )
    resource = fields.String(
        load_default="",
        validate=validate.Length(max=MAX_TEXT),
        metadata={"description": "only this resource type, as kubectl spells it"},
    )
    namespace = fields.String(
        load_default="",
        validate=validate.Length(max=MAX_TEXT),
        metadata={"description": "only this namespace of `resource`"},
    )
    prefix = fields.String(
        load_default="", validate=validate.Length(max=MAX_TEXT), metadata={"description": "only keys below this prefix"}
    )
    limit = fields.Integer(
        load_default=MAX_HITS,
        validate=validate.Range(1, MAX_HITS),
        metadata={"description": "how many keys are listed; the search ends with the last of them"},
    )
