"""`etcdview open FILE`: the window on a file."""

from __future__ import annotations

from dataclasses import replace

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import read_again, settings_options
from etcdview.cli.serve.command import run
from etcdview.config import ROWS, Resolved, Settings
from etcdview.config.rows import CHANGES, CONNECTION

_ROWS = tuple(row for row in ROWS if row not in (*CONNECTION, *CHANGES) and row.field != "from_file")


@click.command("open", cls=GroupedCommand)
@click.argument("from_file", metavar="FILE")
@settings_options(_ROWS)
def command(resolved: Resolved) -> int:
    """Serve the pages on FILE: a snapshot, a registry dump, or the data directory of a dead member.

    The same as `etcdview serve --from FILE --kube-api`; no etcd is asked. kubectl reads the file below /kube.
    Of a folder with several snapshots the newest is shown first; the header of each page leads to the others.
    """
    again = read_again()
    return run(_with_api(resolved), lambda: _with_api(again()))


def _with_api(resolved: Resolved) -> Settings:
    return replace(resolved.settings, kube_api=True)
