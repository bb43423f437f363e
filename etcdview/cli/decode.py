"""`etcdview decode`: one stored value, or every value of a dump or snapshot, as objects."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any, BinaryIO

import click

from etcdview.cli.get.source import open_noted
from etcdview.cli.options import settings_options
from etcdview.cli.storage import CODEC_ROWS
from etcdview.cli.terminal import argument_bytes, json_text, terminal_text
from etcdview.cluster.sources import open_codec
from etcdview.codec import Codec, Decoded, to_json, to_yaml
from etcdview.config import Resolved, Settings
from etcdview.kube import keys
from etcdview.models import KeyValue
from etcdview.objects.release import find_release
from etcdview.stores.paging import PieceReader
from etcdview.stores.protocols import Store


@click.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--key", "etcd_key", default="", help="The value's etcd key; aesgcm cannot be opened without it.")
@click.option("--dump", "--from", "source", metavar="FILE", help="Decode every key of this dump or snapshot instead.")
@click.option("--as-served", is_flag=True, help="With what the API server adds on the way out.")
@click.option("-o", "--output", type=click.Choice(["json", "yaml", "jsonl"]), help="Default: json; jsonl with --dump.")
@settings_options(CODEC_ROWS)
def command(
    file: BinaryIO, etcd_key: str, source: str | None, as_served: bool, output: str | None, resolved: Resolved
) -> int:
    """Decode what etcd holds under a key, as `etcdctl get --print-value-only KEY` gives it.

    Everything is shown in clear, Secrets too. What is stored is shown; --as-served adds what the API server would.
    """
    codec = open_codec(resolved.settings)
    if source is not None:
        store = open_noted(replace(resolved.settings, from_file=source))
        return _all(store, resolved.settings, codec, as_served, output or "jsonl")
    return _one(codec, file.read(), argument_bytes(etcd_key), as_served, output or "json")


def _one(codec: Codec, value: bytes, key: bytes, as_served: bool, output: str) -> int:
    decoded = codec.decode(key, value)
    if decoded.error is not None and value.endswith(b"\n"):
        # etcdctl ends what it prints with a line feed of its own.
        shorter = codec.decode(key, value[:-1])
        decoded = shorter if shorter.error is None else decoded
    for field in decoded.unknown_fields:
        click.echo(
            f"etcdview: {field.path or 'the object'} has a field that no release it knows has: number {field.number},"
            f" {field.wire_type}, {len(field.raw):,} bytes at {field.offset:,}: {field.raw[:16].hex(' ')}",
            err=True,
        )
    shown = decoded.object if decoded.object is not None else decoded.partial
    if shown is not None:
        shown = codec.as_served(shown) if as_served and decoded.error is None else shown
        click.echo(_FORMS[output](shown), nl=False)
    if decoded.error is not None:
        raise decoded.error
    return 0


def _all(store: Store, settings: Settings, codec: Codec, as_served: bool, output: str) -> int:
    try:
        if codec.release is None:
            found = find_release(store, codec, keys.KeySpace(settings.etcd_prefix))
            codec = codec.for_release(found.release if found else None)
        for kv in (kv for piece in PieceReader(store).read(b"", b"\0") for kv in piece.kvs):
            decoded = codec.decode(kv.key, kv.value, kv.mod_revision)
            if decoded.object is not None and as_served:
                decoded = replace(decoded, object=codec.as_served(decoded.object))
            click.echo(_line(kv, decoded) if output == "jsonl" else _document(kv, decoded, output), nl=False)
    finally:
        store.close()
    return 0


def _line(kv: KeyValue, decoded: Decoded) -> str:
    name, value = keys.to_query(kv.key)
    form = decoded.storage
    row: dict[str, Any] = {"key": keys.show(kv.key)} | ({} if name == "key" else {name: value})
    row["storage"] = {"format": form.format, "provider": form.provider, "keyName": form.key_name}
    if decoded.unknown_fields:
        row["unknownFields"] = [_unknown(field) for field in decoded.unknown_fields]
    if decoded.error is None:
        row["object"] = decoded.object
    else:
        row |= {"error": str(decoded.error)} | ({"partial": decoded.partial} if decoded.partial else {})
    return json_text(row) + "\n"


def _unknown(field: Any) -> dict[str, Any]:
    return {
        "path": field.path,
        "number": field.number,
        "wireType": field.wire_type,
        "offset": field.offset,
        "bytes": base64.b64encode(field.raw).decode("ascii"),
    }


def _document(kv: KeyValue, decoded: Decoded, output: str) -> str:
    if decoded.object is None:
        click.echo(terminal_text(f"etcdview: {keys.show(kv.key)}: {decoded.error}"), err=True)
        return ""
    return ("---\n" if output == "yaml" else "") + _FORMS[output](decoded.object)


_FORMS: dict[str, Callable[[Any], str]] = {
    "json": to_json,
    "yaml": to_yaml,
    "jsonl": lambda obj: json_text(obj) + "\n",
}
