"""`etcdview rescue --from BACKUP`: what the live cluster lacks of a backup, and how to bring it back."""

from __future__ import annotations

import functools
import getpass
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from etcdview.cli.helping import OUTPUT, SELECTION, GroupedCommand, GroupedOption
from etcdview.cli.options import settings_options
from etcdview.cli.terminal import remark, say
from etcdview.cluster.sources import open_live
from etcdview.config import Resolved, Settings
from etcdview.config.rows import CHANGES, CONNECTION, LOGIN, SOURCE
from etcdview.errors import UsageError
from etcdview.pages.parts.texts import counted, unmistakable, visible
from etcdview.pages.tools.named_sources import NamedSources, SourceName
from etcdview.pages.tools.padding import padded
from etcdview.pages.tools.rescue import FORMS, Rescue, RescuePlan, RescueRequest, WritableStore, rescue_undo_file, show
from etcdview.pages.tools.source import warned

_choose = functools.partial(click.option, cls=GroupedOption, group=SELECTION)
_write = functools.partial(click.option, cls=GroupedOption, group=OUTPUT)
_SOURCE = tuple(row for row in SOURCE if row.name != "deleted")
_AUDIT = tuple(row for row in LOGIN if row.name == "audit-log")


@click.command("rescue", cls=GroupedCommand)
@click.argument("what", nargs=-1, metavar="[TYPE[,TYPE...] [NAME...] | TYPE/NAME...]")
@_choose("-n", "--namespace", default="", help="Only this namespace.")
@_choose("-l", "--selector", default="", metavar="LABELS", help="Only objects with these labels in the backup.")
@_choose("--no-dependencies", is_flag=True, help="Leave out what these objects need and the cluster lacks.")
@_write("-o", "--out", type=click.Path(path_type=Path), help="Write a bundle for kubectl apply here.")
@_write("--as", "form", type=click.Choice(FORMS), default="dir", show_default=True, help="The form of the bundle.")
@_write("--changed", is_flag=True, help="In the bundle, also objects that differ from the live ones.")
@_write("--show-secrets", "with_secrets", is_flag=True, help="In the bundle, also Secrets, with their values.")
@_write("--into-etcd", is_flag=True, help="Create the missing keys in etcd itself. Needs --allow-writes.")
@_write("--yes", is_flag=True, help="Do not ask for confirmation.")
@settings_options((*CONNECTION, *_SOURCE, *_AUDIT, *CHANGES))
def command(
    resolved: Resolved,
    what: tuple[str, ...],
    namespace: str,
    selector: str,
    no_dependencies: bool,
    out: Path | None,
    form: str,
    changed: bool,
    with_secrets: bool,
    into_etcd: bool,
    yes: bool,
) -> int:
    """Print what a backup (--from FILE or FILE@REV) has and the live cluster lacks, and bring it back.

    -o writes a bundle: kubectl apply --server-side -R -f OUT. With the API server dead, --into-etcd writes the bytes of
    the backup into etcd, each key only where there is none; UIDs stay, and `etcdview undo` takes it back. Exit status:
    1 where something is missing or different and nothing was brought back, or not all of it: a bundle without the
    Secrets (--show-secrets) is not all of it.

    \b
      etcdview rescue --from backup.db
      etcdview rescue --from backup.db -n shop -o shop
      etcdview rescue backups.example.org --from backup.db --into-etcd --allow-writes
    """
    settings = resolved.settings
    _check(settings, out, into_etcd=into_etcd, changed=changed)
    request = RescueRequest(what, namespace, selector, not no_dependencies, changed, with_secrets)
    name = SourceName.parse(settings.from_file)
    sources = NamedSources(settings, remark)
    live = open_live(settings)
    try:
        rescue = Rescue(sources.open(name), warned(live, remark), settings, request, name.revision)
        plan = rescue.plan()
        if into_etcd:
            rescue.leave_out_taken(plan)
        for line in _shown(plan, name.text, into_bundle=out is not None):
            click.echo(line)
        if out is not None:
            return _bundle(rescue, plan, form, out, changed=changed)
        if into_etcd and plan.items:
            return _write_keys(rescue, plan, settings, live, yes=yes)
        return 1 if plan.lacking else 0
    finally:
        sources.close()
        live.close()


def _check(settings: Settings, out: Path | None, *, into_etcd: bool, changed: bool) -> None:
    """Raises UsageError for flags that contradict each other, SettingError where writing is off."""
    if not settings.from_file:
        raise UsageError("No backup is named.", "Add --from FILE: a snapshot, a dump or a data directory.")
    if into_etcd and (out or changed):
        raise UsageError("--into-etcd goes with neither -o nor --changed.", "It creates missing keys only.")
    if into_etcd:
        rescue_undo_file(settings)


def _bundle(rescue: Rescue, plan: RescuePlan, form: str, out: Path, *, changed: bool) -> int:
    if not plan.items and not (changed and plan.different):
        say(f"There is nothing to write: {out} is not made.")
        return 1 if plan.lacking else 0
    done = rescue.bundle(plan, form, out)
    how = f": {_apply_command(form, out)}" if done.count else "."
    say(f"Wrote {counted(done.count, 'object')} to {out}{how}")
    for sentence in done.remarks:
        remark(visible(sentence))
    return 1 if done.incomplete else 0


def _apply_command(form: str, out: Path) -> str:
    """What applies a bundle: kubectl reads no zip, but all documents of its files from a pipe."""
    path = shlex.quote(str(out))
    if form == "zip":
        folder = shlex.quote(str(out.with_suffix("")) if out.suffix else f"{out}.d")
        return f"unzip {path} -d {folder} && kubectl apply --server-side -R -f {folder}"
    return f"kubectl apply --server-side -R -f {path}"


def _write_keys(rescue: Rescue, plan: RescuePlan, settings: Settings, live: WritableStore, *, yes: bool) -> int:
    if not yes:
        click.confirm(f"Create {counted(len(plan.items), 'key')} in etcd?", abort=True)
    done = rescue.write(plan, settings, live, f"{getpass.getuser()} (etcdview rescue)", datetime.now(UTC))
    last = f"; the last one at revision {done.revision:,}" if done.count else ""
    say(f"Created {counted(done.count, 'key')}{last}.")
    for key in done.conflicts:
        remark(f"{show(key)} exists meanwhile, and was left alone.")
    for key, error in done.refused:
        remark(f"{show(key)} was not created. {error}")
    if done.stopped is not None:
        left = len(plan.items) - done.count - len(done.conflicts) - len(done.refused) - 1
        remark(f"It stopped at {show(done.stopped_at)}; {counted(left, 'key')} after it not tried.")
        raise done.stopped
    return 1 if done.conflicts or done.refused else 0


def _shown(plan: RescuePlan, source: str, *, into_bundle: bool) -> Iterator[str]:
    yield f"backup  {visible(source)}  revision {plan.backup_revision:,}"
    yield f"live    revision {plan.live_revision:,}"
    yield ""
    if not plan.lacking:
        yield "The live cluster lacks nothing of it."
        yield from (visible(f"Note: {note}") for note in plan.notes)
        return
    rows = [("TYPE", "NAMESPACE", "MISSING", "DIFFERENT")]
    for resource, namespace, count in plan.counts.rows():
        different = count.changed - count.noise
        if count.removed or different:
            rows.append(
                (unmistakable(resource), unmistakable(namespace) or "-", f"{count.removed:,}", f"{different:,}")
            )
    yield from padded(rows)
    if plan.items:
        yield from ("", "Missing, in the order in which they come back")
    for item in plan.items:
        object_key = item.object_key
        parts = (object_key.resource.qualified, object_key.namespace, object_key.name)
        why = f"  ({item.bond} of {item.for_key.decode('utf-8', 'replace')})" if item.for_key else ""
        yield f"+ {unmistakable('/'.join(filter(None, parts)))}{visible(why)}"
    for note in (*plan.notes, *(() if into_bundle else plan.fates)):
        yield visible(f"Note: {note}")
