"""`etcdview completion SHELL`: click's own completion, as a script for the shell."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, ShellComplete, get_completion_class

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_ETCDVIEW_COMPLETE"


class _AnyBash(BashComplete):
    """Without click's question to a bash on PATH: the script may be for another machine."""

    def source(self) -> str:
        return ShellComplete.source(self)


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print a script that completes commands, flags and their values in a shell.

    \b
    bash (4.4 or newer): etcdview completion bash > /etc/bash_completion.d/etcdview
    zsh: etcdview completion zsh > /usr/local/share/zsh/site-functions/_etcdview
    fish: etcdview completion fish > ~/.config/fish/completions/etcdview.fish

    For one shell only: source <(etcdview completion bash)
    """
    kind = _AnyBash if shell == "bash" else get_completion_class(shell)
    assert kind is not None  # click has all of SHELLS  # noqa: S101  # nosec B101
    click.echo(kind(ctx.find_root().command, {}, "etcdview", VARIABLE).source())
