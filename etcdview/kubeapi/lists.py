"""get and list: objects, tables and metadata, as one JSON text in pieces, so that a list of any size fits in memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from etcdview.cluster.kept_items import FinishedItem
from etcdview.cluster.window import Entry, Window
from etcdview.codec import Detail, answers
from etcdview.errors import CompactedError, DecodeError, DeniedError
from etcdview.kube.keys import show
from etcdview.kubeapi.accept import JSON, PROTOBUF, MediaType, choose
from etcdview.kubeapi.exchange import KubeAnswer, KubeRequest, json_answer
from etcdview.kubeapi.json_text import json_bytes
from etcdview.kubeapi.options import ListOptions, minimum_revision
from etcdview.kubeapi.protobuf_form import has_protobuf, protobuf_list, protobuf_object
from etcdview.kubeapi.reading import (
    KubePlace,
    LabelReader,
    ListFacts,
    TypeReader,
    check_reached,
    forbidden,
    kept_as,
    warn_of_the_rest,
)
from etcdview.kubeapi.rows import RowMaker, partial_metadata
from etcdview.kubeapi.scale import SCALE, scale_of
from etcdview.kubeapi.served_objects import list_item, served_object, why_left_out
from etcdview.kubeapi.served_types import ServedType
from etcdview.kubeapi.statuses import StatusError, expired, facts_of, not_found
from etcdview.tables.durations import Moment

# So much of a list is made before its head is sent: what is left out of it is told in headers.
HELD_BYTES = 4 << 20
_CHUNK_BYTES = 64 << 10
_OF_ONE = ("Table", "PartialObjectMetadata")
_OF_MANY = ("Table", "PartialObjectMetadataList")


@dataclass(frozen=True, slots=True)
class ItemForm:
    """How each object of an answer is written, and what the list around them is.

    `item` makes an object's JSON, or what is written as it, with ages as of a moment; of values that begin with
    `begins` it needs labels alone. Items are kept as `name`.
    `array` is the list's member that holds them, and `order` sorts them where they are not in the order of their keys.
    `by_name`: members are sorted, as the API server's are that it keeps in Go's maps.
    """

    head: dict[str, Any]
    array: str
    detail: Detail
    item: Callable[[Entry, datetime], Any]
    beside: dict[str, Any]
    order: Callable[[Any], Any] | None = None
    by_name: bool = False
    begins: bytes = b""
    name: Hashable = None

    def write(self, entry: Entry, now: datetime) -> FinishedItem:
        """The finished item, with ages as of `now`. Raises DecodeError."""
        moment = Moment.of(now)
        made = self.item(entry, moment)
        text = made if isinstance(made, bytes) else json_bytes(made, by_name=self.by_name)
        if math.isinf(moment.lasts_seconds):
            return FinishedItem(text)
        return FinishedItem(text, now, now + timedelta(seconds=moment.lasts_seconds))

    def reader(self, window: Window, place: KubePlace, options: ListOptions, request: KubeRequest) -> TypeReader:
        """What reads as much of each object as its item needs."""
        if self.begins:
            return LabelReader(window, place, options, request.revealed, self.begins)
        return TypeReader(window, place, options, self.detail, request.revealed)


def get_object(window: Window, place: KubePlace, request: KubeRequest, below: str = "") -> KubeAnswer:
    """One object; `below` "scale" is its replicas alone. Raises StatusError, and what the store does."""
    served = place.served
    media = choose(request.accept, _OF_ONE, encodings_of(served))
    entry = read_entry(window, place, request)
    if below == "scale":
        return _scale(window, served, entry, media, request)
    if media.form == "Table":
        form = item_form(window, place, media, request)
        metadata = {"resourceVersion": str(entry.meta.mod_revision)}
        return json_answer(
            form.head | {"metadata": metadata} | form.beside | {"rows": [form.item(entry, request.now())]}
        )
    if media.encoding == PROTOBUF and not media.form:
        return protobuf_object(window, served, entry)
    obj = served_object(window, served, entry)
    if media.form:
        return json_answer(partial_metadata(obj, f"meta.k8s.io/{media.version}"))
    return json_answer(obj, by_name=not served.resource.builtin)


def _scale(window: Window, served: ServedType, entry: Entry, media: MediaType, request: KubeRequest) -> KubeAnswer:
    scale = scale_of(served, entry.object or {})
    if media.form == "Table":
        rows = row_maker(window, SCALE, media, request)
        metadata = {"resourceVersion": str(entry.meta.mod_revision)}
        row = rows.row(scale, lambda: scale, request.now())
        return json_answer(rows.head | {"metadata": metadata, "columnDefinitions": rows.columns(), "rows": [row]})
    return json_answer(partial_metadata(scale, f"meta.k8s.io/{media.version}") if media.form else scale)


def encodings_of(served: ServedType) -> tuple[str, ...]:
    """What objects of the type can be sent as."""
    return (JSON, PROTOBUF) if has_protobuf(served) else (JSON,)


def read_entry(window: Window, place: KubePlace, request: KubeRequest) -> Entry:
    """The entry of one object that can be answered; what is revealed of it is noted."""
    served = place.served
    namespace = place.namespace if served.resource.namespaced else ""
    try:
        found = window.get(window.keyspace.key(served.resource, namespace, place.name), request.revision)
    except DeniedError as error:
        raise forbidden(window, place, "get", error) from error
    except CompactedError as error:
        raise expired(str(error)) from error
    check_reached(found.revision, 0 if request.revision else minimum_revision(request.args))
    entry = found.entry
    if entry is None:
        raise not_found(served.group, served.plural, place.name)
    if why := why_left_out(served, entry):
        raise StatusError(facts_of(500), why)
    if window.has_revealed(entry):
        request.revealed(entry.key, entry.meta.mod_revision)
    return entry


def list_objects(window: Window, place: KubePlace, request: KubeRequest, options: ListOptions) -> KubeAnswer:
    """All objects that the options select. Raises StatusError, and what the store does."""
    media = choose(request.accept, _OF_MANY, encodings_of(place.served))
    request.begin()
    if media.encoding == PROTOBUF and not media.form:
        return protobuf_list(window, place, request, options)
    form = item_form(window, place, media, request)
    reader = form.reader(window, place, options, request)
    body = _Body(form, reader, request.now(), bool(options.limit))
    held = body.begin()
    if not body.complete:
        warn_of_the_rest(window, place, options, reader.facts)
    return KubeAnswer(
        b"".join(held) if body.complete else body.rest(held),
        warnings=reader.facts.all_warnings(),
    )


def row_maker(window: Window, served: ServedType, media: MediaType, request: KubeRequest) -> RowMaker:
    """What makes the rows of the Table that the client wants. Raises StatusError for an unknown `includeObject`."""
    include = request.args.get("includeObject", "") or "Metadata"
    return RowMaker(served, window.cluster.codec.release, include, media.version)


def item_form(window: Window, place: KubePlace, media: MediaType, request: KubeRequest) -> ItemForm:
    """The form that the client wants."""
    served = place.served
    whole = partial(served_object, window, served)
    if media.form == "Table":
        rows = row_maker(window, served, media, request)
        order = rows.table.order
        return ItemForm(
            rows.head,
            "rows",
            rows.detail,
            lambda entry, now: rows.row(entry.object or {}, lambda: whole(entry), now),
            {"columnDefinitions": rows.columns()},
            None if order is None else lambda entry: order(entry.object or {}),
            name=kept_as(window, served, media.form, media.version, rows.include),
        )
    if media.form:
        version = f"meta.k8s.io/{media.version}"
        return ItemForm(
            {"kind": "PartialObjectMetadataList", "apiVersion": version},
            "items",
            Detail.WHOLE,
            lambda entry, now: partial_metadata(whole(entry), version),
            {},
            name=kept_as(window, served, media.form, media.version),
        )
    name = kept_as(window, served, JSON)
    head = {"kind": served.list_kind, "apiVersion": served.api_version}
    if not served.resource.builtin:
        return ItemForm(head, "items", Detail.WHOLE, lambda entry, now: whole(entry), {}, by_name=True, name=name)
    begins = answers.beginning_in_parts(served.api_version, served.kind)
    item = partial(list_item, window, served)
    return ItemForm(head, "items", Detail.WHOLE, lambda entry, now: item(entry), {}, begins=begins, name=name)


def list_metadata(facts: ListFacts) -> dict[str, Any]:
    """ListMeta."""
    metadata: dict[str, Any] = {"resourceVersion": str(facts.revision)}
    if facts.continues:
        metadata["continue"] = facts.continues
        if facts.remaining:
            metadata["remainingItemCount"] = facts.remaining
    return metadata


class _Body:
    """The text of a list. Its metadata stand first where they are known by then: with a limit they may come last."""

    def __init__(self, form: ItemForm, reader: TypeReader, now: datetime, limited: bool) -> None:
        self._form = form
        self._facts = reader.facts
        self._limited = limited
        self._now = now
        if form.order is None:
            self._items = reader.items(lambda entry: form.write(entry, now), form.name, now)
        else:
            self._items = self._in_order(reader, form.order)
        self._metadata_told = False
        self.complete = False

    def begin(self) -> list[bytes]:
        """All of the text, if it is not too long; else its beginning. What is read by then can still fail."""
        items, size = [], 0
        for text in self._items:
            items.append(text)
            size += len(text)
            if size > HELD_BYTES:
                break
        else:
            self.complete = True
        self._metadata_told = (self.complete or not self._limited) and not self._form.by_name
        texts = [self._head(), b",".join(items)]
        return [*texts, self._tail()] if self.complete else texts

    def rest(self, held: list[bytes]) -> Iterator[bytes]:
        """The beginning, and what follows."""
        yield b"".join(held)
        chunk, size = [], 0
        for text in self._items:
            chunk += [b",", text]
            size += len(text)
            if size > _CHUNK_BYTES:
                yield b"".join(chunk)
                chunk, size = [], 0
        yield b"".join([*chunk, self._tail()])

    def _in_order(self, reader: TypeReader, order: Callable[[Any], Any]) -> Iterator[bytes]:
        for entry in sorted(reader.entries(), key=order):
            try:
                yield self._form.write(entry, self._now).text
            except DecodeError as error:
                self._facts.warn(f"{show(entry.key)} is left out: {error.what}")

    def _head(self) -> bytes:
        members = dict(self._form.head)
        if self._form.by_name:
            del members["kind"]
        if self._metadata_told:
            members["metadata"] = list_metadata(self._facts)
        members |= self._form.beside
        return json_bytes(members)[:-1] + b',"' + self._form.array.encode() + b'":['

    def _tail(self) -> bytes:
        if self._metadata_told:
            return b"]}\n"
        if self._form.by_name:
            ends = {"kind": self._form.head["kind"], "metadata": {"continue": ""} | list_metadata(self._facts)}
            return b"]," + json_bytes(ends, by_name=True)[1:] + b"\n"
        return b'],"metadata":' + json_bytes(list_metadata(self._facts)) + b"}\n"
