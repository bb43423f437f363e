"""What decoding gives: frozen facts about one stored value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Literal

from etcdview.errors import DecodeError
from etcdview.kube.fields import Excerpted

Format = Literal["protobuf", "json", "cbor", "encrypted", "unknown"]
Object = dict[str, Any]


class Detail(Enum):
    """How much of an object of a built-in kind is wanted: what is left out makes decoding quicker.

    UNMANAGED has all but metadata.managedFields, which are half of most objects. CELLS has also left out what no column
    of a table shows of pods (volumes, environments, probes ...), and does not look for unknown fields.
    ROWS is CELLS with all metadata but managedFields. LINKED is CELLS with what names other objects.
    LABELS has nothing but name, namespace and labels: what is needed of a value that is sent as it is stored.
    """

    WHOLE = "whole"
    UNMANAGED = "unmanaged"
    CELLS = "cells"
    ROWS = "rows"
    LINKED = "linked"
    LABELS = "labels"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A detail of its own: nothing but these fields, given by their JSON paths, of what is stored as protobuf.

    Paths lead through lists. It gives an Excerpted, which is much quicker where many objects are alike in them.
    """

    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class StorageFormat:
    """How a value is stored.

    A value that was decrypted has the inner `format`, and `provider` and `key_name` of its encryption; one that
    was not has the format "encrypted". `provider` is "" for plain values, else aescbc, aesgcm, secretbox, kms v1
    or kms v2; `key_name` is the name in the EncryptionConfiguration, or the kms plugin's.
    """

    format: Format
    provider: str = ""
    key_name: str = ""
    api_version: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class UnknownField:
    """A field that the schema table does not know: data of a newer release, or no object of this kind.

    `path` is the JSON path of the message it stands in; `offset` is into Decoded.plain; `wire_type` is varint,
    fixed64, bytes, group or fixed32; `raw` are the value's bytes without the tag.
    """

    path: str
    number: int
    wire_type: str
    offset: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Decoded:
    """One stored value, decoded as far as it can be.

    `object` is None exactly when `error` is set; `partial` is then what is known so far (kind and metadata of an
    unknown kind, everything before the fault of a truncated value). `plain` are the bytes after decryption.
    """

    storage: StorageFormat
    object: Object | None
    error: DecodeError | None = None
    plain: bytes = b""
    partial: Object | None = None
    unknown_fields: tuple[UnknownField, ...] = ()

    def under(self, provider: str, key_name: str) -> Decoded:
        """The same, as found inside the encryption of `provider` and `key_name`."""
        return replace(self, storage=replace(self.storage, provider=provider, key_name=key_name))


@dataclass(frozen=True, slots=True)
class WireNode:
    """One field of the protobuf, for the wire view: `offset` (of its tag) and `length` are into Decoded.plain.

    `name` is the JSON name, "" for unknown fields; `value` a text of it, "" where there are children. `repeated`:
    the field is a list or a map, and this is one item. wire_type "broken" marks bytes that are not protobuf.
    """

    offset: int
    length: int
    number: int
    name: str
    wire_type: str
    value: str = ""
    children: tuple[WireNode, ...] = ()
    known: bool = True
    repeated: bool = False


def set_resource_version(obj: Object | None, mod_revision: int) -> None:
    """Set what etcd does not hold, in place; not for revision 0, nor in an excerpt."""
    if isinstance(obj, Excerpted):  # it is that of other objects, too
        return
    metadata = obj.get("metadata") if obj and mod_revision > 0 else None
    if isinstance(metadata, dict):
        metadata["resourceVersion"] = str(mod_revision)
