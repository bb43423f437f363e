"""Misused commands in the voice of all our errors: what is wrong, and what to type instead. kubectl's words too."""

from __future__ import annotations

from collections.abc import Iterable

import click

from etcdview.cli.terminal import say
from etcdview.pages.parts.texts import did_you_mean

_ON_THE_NODE = "On the node: crictl {}."
_WRITES = "The pages change keys when served with --allow-writes; the API server knows better: use kubectl."
# kubectl's commands -> what to use instead
KUBECTL_COMMANDS = {
    "api-resources": "The pages list the resource types under Registry: etcdview serve.",
    "apply": _WRITES,
    "attach": _ON_THE_NODE.format("attach"),
    "cluster-info": "Use `etcdview members` and `etcdview health`.",
    "cp": "etcd holds objects, not the files of containers. " + _ON_THE_NODE.format("exec"),
    "create": _WRITES,
    "delete": _WRITES,
    "edit": _WRITES,
    "events": "Use `etcdview get events -A`.",
    "exec": "etcd holds objects, not containers. " + _ON_THE_NODE.format("exec"),
    "explain": "The fields are not described here: use kubectl explain, or etcdview get -o yaml for those in use.",
    "help": "Use `etcdview --help`, or etcdview COMMAND --help.",
    "logs": "etcd holds no logs. " + _ON_THE_NODE.format("logs"),
    "patch": _WRITES,
    "port-forward": "Connections go through the API server and the kubelet, not through etcd: use kubectl.",
    "rollout": "Use `etcdview history KEY` for what was written, and kubectl to change it.",
    "scale": _WRITES,
    "top": "etcd holds no metrics of pods. " + _ON_THE_NODE.format("stats"),
    "version": "Use `etcdview --version`; `etcdview members` prints etcd's.",
}
# options that others have -> what to use instead
_FOREIGN_OPTIONS = {
    "--context": "--context is kubectl's: etcdview asks etcd, not an API server. Name etcd with --endpoints.",
    "--kubeconfig": "--kubeconfig is kubectl's: etcdview asks etcd, not an API server. Give --endpoints, --cacert, "
    "--cert and --key.",
    "--cluster": "--cluster is kubectl's: etcdview asks etcd, not an API server. Name etcd with --endpoints.",
    "--server": "--server is kubectl's: etcdview asks etcd, not an API server. Name etcd with --endpoints.",
}
# Of click 8.2 and later, for a group without a command; before, click prints the help by itself.
_HELP = getattr(click.exceptions, "NoArgsIsHelpError", ())
_FROM = "A file has no members to ask; try `etcdview snapshot status {}`."
_CHOICE = " Choose from:"
# what click calls a number, the longer ones first
_NUMBERS = (
    ("integer range", "a whole number"),
    ("integer", "a whole number"),
    ("float range", "a number"),
    ("float", "a number"),
)
_OF_MEMBERS = ("health", "doctor", "members")


def check_command(ctx: click.Context, args: list[str], known: Iterable[str]) -> None:
    """Raises click.UsageError, with a remedy, where the first word is not a command that the group knows."""
    if not args or args[0].startswith("-") or args[0] in known:
        return
    name, path = args[0], ctx.command_path
    if ctx.parent is None and name in KUBECTL_COMMANDS:
        raise click.UsageError(f"etcdview has no command {name!r}, which is kubectl's.\n{KUBECTL_COMMANDS[name]}", ctx)
    raise click.UsageError(
        f"Unknown command {name!r}.\n" + did_you_mean(name, sorted(known), f"`{path} --help` lists the commands."), ctx
    )


class CommandGroup(click.Group):
    """A group whose unknown commands get a suggestion, which click gives only since 8.2."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """See click.Group."""
        check_command(ctx, args, self.commands)
        return super().resolve_command(ctx, args)


def complain(error: click.ClickException, arguments: list[str]) -> None:
    """Print an error of click's as one of ours; the help where nothing was given."""
    if isinstance(error, _HELP):
        error.show()
        return
    what, _, remedy = error.format_message().partition("\n")
    if what.endswith(_CHOICE):  # it has a tab and a line for each
        what, remedy = what.removesuffix(_CHOICE), f"Choose from: {' '.join(remedy.split())}."
    for of_click, word in _NUMBERS:
        what = what.replace(f"is not a valid {of_click}", f"is not {word}")
    what = what.removesuffix(".") + "."
    if isinstance(error, click.NoSuchOption):
        what, remedy = _unknown_option(error, arguments)
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "etcdview"
    say(f"etcdview: {what}", err=True)
    say(f"  {remedy or f'`{path} --help` says how it is used.'}", err=True)


def _unknown_option(error: click.NoSuchOption, arguments: list[str]) -> tuple[str, str]:
    name = error.option_name
    what = f"Unknown option {name}."
    if name == "--from" and arguments[:1] and arguments[0] in _OF_MEMBERS:
        given = arguments[arguments.index("--from") + 1 :] if "--from" in arguments else []
        return f"`etcdview {arguments[0]}` takes no --from.", _FROM.format(given[0] if given else "FILE")
    if name in _FOREIGN_OPTIONS:
        return what, _FOREIGN_OPTIONS[name]
    options = [o for p in error.ctx.command.params for o in (*p.opts, *p.secondary_opts)] if error.ctx else []
    return what, did_you_mean(name, [o for o in options if o.startswith("--")])
