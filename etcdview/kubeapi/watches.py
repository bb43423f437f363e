"""watch: what changes, as lines of JSON, read from the one watch that the index keeps."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from etcdview.cluster.event_log import EventBatch, EventLog, LoggedEvent
from etcdview.cluster.window import Entry, Window
from etcdview.codec import Detail
from etcdview.errors import CompactedError, EtcdviewError, TooLargeError
from etcdview.kubeapi.accept import MediaType, choose
from etcdview.kubeapi.exchange import KubeAnswer, KubeRequest
from etcdview.kubeapi.json_text import json_bytes
from etcdview.kubeapi.lists import item_form, row_maker
from etcdview.kubeapi.options import ListOptions
from etcdview.kubeapi.reading import KubePlace, TypeReader
from etcdview.kubeapi.rows import RowMaker, partial_metadata
from etcdview.kubeapi.served_objects import served_object, why_left_out
from etcdview.kubeapi.statuses import StatusError, expired, status, status_error
from etcdview.models import KeyValue

DEFAULT_SECONDS = 2700.0  # as the API server, which chooses between 30 and 60 minutes
LONGEST_SECONDS = 3600.0  # the client comes again then, and shows who it is: its role may have changed
_BOOKMARK_SECONDS = 60.0
_BEGIN_SECONDS = 10.0  # for the index to load, where the server has just started
_LOOK_SECONDS = 1.0  # how soon it is noticed that the client has gone
_FORMS = ("Table", "PartialObjectMetadata")
_TOO_OLD = "too old resource version: {} ({})"


def watch_objects(window: Window, place: KubePlace, request: KubeRequest, options: ListOptions) -> KubeAnswer:
    """The changes of what the options select. Raises StatusError for what can be told before the first of them."""
    media = choose(request.accept, _FORMS)
    watching = _Watching(window, place, request, options, media)
    return KubeAnswer(watching.lines(), streams=True)


@dataclass(frozen=True, slots=True)
class _Change:
    """One line in the making: the type of the event, and the object as it is served."""

    type: str
    object: dict[str, Any]


class _Watching:
    """One client's watch."""

    def __init__(
        self, window: Window, place: KubePlace, request: KubeRequest, options: ListOptions, media: MediaType
    ) -> None:
        self._window = window
        self._place = place
        self._request = request
        self._options = options
        self._media = media
        self._reader = TypeReader(window, place, options, Detail.WHOLE, request.revealed)
        self._range = self._reader.bounds()
        self._rows: RowMaker | None = None
        if media.form == "Table":
            self._rows = row_maker(window, place.served, media, request)
        self._columns_told = False
        self._log: EventLog | None = None if request.revision else window.cluster.events(self._range[0])
        self._revision = self._newest() if options.from_now else options.since  # "now" is before the answer begins
        seconds = float(options.timeout_seconds) or DEFAULT_SECONDS
        self._ends_at = time.monotonic() + min(seconds, LONGEST_SECONDS)
        self._bookmark_at = time.monotonic() + _BOOKMARK_SECONDS
        if not self._window.touches(*self._range):
            next(iter(self._reader.entries()), None)  # raises what a list does
        if not options.since and not options.from_now:
            request.begin()

    def lines(self) -> Iterator[bytes]:
        """All of it. The first piece is empty: with it the head of the answer is sent."""
        yield b""
        try:
            self._begin()
            if not self._options.since and not self._options.from_now:
                yield from self._present()
            yield from self._changes() if self._log is not None else self._silence()
        except EtcdviewError as error:
            yield self._error(status_error(error))

    def _begin(self) -> None:
        """What happens behind the objects that are sent first is known once the index is loaded."""
        if self._log is not None:
            self._log.wait_until_begun(_BEGIN_SECONDS)
            if self._options.from_now and not self._revision:  # else "now" was before the answer began
                self._revision = self._newest()

    def _present(self) -> Iterator[bytes]:
        """The objects as they are, each as if it had just been added."""
        if self._media.form:
            for entry in self._reader.entries():
                yield self._line(_Change("ADDED", self._served(entry)))
        else:
            yield from self._present_items()
        self._request.end()
        self._revision = self._reader.facts.revision
        if self._options.initial_events and self._options.bookmarks:
            yield self._bookmark({"k8s.io/initial-events-end": "true"})

    def _present_items(self) -> Iterator[bytes]:
        """The same as items of a list: they are kept, so that each client but the first has them at hand."""
        served, now = self._place.served, self._request.now()
        form = item_form(self._window, self._place, self._media, self._request)
        self._reader = form.reader(self._window, self._place, self._options, self._request)
        head = b"{"  # items of custom resources say their kind
        if served.resource.builtin:
            head = json_bytes({"kind": served.kind, "apiVersion": served.api_version})[:-1] + b","
        for item in self._reader.items(lambda entry: form.write(entry, now), form.name, now):
            yield _event_line("ADDED", head + item[1:])

    def _silence(self) -> Iterator[bytes]:
        """A file does not change. What a client knows of another one, or of another moment, it has to list again."""
        if self._revision != (held := self._newest()):
            raise expired(_TOO_OLD.format(self._revision, held))
        never = threading.Event()
        while self._goes_on():
            never.wait(min(_LOOK_SECONDS, max(self._ends_at - time.monotonic(), 0)))
            yield from self._due_bookmark()

    def _changes(self) -> Iterator[bytes]:
        log = self._log
        if log is None:
            return
        batch = log.after(self._revision)
        self._check(batch)
        while self._goes_on():
            batch = log.read(batch.position, min(_LOOK_SECONDS, max(self._ends_at - time.monotonic(), 0.01)))
            self._check(batch)
            for logged in batch.events:
                if logged.revision > self._options.since:
                    yield from self._event(log, logged)
            self._revision = max(self._revision, batch.revision)
            yield from self._due_bookmark()

    def _newest(self) -> int:
        """The revision of the last change that this server knows of, or of the moment that is asked."""
        if self._log is not None:
            return self._log.newest()
        return self._options.exact or self._window.index.freshness().revision

    def _goes_on(self) -> bool:
        return time.monotonic() < self._ends_at and not self._request.gone()

    def _check(self, batch: EventBatch) -> None:
        if batch.lost:
            raise expired(_TOO_OLD.format(self._revision, batch.revision))

    def _event(self, log: EventLog, logged: LoggedEvent) -> Iterator[bytes]:
        if not self._is_here(logged.event.kv.key) or logged.revision <= self._since():
            return
        change = self._change(log, logged)
        if change is not None:
            yield self._line(change)

    def _since(self) -> int:
        """What the objects that were sent first are of."""
        return self._reader.facts.revision or self._options.since

    def _is_here(self, key: bytes) -> bool:
        start, end = self._range
        return start <= key and (end == b"\0" or key < end) and self._window.permits(key)

    def _change(self, log: EventLog, logged: LoggedEvent) -> _Change | None:
        """What an event is to this client: an object that no longer matches is deleted for it."""
        event = logged.event
        now = None if event.deleted else self._entry(logged, event.kv, "now")
        is_now = now is not None and self._reader.selects(now)
        if now is not None and not self._options.selective:
            return self._told("ADDED" if event.kv.is_new else "MODIFIED", logged, now, "now")
        before = self._before(log, logged)
        was = before is not None and self._reader.selects(before)
        if is_now and now is not None:
            return self._told("MODIFIED" if was else "ADDED", logged, now, "now")
        if was and before is not None:
            return self._told("DELETED", logged, before, "before")
        return None

    def _entry(self, logged: LoggedEvent, kv: KeyValue, name: str) -> Entry | None:
        """A value decoded, once for all clients that see as much; None for what cannot be answered."""
        reveals = self._window.reveals
        entry = logged.once((name, "entry", reveals), lambda: self._window.entry(kv))
        return None if why_left_out(self._place.served, entry) else entry

    def _before(self, log: EventLog, logged: LoggedEvent) -> Entry | None:
        """What the object was before the event, under the revision of the event. Raises StatusError (410)."""
        try:
            kv = log.previous(logged)
        except (CompactedError, TooLargeError) as error:  # the client would keep what was deleted
            raise expired(_TOO_OLD.format(self._revision, logged.revision)) from error
        if kv is None:
            return None
        return self._entry(logged, replace(kv, mod_revision=logged.revision), "before")

    def _told(self, change: str, logged: LoggedEvent, entry: Entry, name: str) -> _Change:
        served = self._place.served
        key = (name, "served", served.api_version, self._window.reveals)
        if self._window.has_revealed(entry):
            self._request.revealed(entry.key, entry.meta.mod_revision)
        return _Change(change, logged.once(key, lambda: served_object(self._window, served, entry, in_place=False)))

    def _served(self, entry: Entry) -> dict[str, Any]:
        return served_object(self._window, self._place.served, entry)

    def _line(self, change: _Change) -> bytes:
        by_name = not self._media.form and not self._place.served.resource.builtin
        return _event_line(change.type, json_bytes(self._shown(change.object), by_name=by_name))

    def _shown(self, obj: dict[str, Any]) -> dict[str, Any]:
        if self._rows is not None:
            metadata = {"resourceVersion": str(obj["metadata"].get("resourceVersion", ""))}
            columns = None if self._columns_told else self._rows.columns()
            self._columns_told = True
            table: dict[str, Any] = {"metadata": metadata, "columnDefinitions": columns}
            return self._rows.head | table | {"rows": [self._rows.row(obj, lambda: obj, self._request.now())]}
        return partial_metadata(obj, f"meta.k8s.io/{self._media.version}") if self._media.form else obj

    def _due_bookmark(self) -> Iterator[bytes]:
        if self._options.bookmarks and time.monotonic() >= self._bookmark_at and self._revision:
            self._bookmark_at = time.monotonic() + _BOOKMARK_SECONDS
            yield self._bookmark({})

    def _bookmark(self, annotations: dict[str, str]) -> bytes:
        """How far this is, so that the client may go on from there."""
        metadata: dict[str, Any] = {"resourceVersion": str(self._revision), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        served = self._place.served
        obj: dict[str, Any] = {"kind": served.kind, "apiVersion": served.api_version, "metadata": metadata}
        if self._rows is not None:
            row = {
                "cells": [None] * len(self._rows.table.columns),
                "object": partial_metadata(obj, self._rows.api_version),
            }
            obj = self._rows.head | {
                "metadata": {"resourceVersion": str(self._revision)},
                "columnDefinitions": None,
                "rows": [row],
            }
        elif self._media.form:
            obj = partial_metadata(obj, f"meta.k8s.io/{self._media.version}")
        return json_bytes({"type": "BOOKMARK", "object": obj}) + b"\n"

    def _error(self, error: StatusError) -> bytes:
        return json_bytes({"type": "ERROR", "object": status(error.facts, error.what)}) + b"\n"


def _event_line(change: str, text: bytes) -> bytes:
    return b'{"type":"' + change.encode() + b'","object":' + text + b"}\n"
