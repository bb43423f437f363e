"""What must not be seen: Secret data, and the annotations that repeat it. Pure functions; nothing changes in place."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

from etcdview.resources import ResourceType

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SECRET_FIELDS = ("data", "stringData")


class Redactor:
    """Masks values; two equal values of one redactor show equal fingerprints.

    `key` makes the fingerprints: without it nobody can test guesses against them. It is never shown.
    """

    def __init__(self, key: bytes = b"") -> None:
        self._key = hashlib.blake2b(key).digest()[:32]

    def __repr__(self) -> str:
        return "Redactor()"

    def mask(self, obj: dict[str, Any]) -> dict[str, Any]:
        """The object as a viewer may see it: itself where nothing is secret, else a copy with masks."""
        if obj.get("kind") == "Secret":
            obj = obj | {f: self._mask_map(obj[f]) for f in _SECRET_FIELDS if isinstance(obj.get(f), Mapping)}
        return self._mask_last_applied(obj)

    def mask_text(self, raw: bytes) -> str:
        """What stands in place of a secret value: its size and its fingerprint."""
        digest = hashlib.blake2b(raw, key=self._key, digest_size=4).hexdigest()
        return f"••• {len(raw)} bytes · fingerprint {digest}"

    def _mask_map(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.mask_text(_raw(value)) for name, value in values.items()}

    def _mask_last_applied(self, obj: dict[str, Any]) -> dict[str, Any]:
        metadata = _mapping(obj.get("metadata"))
        annotations = _mapping(metadata.get("annotations"))
        applied = annotations.get(LAST_APPLIED)
        if applied is None or not (obj.get("kind") == "Secret" or '"Secret"' in str(applied)):
            return obj
        masked = {**annotations, LAST_APPLIED: self.mask_text(str(applied).encode())}
        return {**obj, "metadata": {**metadata, "annotations": masked}}


def is_sensitive(resource: ResourceType | None, kind: str) -> bool:
    """Whether the stored bytes themselves must stay unseen: by the key's resource type or by the value's own kind."""
    return kind == "Secret" or (resource is not None and resource.plural == "secrets" and resource.group == "")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _raw(value: object) -> bytes:
    try:
        return base64.b64decode(str(value), validate=True)
    except (ValueError, binascii.Error):
        return str(value).encode("utf-8", errors="replace")
