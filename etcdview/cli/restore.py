"""`etcdview restore plan`: when the quorum is lost, what is left, which of it is furthest, and how to restore it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import settings_options
from etcdview.cli.terminal import json_text
from etcdview.cli.usage import CommandGroup
from etcdview.config import Resolved
from etcdview.config.rows import SOURCE
from etcdview.pages.parts.texts import unmistakable, visible
from etcdview.pages.tools.padding import padded
from etcdview.pages.tools.restore import (
    Lack,
    PlannedRestore,
    RestoreSource,
    RestoreTarget,
    bump_text,
    json_of,
    lack_text,
    plan_restore,
)

_PREFIX = tuple(row for row in SOURCE if row.name == "etcd-prefix")


@click.group("restore", cls=CommandGroup, short_help="Plan how to bring back a cluster that has lost its quorum.")
def command() -> None:
    """Bring back a cluster that has lost its quorum."""


@command.command("plan", cls=GroupedCommand, short_help="Find the furthest backup, and print how to restore it.")
@click.argument("sources", nargs=-1, required=True, metavar="DIR|FILE...", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Default: text.")
@click.option("--member", "names", multiple=True, metavar="NAME",
              help="Restore this member only; may be repeated. Default: all that the source names.")  # fmt: skip
@click.option("--data-dir", default="/var/lib/etcd", show_default=True, metavar="DIR",
              help="The data directory on each member's machine.")  # fmt: skip
@click.option("--copy-to", default="/root/etcd-restore.db", show_default=True, metavar="FILE",
              help="Where the commands put the snapshot that all members restore.")  # fmt: skip
@settings_options(_PREFIX)
def plan(
    resolved: Resolved, sources: tuple[Path, ...], output: str, names: tuple[str, ...], data_dir: str, copy_to: str
) -> int:
    """Say which of the data directories and snapshots is furthest, what the others lack, and how to restore it.

    DIR is the data directory of a member that is stopped (or a copy of it), read with its log, or a folder with
    snapshots. Nothing is changed: the commands are printed. Exit status: 1 where a source cannot be read.

    \b
      etcdview restore plan /mnt/cp1/etcd /mnt/cp2/etcd backups/
    """
    token = f"restored-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    target = RestoreTarget(data_dir, copy_to, token, names)
    found = plan_restore(sources, target, resolved.settings.etcd_prefix)
    if output == "json":
        click.echo(json_text(json_of(found), indent=2))
    else:
        for line in _text(found):
            click.echo(line)
    return 1 if found.unread else 0


def _text(found: PlannedRestore) -> Iterator[str]:
    yield from _table(found)
    for source in found.sources:
        yield from _said(source, found.lacks.get(source.path))
    for note in found.notes:
        yield visible(f"Note: {note}")
    yield ""
    yield f"Restore {visible(str(found.furthest.path))}"
    yield visible(bump_text(found.plan))
    for number, step in enumerate(found.plan.steps, 1):
        yield from ("", f"{number}. {visible(step.title)}")
        yield from (f"   {visible(note)}" for note in step.notes)
        yield from (f"     {visible(line)}" for text in step.commands for line in text.split("\n"))


def _table(found: PlannedRestore) -> list[str]:
    rows = [("", "TERM", "INDEX", "REVISION", "KEYS", "SOURCE")]
    for source in found.sources:
        mark = "furthest" if source is found.furthest else ""
        numbers = (source.term, source.index, source.revision, source.keys)
        cells = [f"{number:,}" for number in numbers] if not source.error else ["-"] * len(numbers)
        rows.append((mark, cells[0], cells[1], cells[2], cells[3], unmistakable(str(source.path))))
    return padded(rows)


def _said(source: RestoreSource, lack: Lack | None) -> Iterator[str]:
    """What has to be said of a source, below its path."""
    lines = [source.error] if source.error else list(source.notes)
    if lack is not None:
        lines.append(lack_text(lack))
    if not lines:
        return
    yield from ("", unmistakable(str(source.path)))
    yield from (f"  {visible(line)}" for line in lines)
    if lack is not None and lack.types:
        rows = [("TYPE", "LACKS", "OLDER", "DELETED SINCE")]
        rows += [(unmistakable(t.resource), f"{t.missing:,}", f"{t.changed:,}", f"{t.deleted:,}") for t in lack.types]
        yield from (f"  {line}" for line in padded(rows))
