"""OpenAPI of what is announced: types of built-in kinds by the codec's schema, of custom resources by their CRD.

Without descriptions where the schema has none. `kubectl explain` reads version 3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from etcdview.codec import Schema, SchemaField, schema
from etcdview.kube.fields import mapping
from etcdview.kubeapi.discovery import version_info
from etcdview.kubeapi.served_types import EVENTS_GROUP, ServedType, ServedTypes
from etcdview.kubeapi.statuses import no_such_path

_META = "apis/meta/v1.ObjectMeta"
_LIST_META = "apis/meta/v1.ListMeta"
_SCALARS = {
    "s": {"type": "string"},
    "b": {"type": "boolean"},
    "i": {"type": "integer", "format": "int32"},
    "l": {"type": "integer", "format": "int64"},
    "u": {"type": "integer", "format": "int64"},
    "U": {"type": "integer", "format": "int64"},
    "d": {"type": "number", "format": "double"},
    "f": {"type": "number", "format": "float"},
    "y": {"type": "string", "format": "byte"},
}
# What has a JSON form of its own
_SPECIAL: dict[str, dict[str, Any]] = {
    "apis/meta/v1.Time": {"type": "string", "format": "date-time"},
    "apis/meta/v1.MicroTime": {"type": "string", "format": "date-time"},
    "api/resource.Quantity": {"type": "string"},
    "util/intstr.IntOrString": {"type": "string", "format": "int-or-string"},
}
# The same in version 3, which can say that a value has one of two types
_SPECIAL_3: dict[str, dict[str, Any]] = _SPECIAL | {
    "api/resource.Quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    "util/intstr.IntOrString": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
}
_PACKAGES = (
    ("apis/meta/", "io.k8s.apimachinery.pkg.apis.meta."),
    ("api/resource", "io.k8s.apimachinery.pkg.api.resource"),
    ("util/intstr", "io.k8s.apimachinery.pkg.util.intstr"),
    ("runtime", "io.k8s.apimachinery.pkg.runtime"),
    ("apiextensions-apiserver/", "io.k8s.apiextensions-apiserver."),
    ("kube-aggregator/", "io.k8s.kube-aggregator."),
)
_REF = {3: "#/components/schemas/", 2: "#/definitions/"}
_KEY = "x-kubernetes-group-version-kind"


def index(types: ServedTypes) -> dict[str, Any]:
    """/openapi/v3: the documents there are."""
    paths = {}
    for group, listed in types.groups.items():
        for version in listed:
            path = f"apis/{group}/{version}" if group else f"api/{version}"
            told = repr([(t.plural, t.kind, t.version_entry) for t in listed[version]]) + str(types.release)
            digest = hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32].upper()
            paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
    return {"paths": paths}


def document(types: ServedTypes, group: str, version: str) -> dict[str, Any]:
    """/openapi/v3/api/v1 and /openapi/v3/apis/GROUP/VERSION"""
    if version not in types.groups.get(group, {}):
        raise no_such_path()
    served = types.groups[group][version]
    writer = _Writer(schema(types.release), 3)
    for one in served:
        writer.add(one)
    return {
        "openapi": "3.0.0",
        "info": _info(types),
        "paths": dict(path for one in served for path in _paths(one, 3)),
        "components": {"schemas": writer.schemas},
    }


def swagger(types: ServedTypes) -> dict[str, Any]:
    """/openapi/v2: all of it in one document."""
    writer = _Writer(schema(types.release), 2)
    for one in types.all():
        writer.add(one)
    paths = dict(path for one in types.all() for path in _paths(one, 2))
    return {"swagger": "2.0", "info": _info(types), "paths": paths, "definitions": writer.schemas}


def _info(types: ServedTypes) -> dict[str, Any]:
    return {"title": "Kubernetes", "version": version_info(types.release)["gitVersion"]}


def _paths(served: ServedType, version: int) -> Iterator[tuple[str, Any]]:
    root = f"/apis/{served.group}/{served.version}" if served.group else f"/api/{served.version}"
    below = f"{root}/namespaces/{{namespace}}" if served.resource.namespaced else root
    listed = {"get": _operation(served, version, "list")}
    if served.resource.namespaced:
        yield f"{root}/{served.plural}", listed
    yield f"{below}/{served.plural}", listed
    yield f"{below}/{served.plural}/{{name}}", {"get": _operation(served, version, "get")}


def _operation(served: ServedType, version: int, action: str) -> dict[str, Any]:
    name = name_of_type(served)
    ref = {"$ref": _REF[version] + name}
    answer: dict[str, Any] = {"description": "OK"}
    if action == "get":
        answer |= {"content": {"application/json": {"schema": ref}}} if version == 3 else {"schema": ref}
    return {
        "x-kubernetes-action": action,
        _KEY: {"group": served.group, "version": served.version, "kind": served.kind},
        "responses": {"200": answer},
    }


def name_of_type(served: ServedType) -> str:
    """The name of the type's schema."""
    if not served.resource.builtin:
        words = [*reversed(served.group.split(".")), served.version, served.kind]
        return ".".join(words)
    table = schema(None)
    number = table.find(served.api_version, served.kind)
    return _name(table.struct(number).name) if number is not None else f"io.k8s.api.{served.kind}"


def _name(struct: str) -> str:
    for begins, package in _PACKAGES:
        if struct.startswith(begins):
            return package + struct.removeprefix(begins).replace("/", ".")
    return "io.k8s.api." + struct.replace("/", ".")


class _Writer:
    """Schemas by name, each written once, with those that it refers to."""

    def __init__(self, table: Schema, version: int) -> None:
        self._table = table
        self._version = version
        self.schemas: dict[str, dict[str, Any]] = {}

    def add(self, served: ServedType) -> None:
        """The schema of a type, and those it needs."""
        key = [{"group": served.group, "kind": served.kind, "version": served.version}]
        if not served.resource.builtin:
            self.schemas[name_of_type(served)] = self._custom(served) | {_KEY: key}
            return
        version = f"{EVENTS_GROUP}/v1" if served.group == EVENTS_GROUP else served.api_version
        number = self._table.find(version, served.kind)
        if number is not None:
            self._ref(number)
            found = self.schemas[_name(self._table.struct(number).name)]
            found["properties"] = self._head() | found.get("properties", {})
            found[_KEY] = key

    def _head(self) -> dict[str, Any]:
        return {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}

    def _custom(self, served: ServedType) -> dict[str, Any]:
        entry = mapping(served.version_entry, "schema") or mapping(served.definition, "spec", "validation")
        own = dict(mapping(entry, "openAPIV3Schema"))
        metadata = self._ref(self._table.named(_META))
        properties = dict(mapping(own, "properties"))
        return own | {"type": "object", "properties": self._head() | properties | {"metadata": metadata}}

    def _ref(self, number: int) -> dict[str, Any]:
        """A reference to a struct's schema, written with the first of them."""
        struct = self._table.struct(number)
        name = _name(struct.name)
        if name not in self.schemas:
            self.schemas[name] = {}  # a type may refer to itself
            self.schemas[name] |= self._struct(number)
        return {"$ref": _REF[self._version] + name}

    def _struct(self, number: int) -> dict[str, Any]:
        struct = self._table.struct(number)
        special = (_SPECIAL_3 if self._version == 3 else _SPECIAL).get(struct.name)
        if special is not None:
            return dict(special)
        if struct.wrapped:
            return {"type": "array", "items": {"type": "string"}}
        if struct.custom:
            return {} if struct.name.endswith(("JSON", "OrBool", "OrArray")) else {"type": "object"}
        return {"type": "object", "properties": self._properties(number)}

    def _properties(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field in self._table.struct(number).fields:
            if field.known and field.inline:
                found |= self._properties(field.message)
            elif field.known:
                found[field.name] = self._field(field)
        return found

    def _field(self, field: SchemaField) -> dict[str, Any]:
        one = dict(_SCALARS[field.scalar]) if field.message < 0 else self._ref(field.message)
        if field.map_key:
            inner = {"type": "array", "items": one} if field.repeated else one
            return {"type": "object", "additionalProperties": inner}
        return {"type": "array", "items": one} if field.repeated else one
