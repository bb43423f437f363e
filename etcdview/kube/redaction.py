"""What must not be seen: Secret data, wherever it is embedded, and what repeats it. Pure; nothing changes in place."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from operator import is_
from typing import Any
from urllib.parse import quote

from etcdview.kube.fields import text as text_at
from etcdview.kube.resources import ResourceType
from etcdview.kube.words import plural

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SECRET_FIELDS = ("data", "stringData")
# OAuth...: OpenShift's own, whose secrets and tokens log in to the cluster
SECRET_KINDS = frozenset(("Secret", "OAuthClient", "OAuthAccessToken", "OAuthAuthorizeToken"))
_SECRET_LISTS = frozenset(f"{kind}List" for kind in SECRET_KINDS)
# What else a Secret has (core/v1): nothing of it is secret. A field that is not here is masked whole.
_OPEN_FIELDS = ("apiVersion", "kind", "metadata", "type", "immutable")
# Tools keep copies of what they applied in annotations, often packed: those are long.
_LONG_ANNOTATION = 200
# In JSON, in JSON that stands as a text in JSON (however deep), and in YAML; any JSON text that is "Secret" alone.
_SECRET = re.compile(r"""\bkind\\*["']?\s*:\s*\\*["']?Secret\b|"Secret\\*\"""")
_MANIFEST = re.compile(r"""\bkind\\*["']?\s*:\s*(?:[&!]\S*\s+)*\\*["']?Secret\b""")
_DATA = re.compile(r"""\b(?:data|stringData)\\*["']?\s*:""")
# What the bytes of every value with an embedded Secret hold: its kind, kustomize's or Helm's words, packed data, an
# escape in JSON, or CBOR, whose texts may stand in pieces.
_MARKS = (b"Secret", b"secretGenerator", b"helm", b"binaryData", b"\\u")
_CBOR = b"\xd9\xd9\xf7"
_URL_SAFE = str.maketrans("+/", "-_")
_MASKED = "••• "
_MASK_WORDS = (_MASKED.strip(), "bytes", "·", "fingerprint")
_HEX = re.compile(r"[0-9a-f]{1,8}")
_SHORT_VALUE = 4  # a value so short stands in any text by chance


def may_embed_a_secret(raw: bytes) -> bool:
    """Whether the bytes of an object that is not a Secret may hold one; of most they tell at once that they do not."""
    for mark in _MARKS:
        if mark in raw:
            return True
    return raw.startswith(_CBOR)


class Redactor:
    """Masks values; two equal values of one redactor show equal fingerprints.

    `key` makes the fingerprints: without it nobody can test guesses against them. It is never shown.
    """

    def __init__(self, key: bytes = b"") -> None:
        self._key = hashlib.blake2b(key).digest()[:32]

    def __repr__(self) -> str:
        return "Redactor()"

    def mask(self, obj: dict[str, Any], sensitive: bool = False, raw: bytes = b"") -> dict[str, Any]:
        """The object as a viewer may see it: itself where nothing is secret, else a copy with masks.

        `sensitive`: it is stored where Secrets are, whatever it says of itself. `raw` are the bytes that it was
        decoded from, where these are known: most tell at once that no Secret is embedded.
        """
        if sensitive or text_at(obj, "kind") in SECRET_KINDS:
            return self._mask_secret(obj)
        if raw and not may_embed_a_secret(raw):
            return obj
        makes_secrets = str(obj.get("kind")).endswith("Secret")  # SealedSecret, ExternalSecret
        masked: dict[str, Any] = self._mask_within(self._mask_release(obj), makes_secrets)
        return self._mask_metadata(masked, "annotations", _repeats_a_secret)

    def _mask_secret(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        copies = {text for field in SECRET_FIELDS for text in _copies(obj.get(field))}
        masked = {name: value if name in _OPEN_FIELDS else self._mask_field(value) for name, value in obj.items()}
        for field in ("annotations", "labels"):
            masked = self._mask_metadata(masked, field, lambda text: _is_a_copy(text, copies))
        return masked

    def _mask_within(self, value: Any, makes_secrets: bool) -> Any:
        """The value itself where no Secret is embedded in it, as an object or in a text; else a copy."""
        if isinstance(value, str):
            return self.mask_text(value.encode()) if _embeds_a_secret(value) else value
        if isinstance(value, list):
            items = [self._mask_within(item, makes_secrets) for item in value]
            return value if all(map(is_, items, value)) else items
        if not isinstance(value, dict):
            return value
        kind = value.get("kind")
        if kind == "Secret" and any(field in value for field in SECRET_FIELDS):
            return self._mask_secret(value)
        changed = {
            name: masked
            for name, item in value.items()
            if (masked := self._mask_member(name, item, kind, makes_secrets)) is not item
        }
        return {**value, **changed} if changed else value

    def _mask_member(self, name: str, value: Any, kind: object, makes_secrets: bool) -> Any:
        if kind in _SECRET_LISTS and name == "items" and isinstance(value, list):
            return [self._mask_secret(item) if isinstance(item, dict) else item for item in value]
        if name == "secretGenerator" and isinstance(value, list):  # kustomize
            return [self._mask_fields(item, ("literals",)) for item in value]
        if name == "template" and makes_secrets:
            return self._mask_within(self._mask_fields(value, SECRET_FIELDS), makes_secrets)
        if name == "binaryData" and kind == "ConfigMap" and isinstance(value, dict):
            hidden = {key for key, text in value.items() if may_hold_a_secret(raw_value(text))}
            return self._mask_fields(value, hidden) if hidden else value
        return self._mask_within(value, makes_secrets)

    def _mask_release(self, obj: dict[str, Any]) -> dict[str, Any]:
        """Helm's releases in ConfigMaps: packed, with the manifests of all Secrets and the values they were made of."""
        labels, data = _mapping(_mapping(obj.get("metadata")).get("labels")), obj.get("data")
        if labels.get("owner") != "helm" or "release" not in _mapping(data):
            return obj
        return {**obj, "data": self._mask_fields(data, ("release",))}

    def _mask_fields(self, value: Any, names: Collection[str]) -> Any:
        """The mapping with these members masked."""
        if not isinstance(value, dict) or not any(name in value for name in names):
            return value
        return {name: self._mask_field(item) if name in names else item for name, item in value.items()}

    def mask_text(self, raw: bytes) -> str:
        """What stands in place of a secret value: its size and its fingerprint."""
        digest = hashlib.blake2b(raw, key=self._key, digest_size=4).hexdigest()
        return f"{_MASKED}{len(raw)} {plural(len(raw), 'byte')} · fingerprint {digest}"

    def _mask_field(self, value: object) -> object:
        if isinstance(value, Mapping):
            return {name: self.mask_text(raw_value(entry)) for name, entry in value.items()}
        return value if value is None else self.mask_text(raw_value(value))

    def _mask_metadata(self, obj: dict[str, Any], field: str, secret: Callable[[str], bool]) -> dict[str, Any]:
        """With the labels or annotations masked that are `secret`."""
        metadata = _mapping(obj.get("metadata"))
        texts = _mapping(metadata.get(field))
        masks = {
            name: self.mask_text(str(text).encode())
            for name, text in texts.items()
            if not str(text).startswith(_MASKED) and secret(str(text))
        }
        if not masks:
            return obj
        return {**obj, "metadata": {**metadata, field: {**texts, **masks}}}


def may_be_in_a_mask(text: str) -> bool:
    """Whether the text could stand in what is shown in place of a secret value."""
    parts = text.casefold().split()
    return all(_HEX.fullmatch(part) or any(part in word for word in _MASK_WORDS) for part in parts)


def is_sensitive(resource: ResourceType | None, kind: str) -> bool:
    """Whether the stored bytes themselves must stay unseen: by the key's resource type or by the value's own kind."""
    if kind in SECRET_KINDS:
        return True
    return resource is not None and (resource.kind in SECRET_KINDS if resource.group else resource.plural == "secrets")


def may_hold_a_secret(raw: bytes) -> bool:
    """Whether bytes that cannot be decoded speak of a Secret, as a copy in an annotation does."""
    text = raw.decode("latin-1")
    return '"Secret' in text or _repeats_a_secret(text) or _embeds_a_secret(text)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def raw_value(value: object) -> bytes:
    """The bytes of a Secret's field: those that base64 stands for, or the text itself where it is none."""
    try:
        return base64.b64decode(str(value), validate=True)
    except (ValueError, binascii.Error):
        return str(value).encode("utf-8", errors="replace")


def _copies(values: object) -> Iterator[str]:
    """Each value of a Secret in the forms in which a short text may repeat it."""
    for value in _mapping(values).values():
        raw = raw_value(value)
        if len(raw) <= _LONG_ANNOTATION:
            text = raw.decode("utf-8", errors="replace")
            encoded = base64.b64encode(raw).decode().rstrip("=")
            forms = (str(value), text, raw.hex(), encoded, encoded.translate(_URL_SAFE), quote(text))
            yield from (form for each in forms for form in (each, each[::-1]) if len(form) >= _SHORT_VALUE)


def _repeats_a_secret(text: str) -> bool:
    return "Secret" in text and _SECRET.search(text) is not None


def _embeds_a_secret(text: str) -> bool:
    """Whether a text holds the manifest of a Secret with data, or of kustomize's generator of one."""
    if "Secret" in text and _MANIFEST.search(text) is not None and _DATA.search(text) is not None:
        return True
    return "secretGenerator" in text and "literals" in text


def _is_a_copy(text: str, copies: Collection[str]) -> bool:
    """Whether a label or an annotation of a Secret may tell what is in it."""
    if len(text) > _LONG_ANNOTATION or _repeats_a_secret(text):
        return True
    return any(copy in text or copy in text.lower() for copy in copies)
