"""Objects -> stored values: protobuf, JSON or CBOR, and encryption around it. The way back of codec.py."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from etcdview.codec import cbor, rawjson
from etcdview.codec.encryption import ciphers
from etcdview.codec.encryption.config import EncryptionConfig
from etcdview.codec.encryption.encrypted_values import prefix
from etcdview.codec.model import Decoded, Object, StorageFormat
from etcdview.codec.protobuf import envelope
from etcdview.codec.protobuf.from_json import Writer
from etcdview.codec.protobuf.schema import schema
from etcdview.errors import DecryptError, EncodeError
from etcdview.kube.release import Release


def encode(obj: Object, storage: StorageFormat, key: bytes, config: EncryptionConfig, release: Release | None) -> bytes:
    """See Codec.encode."""
    form = _FORMS.get(storage.format)
    if form is None:
        raise EncodeError(
            f"An object cannot be stored as {storage.format!r}.", "Choose protobuf, json or cbor, and a provider."
        )
    plain = form(_as_stored(obj), release)
    if not storage.provider:
        return plain
    return _encrypted(plain, storage, key, config)


def reencodes(decoded: Decoded, release: Release | None) -> bool:
    """Whether some release would write the decoded object as the bytes in `decoded.plain`."""
    if decoded.object is None:
        return False
    form = _FORMS[decoded.storage.format]
    for writer in _writers(decoded, release):
        try:
            if form(_as_stored(decoded.object), writer) == decoded.plain:
                return True
        except EncodeError:
            continue
    return False


def _writers(decoded: Decoded, release: Release | None) -> Iterator[Release | None]:
    """The cluster's release, then the others from the newest: an object may have been written long ago."""
    yield release
    if decoded.storage.format == "protobuf":
        yield from (known for known in reversed(schema().releases) if known != release)


def _as_stored(obj: Object) -> Object:
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict) or "resourceVersion" not in metadata:
        return obj
    return obj | {"metadata": {name: value for name, value in metadata.items() if name != "resourceVersion"}}


@functools.lru_cache(maxsize=32)
def _writer(release: Release | None) -> Writer:
    return Writer(schema(release))


def protobuf_message(obj: Object, release: Release | None) -> bytes:
    """The object's message, without envelope. Raises EncodeError."""
    api_version, kind = str(obj.get("apiVersion", "")), str(obj.get("kind", ""))
    number = schema(release).find(api_version, kind)
    if number is None:
        raise EncodeError(f"No release that etcdview knows has the kind {kind!r} of {api_version!r}.")
    return _writer(release).message(number, obj)


def _protobuf(obj: Object, release: Release | None) -> bytes:
    api_version, kind = str(obj.get("apiVersion", "")), str(obj.get("kind", ""))
    return envelope.wrap(api_version, kind, protobuf_message(obj, release))


def _json(obj: Object, _: Release | None) -> bytes:
    return rawjson.dump(obj).encode("utf-8") + b"\n"


def _cbor(obj: Object, _: Release | None) -> bytes:
    return cbor.dump(obj)


_FORMS: dict[str, Callable[[Any, Release | None], bytes]] = {"protobuf": _protobuf, "json": _json, "cbor": _cbor}


def _encrypted(plain: bytes, storage: StorageFormat, key: bytes, config: EncryptionConfig) -> bytes:
    provider, name = storage.provider, storage.key_name
    keys = config.candidates(provider, name)
    if not keys:
        raise DecryptError(
            f"{provider} has no key {name!r} to encrypt with.",
            "Give the EncryptionConfiguration that has it; kms keys cannot be used offline.",
        )
    return prefix(provider, name) + ciphers.encrypt(provider, keys[0].secret, plain, key)
