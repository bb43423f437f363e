"""`etcdview snapshot save FILE` and `status FILE`: the whole database of one member as a file, checked by its hash."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etcdview.cli.options import settings_options
from etcdview.cli.terminal import say, terminal_text
from etcdview.config import Resolved
from etcdview.config.rows import CONNECTION
from etcdview.errors import FileFormatError
from etcdview.kube.quantities import size_text
from etcdview.models import Progress

if TYPE_CHECKING:
    from etcdview.stores.files.database import SnapshotStore

BETWEEN_SECONDS = 0.2
ALL = b"\0"


@click.group("snapshot", short_help="Save the whole database as a file, and look at one.")
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
    from etcdview.cluster.sources import open_etcd
    from etcdview.maintenance import operations, snapshot_stream

    store = open_etcd(resolved.settings)
    try:
        saved = snapshot_stream.save(operations.snapshot(store), file, _Told().tell)
    finally:
        store.close()
    say(f"Saved {saved.path}: {saved.size_bytes:,} bytes, sha256 {saved.sha256}")
    return 0


@command.command("status")
@click.argument("file", type=click.Path(path_type=Path))
def status(file: Path) -> int:
    """Check the snapshot FILE (or a member's database or data directory), and say what it holds."""
    from etcdview.cluster.sources import open_file
    from etcdview.stores.files.database import SnapshotStore

    store = open_file(file)
    if not isinstance(store, SnapshotStore):
        raise FileFormatError(f"{file} is a registry dump, not a snapshot.", "It has no cluster to tell of.")
    for note in store.notes:
        say(f"etcdview: {note}", err=True)
    for name, value in _rows(store):
        click.echo(f"{name:18}{value}")
    store.close()
    return 0


def _rows(store: SnapshotStore) -> Iterator[tuple[str, str]]:
    facts = store.facts()
    yield "size", f"{store.size_bytes:,} bytes"
    yield "hash", "fits" if store.checked else "none: not checked"
    yield "revision", f"{store.revision}"
    yield "oldest revision", f"{max(store.compacted, 1)}"
    yield "keys", f"{store.range(b'', ALL, count_only=True).count:,}"
    yield "raft", f"term {facts.term}, index {facts.consistent_index}"
    yield "cluster version", terminal_text(facts.cluster_version) or "-"
    for member in facts.members:
        urls = ", ".join(member.client_urls) or "no client URL"
        yield "member", terminal_text(f"{member.id:x}  {member.name}{'  (learner)' * member.learner}  {urls}")
    for alarm in facts.alarms:
        yield "alarm", f"{alarm.kind} of {alarm.member_id:x}"


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
        line = f"\r{part:3} %  {size_text(progress.done)} of {size_text(progress.total)}"
        click.echo(line + ("\n" if ended else ""), err=True, nl=False)
