"""The group of commands: each is loaded when it is called, and errors are told in one place."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys
import traceback
import warnings
from contextlib import suppress
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from etcdview import __version__
from etcdview.cli.terminal import is_text, say
from etcdview.errors import EtcdviewError
from etcdview.pages.parts.texts import visible

# command, which is also the module or folder under etcdview.cli -> what it does, in a line
COMMANDS = {
    "completion": "Print a script that completes commands in bash, zsh or fish.",
    "decode": "Decode what etcd holds under a key.",
    "demo": "Start a throwaway cluster with real data, and serve it.",
    "describe": "Describe objects as kubectl describe does, with their events.",
    "diff": "Print what differs between two states: live, files, or revisions of them.",
    "doctor": "Find out why etcd cannot be reached, step by step.",
    "encode": "Encode an object into the bytes that etcd would hold.",
    "export": "Write what is stored to a file that --from reads, or as YAML for kubectl.",
    "get": "List objects as kubectl get does.",
    "health": "Say whether the etcd cluster is healthy, on evidence.",
    "history": "Print the values that a key had, and what each write changed.",
    "kubeconfig": "Print a kubeconfig for the Kubernetes API of etcdview.",
    "members": "Print the members of the cluster and the health of each.",
    "open": "Serve the pages on a snapshot, a dump or a dead member's data.",
    "rescue": "Bring back what a backup has and the live cluster lacks.",
    "restore": "Plan how to bring back a cluster that has lost its quorum.",
    "search": "Print the keys whose names match.",
    "serve": "Serve the pages and the JSON API.",
    "shell": "Open a shell in which kubectl reads a file or an etcd.",
    "snapshot": "Save the whole database as a file, or check one.",
    "space": "Print what fills the database, by type, namespace or object.",
    "undo": "Restore the value that a change replaced.",
    "user": "Add, list and remove users.",
    "watch": "Print each change of keys as it is written.",
}

_USAGE, _UNKNOWN = 2, 3
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)  # of what is printed


class LazyGroup(click.Group):
    """Commands by name, each imported only when it is needed, so that --help costs no grpc."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"etcdview.cli.{cmd_name}")
        if hasattr(module, "__path__"):
            module = importlib.import_module(".command", module.__name__)
        command: click.Command = module.command
        gc.enable()
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:  # usage.py is loaded for a mistake alone
            from etcdview.cli.usage import check_command

            check_command(ctx, args, COMMANDS)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands from the list above, so that completing one costs no import of any."""
        found = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return found or click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="etcdview")
def cli() -> None:
    """The window on the state of a Kubernetes cluster, straight from etcd."""


def main(argv: list[str] | None = None) -> NoReturn:
    """Run the command. Exit status 0 done, 1 found wanting, 2 usage, 3 could not be reached.

    Of `health`, which monitoring runs, 2 is "no quorum": there it is 3, unknown, for whatever keeps it from a verdict.
    """
    if not sys.warnoptions:  # -W or PYTHONWARNINGS: somebody wants them
        warnings.simplefilter("ignore")  # libraries warn of odd certificates; the user cannot fix that here
    gc.disable()  # until the command is loaded: nothing that modules make is garbage
    open_closed_streams()
    try:
        sys.exit(run(argv))
    finally:
        gc.enable()


def run(argv: list[str] | None = None) -> int:
    """As main, but gives the exit status."""
    given = sys.argv[1:] if argv is None else argv
    monitoring = given[:1] == ["health"]
    try:
        result: Any = cli.main(args=argv, prog_name="etcdview", standalone_mode=False)
    except click.ClickException as error:
        from etcdview.cli.usage import complain

        complain(error, given)
        return _UNKNOWN if monitoring else error.exit_code
    except click.Abort:
        click.echo("Stopped.", err=True)
        return 130
    except EtcdviewError as error:
        say(f"etcdview: {error.what}", err=True)
        if error.remedy:
            say(f"  {error.remedy}", err=True)
        return _UNKNOWN if monitoring else error.exit_code
    except UnicodeEncodeError as error:
        if is_text(str(error.object)):
            raise
        say(f"etcdview: Not UTF-8: {visible(error.object)}", err=True)
        say("  An argument or a variable has bytes that are not UTF-8, where text is needed.", err=True)
        return _UNKNOWN if monitoring else _USAGE
    except OSError as error:
        return _unwritable(error, _UNKNOWN if monitoring else _USAGE)
    except Exception:  # the outermost frame: Python's own status for it is 1, which would be a verdict
        if not monitoring:
            raise
        traceback.print_exc()
        return _UNKNOWN
    return result if isinstance(result, int) else 0


def open_closed_streams() -> None:
    """Give the standard streams that were closed before the start something to lead to.

    Without it the next file that is opened would take their number, and get what is printed.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - until the end


def _unwritable(error: OSError, status: int) -> int:
    """Say what the system refused, which is mostly to write what is printed; give the exit status."""
    if isinstance(error, BrokenPipeError):
        sys.stderr.close()
        return 0
    what = error.strerror or str(error)
    if error.filename is None and error.errno in _FULL:
        with suppress(OSError):  # standard error may lead to the same place
            say(f"etcdview: The output cannot be written: {what}.", err=True)
            say("  What was written of it is not whole. Make room, or write it elsewhere.", err=True)
        nowhere = os.open(os.devnull, os.O_WRONLY)  # for what is left in the buffers
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
    else:
        name = f"{visible(os.fsdecode(error.filename))} cannot be used" if error.filename else "The system refuses"
        say(f"etcdview: {name}: {what}.", err=True)
        say("  Check the path, its permissions, and the room there.", err=True)
    return status
