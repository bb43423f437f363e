"""`etcdview export FILE`: what is stored as a registry dump, which `--from` reads."""

from __future__ import annotations

from pathlib import Path

import click

from etcdview.cli.get.source import open_noted, warned
from etcdview.cli.options import source_options
from etcdview.cli.terminal import argument_bytes, say
from etcdview.config import Resolved
from etcdview.stores.files.dump import write_dump
from etcdview.stores.paging import PieceReader
from etcdview.stores.protocols import prefix_end


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--prefix", default="", metavar="PREFIX", help="Only keys that begin so: /registry/pods/shop/.")
@source_options
def command(file: Path, prefix: str, resolved: Resolved) -> int:
    """Write every key, with its value as it is stored, to FILE: gzipped JSON lines, all as of one revision.

    It reads a live etcd, or --from a snapshot. Secrets are in it as etcd holds them: FILE is for nobody but its owner
    (mode 0600).
    """
    store = open_noted(resolved.settings)
    try:
        reader = PieceReader(warned(store))
        start = argument_bytes(prefix)
        kvs = (kv for piece in reader.read(start or b"\0", prefix_end(start)) for kv in piece.kvs)
        count = write_dump(kvs, file)
    finally:
        store.close()
    say(f"Exported {count:,} keys as of revision {reader.revision:,} to {file}")
    return 0
