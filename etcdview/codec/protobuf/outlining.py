"""Outlines of protobuf values, taken from the parsed message: nothing that an outline does not need becomes a dict."""

from __future__ import annotations

import functools
from typing import Any

from google.protobuf.message import DecodeError as ParseError

from etcdview.codec.model import StorageFormat
from etcdview.codec.outline import DATA, HOLDS_DATA, LAST_APPLIED, Outline, Owner, WantsBody, byte_size
from etcdview.codec.protobuf import repair, special
from etcdview.codec.protobuf.envelope import open_envelope
from etcdview.codec.protobuf.protobuf import ProtobufFormat
from etcdview.codec.scalars import ZERO_TIME_SECONDS
from etcdview.errors import DecodeError

# those that a datetime can be; year 1 begins with Go's zero time, which is none
_FIRST_SECOND, _LAST_SECOND = ZERO_TIME_SECONDS + 1, 253402300799


class Outliner:
    """Makes outlines by one release's schema. Safe from any thread."""

    def __init__(self, form: ProtobufFormat) -> None:
        self._form = form
        # the attributes of parsed messages are called by their numbers (descriptors.py)
        self._meta = _attributes(form, "apis/meta/v1.ObjectMeta")
        self._owner = _attributes(form, "apis/meta/v1.OwnerReference")
        self._managed = _attributes(form, "apis/meta/v1.ManagedFieldsEntry")
        self._seconds = _attributes(form, "apis/meta/v1.Time")["seconds"]
        self._raw = _attributes(form, "apis/meta/v1.FieldsV1")["Raw"]
        self._structs: dict[int, dict[str, str]] = {}

    def outline(self, value: bytes, wants_body: WantsBody) -> Outline | None:
        """The outline of a sound value that begins with the magic bytes; None where it must be decoded in full."""
        envelope = open_envelope(value)
        number = self._form.schema.find(envelope.api_version, envelope.kind)
        if number is None or envelope.fault is not None:
            return None
        try:
            repair.check_size(self._form.schema, number, envelope.raw)
            message = self._form.pool.message(number).FromString(envelope.raw)
            wanted = wants_body(envelope.api_version, envelope.kind)
            body = self._form.state_parts(envelope, number) if wanted else None
        except (ParseError, DecodeError):
            return None
        attributes = self._attributes_of(number)
        metadata = getattr(message, attributes["metadata"]) if "metadata" in attributes else None
        if metadata is None:
            return None
        storage = StorageFormat("protobuf", api_version=envelope.api_version, kind=envelope.kind)
        data = DATA if (envelope.api_version, envelope.kind) in HOLDS_DATA else ()
        held = sum(_map_bytes(getattr(message, attributes[name])) for name in data if name in attributes)
        try:
            return self._of(storage, metadata, held, body)
        except DecodeError:
            return None

    def _of(self, storage: StorageFormat, metadata: Any, data_bytes: int, body: dict[str, Any] | None) -> Outline:
        at = self._meta
        annotations = getattr(metadata, at["annotations"])
        applied = annotations.get(LAST_APPLIED)
        in_applied = len(LAST_APPLIED) + byte_size(applied) if applied is not None else 0
        manager, managed_at, managed_bytes = self._managers(getattr(metadata, at["managedFields"]))
        return Outline(
            storage,
            name=getattr(metadata, at["name"]),
            namespace=getattr(metadata, at["namespace"]),
            uid=getattr(metadata, at["uid"]),
            created=self._time(metadata, at["creationTimestamp"]),
            deleted=self._time(metadata, at["deletionTimestamp"]),
            labels=dict(getattr(metadata, at["labels"])),
            finalizers=tuple(getattr(metadata, at["finalizers"])),
            owners=tuple(
                Owner(getattr(o, self._owner["uid"]), getattr(o, self._owner["controller"]))
                for o in getattr(metadata, at["ownerReferences"])
            ),
            managed_bytes=managed_bytes,
            annotation_bytes=_map_bytes(annotations) - in_applied,
            last_applied_bytes=in_applied,
            data_bytes=data_bytes,
            manager=manager,
            managed_at=managed_at,
            body=body,
        )

    def _time(self, message: Any, attribute: str) -> int | None:
        if not message.HasField(attribute):
            return None
        seconds: int = getattr(getattr(message, attribute), self._seconds)
        return seconds if seconds and _FIRST_SECOND <= seconds <= _LAST_SECOND else None

    def _managers(self, entries: Any) -> tuple[str, int | None, int]:
        """Who wrote last, when, and the bytes of all entries."""
        name, last, size = "", 0, 0
        for entry in entries:
            size += entry.ByteSize()
            _check_fields(getattr(getattr(entry, self._managed["fieldsV1"]), self._raw))
            at = self._time(entry, self._managed["time"]) or 0
            if at >= last:
                name, last = getattr(entry, self._managed["manager"]), at
        return name, last or None, size

    def _attributes_of(self, number: int) -> dict[str, str]:
        found = self._structs.get(number)
        if found is None:
            struct = self._form.schema.struct(number)
            found = self._structs[number] = {f.name: f"f{f.number}" for f in struct.fields}
        return found


@functools.lru_cache(maxsize=4096)
def _check_fields(written: bytes) -> None:
    """Raises DecodeError for managed fields that are not JSON: then the object cannot be decoded either.

    Kept, since controllers write the same fields of thousands of objects.
    """
    special.parsed(written)


def _attributes(form: ProtobufFormat, name: str) -> dict[str, str]:
    return {f.name: f"f{f.number}" for f in form.schema.struct(form.schema.named(name)).fields}


def _map_bytes(entries: Any) -> int:
    """The bytes of a map's keys and values, without what the wire adds."""
    return sum(byte_size(key) + byte_size(value) for key, value in entries.items()) if entries else 0
