"""`etcdview serve`: the pages, the JSON API and the metrics, over HTTP."""

from __future__ import annotations

import click

from etcdview.cli.options import settings_options
from etcdview.cli.serving import listener, serve
from etcdview.config import ROWS, Resolved, Settings, parse_address
from etcdview.errors import SettingError


@click.command("serve")
@settings_options(ROWS)
@click.option("--print-config", is_flag=True, help="Show each setting and where it comes from, and end.")
def command(resolved: Resolved, print_config: bool) -> int:
    """Serve the pages, the JSON API and /metrics, until it is stopped.

    It starts and stays up while etcd is down, and recovers by itself. Without any setting it looks for etcd as kubeadm
    sets it up, then at http://127.0.0.1:2379.
    """
    if print_config:
        for line in config_lines(resolved):
            click.echo(line)
        return 0
    check_exposure(resolved.settings)
    with listener(parse_address(resolved.settings.listen)) as sock:
        return serve(resolved.settings, sock)


def config_lines(resolved: Resolved) -> list[str]:
    """One line per setting: name, value, source. Secrets are stars."""
    rows = [(origin.row.name, origin.shown or "-", origin.source) for origin in resolved.origins]
    names, values = (max(len(row[i]) for row in rows) for i in (0, 1))
    return [f"{name:{names}}  {value:{values}}  {source}" for name, value, source in rows]


def check_exposure(settings: Settings) -> None:
    """Raises SettingError for an address that others can reach while nobody has to log in."""
    address = parse_address(settings.listen)
    if address.loopback or settings.login:
        return
    if not settings.insecure_no_login:
        raise SettingError(
            f"Listening on {address} needs a login: everyone who reaches that address could read the whole cluster.",
            "Set one up (--users-file, --oidc-issuer, --client-ca or --proxy-user-header), or listen on 127.0.0.1 and "
            "reach it through ssh -L; or add --insecure-no-login where everyone on the network may read everything.",
        )
    click.echo(f"etcdview: without a login, everyone who reaches {address} reads the whole cluster.", err=True)
