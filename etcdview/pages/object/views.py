"""The five ways to show a value: a summary, a text, the wire tree, the bytes, or why it cannot be decoded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from etcdview.cluster.window import Entry, Window
from etcdview.codec import WireNode, to_json, to_yaml, wire_tree
from etcdview.describe import Section, Text, summary
from etcdview.errors import DecodeError
from etcdview.kube.fields import managers, mapping, text, without_managed_fields
from etcdview.pages.object.entry import ObjectAnswer, why_undecodable
from etcdview.pages.object.plain import PlainText, is_foreign, plain_text
from etcdview.pages.object.query import ObjectQuery, with_changes
from etcdview.pages.object.related import Around, around
from etcdview.pages.object.why import Why, why
from etcdview.pages.parts.addresses import href
from etcdview.pages.parts.links import Link, ref_href
from etcdview.relations import Ref
from etcdview.relations.severity import Severity

ATTENTION = "Needs attention"
HEX_LIMIT_BYTES = 64 * 1024
LONG_LIST = 2  # of more members, a list of what seldom matters is folded
_SELDOM_READ = frozenset({"Mounts", "Volumes"})


@dataclass(frozen=True, slots=True)
class FieldView:
    """A labelled value of the summary, and where it leads. `chips` are its parts, where each leads to a list.

    `items` are the members of a list that is folded; none where it is short.
    """

    label: str
    value: str
    href: str
    severity: Severity | None
    chips: tuple[Link, ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SectionView:
    """A part of the summary: labelled values, a table, or texts; or a note that there is nothing."""

    title: str
    fields: tuple[FieldView, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: tuple[Text, ...]
    note: str
    severities: tuple[Severity, ...]

    @property
    def is_folded(self) -> bool:
        """Whether it is a long table that is seldom read."""
        return self.title in _SELDOM_READ and len(self.rows) > LONG_LIST


@dataclass(frozen=True, slots=True)
class SummaryView:
    """What `kubectl describe` would say, and what is related to the object. `why`: of one that is unhealthy."""

    name: ClassVar[str] = "summary"
    sections: tuple[SectionView, ...]
    around: Around
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class TextView:
    """The object as YAML or JSON (`language`). `folded`: how many managers' fields are left out.

    `unconverted` is the version that the API server would answer with, where the object is shown in another.
    """

    name: ClassVar[str] = "text"
    language: str
    text: str
    folded: int
    unconverted: str
    managed_href: str
    served_href: str


@dataclass(frozen=True, slots=True)
class WireView:
    """The protobuf fields with their offsets; none for a value that is not protobuf, or whose bytes are hidden."""

    name: ClassVar[str] = "wire"
    nodes: tuple[WireNode, ...]


@dataclass(frozen=True, slots=True)
class HexLine:
    """Sixteen bytes: where they begin, as hexadecimal, and as ASCII with dots for the rest."""

    offset: int
    hexadecimal: str
    text: str


@dataclass(frozen=True, slots=True)
class RawView:
    """The stored bytes; none of them where they are hidden. `cut_bytes` are beyond what a page shows."""

    name: ClassVar[str] = "raw"
    lines: tuple[HexLine, ...]
    cut_bytes: int


@dataclass(frozen=True, slots=True)
class UndecodableView:
    """Why there is no object, the part of it that could be decoded (YAML, "" for none), and what is stored.

    A value of another program is not an error: it has no error. `text` is None where the value is not text.
    """

    name: ClassVar[str] = "undecodable"
    error: DecodeError | None
    raw: RawView
    text: PlainText | None = None
    partial: str = ""


ObjectView = SummaryView | TextView | WireView | RawView | UndecodableView


def view_of(window: Window, query: ObjectQuery, answer: ObjectAnswer, now: datetime) -> ObjectView:
    """The view that is wanted, as far as the value can be decoded."""
    entry = answer.entry
    if query.view == "raw":
        return raw_view(entry)
    if query.view == "wire":
        return WireView(() if entry.hidden else tuple(wire_tree(entry.decoded)))
    if entry.object is None or (query.view == "summary" and is_foreign(entry)):
        return _undecodable(entry)
    if query.view == "summary":
        return summary_view(window, entry.object, answer.revision, now)
    return _text_view(window, query, entry.object)


def _undecodable(entry: Entry) -> UndecodableView:
    partial = entry.decoded.partial
    return UndecodableView(
        error=None if is_foreign(entry) and entry.size_bytes else why_undecodable(entry),
        raw=raw_view(entry),
        text=_text_of(entry),
        partial=to_yaml(partial) if partial and not entry.hidden else "",
    )


def _text_of(entry: Entry) -> PlainText | None:
    text = None if entry.hidden else plain_text(entry.decoded.plain or entry.value)
    if text is None and entry.object is not None:  # CBOR; or masked, as it speaks of a Secret
        return PlainText(to_json(entry.object), "json")
    return text


def summary_view(window: Window, obj: dict[str, Any], revision: int, now: datetime) -> SummaryView:
    """The summary of an object; what is related to it is read at `revision`."""
    sections = tuple(_section(window, section, obj) for section in summary(obj, now))
    related = around(window, obj, revision, now)
    # the bindings that the API server itself makes name accounts that many clusters never have
    binds = str(obj.get("kind", "")).endswith("Binding")
    if binds:
        return SummaryView(sections, related)
    return SummaryView(_with_causes(sections, related), related, why(obj, related, now))


def _with_causes(sections: tuple[SectionView, ...], related: Around) -> tuple[SectionView, ...]:
    """The sections; what needs attention has missing objects that are named, too, and an unhealthy pod's bad node."""
    first = next((section for section in sections if section.title == ATTENTION), None)
    causes = tuple(
        FieldView(found.ref.kind, f"{_named(found.ref)}: {found.state}", found.href, found.severity)
        for found in related.relations
        if found.severity == "error" and (found.missing or (first is not None and found.ref.kind == "Node"))
    )
    if not causes:
        return sections
    if first is None:
        return (SectionView(ATTENTION, causes, (), (), (), "", ()), *sections)
    return tuple(replace(s, fields=(*s.fields, *causes)) if s is first else s for s in sections)


def _named(ref: Ref) -> str:
    return f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name


def raw_view(entry: Entry) -> RawView:
    """The first HEX_LIMIT_BYTES of the stored bytes."""
    shown = entry.value[:HEX_LIMIT_BYTES]
    lines = tuple(_hex_line(shown, offset) for offset in range(0, len(shown), 16))
    return RawView(lines, len(entry.value) - len(shown))


def _text_view(window: Window, query: ObjectQuery, obj: dict[str, Any]) -> TextView:
    served = window.as_served(obj) if query.as_served else obj
    shown = served if query.managed else without_managed_fields(served)
    return TextView(
        language=query.view,
        text=to_yaml(shown) if query.view == "yaml" else to_json(shown),
        folded=0 if query.managed else len(managers(served)),
        unconverted=window.unconverted(served) if query.as_served else "",
        managed_href=with_changes(query, managed="" if query.managed else "1"),
        served_href=with_changes(query, served="" if query.as_served else "1"),
    )


def _section(window: Window, section: Section, obj: dict[str, Any]) -> SectionView:
    fields = tuple(
        FieldView(
            f.label,
            f.value,
            ref_href(window, f.ref) if f.ref else "",
            f.severity,
            _same_label(window, obj) if (section.title, f.label) == ("Object", "Labels") else (),
            f.items if len(f.items) > LONG_LIST else (),
        )
        for f in section.fields
    )
    return SectionView(
        section.title, fields, section.columns, section.rows, section.texts, section.note, section.severities
    )


def _same_label(window: Window, obj: dict[str, Any]) -> tuple[Link, ...]:
    """Each label leads to the objects of the same type and namespace that have it."""
    resource = window.definitions.by_kind(text(obj, "apiVersion"), text(obj, "kind"))
    if resource is None:
        return ()
    namespace = text(obj, "metadata", "namespace")
    found = mapping(obj, "metadata", "labels")
    return tuple(
        Link(label, href("/registry", resource=resource.id, namespace=namespace, labels=label))
        for label in (f"{name}={value}" for name, value in found.items())
    )


def _hex_line(value: bytes, offset: int) -> HexLine:
    part = value[offset : offset + 16]
    text = "".join(chr(b) if 32 <= b < 127 else "·" for b in part)
    return HexLine(offset, f"{part[:8].hex(' ')}  {part[8:].hex(' ')}".rstrip(), text)
