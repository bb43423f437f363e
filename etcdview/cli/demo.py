"""`etcdview demo`: a cluster to look at, for who has none."""

from __future__ import annotations

import click

from etcdview.config.installed import require
from etcdview.demo.running import run


@click.command("demo")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Serve the pages here.")
def command(port: int) -> int:
    """Start three etcd members with mutual TLS, load the registry of a captured Kubernetes cluster, and serve it.

    All of it on this machine, in a temporary folder. Ctrl-C stops everything and leaves nothing.
    """
    require("gunicorn", "demo", "etcdview demo")
    return run(port, click.echo)
