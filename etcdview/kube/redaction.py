"""What must not be seen: Secret data, and the annotations that repeat it. Pure functions; nothing changes in place."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from etcdview.kube.resources import ResourceType
from etcdview.kube.words import plural

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SECRET_FIELDS = ("data", "stringData")
# What else a Secret has (core/v1): nothing of it is secret. A field that is not here is masked whole.
_OPEN_FIELDS = ("apiVersion", "kind", "metadata", "type", "immutable")
# Tools keep copies of what they applied in annotations, often packed: those are long.
_LONG_ANNOTATION = 200
# In JSON, in JSON that stands as a text in JSON (however deep), and in YAML; any JSON text that is "Secret" alone.
_SECRET = re.compile(r"""\bkind\\*["']?\s*:\s*\\*["']?Secret\b|"Secret\\*\"""")
_SHORT_VALUE = 4  # a value so short stands in any text by chance


class Redactor:
    """Masks values; two equal values of one redactor show equal fingerprints.

    `key` makes the fingerprints: without it nobody can test guesses against them. It is never shown.
    """

    def __init__(self, key: bytes = b"") -> None:
        self._key = hashlib.blake2b(key).digest()[:32]

    def __repr__(self) -> str:
        return "Redactor()"

    def mask(self, obj: dict[str, Any], sensitive: bool = False) -> dict[str, Any]:
        """The object as a viewer may see it: itself where nothing is secret, else a copy with masks.

        `sensitive`: it is stored where Secrets are, whatever it says of itself.
        """
        if not sensitive and obj.get("kind") != "Secret":
            return self._mask_annotations(obj, _repeats_a_secret)
        values = [text for field in SECRET_FIELDS for text in _texts(obj.get(field))]
        masked = {name: value if name in _OPEN_FIELDS else self._mask_field(value) for name, value in obj.items()}
        return self._mask_annotations(masked, lambda text: _is_a_copy(text, values))

    def mask_text(self, raw: bytes) -> str:
        """What stands in place of a secret value: its size and its fingerprint."""
        digest = hashlib.blake2b(raw, key=self._key, digest_size=4).hexdigest()
        return f"••• {len(raw)} {plural(len(raw), 'byte')} · fingerprint {digest}"

    def _mask_field(self, value: object) -> object:
        if isinstance(value, Mapping):
            return {name: self.mask_text(raw_value(entry)) for name, entry in value.items()}
        return value if value is None else self.mask_text(raw_value(value))

    def _mask_annotations(self, obj: dict[str, Any], secret: Callable[[str], bool]) -> dict[str, Any]:
        metadata = _mapping(obj.get("metadata"))
        annotations = _mapping(metadata.get("annotations"))
        masks = {name: self.mask_text(str(text).encode()) for name, text in annotations.items() if secret(str(text))}
        if not masks:
            return obj
        return {**obj, "metadata": {**metadata, "annotations": {**annotations, **masks}}}


def is_sensitive(resource: ResourceType | None, kind: str) -> bool:
    """Whether the stored bytes themselves must stay unseen: by the key's resource type or by the value's own kind."""
    return kind == "Secret" or (resource is not None and resource.plural == "secrets" and resource.group == "")


def may_hold_a_secret(raw: bytes) -> bool:
    """Whether bytes that cannot be decoded speak of a Secret, as a copy in an annotation does."""
    return b'"Secret' in raw or _repeats_a_secret(raw.decode("latin-1"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def raw_value(value: object) -> bytes:
    """The bytes of a Secret's field: those that base64 stands for, or the text itself where it is none."""
    try:
        return base64.b64decode(str(value), validate=True)
    except (ValueError, binascii.Error):
        return str(value).encode("utf-8", errors="replace")


def _texts(values: object) -> Iterator[str]:
    """Each value of a Secret as it is stored, and as what it stands for."""
    for value in _mapping(values).values():
        yield str(value)
        yield raw_value(value).decode("utf-8", errors="replace")


def _repeats_a_secret(text: str) -> bool:
    return "Secret" in text and _SECRET.search(text) is not None


def _is_a_copy(text: str, values: Sequence[str]) -> bool:
    """Whether an annotation of a Secret may tell what is in it."""
    if len(text) > _LONG_ANNOTATION or _repeats_a_secret(text):
        return True
    return any(len(value) >= _SHORT_VALUE and value in text for value in values)
