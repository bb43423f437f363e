"""How `etcdview get` prints rows: kubectl's columns for people, and JSON of the table for programs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from etcdview.kube.resources import ResourceType
from etcdview.kube.visible import unmistakable, visible
from etcdview.pages.registry.listing import TableRow
from etcdview.pages.tools.padding import Padding
from etcdview.tables import Column, cell_text
from etcdview.tables.texts import labels_text

_UNREADABLE = "<unreadable>"
_NONE = "<none>"  # the namespace of a key that does not say which


@dataclass(frozen=True, slots=True)
class Layout:
    """What surrounds the cells: namespaces, kinds before names, labels."""

    namespaces: bool = False
    kind: str = ""
    show_labels: bool = False
    label_columns: tuple[str, ...] = ()
    headers: bool = True


class Printer:
    """Lines of one table. It remembers how wide its columns were, so that a watch goes on in them."""

    def __init__(self, columns: Sequence[Column], layout: Layout) -> None:
        self._layout = layout
        self._columns = columns
        self._name = next((i for i, c in enumerate(columns) if c.format == "name"), -1)
        self._padding = Padding()
        self._headed = not layout.headers

    def lines(self, rows: Iterable[TableRow]) -> list[str]:
        """The rows as lines, with the header first where it has not been given yet."""
        texts = [self._texts(row) for row in rows]
        if not self._headed:
            texts.insert(0, self._header())
            self._headed = True
        return self._padding.lines(texts)

    def _header(self) -> list[str]:
        names = ["NAMESPACE"] * self._layout.namespaces + [visible(c.name.upper()) for c in self._columns]
        names += [visible(key.rpartition("/")[2].upper()) for key in self._layout.label_columns]
        return names + ["LABELS"] * self._layout.show_labels

    def _texts(self, row: TableRow) -> list[str]:
        cells = list(row.texts) or self._unreadable(row)
        if self._layout.kind and self._name >= 0:
            cells[self._name] = f"{self._layout.kind}/{cells[self._name]}"
        texts = [unmistakable(row.namespace) or _NONE, *cells] if self._layout.namespaces else cells
        if self._layout.label_columns:
            texts += [cell_text(row.labels.get(key, "")) for key in self._layout.label_columns]
        return [*texts, _labels(row.labels)] if self._layout.show_labels else texts

    def _unreadable(self, row: TableRow) -> list[str]:
        return [row.shown_name if i == self._name else _UNREADABLE for i in range(len(self._columns))]


def table_json(columns: Sequence[Column], rows: Iterable[TableRow]) -> Iterator[str]:
    """The table as JSON in parts, cells as the API server sends them; null where the object could not be decoded."""
    heads = [{"name": c.name, "type": c.type, "priority": c.priority} for c in columns]
    empty = json.dumps({"columns": heads, "rows": []}, ensure_ascii=False, indent=2)
    yield empty.removesuffix("]\n}")
    before, end = "\n", "]\n}\n"
    for row in rows:
        cells = [*row.cells, *row.beyond] or [None] * len(columns)
        shown = {"namespace": row.namespace or None, "name": row.name, "cells": cells}
        yield before + textwrap.indent(json.dumps(shown, ensure_ascii=False, indent=2), "    ", lambda line: True)
        before, end = ",\n", "\n  ]\n}\n"
    yield end


def qualified_kind(resource: ResourceType) -> str:
    """What kubectl puts before names: pod, deployment.apps, backup.example.org."""
    return f"{resource.singular}.{resource.group}" if resource.group else resource.singular


def _labels(labels: dict[str, Any]) -> str:
    return cell_text(labels_text(labels))
