"""`etcdview snapshot save FILE`: the whole database of one member as a file, checked by its hash."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from etcdview.cli.options import settings_options
from etcdview.config import Resolved
from etcdview.config.rows import CONNECTION
from etcdview.models import Progress

BETWEEN_SECONDS = 0.2


@click.group("snapshot", short_help="Save the whole database as a file.")
def command() -> None:
    """Snapshots of the whole database."""


@command.command("save")
@click.argument("file", type=click.Path(path_type=Path))
@settings_options(CONNECTION)
def save(file: Path, resolved: Resolved) -> int:
    """Save a snapshot of the cluster to FILE, as `etcdctl snapshot save` does.

    It comes from a follower where one answers, and is checked by its hash before it gets its name. It holds every
    Secret: FILE is for nobody but its owner (mode 0600).
    """
    from etcdview.sources import open_etcd
    from etcdview.upkeep import doing, snapshots

    store = open_etcd(resolved.settings)
    try:
        saved = snapshots.save(doing.snapshot(store), file, _Told().tell)
    finally:
        store.close()
    click.echo(f"Saved {saved.path}: {saved.size_bytes:,} bytes, sha256 {saved.sha256}")
    return 0


class _Told:
    """A line on a terminal's standard error that says how far it is."""

    def __init__(self) -> None:
        self._next = 0.0
        self._shown = sys.stderr.isatty()

    def tell(self, progress: Progress) -> None:
        """Five times a second, and at the end."""
        ended = progress.done >= progress.total
        if not self._shown or (time.monotonic() < self._next and not ended):
            return
        self._next = time.monotonic() + BETWEEN_SECONDS
        part = 100 * progress.done // max(1, progress.total)
        line = f"\r{part:3} %  {progress.done / (1 << 20):,.1f} of {progress.total / (1 << 20):,.1f} MB"
        click.echo(line + ("\n" if ended else ""), err=True, nl=False)
