"""`etcdview search TEXT`: key names that match, as the search page finds them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import get_args

import click

from etcdview.cli.get.source import open_noted, warned
from etcdview.cli.options import source_options
from etcdview.cli.terminal import terminal_text
from etcdview.config import Resolved
from etcdview.index.base import Mode
from etcdview.index.lister import Lister, span_of
from etcdview.index.match import Matcher, compile_search
from etcdview.index.packed import PackedNames
from etcdview.kube.keys import show
from etcdview.pages.search import SearchQuery
from etcdview.stores.protocols import Store


@click.command("search")
@click.argument("text")
@click.option("--mode", type=click.Choice(get_args(Mode)), help="Default: prefix for /..., else contains.")
@source_options
def command(resolved: Resolved, text: str, mode: str | None) -> int:
    """Print the names of all keys that match TEXT, in order, as of one revision.

    It reads names only, and exits with 1 where none matches. A glob or a regular expression matches as on the page.
    """
    matcher = compile_search(text, SearchQuery(text, mode or "").effective_mode)
    store = open_noted(resolved.settings)
    found = False
    try:
        revision = warned(store).range(b"\0").revision
        for name in names(store, matcher, revision):
            found = True
            click.echo(terminal_text(show(name)))
    finally:
        store.close()
    return 0 if found else 1


def names(store: Store, matcher: Matcher, revision: int) -> Iterator[bytes]:
    """The names at that revision that match."""
    lister = Lister(store, revision)
    span = span_of(matcher.literal_prefix)
    first = lister.first(span)
    if first.names:
        for piece in chain((first,), lister.rest(span, first)):
            for block in PackedNames().extend(piece.names):
                yield from matcher.find(block)
