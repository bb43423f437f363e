"""`etcdview serve`: the pages, the JSON API and the metrics, over HTTP."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec

import click

from etcdview.access.exposure import OPEN_TO_ALL, check_exposure, reached_as
from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import read_again, settings_options
from etcdview.cli.serve.journal import log_to_journal
from etcdview.cli.serve.listening import address_of, handed_over, listener
from etcdview.config import NO_ETCD_NAMED, ROWS, Resolved, Settings, parse_address
from etcdview.config.installed import require

Again = Callable[[], Settings]


@click.command("serve", cls=GroupedCommand)
@settings_options(ROWS)
@click.option("--print-config", is_flag=True, help="Print each setting and its source, then exit.")
def command(resolved: Resolved, print_config: bool) -> int:
    """Serve the pages, the JSON API and /metrics, until it is stopped.

    It starts and stays up while etcd is down, and recovers by itself. SIGHUP makes it read its settings again.

    With systemd's socket activation it serves on the socket of its unit, not on --listen.

    Without any setting it looks for etcd as kubeadm sets it up, then at http://127.0.0.1:2379.
    """
    if print_config:
        for line in config_lines(resolved):
            click.echo(line)
        return 0
    again = read_again()
    return run(resolved.settings, lambda: again().settings)


def run(settings: Settings, again: Again) -> int:
    """Serve until it is stopped; the exit status. `again` reads the settings as they are then.

    Raises SettingError for an address that may not or cannot be had.

    Raises NotInstalledError where this needs gunicorn, and it is missing.
    """
    log_to_journal()
    sock = handed_over()
    if sock is not None:
        settings = replace(settings, listen=address_of(sock))
    check_exposure(settings)
    serve = _server(settings)
    if reached_as(settings) and not settings.login:
        click.echo(f"etcdview: {OPEN_TO_ALL}", err=True)
    with sock or listener(parse_address(settings.listen)) as listening:
        if not settings.etcd_named:
            tried = ", ".join(settings.endpoints)
            click.echo(f"etcdview: {NO_ETCD_NAMED} Until then {tried} is tried.", err=True)
        return serve(settings, listening, again)


def _server(settings: Settings) -> Callable[[Settings, socket.socket, Again], int]:
    """gunicorn; or where it is not installed, for a file that is served to this machine alone, a server without it."""
    small = settings.from_file and not settings.tls_cert and not settings.login and not reached_as(settings)
    if small and find_spec("gunicorn") is None:
        from etcdview.cli.serve.small import serve

        return serve
    require("gunicorn", "serve", "Serving an etcd, other machines or logins")
    from etcdview.cli.serve import gunicorn

    return gunicorn.serve


def config_lines(resolved: Resolved) -> list[str]:
    """One line per setting: name, value, source. Secrets are stars."""
    rows = [(origin.row.name, origin.shown or "-", origin.source) for origin in resolved.origins]
    names, values = (max(len(row[i]) for row in rows) for i in (0, 1))
    return [f"{name:{names}}  {value:{values}}  {source}" for name, value, source in rows]
