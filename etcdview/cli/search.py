"""`etcdview search TEXT`: key names that match, as the search page finds them."""

from __future__ import annotations

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import source_options
from etcdview.cli.terminal import remark, say
from etcdview.config import Resolved
from etcdview.pages.parts.texts import visible
from etcdview.pages.search import SearchQuery
from etcdview.pages.tools.names import MODES, matching_names, nothing_below
from etcdview.pages.tools.source import open_noted, warned


@click.command("search", cls=GroupedCommand)
@click.argument("text")
@click.option("--mode", type=click.Choice(MODES), help="Default: prefix for /..., else contains.")
@source_options
def command(resolved: Resolved, text: str, mode: str | None) -> int:
    """Print the names of all keys that match TEXT, in order, as of one revision.

    It reads names only, and exits with 1 where none matches. A glob or a regular expression matches as on the page.
    """
    store = open_noted(resolved.settings, remark)
    found = False
    try:
        for name in matching_names(warned(store, remark), text, mode or ""):
            found = True
            click.echo(visible(name))
        if not found:
            query, prefix = SearchQuery(text, mode or ""), resolved.settings.etcd_prefix
            click.echo(nothing_below(store, prefix, query.places(prefix)), err=True, nl=False)
    finally:
        store.close()
    if not found:
        say(f"etcdview: {query.no_match}\n  {query.hint}", err=True)
    return 0 if found else 1
