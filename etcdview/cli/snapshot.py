"""`etcdview snapshot save FILE` and `status FILE`: the whole database of one member as a file, checked by its hash."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import settings_options
from etcdview.cli.terminal import remark, say
from etcdview.cli.usage import CommandGroup
from etcdview.config import Resolved
from etcdview.config.rows import CONNECTION, SOURCE
from etcdview.models import Progress
from etcdview.pages.parts.sizes import size_text
from etcdview.pages.parts.texts import visible

BETWEEN_SECONDS = 0.2


@click.group("snapshot", cls=CommandGroup, short_help="Save the whole database as a file, or inspect one.")
def command() -> None:
    """Snapshots of the whole database."""


@command.command("save", cls=GroupedCommand, short_help="Save a snapshot of the cluster to FILE.")
@click.argument("file", type=click.Path(path_type=Path))
@settings_options(CONNECTION)
def save(file: Path, resolved: Resolved) -> int:
    """Save a snapshot of the cluster to FILE, as `etcdctl snapshot save` does.

    It comes from a follower where one answers, and is checked by its hash before it gets its name. It holds every
    Secret: FILE is for nobody but its owner (mode 0600).
    """
    from etcdview.pages.tools.snapshots import progress_text, save_snapshot

    saved = save_snapshot(resolved.settings, file, _ProgressLine(progress_text).show)
    say(f"Saved {saved.path}: {size_text(saved.size_bytes)}, sha256 {saved.sha256}")
    return 0


@command.command("status", short_help="Check the snapshot FILE, and say what it holds.")
@click.argument("file", type=click.Path(path_type=Path))
def status(file: Path) -> int:
    """Check the snapshot FILE (or a member's database or data directory), and say what it holds.

    Of a folder with snapshots each is listed, the oldest first. Files compressed by gzip, zstd or zip are unpacked.

    Its hash is checked where it has one, and its pages are counted as bbolt's check does. Exit status 1: it is damaged,
    or the log of a data directory is where the database lacks what that had.
    """
    from etcdview.pages.tools.snapshots import snapshot_status

    found = snapshot_status(file)
    for note in found.notes:
        say(f"etcdview: {note}", err=True)
    width = max([16, *(len(visible(name)) for name, _ in found.rows)]) + 2
    for name, value in found.rows:
        click.echo(f"{visible(name):{width}}{visible(value)}")
    for fault in found.faults:
        say(f"etcdview: {fault}", err=True)
    return 1 if found.faults else 0


@command.command("verify", cls=GroupedCommand, short_help="Prove that the backup FILE is good (for cron).")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--live", is_flag=True, help="Compare it with the live cluster too.")
@click.option("--max-age", "most_hours", type=click.FloatRange(0), default=0.0, metavar="HOURS",
              help="Fail where its newest change is older.")  # fmt: skip
@click.option("--textfile", type=click.Path(path_type=Path), metavar="FILE",
              help="Also write the result as metrics for Prometheus' textfile collector (FILE.prom).")  # fmt: skip
@settings_options((*CONNECTION, *(row for row in SOURCE if row.name not in ("from", "deleted"))))
def verify_file(file: Path, live: bool, most_hours: float, textfile: Path | None, resolved: Resolved) -> int:
    """Prove that the backup FILE is good: hash and pages, every value decodes, and with which keys.

    --live adds whether it is of this cluster, and what the cluster has that it lacks. For cron: exit status 1 where it
    (or the log of a data directory) is damaged, cannot be decoded, is of another cluster or too old; 3 where something
    could not be read. --textfile has age, values that do and do not decode, and with --live the missing keys;
    etcdview_backup_good is 0 also where nothing could be read.
    """
    from etcdview.pages.tools.textfile import write_textfile
    from etcdview.pages.tools.verify import Verified, verify

    now, found = datetime.now(UTC), Verified(faults=["It could not be read."])
    try:
        found = verify(file, resolved.settings, live=live, most_seconds=most_hours * 3600, now=now, say=remark)
    finally:
        if textfile is not None:
            write_textfile(textfile, file, found.figures, good=not found.faults, now=now)
    width = max([16, *(len(visible(name)) for name, _ in found.rows)]) + 2
    for name, value in found.rows:
        click.echo(f"{visible(name):{width}}{visible(value)}")
    for fault in found.faults:
        say(f"etcdview: {fault}", err=True)
    say("The backup is good." if not found.faults else "The backup is not good.", err=bool(found.faults))
    return 1 if found.faults else 0


class _ProgressLine:
    """A line on a terminal's standard error that says how far it is."""

    def __init__(self, text: Callable[[Progress], str]) -> None:
        self._text = text
        self._next = 0.0
        self._shown = sys.stderr.isatty()

    def show(self, progress: Progress) -> None:
        """Print it, five times a second and at the end."""
        ended = progress.done >= progress.total
        if not self._shown or (time.monotonic() < self._next and not ended):
            return
        self._next = time.monotonic() + BETWEEN_SECONDS
        line = f"\r{self._text(progress)}"
        click.echo(line + ("\n" if ended else ""), err=True, nl=False)
