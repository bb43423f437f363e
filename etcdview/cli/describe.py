"""`etcdview describe`: what the summary tab of an object shows, in the form of `kubectl describe`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import source_options
from etcdview.cli.terminal import remark
from etcdview.cluster.once import window_once
from etcdview.cluster.window import Window
from etcdview.config import Resolved
from etcdview.errors import DecodeError, NotFoundError, UsageError
from etcdview.pages.object.related import EVENT_KINDS, Around, Branch
from etcdview.pages.object.views import SectionView, SummaryView
from etcdview.pages.parts.elsewhere import places_of
from etcdview.pages.parts.sizes import size_text
from etcdview.pages.parts.texts import visible
from etcdview.pages.tools.described import described, types_called
from etcdview.pages.tools.get.query import RequestedType, parse
from etcdview.pages.tools.names import nothing_below
from etcdview.pages.tools.padding import padded
from etcdview.pages.tools.source import open_noted, warned

OBJECT = "Object"  # the section that every object has
Rows = Sequence[Sequence[str]]


@click.command("describe", cls=GroupedCommand)
@click.argument("what", nargs=-1, metavar="TYPE[.GROUP] NAME... | TYPE/NAME...")
@click.option("-n", "--namespace", default="default", show_default=True, help="The namespace of the objects.")
@source_options
def command(resolved: Resolved, what: Sequence[str], namespace: str) -> int:
    """Describe objects: their fields, what is related to them, and their events last.

    Secret values are masked. The exit status is 1 where an object does not exist or cannot be decoded.
    """
    store = open_noted(resolved.settings, remark)
    try:
        window = window_once(warned(store, remark), resolved.settings)
        wanted = parse(what, lambda name: types_called(window, name), lambda: window.definitions.known)
        if not all(one.names for one in wanted):
            raise UsageError("No name was given.", "For example: etcdview describe pod web-1, or pod/web-1.")
        status = _show_all(window, wanted, namespace)
        if status:
            places = places_of(one.resource for one in wanted)
            click.echo(nothing_below(window.store, resolved.settings.etcd_prefix, places), err=True, nl=False)
        return status
    finally:
        store.close()


def _show_all(window: Window, wanted: Sequence[RequestedType], namespace: str) -> int:
    """Print each object; the exit status of all."""
    status, first = 0, True
    for resource, name in ((one.resource, name) for one in wanted for name in one.names):
        try:
            view = described(window, resource, namespace, name, datetime.now(UTC))
        except (NotFoundError, DecodeError) as error:
            why = str(error)
            if type(error) is NotFoundError:  # its remedy is for one who gave a key
                everywhere = " -A" if resource.namespaced else ""
                why = f"{error.what} `etcdview get {resource.qualified}{everywhere}` lists what there is."
            click.echo(f"etcdview: {resource.qualified}/{visible(name)}: {visible(why)}", err=True)
            status = 1
            continue
        if not first:
            click.echo()
        first = False
        for line in lines(view):
            click.echo(line)
    return status


def lines(view: SummaryView) -> Iterator[str]:
    """The summary as text: the fields that all objects have, the other sections indented, events last."""
    for section in view.sections:
        if section.title == OBJECT:
            yield from _fields([(field.label, field.value) for field in section.fields])
    for section in view.sections:
        if section.title != OBJECT:
            yield from _section(section)
    yield from _around(view.around)


def _section(section: SectionView) -> Iterator[str]:
    yield f"{visible(section.title)}:"
    if section.rows:
        yield from _indented(_table(section.columns, section.rows))
    yield from _indented(_fields([(field.label, field.value) for field in section.fields]))
    for text in section.texts:
        size = "" if text.is_short else f"({size_text(text.size_bytes)})"
        yield f"  {visible(text.label)}: {size}".rstrip()
        yield from (f"    {visible(line)}" for line in text.value.splitlines())
    if section.note:
        yield f"  {visible(section.note)}"


def _around(around: Around) -> Iterator[str]:
    if around.owners:
        yield "Owners:"
        yield from _indented(_tree(around.owners))
    if around.relations:
        yield "Related:"
        rows = [(r.words, str(r.ref), r.state) for r in around.relations]
        yield from _indented(_table(("This", "Object", "State"), rows))
    for kind in around.cut:
        yield f"  Too many objects of kind {kind} to check all of them: some relations may be missing."
    if around.outside:
        yield f"  etcd's user may not read all objects of kind {', '.join(around.outside)}: relations may be missing."
    if not around.events:
        yield f"Events:  {'<unknown>' if EVENT_KINDS & set(around.outside) else '<none>'}"
        return
    yield "Events:"
    events = [
        (e.kind, e.reason, f"{e.age} (x{e.count})" if e.count > 1 else e.age, e.source, e.message)
        for e in around.events
    ]
    yield from _indented(_table(("Type", "Reason", "Age", "From", "Message"), events))


def _tree(branch: Branch, depth: int = 0) -> Iterator[str]:
    mark = "  <- this object" if branch.current else ""
    yield visible(f"{'  ' * depth}{branch.ref}  {branch.state}".rstrip()) + mark
    for child in branch.children:
        yield from _tree(child, depth + 1)


def _fields(pairs: Sequence[tuple[str, str]]) -> list[str]:
    return padded([(f"{visible(label)}:", visible(value)) for label, value in pairs])


def _table(columns: Sequence[str], rows: Rows) -> list[str]:
    shown = [[visible(cell) for cell in row] for row in rows]
    return padded([columns, ["-" * len(column) for column in columns], *shown])


def _indented(texts: Iterator[str] | Sequence[str]) -> Iterator[str]:
    return (f"  {text}".rstrip() for text in texts)
