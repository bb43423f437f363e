"""`etcdview export FILE`: what is stored as a registry dump, which `--from` reads."""

from __future__ import annotations

from pathlib import Path

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import source_options
from etcdview.cli.terminal import argument_bytes, remark, say
from etcdview.config import Resolved
from etcdview.pages.parts.texts import counted
from etcdview.pages.tools.export import export
from etcdview.pages.tools.source import open_noted, warned


@click.command("export", cls=GroupedCommand)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--prefix", default="", metavar="PREFIX", help="Only keys that begin so: /registry/pods/shop/.")
@source_options
def command(file: Path, prefix: str, resolved: Resolved) -> int:
    """Write every key, with its value as it is stored, to FILE: gzipped JSON lines, all as of one revision.

    It reads a live etcd, or --from a snapshot. Secrets are in it as etcd holds them: FILE is for nobody but its owner
    (mode 0600).
    """
    store = open_noted(resolved.settings, remark)
    try:
        done = export(warned(store, remark), argument_bytes(prefix), file)
    finally:
        store.close()
    say(f"Exported {counted(done.count, 'key')} as of revision {done.revision:,} to {file}")
    return 0
