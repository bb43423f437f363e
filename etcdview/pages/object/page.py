"""The object page: one key's value decoded, how it is stored, and etcd's own facts about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from etcdview.cluster.consistent_store import how_read
from etcdview.cluster.window import Entry, Window
from etcdview.codec import StorageFormat, UnknownField, WireNode, to_json, to_yaml, wire_tree
from etcdview.describe import Section, Text, summary
from etcdview.errors import DecodeError, DeletedError, DeniedError, NotFoundError, QueryError
from etcdview.index.base import Freshness
from etcdview.kube.keys import ObjectKey, show
from etcdview.models import KeyMeta
from etcdview.pages.object import past
from etcdview.pages.object.related import Around, around
from etcdview.pages.parts import commands
from etcdview.pages.parts.addresses import Crumb, href, key_href, object_href
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.links import ref_href
from etcdview.pages.parts.writable import may_write

View = Literal["summary", "yaml", "json", "wire", "raw"]
VIEWS: tuple[View, ...] = get_args(View)
HEX_LIMIT_BYTES = 64 * 1024
FOLDED_FIELDS = "managedFields"


@dataclass(frozen=True, slots=True)
class ObjectQuery:
    """What the address asks for; `revision` 0 is the newest. `managed`: show managed fields unfolded."""

    key: bytes
    view: View = "summary"
    revision: int = 0
    managed: bool = False
    as_served: bool = False
    since: int = 0


@dataclass(frozen=True, slots=True)
class Tab:
    """One way to look at the value."""

    name: str
    text: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class HexLine:
    """Sixteen bytes: where they begin, as hexadecimal, and as ASCII with dots for the rest."""

    offset: int
    hexadecimal: str
    text: str


@dataclass(frozen=True, slots=True)
class FieldView:
    """A labelled value of the summary, and where it leads."""

    label: str
    value: str
    href: str
    well: bool | None


@dataclass(frozen=True, slots=True)
class SectionView:
    """A part of the summary: labelled values, a table, or texts; or a note that there is nothing."""

    title: str
    fields: tuple[FieldView, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: tuple[Text, ...]
    note: str


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """One key at one revision, read as `how` says.

    `text` is the YAML or JSON of the view; "" in other views and where `error` is set.
    `edit_href` and, for an old value, `restore_href` are "" unless this viewer may change the key.
    """

    crumbs: tuple[Crumb, ...]
    freshness: Freshness
    query: ObjectQuery
    key: str
    title: str
    subtitle: str
    object_key: ObjectKey | None
    meta: KeyMeta
    size_bytes: int
    storage: StorageFormat
    hidden: bool
    revision: int
    how: str
    tabs: tuple[Tab, ...]
    commands: tuple[Command, ...]
    newest_href: str
    download_href: str
    json_download_href: str
    raw_download_href: str
    reveal_href: str
    history_href: str
    release: str
    release_why: str
    text: str = ""
    error: DecodeError | None = None
    unknown_fields: tuple[UnknownField, ...] = ()
    hex_lines: tuple[HexLine, ...] = ()
    hex_cut_bytes: int = 0
    wire: tuple[WireNode, ...] = ()
    folded_managers: int = 0
    managed_href: str = ""
    served_href: str = ""
    poll_href: str = ""
    sections: tuple[SectionView, ...] = ()
    around: Around | None = None
    edit_href: str = ""
    restore_href: str = ""


@dataclass(frozen=True, slots=True)
class ObjectAnswer:
    """What the API answers for one key; `serializable` as in Entries."""

    entry: Entry
    revision: int
    serializable: bool = False


@dataclass(frozen=True, slots=True)
class Download:
    """A file for the viewer: its name, media type and bytes."""

    name: str
    media_type: str
    content: bytes


def read_entry(window: Window, key: bytes, revision: int = 0) -> ObjectAnswer:
    """The entry under `key`. Raises DeletedError (with the revision, where it can be found), NotFoundError,
    CompactedError, QueryError for a revision that is not there yet."""
    if revision < 0:
        raise QueryError(f"There is no revision {revision}.", "Revisions count from 1; leave it out for the newest.")
    found = window.get(key, revision)
    entry, at = found.entry, found.revision
    if entry is not None:
        return ObjectAnswer(entry, at, found.serializable)
    deleted_at = past.deletion_before(window, key, at)
    if deleted_at:
        raise DeletedError(
            f"{show(key)} was deleted at revision {deleted_at}{past.when(window, deleted_at)}.",
            f"Its last value is still there at revision {deleted_at - 1}, until etcd compacts it.",
            revision=deleted_at,
        )
    raise NotFoundError(
        f"There is no key {show(key)!r} at revision {at}.",
        "Search for a part of its name; a key is the whole path, such as /registry/pods/NAMESPACE/NAME.",
    )


def object_page(window: Window, query: ObjectQuery, now: datetime) -> ObjectPage:
    """The page for `query`; raises what read_entry raises, and QueryError for a view there is not."""
    if query.view not in VIEWS:
        raise QueryError(f"There is no view {query.view!r}.", f"Choose one of {', '.join(VIEWS)}.")
    answer = read_entry(window, query.key, query.revision)
    entry = answer.entry
    release, why = window.cluster.releases.words()
    return ObjectPage(
        crumbs=crumbs_of(entry, f"revision {query.revision}" if query.revision else ""),
        freshness=window.index.freshness(),
        query=query,
        key=show(query.key),
        title=entry.object_key.name if entry.object_key else show(query.key),
        subtitle=_subtitle(entry),
        object_key=entry.object_key,
        meta=entry.meta,
        size_bytes=entry.size_bytes,
        storage=entry.decoded.storage,
        hidden=entry.hidden,
        revision=answer.revision,
        how=how_read(window.cluster.store.live, answer.serializable),
        tabs=_tabs(query),
        commands=commands.for_object(query.key, entry.object_key, query.revision),
        newest_href=_href(query, revision=""),
        download_href=key_href("/download", query.key, format="yaml", revision=query.revision),
        json_download_href=key_href("/download", query.key, format="json", revision=query.revision),
        raw_download_href=key_href("/download", query.key, format="raw", revision=query.revision),
        reveal_href=key_href("/reveal", query.key) if entry.hidden and window.viewer.may("reveal") else "",
        history_href=key_href("/history", query.key),
        release=release,
        release_why=why,
        error=entry.decoded.error,
        unknown_fields=entry.decoded.unknown_fields,
        managed_href=_href(query, managed="" if query.managed else "1"),
        served_href=_href(query, served="" if query.as_served else "1"),
        poll_href=_poll_href(window, query, answer.revision),
        edit_href=key_href("/edit", query.key) if may_write(window, query.key) and not query.revision else "",
        restore_href=_restore_href(window, query),
        **_body(window, query, answer, now),
    )


def _restore_href(window: Window, query: ObjectQuery) -> str:
    if not query.revision or not may_write(window, query.key):
        return ""
    return key_href("/restore", query.key, revision=query.revision)


def download(window: Window, key: bytes, form: str, revision: int = 0) -> Download:
    """The object as a file: yaml, json, or raw (the stored bytes). Raises DeniedError for raw bytes of a Secret."""
    entry = read_entry(window, key, revision).entry
    name = _file_name(entry)
    if form == "raw":
        if entry.hidden:
            raise DeniedError("The stored bytes of a Secret are not given out.", "Its YAML and JSON show it masked.")
        return Download(f"{name}.bin", "application/octet-stream", entry.value)
    if form not in ("yaml", "json"):
        raise QueryError(f"There is no format {form!r}.", "Choose yaml, json or raw.")
    if entry.object is None:
        raise entry.decoded.error or DecodeError("This value cannot be decoded.")
    text = to_yaml(entry.object) if form == "yaml" else to_json(entry.object)
    return Download(f"{name}.{form}", f"application/{form}", text.encode())


def hex_lines(value: bytes) -> tuple[HexLine, ...]:
    """The bytes, sixteen a line."""
    return tuple(_hex_line(value, offset) for offset in range(0, len(value), 16))


def fold_managed(obj: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """The object without metadata.managedFields, and how many managers that took away."""
    metadata = obj.get("metadata")
    managers = metadata.get(FOLDED_FIELDS) if isinstance(metadata, dict) else None
    if not managers or not isinstance(metadata, dict):
        return obj, 0
    kept = {name: value for name, value in metadata.items() if name != FOLDED_FIELDS}
    return obj | {"metadata": kept}, len(managers)


def crumbs_of(entry: Entry, beyond: str = "") -> tuple[Crumb, ...]:
    """The way to the object page of an entry; to a page `beyond` it, from where the entry's own crumb leads back."""
    last = (Crumb(beyond),) if beyond else ()
    address = object_href(entry.key) if beyond else ""
    object_key = entry.object_key
    if object_key is None:
        return (Crumb("Registry", "/registry"), Crumb(show(entry.key), address), *last)
    resource = object_key.resource
    crumbs = [Crumb("Registry", "/registry"), Crumb(resource.plural, href("/registry", resource=resource.id))]
    if object_key.namespace:
        crumbs.append(
            Crumb(object_key.namespace, href("/registry", resource=resource.id, namespace=object_key.namespace))
        )
    return (*crumbs, Crumb(object_key.name, address), *last)


def _body(window: Window, query: ObjectQuery, answer: ObjectAnswer, now: datetime) -> dict[str, Any]:
    entry = answer.entry
    if query.view == "raw":
        shown = entry.value[:HEX_LIMIT_BYTES]
        return {"hex_lines": hex_lines(shown), "hex_cut_bytes": len(entry.value) - len(shown)}
    if query.view == "wire":
        return {"wire": () if entry.hidden else wire_tree(entry.decoded)}
    if entry.object is None:
        return {}
    if query.view == "summary":
        return _summary(window, entry.object, answer, now)
    obj = window.as_served(entry.object) if query.as_served else entry.object
    obj, folded = (obj, 0) if query.managed else fold_managed(obj)
    return {"text": to_yaml(obj) if query.view == "yaml" else to_json(obj), "folded_managers": folded}


def _summary(window: Window, obj: dict[str, Any], answer: ObjectAnswer, now: datetime) -> dict[str, Any]:
    return {
        "sections": tuple(_section(window, section) for section in summary(obj, now)),
        "around": around(window, obj, answer.revision, now),
    }


def _section(window: Window, section: Section) -> SectionView:
    fields = tuple(
        FieldView(f.label, f.value, ref_href(window, f.ref) if f.ref else "", f.well) for f in section.fields
    )
    return SectionView(section.title, fields, section.columns, section.rows, section.texts, section.note)


def _poll_href(window: Window, query: ObjectQuery, revision: int) -> str:
    """Where an open page asks for news: only the newest value of a live store has any."""
    return "" if query.revision or not window.cluster.store.live else _href(query, since=str(revision))


def _tabs(query: ObjectQuery) -> tuple[Tab, ...]:
    names = {"summary": "Summary", "yaml": "YAML", "json": "JSON", "wire": "Wire", "raw": "Raw"}
    return tuple(Tab(view, text, _href(query, view=view), view == query.view) for view, text in names.items())


def _href(query: ObjectQuery, **changes: str) -> str:
    params: dict[str, str | int] = {
        "view": query.view,
        "revision": query.revision,
        "managed": "1" if query.managed else "",
        "served": "1" if query.as_served else "",
    }
    return key_href("/object", query.key, **(params | changes))


def _subtitle(entry: Entry) -> str:
    storage, object_key = entry.decoded.storage, entry.object_key
    where = f"in {object_key.namespace}" if object_key and object_key.namespace else ""
    return " · ".join(part for part in (storage.kind, storage.api_version, where) if part)


def _file_name(entry: Entry) -> str:
    name = entry.object_key.name if entry.object_key else show(entry.key)
    return "".join(c if c.isalnum() or c in "-._" else "_" for c in name)[-100:] or "value"


def _hex_line(value: bytes, offset: int) -> HexLine:
    part = value[offset : offset + 16]
    text = "".join(chr(b) if 32 <= b < 127 else "·" for b in part)
    return HexLine(offset, f"{part[:8].hex(' ')}  {part[8:].hex(' ')}".rstrip(), text)
