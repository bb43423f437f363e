"""`etcdview decode`: one value, or every value of a dump, as objects."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, BinaryIO

import click

from etcdview import keys
from etcdview.codec import Codec, Decoded, load_encryption_config, to_json, to_yaml
from etcdview.stores.dump import open_dump


@click.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--key", default="", help="The value's etcd key; aesgcm cannot be opened without it.")
@click.option("--dump", type=click.Path(path_type=Path), help="Decode every key of a registry dump (.jsonl.gz).")
@click.option("--encryption-config", type=click.Path(path_type=Path), help="The API server's EncryptionConfiguration.")
@click.option("--kubernetes-version", metavar="1.36", help="The release that the cluster runs.")
@click.option("-o", "--output", type=click.Choice(["json", "yaml", "jsonl"]), default="json", show_default=True)
def command(
    file: BinaryIO,
    key: str,
    dump: Path | None,
    encryption_config: Path | None,
    kubernetes_version: str | None,
    output: str,
) -> int:
    """Decode a stored value, as etcdctl get --print-value-only gives it."""
    encryption = load_encryption_config(encryption_config) if encryption_config else None
    codec = Codec(encryption=encryption, release=kubernetes_version)
    if dump is not None:
        for kv in open_dump(dump).range(b"", b"\0").kvs:
            decoded = codec.decode(kv.key, kv.value, kv.mod_revision)
            click.echo(json.dumps({"key": keys.show(kv.key), **_row(decoded)}))
        return 0
    decoded = codec.decode(key.encode(), file.read())
    if decoded.error is not None:
        raise decoded.error
    sys.stdout.write(to_yaml(decoded.object) if output == "yaml" else to_json(decoded.object))
    return 0


def _row(decoded: Decoded) -> dict[str, Any]:
    storage = decoded.storage
    form = {"format": storage.format, "provider": storage.provider, "keyName": storage.key_name}
    if decoded.error is not None:
        return {"storage": form, "error": decoded.error.what}
    return {"storage": form, "object": decoded.object}
