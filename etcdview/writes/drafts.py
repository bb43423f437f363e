"""A change made up from a text: encoded in the stored form, and proved by decoding it again. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from etcdview.codec import Codec, Decoded, StorageFormat
from etcdview.errors import EncodeError
from etcdview.kube.fields import MANAGED_FIELDS
from etcdview.kube.keys import ObjectKey
from etcdview.kube.quantities import size_text
from etcdview.kube.redaction import Redactor, is_sensitive
from etcdview.models import KeyValue
from etcdview.writes import MAX_STORED_BYTES
from etcdview.writes.checks import check_identity, check_revision, check_same
from etcdview.writes.manifests import read_manifest
from etcdview.writes.masks import unmasked

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be written under `key` in place of `before` (None: the key is new).

    `old` and `new` are the objects as they decode, unmasked; `old` is None where there is none that can be read.
    """

    key: bytes
    before: KeyValue | None
    old: Object | None
    new: Object
    value: bytes
    storage: StorageFormat
    notes: tuple[str, ...] = ()

    @property
    def mod_revision(self) -> int:
        """The revision that the key must still be at; 0: there must be none."""
        return self.before.mod_revision if self.before else 0

    @property
    def lease(self) -> int:
        """The lease that the key stays on; 0 for none."""
        return self.before.lease if self.before else 0


class Drafter:
    """Makes drafts for the values of one cluster."""

    def __init__(self, codec: Codec, redactor: Redactor) -> None:
        self._codec = codec
        self._redactor = redactor

    def editable(self, kv: KeyValue) -> Object:
        """The object under the key, unmasked. Raises EncodeError for one that an edit cannot keep whole."""
        decoded = self._codec.decode(kv.key, kv.value)
        if decoded.object is None:
            reason = decoded.error.what if decoded.error else "This value cannot be decoded."
            raise EncodeError(f"{reason} So it cannot be edited.", decoded.error.remedy if decoded.error else "")
        if decoded.unknown_fields:
            field = decoded.unknown_fields[0]
            raise EncodeError(
                f"This value has fields that this etcdview does not know (number {field.number} in "
                f"{field.path or 'the object'}): an edit would lose them.",
                "Edit it with kubectl, or with an etcdview that knows this release.",
            )
        return decoded.object

    def draft(
        self,
        key: bytes,
        object_key: ObjectKey | None,
        before: KeyValue | None,
        text: str,
        form: str,
        storage: StorageFormat | None = None,
    ) -> Draft:
        """The change that `text` makes. `storage` is how to store a new value.

        Raises EncodeError or ConflictError with what is wrong, DecryptError where the key to encrypt with is missing.
        """
        old, held = self._before(before, replacing=storage is not None)
        given = read_manifest(text, form)
        check_revision(given, before.mod_revision if before else 0)
        check_identity(given, key, object_key, old)
        secret = is_sensitive(object_key.resource if object_key else None, str((old or given).get("kind", "")))
        wanted = self._completed(unmasked(given, old, self._redactor, secret), old)
        chosen = held if held is not None else storage
        if chosen is None:
            raise EncodeError("The storage format of this value is missing.", "Choose protobuf, json or cbor.")
        chosen = replace(chosen, api_version=str(wanted.get("apiVersion", "")), kind=str(wanted.get("kind", "")))
        value, new = self._encoded(key, object_key, wanted, chosen)
        if before is not None and old == new:
            raise EncodeError("Nothing changes: this value is already stored.")
        return Draft(key, before, old, new, value, chosen, tuple(self._notes(before, old, given, chosen)))

    def _before(self, before: KeyValue | None, *, replacing: bool) -> tuple[Object | None, StorageFormat | None]:
        """What is there, and how it is stored: it stays so. What cannot be read may only be replaced as a whole."""
        if before is None:
            return None, None
        decoded = self._codec.decode(before.key, before.value)
        if replacing and decoded.object is None:
            return None, None
        return self.editable(before), decoded.storage

    def _encoded(
        self, key: bytes, object_key: ObjectKey | None, wanted: Object, storage: StorageFormat
    ) -> tuple[bytes, Object]:
        value = self._codec.encode(wanted, storage, key)
        if len(value) > MAX_STORED_BYTES:
            raise EncodeError(f"The value would take {size_text(len(value))}: more than etcd accepts.")
        decoded = self._codec.decode(key, value)
        if decoded.object is None or decoded.unknown_fields:
            raise EncodeError("The new value cannot be decoded again, so it is not written.")
        secret = is_sensitive(object_key.resource if object_key else None, storage.kind)
        check_same(wanted, decoded.object, secret=self._redactor.mask(wanted, secret) is not wanted)
        _check_form(storage, decoded)
        return value, decoded.object

    def _completed(self, wanted: Object, old: Object | None) -> Object:
        """With what the text leaves out on purpose: managed fields, and stringData where the API server puts it."""
        kept = _managed(old)
        metadata = wanted.get("metadata")
        if kept and isinstance(metadata, dict) and MANAGED_FIELDS not in metadata:
            wanted = wanted | {"metadata": metadata | {MANAGED_FIELDS: kept}}
        if wanted.get("kind") == "Secret" and isinstance(wanted.get("stringData"), Mapping):
            wanted = _with_string_data(wanted)
        return wanted

    def _notes(self, before: KeyValue | None, old: Object | None, given: Object, storage: StorageFormat) -> list[str]:
        notes = []
        if before is not None and old is None:
            notes.append("The current value cannot be decoded; it is replaced as a whole.")
        elif before is not None and self._codec.reencodes(self._codec.decode(before.key, before.value)) is False:
            notes.append(
                "The current value was not written by a Kubernetes release that etcdview knows: more bytes may change "
                "than the diff shows."
            )
        if given.get("kind") == "Secret" and given.get("stringData"):
            notes.append("stringData is stored as data, like the API server does.")
        if storage.provider:
            notes.append(f"The value is encrypted by {storage.provider} with the key {storage.key_name!r}.")
        return notes


def _check_form(storage: StorageFormat, decoded: Decoded) -> None:
    if decoded.storage != storage:
        raise EncodeError(f"The value would be stored as {decoded.storage.format}, not as {storage.format}.")


def _managed(old: Object | None) -> Any:
    metadata = (old or {}).get("metadata")
    return metadata.get(MANAGED_FIELDS) if isinstance(metadata, Mapping) else None


def _with_string_data(wanted: Object) -> Object:
    texts = wanted["stringData"]
    for name, text in texts.items():
        if not isinstance(text, str):
            raise EncodeError(f"stringData.{name[:100]} is not text.")
    data = {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}
    merged = (wanted.get("data") or {}) | data
    return {name: value for name, value in wanted.items() if name != "stringData"} | {"data": merged}
