"""Outlines of protobuf values, taken from the parsed message: nothing that an outline does not need becomes a dict."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError as ParseError

from etcdview.codec.model import StorageFormat
from etcdview.codec.outline import DATA, HOLDS_DATA, LAST_APPLIED, Outline, Owner, WantsBody, byte_size
from etcdview.codec.protobuf import repair, special
from etcdview.codec.protobuf.envelope import open_envelope
from etcdview.codec.protobuf.getters import attributes, getter
from etcdview.codec.protobuf.protobuf import ProtobufFormat
from etcdview.codec.protobuf.schema import Schema
from etcdview.codec.remembered import remembered
from etcdview.codec.scalars import ZERO_TIME_SECONDS
from etcdview.errors import DecodeError

# those that a datetime can be; year 1 begins with Go's zero time, which is none
_FIRST_SECOND, _LAST_SECOND = ZERO_TIME_SECONDS + 1, 253402300799
_META = (
    "name", "namespace", "uid", "creationTimestamp.seconds", "deletionTimestamp.seconds", "labels", "finalizers",
    "ownerReferences", "annotations", "managedFields",
)  # fmt: skip


class _Getters(NamedTuple):
    """How the parts of one kind's messages are taken, and how such values are stored; `node` only where it has one."""

    metadata: attrgetter[Any]
    data: tuple[attrgetter[Any], ...]
    node: attrgetter[str] | None
    storage: StorageFormat


class Outliner:
    """Makes outlines by one release's schema. Safe from any thread.

    Fields are taken by attrgetter, several in one call: of a million values each call in Python counts.
    """

    def __init__(self, form: ProtobufFormat) -> None:
        self._form = form
        self._owner = getter(form.schema, "apis/meta/v1.OwnerReference", "uid", "controller")
        self._managed = getter(
            form.schema, "apis/meta/v1.ManagedFieldsEntry", "manager", "time.seconds", "fieldsV1.Raw"
        )
        self._kinds: dict[tuple[str, str], _Getters | None] = {}

    def outline(self, value: bytes, wants_body: WantsBody) -> Outline | None:
        """The outline of a sound value that begins with the magic bytes; None where it must be decoded in full."""
        envelope = open_envelope(value)
        api_version, kind, raw = envelope.api_version, envelope.kind, envelope.raw
        number = self._form.schema.find(api_version, kind)
        if number is None or envelope.fault is not None:
            return None
        getters = self._getters(api_version, kind, number)
        if getters is None:
            return None
        try:
            repair.check_size(self._form.schema, number, raw)
            message = self._form.pool.message(number).FromString(raw)
            body, shared = self._form.state_parts(envelope, number) if wants_body(api_version, kind) else (None, False)
            return self._of(getters, message, body, shared)
        except (ParseError, DecodeError):
            return None

    def _of(self, getters: _Getters, message: Any, body: dict[str, Any] | None, shared: bool) -> Outline:
        """Raises DecodeError for managed fields that are broken."""
        (
            name, namespace, uid, created, deleted, labels, finalizers, owners, annotations, entries,
        ) = getters.metadata(message)  # fmt: skip
        applied = annotations.get(LAST_APPLIED) if annotations else None
        in_applied = len(LAST_APPLIED) + byte_size(applied) if applied is not None else 0
        manager, managed_at, managed_bytes = self._managers(entries)
        return Outline(
            getters.storage,
            "",
            False,
            name,
            namespace,
            uid,
            _time(created),
            _time(deleted),
            dict(labels),
            tuple(finalizers),
            tuple([Owner(*self._owner(owner)) for owner in owners]) if owners else (),
            managed_bytes,
            _map_bytes(annotations) - in_applied,
            in_applied,
            sum([_map_bytes(part(message)) for part in getters.data]),
            manager,
            managed_at,
            getters.node(message) if getters.node is not None else "",
            body,
            shared,
        )

    def _managers(self, entries: Any) -> tuple[str, int | None, int]:
        """Who wrote last, when, and the bytes of all entries."""
        name, last, size = "", 0, 0
        for entry in entries:
            size += entry.ByteSize()
            manager, seconds, written = self._managed(entry)
            _check_fields(written)
            at = _time(seconds) or 0
            if at >= last:
                name, last = manager, at
        return name, last or None, size

    def _getters(self, api_version: str, kind: str, number: int) -> _Getters | None:
        """None for a kind without metadata."""
        try:
            return self._kinds[api_version, kind]
        except KeyError:
            found = self._kinds[api_version, kind] = self._make(api_version, kind, number)
            return found

    def _make(self, api_version: str, kind: str, number: int) -> _Getters | None:
        schema = self._form.schema
        name = schema.struct(number).name
        has = {f.name for f in schema.struct(number).fields}
        if not _has(schema, number, "metadata.uid"):
            return None
        data = DATA if (api_version, kind) in HOLDS_DATA else ()
        storage = StorageFormat("protobuf", api_version=api_version, kind=kind)
        return _Getters(
            getter(schema, name, *(f"metadata.{part}" for part in _META)),
            tuple(getter(schema, name, part) for part in data if part in has),
            getter(schema, name, _NODE) if _has(schema, number, _NODE) else None,
            storage,
        )


_NODE = "spec.nodeName"


def _has(schema: Schema, number: int, path: str) -> bool:
    try:
        attributes(schema, number, path)
    except KeyError:
        return False
    return True


def _time(seconds: int) -> int | None:
    return seconds if seconds and _FIRST_SECOND <= seconds <= _LAST_SECOND else None


def _parse_fields(written: bytes) -> None:
    """Raises DecodeError for managed fields that are not JSON: then the object cannot be decoded either."""
    special.parsed(written)


# controllers write the same fields of thousands of objects
_check_fields = remembered(4096, _parse_fields)


def _map_bytes(entries: Any) -> int:
    """The bytes of a map's keys and values, without what the wire adds."""
    if not entries:
        return 0
    values = [*entries.values()]
    sizes = sum(map(len, values)) if isinstance(values[0], bytes) else byte_size("".join(values))
    return sizes + byte_size("".join(entries))
