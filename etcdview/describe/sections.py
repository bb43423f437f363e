"""Sections of a summary: labelled values, or a small table; and the texts that values become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from etcdview.relations.model import Ref
from etcdview.relations.severity import Severity
from etcdview.tables import age

SHORT = 120  # characters of a text that stands unfolded


@dataclass(frozen=True, slots=True)
class Field:
    """One labelled value; `ref` is the object that it names. `severity` marks a state; `items` are a list's members."""

    label: str
    value: str
    ref: Ref | None = None
    severity: Severity | None = None
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is kept under a name, to be shown as it is, and how many bytes it has."""

    label: str
    value: str

    @property
    def size_bytes(self) -> int:
        """As UTF-8."""
        return len(self.value.encode("utf-8", "surrogatepass"))

    @property
    def is_short(self) -> bool:
        """Whether it fits a line or two."""
        return len(self.value) <= SHORT and "\n" not in self.value.rstrip("\n")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a summary. It has fields, or rows of a table under its columns (each row has a cell a column), or
    texts; `note` is what to say where it has none of them.

    `severities` are of the rows, where their second cells are states.
    """

    title: str
    fields: tuple[Field, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    texts: tuple[Text, ...] = ()
    note: str = ""
    severities: tuple[Severity, ...] = ()


def fields(title: str, *entries: Field | None) -> Section:
    """A section of the fields that have a value."""
    return Section(title, tuple(entry for entry in entries if entry is not None and entry.value))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Section:
    """A section that is a table."""
    return Section(title, columns=tuple(columns), rows=tuple(tuple(map(show, row)) for row in rows))


def without_empty_columns(section: Section) -> Section:
    """The table without the columns in which nothing stands."""
    kept = [i for i, _ in enumerate(section.columns) if any(row[i] for row in section.rows)]
    rows = tuple(tuple(row[i] for i in kept) for row in section.rows)
    return replace(section, columns=tuple(section.columns[i] for i in kept), rows=rows)


def show(value: Any) -> str:
    """A value in one line: nothing for null, members joined by commas, inner maps in braces."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={_inner(member)}" for key, member in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_inner, value))
    return str(value)


def _inner(value: Any) -> str:
    if isinstance(value, Mapping) and value:
        return "{" + show(value) + "}"
    return "[" + show(value) + "]" if isinstance(value, list | tuple) and len(value) > 1 else show(value)


def field(label: str, value: Any, ref: Ref | None = None) -> Field:
    """A field of any value."""
    return Field(label, show(value), ref)


def listed(label: str, values: Sequence[str]) -> Field:
    """A field of a list whose members are long enough for a line each."""
    return Field(label, show(list(values)), items=tuple(values))


def ago(label: str, moment: Any, now: datetime) -> Field:
    """A field with a moment and how long ago it was; empty where there is none."""
    return Field(label, f"{moment} ({age(moment, now)} ago)" if moment else "")


def named(label: str, group: str, kind: str, namespace: str, name: str) -> Field:
    """A field that is the name of another object."""
    return Field(label, name, Ref(group, kind, namespace, name) if name else None)
