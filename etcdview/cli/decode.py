"""`etcdview decode`: one stored value, or every value of a dump or snapshot, as objects."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any, BinaryIO

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import settings_options
from etcdview.cli.storage import CODEC_ROWS
from etcdview.cli.terminal import argument_bytes, json_text, remark, say
from etcdview.config import Resolved
from etcdview.pages.parts.texts import counted, unmistakable
from etcdview.pages.tools.decoding import FORMS, DecodedValue, UnknownField, decode_all, decode_piped
from etcdview.pages.tools.source import open_noted


@click.command(cls=GroupedCommand)
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--key", "etcd_key", default="", help="The etcd key, which aesgcm needs; with --from, only this key.")
@click.option("--dump", "--from", "source", metavar="FILE", help="Decode this dump or snapshot instead.")
@click.option("--as-served", is_flag=True, help="Include what the API server adds when it serves the object.")
@click.option("-o", "--output", type=click.Choice(["json", "yaml", "jsonl"]), help="Default: json; jsonl with --dump.")
@settings_options(CODEC_ROWS)
def command(
    file: BinaryIO, etcd_key: str, source: str | None, as_served: bool, output: str | None, resolved: Resolved
) -> int:
    """Decode what etcd holds under a key, as `etcdctl get --print-value-only KEY` gives it.

    The key's line before it, `-w json`, `-w fields`, hexadecimal and base64 are read too.

    Everything is shown in clear, Secrets too. What is stored is shown; --as-served adds what the API server would.
    """
    settings, key = resolved.settings, argument_bytes(etcd_key)
    if source is None:
        return _piped(decode_piped(settings, file.read(), key, as_served=as_served), output)
    store = open_noted(replace(settings, from_file=source), remark)
    try:
        for value in decode_all(store, settings, key, as_served=as_served):
            _print(value, output or "jsonl")
    finally:
        store.close()
    return 0


def _piped(values: tuple[DecodedValue, ...], output: str | None) -> int:
    if len(values) == 1:
        return _one(values[0], output or "json")
    for value in values:
        _print(value, output or "jsonl")
    return 1 if any(value.error for value in values) else 0


def _one(value: DecodedValue, output: str) -> int:
    for part in value.unknown:
        say(
            f"etcdview: {part.path or 'the object'} has a field that no release it knows has: number {part.number},"
            f" {part.wire_type}, {counted(len(part.raw), 'byte')} at {part.offset:,}: {part.raw[:16].hex(' ')}",
            err=True,
        )
    _remark_unconverted(value)
    shown = value.object if value.object is not None else value.partial
    if shown is not None:
        click.echo(_text(shown, output), nl=False)
    if value.error is not None:
        raise value.error
    return 0


def _remark_unconverted(value: DecodedValue) -> None:
    if value.unconverted:
        name = unmistakable(value.key) or "the object"
        say(f"etcdview: {name} is not converted: the API server would answer with {value.unconverted}.", err=True)


def _print(value: DecodedValue, output: str) -> None:
    _remark_unconverted(value)
    if output == "jsonl":
        click.echo(json_text(_row(value)))
    elif value.object is None:
        say(f"etcdview: {unmistakable(value.key)}: {value.error}", err=True)
    else:
        click.echo(("---\n" if output == "yaml" else "") + _text(value.object, output), nl=False)


def _text(value: Any, output: str) -> str:
    return json_text(value) + "\n" if output == "jsonl" else FORMS[output](value)


def _row(value: DecodedValue) -> dict[str, Any]:
    form = value.storage
    row: dict[str, Any] = {"key": value.key} | ({"key64": value.key64} if value.key64 else {})
    row["storage"] = {"format": form.format, "provider": form.provider, "keyName": form.key_name}
    if value.unknown:
        row["unknownFields"] = [_unknown(part) for part in value.unknown]
    if value.error is None:
        return row | {"object": value.object}
    return row | {"error": str(value.error)} | ({"partial": value.partial} if value.partial else {})


def _unknown(part: UnknownField) -> dict[str, Any]:
    return {
        "path": part.path,
        "number": part.number,
        "wireType": part.wire_type,
        "offset": part.offset,
        "bytes": base64.b64encode(part.raw).decode("ascii"),
    }
