"""`etcdview encode`: an object as the API server would store it; the way back of `decode`."""

from __future__ import annotations

import sys
from typing import BinaryIO

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import settings_options
from etcdview.cli.storage import CODEC_ROWS
from etcdview.cli.terminal import argument_bytes
from etcdview.config import Resolved
from etcdview.pages.tools.decoding import FORMATS, encode_object


@click.command(cls=GroupedCommand)
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--key", "etcd_key", default="", help="The etcd key it is for; aesgcm binds the value to it.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Default: protobuf for built-in kinds, else json.")
@click.option("--provider", default="", help="Encrypt it: aescbc, aesgcm or secretbox.")
@click.option("--key-name", default="", help="With this key of the provider; default: its first.")
@settings_options(CODEC_ROWS)
def command(file: BinaryIO, etcd_key: str, form: str | None, provider: str, key_name: str, resolved: Resolved) -> int:
    """Encode an object (YAML or JSON) into the bytes that etcd would hold; they go to standard output.

    metadata.resourceVersion is left out: etcd's mod_revision takes its place.
    """
    made = encode_object(
        resolved.settings, file.read(), argument_bytes(etcd_key), form=form, provider=provider, key_name=key_name
    )
    sys.stdout.buffer.write(made)
    return 0
