"""`etcdview kubeconfig`: what kubectl needs to ask a running etcdview."""

from __future__ import annotations

import os

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import settings_options
from etcdview.cli.terminal import remark
from etcdview.config import ROWS, Resolved
from etcdview.errors import UsageError

_FIELDS = ("listen", "public_url", "tls_cert", "tls_key", "users_file")
_ROWS = tuple(row for row in ROWS if row.field in _FIELDS)


@click.command("kubeconfig", cls=GroupedCommand)
@click.option("--server", metavar="URL", default="", help="Where clients reach etcdview, if not by the settings below.")
@click.option("--ca", metavar="FILE", default="", help="The CA of etcdview's certificate; that itself if not given.")
@click.option("--token", metavar="TOKEN", default="", help="From `etcdview user token`; or export ETCDVIEW_TOKEN.")
@click.option(
    "--at", "moments", metavar="MOMENT", multiple=True, help="One more context, as of a revision or a time; repeatable."
)
@settings_options(_ROWS)
def command(server: str, ca: str, token: str, moments: tuple[str, ...], resolved: Resolved) -> int:
    """Print a kubeconfig for the Kubernetes API of `etcdview serve --kube-api`.

    Save it for yourself alone (umask 077), then `kubectl --kubeconfig FILE get pods -A`. It holds the token.
    """
    from etcdview.pages.tools.kubeconfig import KubeServer, is_moment, kubeconfig, read_ca, server_url

    if server and not server.startswith(("http://", "https://")):
        raise UsageError(f"--server {server!r} is not a URL.", "Write it as https://etcdview.example.org/kube.")
    for moment in moments:
        if not is_moment(moment):
            raise UsageError(
                f"--at {moment!r} is neither a revision nor a time.", "Write it as 1201, or 2026-11-28T02:55Z."
            )
    settings = resolved.settings
    token = token or os.environ.get("ETCDVIEW_TOKEN", "")
    path = ca or settings.tls_cert
    url = server.rstrip("/") or server_url(settings)
    if token and url.startswith("http://"):
        remark("kubectl sends no token over plain HTTP: serve etcdview by HTTPS (--tls-cert, --tls-key).")
    if settings.users_file and not token:
        remark("Without a token nobody is let in: make one with `etcdview user token NAME`, and give it with --token.")
    click.echo(kubeconfig(KubeServer(url, read_ca(path) if path else b"", token), moments), nl=False)
    return 0
