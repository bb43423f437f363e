"""The codec: a stored value -> Decoded, whatever its form, and the way back."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from etcdview.codec import cbor, encoding, rawjson, served
from etcdview.codec.encryption import encrypted_values
from etcdview.codec.encryption.config import EncryptionConfig
from etcdview.codec.model import Decoded, Detail, Excerpt, Format, Object, StorageFormat, WireNode, set_resource_version
from etcdview.codec.outline import Outline, WantsBody, of_decoded
from etcdview.codec.protobuf import envelope
from etcdview.codec.protobuf import wire_tree as tree
from etcdview.codec.protobuf.outlining import Outliner
from etcdview.codec.protobuf.protobuf import protobuf_format
from etcdview.codec.protobuf.schema import schema
from etcdview.codec.served.parts import pod_parts
from etcdview.errors import DecodeError
from etcdview.kube.release import Release

# An encrypted value inside an encrypted value inside ...: nothing writes that, so a few are enough.
_MAX_LAYERS = 8
_JSON_GROUPS = ("apiextensions.k8s.io", "apiregistration.k8s.io")


class Codec:
    """Decodes and encodes the values of one cluster. Cheap to make; safe from any thread.

    `release` ("1.36") is what the cluster runs; it decides the few things that the bytes leave open.
    """

    def __init__(self, *, encryption: EncryptionConfig | None = None, release: str | None = None) -> None:
        self.encryption = encryption or EncryptionConfig()
        self.release = Release.parse(release) if release else None
        self._protobuf = protobuf_format(self.release)

    def for_release(self, release: Release | None) -> Codec:
        """The same codec for a cluster that runs `release`; itself for None."""
        return self if release is None else Codec(encryption=self.encryption, release=str(release))

    def stores_as_protobuf(self, api_version: str, kind: str) -> bool:
        """Whether the API server stores the kind as protobuf: built-in ones, but CRDs and APIServices are JSON."""
        return api_version.partition("/")[0] not in _JSON_GROUPS and schema().find(api_version, kind) is not None

    def decode(
        self, key: bytes, value: bytes, mod_revision: int = 0, *, detail: Detail | Excerpt = Detail.WHOLE
    ) -> Decoded:
        """What is stored under `key`. Never raises for bad bytes: see Decoded.error.

        With a `mod_revision` it becomes metadata.resourceVersion, which etcd does not hold.
        """
        decoded = self._decode(key, value, 0, detail)
        if mod_revision > 0:
            for obj in (decoded.object, decoded.partial):
                set_resource_version(obj, mod_revision)
        return decoded

    def outline(self, key: bytes, value: bytes, wants_body: WantsBody) -> Outline:
        """What is stored under `key`, in outline: several times as quick as decoding. Never raises for bad bytes."""
        if value.startswith(envelope.MAGIC):
            return self._outliner.outline(value, wants_body) or of_decoded(self._protobuf.decode(value))
        decoded = self._decode(key, value, 0)
        if decoded.error is None and decoded.plain.startswith(envelope.MAGIC):  # it was encrypted
            found = self._outliner.outline(decoded.plain, wants_body)
            if found is not None:
                storage = replace(found.storage, provider=decoded.storage.provider, key_name=decoded.storage.key_name)
                return found._replace(storage=storage)
        return of_decoded(decoded)

    def plain_values(self, key: bytes, value: bytes, layer: int = 0) -> Iterator[bytes]:
        """The value as it is before encryption, by each key that seems to decrypt it; itself where it is plain."""
        if not value.startswith(encrypted_values.PREFIX):
            yield value
        elif layer < _MAX_LAYERS:
            for _, plain in encrypted_values.decrypted(value, key, self.encryption):
                yield from self.plain_values(key, plain, layer + 1)

    @functools.cached_property
    def _outliner(self) -> Outliner:
        return Outliner(self._protobuf)

    def encode(self, obj: Object, storage: StorageFormat, key: bytes) -> bytes:
        """The way back: what etcd would hold under `key` for the object, in that form and encryption.

        metadata.resourceVersion is left out, as etcd holds none. Encryption is randomised: it differs each time.
        Raises EncodeError for an object that cannot be stored so, DecryptError where the key is missing.
        """
        return encoding.encode(obj, storage, key, self.encryption, self.release)

    def reencodes(self, decoded: Decoded) -> bool | None:
        """Whether the object would be written as the very bytes it was read from, by any release that is known.

        False: something in the bytes is not in the object (unknown fields, broken text, another writer than
        Kubernetes). None where there is no object, or no bytes to compare.
        """
        if decoded.error is not None or not decoded.plain:
            return None
        return encoding.reencodes(self._decode(b"", decoded.plain, 0), self.release)

    def as_served(self, obj: Object, *, in_place: bool = False) -> Object:
        """The object as the API server would hand it out, as far as that can be known offline: a copy, or itself."""
        return served.serve(obj, self.release) if in_place else served.as_served(obj, self.release)

    def unconverted(self, answer: Object) -> str:
        """The version that the API server would answer with, of an object whose conversion is not known; else ""."""
        had = str(answer.get("apiVersion"))
        wanted = served.preferred(had, str(answer.get("kind")), self.release)
        return "" if wanted == had else wanted

    def served_text(self, value: bytes, mod_revision: int, finish: Callable[[Object], Object]) -> bytes | None:
        """The JSON of a stored pod as `as_served` has it, several times as quick; `finish` may change the object.

        It is given the object with texts in it that are JSON already. None for what must be decoded as a whole.
        """
        return pod_parts(self.release).json(value, mod_revision, finish)

    def _decode(self, key: bytes, value: bytes, layer: int, detail: Detail | Excerpt = Detail.WHOLE) -> Decoded:
        if value.startswith(envelope.MAGIC):
            return self._protobuf.decode(value, detail)
        if value.startswith(encrypted_values.PREFIX):
            return self._encrypted(key, value, layer, detail)
        if value.startswith(cbor.SELF_DESCRIBED):
            return _tree_form("cbor", cbor.parse, value)
        if value.lstrip(b" \t\r\n")[:1] == b"{":
            return _tree_form("json", rawjson.parse, value)
        return Decoded(StorageFormat("unknown"), None, _foreign(value), value)

    def _encrypted(self, key: bytes, value: bytes, layer: int, detail: Detail | Excerpt) -> Decoded:
        best: Decoded | None = None
        for candidate, plain in encrypted_values.decrypted(value, key, self.encryption) if layer < _MAX_LAYERS else ():
            decoded = self._decode(key, plain, layer + 1, detail).under(candidate.provider, candidate.name)
            if decoded.error is None:
                return decoded
            # One in 256 wrong keys of aescbc seems to fit; the right one gives something known.
            if best is None or best.storage.format == "unknown":
                best = decoded
        if best is not None:
            return best
        parts = encrypted_values.split(value)
        form = StorageFormat("encrypted", parts.provider, parts.name)
        return Decoded(form, None, encrypted_values.closed(parts, key, self.encryption), value)


def wire_tree(decoded: Decoded) -> tuple[WireNode, ...]:
    """The fields of a protobuf value with their offsets into Decoded.plain; empty for every other form."""
    if not decoded.plain.startswith(envelope.MAGIC):
        return ()
    return tree.value(schema(), decoded.plain)


def _tree_form(form: Format, parse: Any, value: bytes) -> Decoded:
    try:
        obj = parse(value)
    except DecodeError as error:
        return Decoded(StorageFormat(form), None, error, value)
    if not isinstance(obj, dict):
        return Decoded(StorageFormat(form), None, DecodeError(f"This {form} is not an object.", offset=0), value)
    api_version, kind = obj.get("apiVersion"), obj.get("kind")
    storage = StorageFormat(form, api_version=_str(api_version), kind=_str(kind))
    return Decoded(storage, obj, None, value)


def _str(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _foreign(value: bytes) -> DecodeError:
    if not value:
        return DecodeError("This value is empty.")
    return DecodeError(
        "This value is not protobuf, JSON, CBOR or encrypted, the formats that Kubernetes stores.",
        "Something else may have written it; its bytes can be shown.",
        offset=0,
    )
