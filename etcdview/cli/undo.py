"""`etcdview undo KEY`: puts back what a change replaced, from the undo file."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import settings_options
from etcdview.cli.terminal import argument_bytes
from etcdview.cluster.sources import open_live
from etcdview.config import Resolved
from etcdview.config.rows import CHANGES, CONNECTION, SOURCE
from etcdview.pages.parts.sizes import size_text
from etcdview.pages.parts.texts import visible

if TYPE_CHECKING:
    from etcdview.pages.edit.undo import UndoPlan

_ROWS = (*CONNECTION, *(row for row in SOURCE if row.field not in ("from_file", "deleted")), *CHANGES)
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


@click.command("undo", cls=GroupedCommand)
@click.argument("etcd_key", metavar="KEY")
@click.option("--at", "revision", type=click.IntRange(0), help="Restore the value of this revision; 0 deletes the key.")
@click.option("--list", "listed", is_flag=True, help="List the changes of the key in the undo file, then exit.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@settings_options(_ROWS)
def command(etcd_key: str, revision: int | None, listed: bool, yes: bool, resolved: Resolved) -> int:
    """Undo the last change that etcdview made to KEY: put back the value that the change replaced, byte for byte.

    A change that created KEY is undone by deleting it. Needs --allow-writes. If KEY changes meanwhile, nothing is
    changed. What is undone goes into the undo file too, so it can be put back.
    """
    from etcdview.pages.edit import undo

    name, settings = argument_bytes(etcd_key), resolved.settings
    if listed:
        for change in undo.recorded(undo.undo_file(settings), name):
            before = change.before
            kept = (
                f"revision {before.mod_revision}, {size_text(before.size_bytes)}" if before else "revision 0 (no key)"
            )
            click.echo(f"{change.at:%Y-%m-%d %H:%M:%S} UTC  {change.action:6}  {kept}  {visible(change.who)}")
        return 0
    undo.undo_file(settings)  # before etcd is asked
    store = open_live(settings)
    try:
        plan = undo.undo_plan(settings, store, name, revision)
        _show(plan, etcd_key)
        if not yes:
            click.confirm("Do it?", abort=True)
        done = undo.undo(settings, store, plan, f"{getpass.getuser()} (etcdview undo)", datetime.now(UTC))
    finally:
        store.close()
    click.echo(f"Done: revision {done}.")
    return 0


def _show(plan: UndoPlan, key: str) -> None:
    change = plan.change
    click.echo(visible(key))
    click.echo(visible(f"Undoes: {change.action} by {change.who}, {change.at:%Y-%m-%d %H:%M:%S} UTC."))
    click.echo(plan.does)
    for one in plan.differences:
        click.echo(visible(f"  {_SIGNS[one.kind]} {one.path}: {one.old or '-'} -> {one.new or '-'}"))
    for note in plan.notes:
        click.echo(f"Note: {note}")
