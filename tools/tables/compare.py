"""Holds the tables here to the rows that Go printed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from etcdview.kube.fields import NONE
from etcdview.kube.release import Release
from etcdview.kube.resources import BUILTIN, ResourceType
from etcdview.tables import Table, table_for

_BY_KIND: dict[tuple[str, str], ResourceType] = {}
for _resource in BUILTIN:
    _BY_KIND.setdefault((_resource.group, _resource.kind), _resource)


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell, or the columns, that are not as Go printed them."""

    kind: str
    column: str
    expected: Any
    got: Any
    object: Mapping[str, Any]


def table_of(obj: Mapping[str, Any], release: str) -> Table | None:
    """The table of an object's kind in the release; None for a kind that is never stored."""
    group = obj["apiVersion"].rpartition("/")[0]
    resource = _BY_KIND.get(("" if group == "events.k8s.io" else group, obj["kind"]))
    return table_for(resource, None, Release.parse(release)) if resource is not None else None


def differences(row: Mapping[str, Any], release: str) -> Iterator[Difference]:
    """What differs in one row that Go printed; nothing where the kind has no printer or is never stored."""
    obj = row["object"]
    table = table_of(obj, release)
    if table is None or "cells" not in row:
        return
    kind = f"{obj['apiVersion']} {obj['kind']}"
    names = [(c.name, c.type, c.format, c.priority) for c in table.columns]
    wanted = [(c["name"], c["type"], c["format"], c["priority"]) for c in row["columns"]]
    if names != wanted:
        yield Difference(kind, "columns", wanted, names, obj)
        return
    cells = table.cells(obj, datetime.fromisoformat(row["now"][:26].rstrip("Z") + "+00:00"))
    for position, expected in enumerate(row["cells"]):
        got = cells[position] if position < len(cells) else None
        if json.dumps(got) != json.dumps(expected):
            column = wanted[position][0] if position < len(wanted) else f"beyond {position}"
            yield Difference(kind, column, expected, got, obj)


def reason(difference: Difference) -> str:
    """Why a difference is right all the same; "" where it is a fault."""
    kind = difference.kind.rpartition(" ")[2]
    if kind == "CSIStorageCapacity":
        return "of a kind that API servers print without its printer"
    if (kind, difference.column) == ("Service", "Cluster-IP") and difference.expected == NONE:
        return "of services without clusterIPs, which API servers fill in when they read"
    if kind == "StorageClass" and difference.got == f"{difference.expected} (default)":
        return "of a storage class by itself, which 1.37 marks only in a list"
    if kind == "Secret" and "stringData" in difference.object:
        return "of stringData, which is never stored"
    return ""
