"""Tables of custom resources: the additionalPrinterColumns of their CRD, of apiextensions.k8s.io/v1 or v1beta1.

Cells follow cellForJSONValue in Kubernetes' apiextensions-apiserver: a value of another type than the column's is null.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeGuard

from etcdview.errors import QueryError
from etcdview.kube.crds import preferred_version, versions
from etcdview.kube.fields import items, text
from etcdview.kube.jsonpath import Path, compile_path
from etcdview.tables.base import NAME, Cell, Cells, Column, Object, Table, name_of
from etcdview.tables.durations import age

_AGE = Column("Age", "date", description="Time since the object was created.")
_CREATION = ".metadata.creationTimestamp"


def custom_table(crd: Mapping[str, Any], version: str = "") -> Table:
    """The table of a CRD's version: Name first, then its printer columns, or Age where it names none."""
    definitions = [d for d in printer_columns(crd, version) if isinstance(d, Mapping)]
    columns = tuple(_column(d) for d in definitions) or (_AGE,)
    paths = tuple(_path(_json_path(d)) for d in definitions) or (_path(_CREATION),)
    cells = tuple(zip((_CELLS.get(c.type, _other) for c in columns), paths, strict=True))

    def row(obj: Object, now: datetime) -> Cells:
        return name_of(obj), *(cell(path, obj, now) if path else None for cell, path in cells)

    return Table((NAME, *columns), row)


def printer_columns(crd: Mapping[str, Any], version: str = "") -> list[Any]:
    """additionalPrinterColumns of the version; those of the whole CRD (v1beta1) where it has none of its own."""
    wanted = version or preferred_version(crd)
    own = next((items(v, "additionalPrinterColumns") for v in versions(crd) if text(v, "name") == wanted), [])
    return own or items(crd, "spec", "additionalPrinterColumns")


def _column(definition: Mapping[str, Any]) -> Column:
    priority = definition.get("priority")
    return Column(
        text(definition, "name"),
        text(definition, "type"),
        text(definition, "format"),
        priority if isinstance(priority, int) else 0,
        text(definition, "description"),
    )


def _json_path(definition: Mapping[str, Any]) -> str:
    return text(definition, "jsonPath") or text(definition, "JSONPath")


def _path(expression: str) -> Path | None:
    """None for an expression that cannot be used: its cells are null, as the API server's are."""
    try:
        return compile_path(expression)
    except QueryError:
        return None


def _string(path: Path, obj: Object, now: datetime) -> Cell:
    found = path.find(obj)
    return go_text(found[0]) if found else None


def _integer(path: Path, obj: Object, now: datetime) -> Cell:
    value = path.first(obj)
    return int(value) if _is_finite(value) else None


def _number(path: Path, obj: Object, now: datetime) -> Cell:
    value = path.first(obj)
    return json_number(float(value)) if _is_finite(value) else None


def _boolean(path: Path, obj: Object, now: datetime) -> Cell:
    value = path.first(obj)
    return value if isinstance(value, bool) else None


def _date(path: Path, obj: Object, now: datetime) -> Cell:
    value = path.first(obj)
    return age(value, now) if isinstance(value, str) else None


def _other(path: Path, obj: Object, now: datetime) -> Cell:
    return None


_CELLS: dict[str, Callable[[Path, Object, datetime], Cell]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
}


def _is_finite(value: object) -> TypeGuard[int | float]:
    """A number that JSON can carry; CBOR can store others, and huge integers are no floats."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def json_number(value: float) -> int | float:
    """A float as JSON from Go reads: whole numbers below 1e21 without a fraction."""
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def go_text(value: Any) -> str:
    """A value as Kubernetes' JSONPath printer writes it: lists and maps as JSON, the rest as Go's fmt does."""
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(json_number(value)) if value.is_integer() else repr(value)
    if isinstance(value, list | Mapping):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=isinstance(value, Mapping))
    return str(value)
