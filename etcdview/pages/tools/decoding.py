"""What etcd holds under a key, as an object; and objects as what etcd would hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError

from etcdview.cluster.sources import open_codec
from etcdview.codec import Codec, Decoded, StorageFormat, to_json, to_yaml
from etcdview.codec.model import UnknownField as UnknownField  # what commands print of a value
from etcdview.config import Settings
from etcdview.errors import EncodeError, EtcdviewError, SettingError
from etcdview.kube.keys import KeySpace, as_text, to_query
from etcdview.kube.reasons import reason
from etcdview.models import KeyValue, Range
from etcdview.objects.release import codec_for
from etcdview.pages.tools.piped import piped_values
from etcdview.stores.paging import PieceReader
from etcdview.stores.protocols import Store

# An object as text, by the name of the form.
FORMS: Mapping[str, Callable[[Any], str]] = {"json": to_json, "yaml": to_yaml}
FORMATS = ("protobuf", "json", "cbor")


@dataclass(frozen=True, slots=True)
class DecodedValue:
    """One value. `object` is None where `error` says why; `partial` is what could be read of it nevertheless.

    `key` is for programs; `key64` is set where the key is not UTF-8. `unconverted` is the version that the API server
    would answer with, where an object that is to be shown as it is served is in another.
    """

    key: str
    key64: str
    storage: StorageFormat
    object: Any
    partial: Any
    unknown: tuple[UnknownField, ...]
    error: EtcdviewError | None
    unconverted: str = ""


def decode_piped(
    settings: Settings, raw: bytes, key: bytes = b"", *, as_served: bool = False
) -> tuple[DecodedValue, ...]:
    """The values in what was read: bytes as etcd holds them, or in a form of etcdctl's.

    Raises SettingError for a bad EncryptionConfiguration, DecodeError where nothing was read, or a terminal changed it.
    """
    codec = open_codec(settings)
    return tuple(_piped(codec, one.value, key or one.key, as_served) for one in piped_values(raw))


def _piped(codec: Codec, value: bytes, key: bytes, as_served: bool) -> DecodedValue:
    decoded = codec.decode(key, value)
    if decoded.error is not None and value.endswith(b"\n"):
        # etcdctl ends what it prints with a line feed of its own.
        shorter = codec.decode(key, value[:-1])
        decoded = shorter if shorter.error is None else decoded
    return _value(codec, key, decoded, as_served)


def decode_all(
    store: Store, settings: Settings, key: bytes = b"", *, as_served: bool = False
) -> Iterator[DecodedValue]:
    """Every value of a store, or that of `key` alone. Raises what the store raises."""
    codec = codec_for(store, open_codec(settings), KeySpace(settings.etcd_prefix))
    for kv in _values(store, key):
        yield _value(codec, kv.key, codec.decode(kv.key, kv.value, kv.mod_revision), as_served)


def encode_object(
    settings: Settings, raw: bytes, key: bytes = b"", *, form: str | None = None, provider: str = "", key_name: str = ""
) -> bytes:
    """An object, as YAML or JSON, as the API server would store it under `key`.

    Raises EncodeError for what cannot be stored so, SettingError where no key of `provider` is known.
    """
    codec = open_codec(settings)
    obj = _read(raw)
    kind = str(obj.get("apiVersion", "")), str(obj.get("kind", ""))
    storage = StorageFormat(_format(codec, form, kind), provider, _key_name(codec, provider, key_name), *kind)
    if provider == "aesgcm" and not key:
        raise EncodeError("aesgcm needs the etcd key of the value.", "Give it (--key).")
    if not all(kind):
        raise EncodeError("Not a Kubernetes object: apiVersion or kind is missing.")
    return codec.encode(obj, storage, key)


def _values(store: Store, key: bytes) -> Iterator[KeyValue]:
    if key:
        yield from store.range(Range(key)).kvs
        return
    for piece in PieceReader(store).read(b"", b"\0"):
        yield from piece.kvs


def _value(codec: Codec, key: bytes, decoded: Decoded, as_served: bool) -> DecodedValue:
    unconverted = ""
    if decoded.object is not None and decoded.error is None and as_served:
        decoded = replace(decoded, object=codec.as_served(decoded.object))
        unconverted = codec.unconverted(decoded.object or {})
    name, key64 = to_query(key)
    return DecodedValue(
        as_text(key),
        "" if name == "key" else key64,
        decoded.storage,
        decoded.object,
        decoded.partial,
        decoded.unknown_fields,
        decoded.error,
        unconverted,
    )


def _format(codec: Codec, form: str | None, kind: tuple[str, str]) -> Any:
    if form is not None:
        return form
    return "protobuf" if codec.stores_as_protobuf(*kind) else "json"


def _key_name(codec: Codec, provider: str, name: str) -> str:
    if not provider or name:
        return name
    for key in codec.encryption.all_keys():
        if key.provider == provider:
            return key.name
    raise SettingError(
        f"No {provider} key was given to encrypt with.",
        "Give the EncryptionConfiguration that has one (--encryption-config).",
    )


def _read(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8")
        obj = json.loads(text) if text.lstrip()[:1] == "{" else _yaml(text)
    except (YAMLError, ValueError, RecursionError, LookupError, TypeError, ArithmeticError) as error:
        raise EncodeError(f"Neither YAML nor JSON: {_why(error)}.", "Correct it there.") from error
    if not isinstance(obj, dict):
        raise EncodeError("Not an object: it has no apiVersion and kind.")
    return obj


def _why(error: Exception) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if not problem:
        return reason(error).partition("\n")[0]
    return f"{problem} in line {mark.line + 1}" if mark else str(problem)


class _Constructor(SafeConstructor):
    """Times stay text, as Kubernetes reads them."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def _yaml(text: str) -> Any:
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.Constructor = _Constructor
    return yaml.load(text)
