"""Cluster, health, resource types, keys and one key: each operation calls one function of pages."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response

from etcdview.errors import QueryError
from etcdview.models import KeyMeta
from etcdview.pages.object.entry import ObjectAnswer, read_entry, why_undecodable
from etcdview.pages.object.history import history_json, read_history
from etcdview.pages.object.plain import value_json
from etcdview.pages.overview import ClusterState, cluster_state
from etcdview.pages.parts.addresses import cursor_name, key_text, read_key
from etcdview.pages.parts.elsewhere import read_elsewhere
from etcdview.pages.parts.types import TypeCount, named_tree
from etcdview.pages.parts.verdict import current_verdict
from etcdview.pages.search import MODES, SearchPage, SearchQuery, search_page
from webapp.api import schemas
from webapp.api.blueprint import bp, long_answer, problems
from webapp.api.health import HealthSchema
from webapp.runtime import current_window, now


@bp.get("/cluster")
@bp.response(200, schemas.ClusterSchema)
@problems(503)
def cluster() -> ClusterState:
    """The members, their health, and the verdict."""
    return cluster_state(current_window()) or ClusterState("", 0, "unknown", None, 0.0, (), ())


@bp.get("/health")
@bp.response(200, HealthSchema)
@problems(503)
def health() -> dict[str, Any]:
    """The verdict and the findings it rests on. Answers within two seconds, whatever the members do."""
    return current_verdict(current_window(), now()).as_json()


@bp.get("/resources")
@long_answer
@bp.response(200, schemas.ResourcesSchema)
@problems(429, 503)
def resources() -> Response:
    """The resource types with their counts, one entry a storage prefix."""
    window = current_window()
    tree, elsewhere = named_tree(window), read_elsewhere(window)
    head = {
        "revision": tree.revision,
        "complete": tree.complete,
        "facts_complete": window.cluster.facts is not None and window.cluster.facts.status.complete,
        "elsewhere": list(elsewhere.prefixes) if elsewhere else [],
    }
    one, all_but = schemas.ResourceSchema(), schemas.ResourcesSchema(exclude=("resources",))
    found = (one.dump(_resource(counted)) for counted in tree.types)
    return Response(_streamed(all_but.dump(head), found), mimetype="application/json")


@bp.get("/keys")
@bp.arguments(schemas.KeysQuery, location="query", error_status_code=400)
@bp.response(200, schemas.KeysSchema)
@problems(503)
def keys(query: dict[str, Any]) -> dict[str, Any]:
    """Keys that match, in byte order, in pages."""
    modes = [mode for mode in MODES if mode in query]
    if len(modes) > 1:
        raise QueryError(f"Both {modes[0]} and {modes[1]} were given.", "Give one of them.")
    mode = modes[0] if modes else "prefix"
    search_query = SearchQuery(query.get(mode, ""), mode, cursor_name(query["cursor"]), query["limit"])
    return _keys(search_page(current_window(), search_query))


@bp.get("/object")
@bp.arguments(schemas.ObjectQuerySchema, location="query", error_status_code=400)
@bp.response(200, schemas.ObjectSchema)
@problems(404, 410, 422, 503)
def object_(query: dict[str, Any]) -> dict[str, Any]:
    """One key's value, decoded, and how it is stored."""
    key = read_key(query.get("key"), query.get("key64"))
    return _object(read_entry(current_window(), key, query["revision"]))


@bp.get("/history")
@bp.arguments(schemas.KeyQuery, location="query", error_status_code=400)
@bp.response(200, schemas.HistorySchema)
@problems(404, 503)
def history(query: dict[str, Any]) -> dict[str, Any]:
    """The values that one key had."""
    key = read_key(query.get("key"), query.get("key64"))
    return history_json(key, read_history(current_window(), key))


def _streamed(head: dict[str, Any], resources: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The answer a type at a time: with very many types or namespaces all of it would be tens of megabytes."""
    yield '{"resources":['
    for number, resource in enumerate(resources):
        yield ("," if number else "") + json.dumps(resource, separators=(",", ":"))
    yield f"],{json.dumps(head, separators=(',', ':'))[1:]}\n"


def _resource(counted: TypeCount) -> dict[str, Any]:
    resource = counted.resource
    return {
        "resource": resource.plural,
        "group": resource.group,
        "version": resource.version,
        "kind": resource.kind,
        "prefix": key_text(counted.prefix),
        "count": counted.count,
        "namespaces": {name: count for name, count in counted.namespaces.items() if name},
    }


def _keys(page: SearchPage) -> dict[str, Any]:
    return {
        "revision": page.revision,
        "complete": page.complete,
        "count": page.count,
        "keys": [_key(hit.name, hit.meta) for hit in page.hits],
        "next": page.next_cursor or None,
    } | schemas.elsewhere_json(page.elsewhere)


def _key(name: bytes, meta: KeyMeta | None) -> dict[str, Any]:
    facts = {
        "create_revision": meta.create_revision if meta else None,
        "mod_revision": meta.mod_revision if meta else None,
        "version": meta.version if meta else None,
        "lease": f"{meta.lease:x}" if meta else None,
    }
    return {"key": key_text(name), "key64": base64.urlsafe_b64encode(name).rstrip(b"=").decode(), **facts}


def _object(answer: ObjectAnswer) -> dict[str, Any]:
    entry = answer.entry
    body: dict[str, Any] = _key(entry.key, entry.meta) | {"size": entry.size_bytes, "storage": entry.decoded.storage}
    if entry.object is not None:
        return body | {"object": entry.object}
    return body | {"error": str(why_undecodable(entry)), "value": value_json(entry)}
