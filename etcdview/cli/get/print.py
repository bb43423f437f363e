"""How `etcdview get` prints rows: kubectl's columns for people, and JSON of the table for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from etcdview.kube.resources import ResourceType
from etcdview.tables import Cell, Column, cell_text

_PADDING = 3
_NARROWEST = 6
_UNREADABLE = "<unreadable>"


@dataclass(frozen=True, slots=True)
class Line:
    """One object as it is printed; `cells` is None where the object could not be decoded."""

    namespace: str
    name: str
    cells: tuple[Cell, ...] | None
    labels: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Layout:
    """What surrounds the cells: wide columns, namespaces, kinds before names, labels."""

    wide: bool = False
    namespaces: bool = False
    kind: str = ""
    show_labels: bool = False
    label_columns: tuple[str, ...] = ()
    headers: bool = True


class Printer:
    """Lines of one table. It remembers how wide its columns were, so that a watch goes on in them."""

    def __init__(self, columns: Sequence[Column], layout: Layout) -> None:
        self._layout = layout
        self._kept = [i for i, c in enumerate(columns) if layout.wide or c.priority == 0]
        self._columns = columns
        self._name = next((i for i, c in enumerate(columns) if c.format == "name"), -1)
        self._widths: list[int] = []
        self._headed = not layout.headers

    def lines(self, lines: Iterable[Line]) -> list[str]:
        """The lines as texts, with the header first where it has not been given yet."""
        texts = [self._texts(line) for line in lines]
        if not self._headed:
            texts.insert(0, self._header())
            self._headed = True
        for row in texts:
            self._widths = _widened(self._widths, row)
        return [_pad(row, self._widths) for row in texts]

    def _header(self) -> list[str]:
        names = ["NAMESPACE"] * self._layout.namespaces + [self._columns[i].name.upper() for i in self._kept]
        names += [key.rpartition("/")[2].upper() for key in self._layout.label_columns]
        return names + ["LABELS"] * self._layout.show_labels

    def _texts(self, line: Line) -> list[str]:
        texts = [line.namespace] * self._layout.namespaces + [self._cell(line, i) for i in self._kept]
        texts += [str(line.labels.get(key, "")) for key in self._layout.label_columns]
        return texts + [_labels(line.labels)] * self._layout.show_labels

    def _cell(self, line: Line, index: int) -> str:
        is_name = index == self._name
        unreadable = line.name if is_name else _UNREADABLE
        shown = unreadable if line.cells is None else cell_text(line.cells[index])
        return f"{self._layout.kind}/{shown}" if is_name and self._layout.kind else shown


def padded(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of texts as lines, in columns as wide as kubectl makes them."""
    widths: list[int] = []
    for row in rows:
        widths = _widened(widths, row)
    return [_pad(row, widths) for row in rows]


def _widened(widths: Sequence[int], row: Sequence[str]) -> list[int]:
    own = [max(_NARROWEST, len(cell) + _PADDING) for cell in row]
    return [max(a, b) for a, b in zip(widths or own, own, strict=True)]


def _pad(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell + " " * (width - len(cell)) for cell, width in zip(row, widths, strict=True)]
    return "".join(cells[:-1]) + row[-1]


def table_json(columns: Sequence[Column], lines: Iterable[Line]) -> str:
    """The table with all its cells, wide ones too, as JSON; a cell is null where the object could not be decoded."""
    rows = [
        {
            "namespace": line.namespace or None,
            "name": line.name,
            "cells": [None] * len(columns) if line.cells is None else list(line.cells),
        }
        for line in lines
    ]
    heads = [{"name": c.name, "type": c.type, "priority": c.priority} for c in columns]
    return json.dumps({"columns": heads, "rows": rows}, ensure_ascii=False, indent=2)


def qualified_kind(resource: ResourceType) -> str:
    """What kubectl puts before names: pod, deployment.apps, backup.example.org."""
    return f"{resource.singular}.{resource.group}" if resource.group else resource.singular


def _labels(labels: dict[str, Any]) -> str:
    return ",".join(sorted(f"{key}={value}" for key, value in labels.items())) or "<none>"
