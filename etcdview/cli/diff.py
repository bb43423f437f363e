"""`etcdview diff A B`: what differs between two states of a cluster: live, files, or either of them at a revision."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import Any

import click

from etcdview.cli.helping import OUTPUT, SELECTION, GroupedCommand, GroupedOption
from etcdview.cli.options import settings_options
from etcdview.cli.terminal import argument_bytes, json_text, remark, say
from etcdview.config import Resolved
from etcdview.config.rows import CONNECTION, SOURCE
from etcdview.errors import EtcdviewError
from etcdview.pages.parts.texts import counted, unmistakable, visible
from etcdview.pages.tools.compare import (
    ChangeCount,
    ChangeCounts,
    ComparedKeys,
    Comparison,
    RightsChange,
    compared,
    field_texts,
)
from etcdview.pages.tools.padding import padded

_choose = functools.partial(click.option, cls=GroupedOption, group=SELECTION)
_print = functools.partial(click.option, cls=GroupedOption, group=OUTPUT)
_DECODING = tuple(row for row in SOURCE if row.name not in ("from", "deleted"))
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_DIFFERENT, _UNREADABLE = 1, 3


@click.command("diff", cls=GroupedCommand)
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@click.argument("types", nargs=-1, metavar="[TYPE[,TYPE...]]")
@_choose("-n", "--namespace", default="", help="Only this namespace.")
@_choose("-l", "--selector", default="", metavar="LABELS", help="Only objects that had or have these labels.")
@_choose("--prefix", default="", metavar="PREFIX", help="Only keys that begin so: /registry/pods/shop/.")
@_print("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Default: text.")
@_print("--all-fields", is_flag=True, help="Also list status, heartbeats, managedFields and the like.")
@settings_options((*CONNECTION, *_DECODING))
def command(
    resolved: Resolved,
    old: str,
    new: str,
    types: tuple[str, ...],
    namespace: str,
    selector: str,
    prefix: str,
    output: str,
    all_fields: bool,
) -> int:
    """Print what differs from A to B: first how much by type and namespace, then which objects, then their fields.

    A and B are `live`, a snapshot, dump or data directory, or either of them at a revision. Secret values are shown as
    fingerprints. Exit status: 0 the same, 1 different, 2 usage, 3 something could not be read.

    \b
      etcdview diff monday.db live
      etcdview diff live@120034 live -n shop
      etcdview diff monday.db tuesday.db deployments,configmaps -o json
    """
    selection = ComparedKeys(types, namespace, selector, argument_bytes(prefix), all_fields)
    try:
        with compared(resolved.settings, old, new, selection, remark) as found:
            for line in _json(found) if output == "json" else _text(found, all_fields):
                click.echo(line)
            return _DIFFERENT if found.counts.whole.total else 0
    except EtcdviewError as error:
        if error.exit_code != _DIFFERENT:
            raise
        say(f"etcdview: {error}", err=True)  # its own status would say that they differ
        return _UNREADABLE


def _json(found: Comparison) -> Iterator[str]:
    """One JSON object, its changes one a line."""
    yield json_text(found.head(), indent=2).removesuffix("\n}") + ',\n  "changes": ['
    before = ""
    for change in found.changes:
        if before:
            yield before + ","
        before = "    " + json_text(change)
    if before:
        yield before
    yield "  ]\n}"


def _text(found: Comparison, all_fields: bool) -> Iterator[str]:
    yield f"from  {visible(found.old.source)}  revision {found.old.revision:,}"
    yield f"to    {visible(found.new.source)}  revision {found.new.revision:,}"
    yield ""
    if not found.counts.whole.total:
        yield "No difference."
        return
    yield from _counts(found.counts)
    yield from _rights(found.rights)
    yield from _changes(found.changes, all_fields)
    yield from _noise(found.counts, all_fields)


def _counts(counts: ChangeCounts) -> list[str]:
    head = ("TYPE", "NAMESPACE", "ADDED", "REMOVED", "CHANGED", "OF THESE NOISE")
    rows = [
        (unmistakable(resource), unmistakable(namespace) or "-", *_numbers(count))
        for resource, namespace, count in counts.rows()
    ]
    return padded([head, *rows, ("total", "", *_numbers(counts.whole))])


def _numbers(count: ChangeCount) -> tuple[str, str, str, str]:
    return f"{count.added:,}", f"{count.removed:,}", f"{count.changed:,}", f"{count.noise:,}"


def _rights(rights: Iterable[RightsChange]) -> Iterator[str]:
    for number, change in enumerate(rights):
        if not number:
            yield from ("", "Rights")
        where = f"in {unmistakable(change.holder.where)}" if change.holder.where else "everywhere"
        what = "; ".join(f"{', '.join(verbs)} {resource}" for resource, verbs in change.rights)
        sign, verb = ("+", "gained") if change.gained else ("-", "lost")
        yield f"{sign} {visible(change.holder.subject)} {verb} {where}: {visible(what)}"


def _changes(changes: Iterable[dict[str, Any]], all_fields: bool) -> Iterator[str]:
    shown = False
    for change in changes:
        if change.get("isNoise") and not all_fields:
            continue
        if not shown:
            yield from ("", "Objects")
            shown = True
        yield f"{_SIGNS[change['change']]} {_name(change)}"
        if "note" in change:
            yield f"    {visible(change['note'])}"
        for field in change["fields"]:
            before, after = field_texts(field["from"], field["to"])
            yield visible(f"    {field['path']}: {before} -> {after}")


def _name(change: dict[str, Any]) -> str:
    if not change["resource"]:
        return unmistakable(change["key"])
    return unmistakable("/".join(filter(None, (change["resource"], change["namespace"], change["name"]))))


def _noise(counts: ChangeCounts, all_fields: bool) -> Iterator[str]:
    words = [f"{word} {number:,}" for word, number in sorted(counts.noise.items()) if word != "resourceVersion"]
    if all_fields or not words:
        return
    yield ""
    yield f"Not listed: {', '.join(words)}. {counted(counts.whole.noise, 'key')} changed in nothing else."
    yield "--all-fields lists these changes too."
