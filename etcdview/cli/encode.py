"""`etcdview encode`: an object as the API server would store it; the way back of `decode`."""

from __future__ import annotations

import json
import sys
from typing import Any, BinaryIO

import click
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError

from etcdview.cli.options import settings_options
from etcdview.cli.storage import CODEC_ROWS
from etcdview.cli.terminal import argument_bytes
from etcdview.cluster.sources import open_codec
from etcdview.codec import Codec, StorageFormat
from etcdview.config import Resolved
from etcdview.errors import EncodeError, SettingError

_FORMATS = ("protobuf", "json", "cbor")


@click.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--key", "etcd_key", default="", help="The etcd key it is for; aesgcm binds the value to it.")
@click.option("--format", "form", type=click.Choice(_FORMATS), help="Default: protobuf for built-in kinds, else json.")
@click.option("--provider", default="", help="Encrypt it: aescbc, aesgcm or secretbox.")
@click.option("--key-name", default="", help="With this key of the provider; default: its first.")
@settings_options(CODEC_ROWS)
def command(file: BinaryIO, etcd_key: str, form: str | None, provider: str, key_name: str, resolved: Resolved) -> int:
    """Encode an object (YAML or JSON) into the bytes that etcd would hold; they go to standard output.

    metadata.resourceVersion is left out: etcd's mod_revision takes its place.
    """
    codec = open_codec(resolved.settings)
    obj = _read(file.read())
    kind = str(obj.get("apiVersion", "")), str(obj.get("kind", ""))
    storage = StorageFormat(_format(codec, form, kind), provider, _key_name(codec, provider, key_name), *kind)
    if provider == "aesgcm" and not etcd_key:
        raise EncodeError("aesgcm binds a value to its etcd key, and none is given.", "Give it (--key).")
    sys.stdout.buffer.write(codec.encode(obj, storage, argument_bytes(etcd_key)))
    return 0


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
        f"There is no key of {provider} to encrypt with.",
        "Give the EncryptionConfiguration that has one (--encryption-config).",
    )


def _read(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8")
        obj = json.loads(text) if text.lstrip()[:1] == "{" else _yaml(text)
    except (YAMLError, ValueError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EncodeError(f"This is neither YAML nor JSON: {first}.") from error
    if not isinstance(obj, dict):
        raise EncodeError("This is no object: it has no apiVersion and kind.")
    return obj


class _Constructor(SafeConstructor):
    """Times stay text, as Kubernetes reads them."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def _yaml(text: str) -> Any:
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.Constructor = _Constructor
    return yaml.load(text)
