"""Server-side tables: the columns and cells of etcdview.tables as metav1.Table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from etcdview.codec import Detail
from etcdview.kube.fields import text
from etcdview.kube.release import Release
from etcdview.kubeapi.served_types import ServedType
from etcdview.kubeapi.statuses import bad_request
from etcdview.tables import Table, table_for

INCLUDES = ("None", "Metadata", "Object")
# Pods that have ended are marked, so that clients can leave them out (printers/internalversion).
_ENDED = {
    "Succeeded": ("Succeeded", "The pod has completed successfully."),
    "Failed": ("Failed", "The pod failed."),
}


class RowMaker:
    """The rows of one type's table as of `release`; `include` is how much of each object goes with its row."""

    def __init__(self, served: ServedType, release: Release | None, include: str, version: str) -> None:
        if include not in INCLUDES:
            raise bad_request(f'unrecognized includeObject value: "{include[:100]}"')
        self.table: Table = table_for(served.resource, served.definition or None, release)
        self._is_pod = (served.group, served.kind) == ("", "Pod")
        self.include = include
        self.api_version = f"meta.k8s.io/{version}"

    @property
    def detail(self) -> Detail:
        """How much of each object is needed."""
        return {"None": Detail.CELLS, "Metadata": Detail.ROWS}.get(self.include, Detail.WHOLE)

    def columns(self) -> list[dict[str, Any]]:
        """columnDefinitions."""
        return [
            {
                "name": column.name,
                "type": column.type,
                "format": column.format,
                "description": column.description,
                "priority": column.priority,
            }
            for column in self.table.columns
        ]

    def row(self, obj: dict[str, Any], whole: Callable[[], dict[str, Any]], now: datetime) -> dict[str, Any]:
        """The row of an object as it is stored, with ages as of `now`; `whole` makes the one that is served."""
        row: dict[str, Any] = {"cells": list(self.table.cells(obj, now))}
        ended = _ENDED.get(text(obj, "status", "phase")) if self._is_pod else None
        if ended is not None:
            row["conditions"] = [{"type": "Completed", "status": "True", "reason": ended[0], "message": ended[1]}]
        if self.include == "Object":
            row["object"] = whole()
        elif self.include == "Metadata":
            row["object"] = partial_metadata(obj, self.api_version)
        return row

    @property
    def head(self) -> dict[str, Any]:
        """Kind and version of the table."""
        return {"kind": "Table", "apiVersion": self.api_version}


def partial_metadata(obj: dict[str, Any], api_version: str) -> dict[str, Any]:
    """PartialObjectMetadata of an object."""
    return {"kind": "PartialObjectMetadata", "apiVersion": api_version, "metadata": obj["metadata"]}
