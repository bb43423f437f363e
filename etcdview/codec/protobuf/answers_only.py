"""Kinds that the API server answers with and never stores: Status, and the list of each kind. People paste them.

Sources: k8s.io/apimachinery/pkg/apis/meta/v1/types.go (ListMeta, Status, StatusDetails, StatusCause); a list's type has
ListMeta as field 1 and its items as field 2 in every group.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_META = "apis/meta/v1."
_OMIT, _POINTER = "o", "op"
Added = Callable[[str, list[list[Any]]], int]  # takes a struct's name and fields, gives its number
_LIST_META = [
    [1, "selfLink", "s", _OMIT],
    [2, "resourceVersion", "s", _OMIT],
    [3, "continue", "s", _OMIT],
    [4, "remainingItemCount", "l", _POINTER],
]
_CAUSE = [[1, "reason", "s", _OMIT], [2, "message", "s", _OMIT], [3, "field", "s", _OMIT]]


def add(table: dict[str, Any]) -> None:
    """Put their structs at the table's end, and their numbers by apiVersion and kind into table["answers"]."""
    structs: list[Any] = table["structs"]

    def added(name: str, fields: list[list[Any]]) -> int:
        structs.append([name, "", fields])
        return len(structs) - 1

    meta = added(_META + "ListMeta", _LIST_META)
    status = added(_META + "Status", _status(meta, added))
    answers = {version: _lists(structs, meta, kinds, added) for version, kinds in table["kinds"].items()}
    answers["v1"]["Status"] = status
    answers["v1"]["List"] = added("core/v1.List", _list_of(meta, _number(structs, "runtime.RawExtension")))
    table["answers"] = answers


def _status(meta: int, added: Added) -> list[list[Any]]:
    cause = added(_META + "StatusCause", _CAUSE)
    details = added(
        _META + "StatusDetails",
        [
            [1, "name", "s", _OMIT],
            [2, "group", "s", _OMIT],
            [3, "kind", "s", _OMIT],
            [6, "uid", "s", _OMIT],
            [4, "causes", f"[]M{cause}", _OMIT],
            [5, "retryAfterSeconds", "i", _OMIT],
        ],
    )
    return [
        [1, "metadata", f"M{meta}", _OMIT],
        [2, "status", "s", _OMIT],
        [3, "message", "s", _OMIT],
        [4, "reason", "s", _OMIT],
        [5, "details", f"M{details}", _POINTER],
        [6, "code", "i", _OMIT],
    ]


def _lists(structs: list[Any], meta: int, kinds: dict[str, list[int]], added: Added) -> dict[str, int]:
    return {
        f"{kind}List": added(f"{structs[row[0]][0]}List", _list_of(meta, row[0]))
        for kind, row in kinds.items()
        if f"{kind}List" not in kinds
    }


def _list_of(meta: int, item: int) -> list[list[Any]]:
    return [[1, "metadata", f"M{meta}", _OMIT], [2, "items", f"[]M{item}", ""]]


def _number(structs: list[Any], name: str) -> int:
    return next(number for number, row in enumerate(structs) if row[0] == name)
