"""Certificates that the registry holds: those of TLS Secrets, and the CA bundles by which webhooks and APIs are known.

Of a Secret only `tls.crt` is read, which anyone who connects is shown anyway, and of that only what it certifies.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from etcdview.cluster.window import Window
from etcdview.codec import Detail
from etcdview.errors import CertificateFileError, DeniedError, EtcdviewError
from etcdview.health.facts import ClusterFacts
from etcdview.kube.keys import show
from etcdview.kube.resources import BY_PREFIX, ResourceType
from etcdview.models import KeyValue
from etcdview.pages.parts.addresses import object_href
from etcdview.pages.parts.lifetimes import Tone, left, state_of
from etcdview.pages.parts.links import Link
from etcdview.stores.paging import PieceReader
from etcdview.stores.protocols import prefix_end
from etcdview.tls.certificates import Certificate, from_pem

AT_MOST = 3000  # objects that the page reads
SECONDS = 1.0  # after which it stops reading
SHOWN = 200

_SECRETS = BY_PREFIX["secrets"]
# Secrets come last: of the others there are few, and so all of them are read.
_TYPES = (
    BY_PREFIX["mutatingwebhookconfigurations"],
    BY_PREFIX["validatingwebhookconfigurations"],
    BY_PREFIX["apiregistration.k8s.io/apiservices"],
    BY_PREFIX["apiextensions.k8s.io/customresourcedefinitions"],
    _SECRETS,
)


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One field with certificates: of several in it, the one that ends first. `left` is in words."""

    owner: str
    href: str
    field: str
    tone: Tone
    state: str
    left: str
    subject: str
    ends: datetime


@dataclass(frozen=True, slots=True)
class StoredSection:
    """The first to expire on top; `more` last longer. `checked` of `total` objects that may hold certificates.

    `undecodable` of these could not be decoded; `corrupt` are fields that hold no certificate. `problem`: why
    nothing was read, "" where it was. `scoped`: the viewer's role is limited to part of the cluster.
    """

    rows: tuple[StoredRow, ...] = ()
    more: int = 0
    checked: int = 0
    total: int = 0
    undecodable: int = 0
    corrupt: tuple[Link, ...] = ()
    problem: str = ""
    scoped: bool = False

    @property
    def unreadable(self) -> tuple[str, ...]:
        """The names of the corrupt fields, as `/api/v1/certificates` has them."""
        return tuple(link.text for link in self.corrupt)


@dataclass(slots=True)
class _Looking:
    """What has been seen so far."""

    deadline: float  # monotonic
    checked: int = 0
    total: int = 0
    undecodable: int = 0
    corrupt: list[Link] = field(default_factory=list)
    denied: bool = False

    @property
    def over(self) -> bool:
        return self.checked >= AT_MOST or time.monotonic() >= self.deadline


def stored_section(window: Window, facts: ClusterFacts | None, now: datetime) -> StoredSection:
    """The section. Nothing is read from a live etcd while its quorum is lost, or unknown."""
    if window.cluster.store.live and (facts is None or facts.quorum.state != "has"):
        return StoredSection(problem="The registry is not read until etcd's quorum is confirmed.")
    looking = _Looking(time.monotonic() + SECONDS)
    try:
        types = filter(window.viewer.scope.has_type, _TYPES)
        found = [row for resource in types for row in _permitted(window, resource, now, looking)]
    except EtcdviewError as error:
        return StoredSection(problem=str(error))
    rows = sorted(found, key=lambda row: (row.ends, row.owner))
    return StoredSection(
        rows=tuple(rows[:SHOWN]),
        more=max(0, len(rows) - SHOWN),
        checked=looking.checked,
        total=looking.total,
        undecodable=looking.undecodable,
        corrupt=tuple(looking.corrupt),
        scoped=not window.viewer.scope.whole or looking.denied,
    )


def _permitted(window: Window, resource: ResourceType, now: datetime, looking: _Looking) -> list[StoredRow]:
    try:
        return list(_rows(window, resource, now, looking))
    except DeniedError:  # in none of the viewer's namespaces, or etcd's own user may not
        looking.denied = True
        return []


def _rows(window: Window, resource: ResourceType, now: datetime, looking: _Looking) -> Iterator[StoredRow]:
    start = window.keyspace.range_prefix(resource)
    for number, piece in enumerate(PieceReader(window.store).read(start, prefix_end(start))):
        looking.total += 0 if number else piece.count
        for kv in piece.kvs:
            if looking.over:
                return
            yield from _rows_of(window, resource, kv, now, looking)
        if looking.over:
            return


def _rows_of(
    window: Window, resource: ResourceType, kv: KeyValue, now: datetime, looking: _Looking
) -> Iterator[StoredRow]:
    looking.checked += 1
    obj = window.cluster.codec.decode(kv.key, kv.value, detail=Detail.UNMANAGED).object
    if obj is None:
        looking.undecodable += 1
        return
    place = window.keyspace.object_key(kv.key)
    name = "/".join(filter(None, (place.namespace, place.name))) if place else show(kv.key)
    owner = f"{resource.kind} {name}"
    for path, text in dict(_secret(obj) if resource is _SECRETS else _bundles(obj)).items():
        parsed = _parsed(text)
        if parsed is None:
            looking.corrupt.append(Link(f"{path} of {owner}", object_href(kv.key)))
            continue
        tone, state = state_of(parsed.days_left(now), parsed.begins > now)
        yield StoredRow(
            owner=owner,
            href=object_href(kv.key),
            field=path,
            tone=tone,
            state=state,
            left=left(parsed.days_left(now)),
            subject=parsed.subject,
            ends=parsed.ends,
        )


def _parsed(text: str) -> Certificate | None:
    """The certificate that ends first; None where there is none that can be read."""
    try:
        found = from_pem("it", base64.b64decode(text, validate=True))
    except (binascii.Error, CertificateFileError):
        return None
    return min(found, key=lambda certificate: certificate.ends)


def _secret(obj: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    text = _mapping(obj.get("data")).get("tls.crt")
    if obj.get("type") == "kubernetes.io/tls" and text:
        yield "tls.crt", str(text)


def _bundles(obj: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where an object says by which CA a server is trusted, each different bundle once."""
    spec = _mapping(obj.get("spec"))
    conversion = _mapping(_mapping(spec.get("conversion")).get("webhook"))
    webhooks = obj.get("webhooks")
    places = [("caBundle", spec), ("conversion caBundle", _mapping(conversion.get("clientConfig")))]
    for webhook in map(_mapping, webhooks if isinstance(webhooks, list) else []):
        places.append((f"caBundle for {webhook.get('name', '')}", _mapping(webhook.get("clientConfig"))))
    seen: set[str] = set()
    for path, holder in places:
        text = str(holder.get("caBundle") or "")
        if text and text not in seen:
            seen.add(text)
            yield path, text


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
