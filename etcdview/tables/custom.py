"""Tables of custom resources: the additionalPrinterColumns of their CRD, of apiextensions.k8s.io/v1 or v1beta1.

Cells follow cellForJSONValue in Kubernetes' apiextensions-apiserver: a value of another type than the column's is null.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeGuard

from etcdview.errors import QueryError
from etcdview.kube.crds import preferred_version, versions
from etcdview.kube.fields import items, text
from etcdview.kube.jsonpath import Path, as_text, compile_path
from etcdview.tables.base import NAME, Cell, Cells, Column, Object, Table, name_of
from etcdview.tables.durations import INVALID, UNKNOWN, age

_AGE = Column("Age", "date", description="Time since the object was created.")
_CREATION = ".metadata.creationTimestamp"
# What Go's time.RFC3339 takes; datetime.fromisoformat takes much more.
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)")


def custom_table(crd: Mapping[str, Any], version: str = "", longest: int | None = None) -> Table:
    """The table of a CRD's version: Name first, then its printer columns, or Age where it names none.

    `longest`: of a longer cell only the beginning is wanted, and more than so many characters of it.
    """
    definitions = [d for d in printer_columns(crd, version) if isinstance(d, Mapping)]
    columns = tuple(_column(d) for d in definitions) or (_AGE,)
    paths = tuple(_path(_json_path(d)) for d in definitions) or (_path(_CREATION),)
    kinds = _CELLS | {"string": partial(_string, longest)}
    cells = tuple(zip((kinds.get(c.type, _other) for c in columns), paths, strict=True))

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
        text(definition, "description")
        or f"Custom resource definition column (in JSONPath format): {_json_path(definition)}",
    )


def _json_path(definition: Mapping[str, Any]) -> str:
    return text(definition, "jsonPath") or text(definition, "JSONPath")


def _path(expression: str) -> Path | None:
    """None for an expression that cannot be used: its cells are null, as the API server's are."""
    try:
        return compile_path(expression)
    except QueryError:
        return None


def _string(longest: int | None, path: Path, obj: Object, now: datetime) -> Cell:
    found = path.find(obj)
    if not found:
        return None
    return "<no value>" if found[0] is None else as_text(found[0], longest)


def _integer(path: Path, obj: Object, now: datetime) -> Cell:
    value = path.first(obj)
    return int(value) if _is_finite(value) else None


def _number(path: Path, obj: Object, now: datetime) -> Cell:
    value = path.first(obj)
    return whole_if_exact(float(value)) if _is_finite(value) else None


def _boolean(path: Path, obj: Object, now: datetime) -> Cell:
    value = path.first(obj)
    return value if isinstance(value, bool) else None


def _date(path: Path, obj: Object, now: datetime) -> Cell:
    value = path.first(obj)
    if not isinstance(value, str):
        return None
    if value == "null":
        return UNKNOWN
    return age(value, now) if not value or _RFC3339.fullmatch(value) else INVALID


def _other(path: Path, obj: Object, now: datetime) -> Cell:
    return None


_CELLS: dict[str, Callable[[Path, Object, datetime], Cell]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
}


def _is_finite(value: object) -> TypeGuard[int | float]:
    """A number that JSON can carry; CBOR can store others, and huge integers are not floats."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def whole_if_exact(value: float) -> int | float:
    """A float as JSON from Go reads: whole numbers below 1e21 without a fraction."""
    return int(value) if value.is_integer() and abs(value) < 1e21 else value
