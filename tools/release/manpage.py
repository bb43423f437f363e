"""etcdview(1), from the help of its commands: `python -m tools.release.manpage > etcdview.1`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import click

from etcdview import __version__
from etcdview.cli.main import COMMANDS, cli

_HEAD = """.TH ETCDVIEW 1 "" "etcdview {version}" "User Commands"
.SH NAME
etcdview \\- {what}
.SH SYNOPSIS
.B etcdview
.I COMMAND
[\\fIOPTION\\fR]...
.SH DESCRIPTION
{what}
It shows the keys of etcd by kind and namespace, decodes every object, and says whether the etcd cluster is healthy.
.SH COMMANDS"""
_TAIL = """.SH EXIT STATUS
.TP
.B 0
done
.TP
.B 1
found wanting: it differs, is unhealthy or missing
.TP
.B 2
usage, or a part that is not installed
.TP
.B 3
etcd could not be reached
.SH ENVIRONMENT
The variables of
.BR etcdctl (1)
(\\fBETCDCTL_ENDPOINTS\\fR and so on), and \\fBETCDVIEW_\\fR with the name of any setting.
.SH SEE ALSO
.BR etcdctl (1),
.BR kubectl (1)"""


def page() -> str:
    """The whole page as roff."""
    what = _words(str(cli.help))
    lines = [_HEAD.format(version=__version__, what=what)]
    ctx = click.Context(cli, info_name="etcdview")
    for name in sorted(COMMANDS):
        lines += _command_of(cli, ctx, name)
    return "\n".join([*lines, _TAIL]) + "\n"


def _command_of(group: click.Group, ctx: click.Context, name: str) -> Iterator[str]:
    command = group.get_command(ctx, name)
    if command is not None:
        yield from _command(command, click.Context(command, parent=ctx, info_name=name))


def _command(command: click.Command, ctx: click.Context) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(ctx))
    yield f".SS {_words(f'{ctx.command_path} {usage}')}"
    yield from _paragraphs(command.help or "")
    for option in command.params:
        record = option.get_help_record(ctx)
        if record and isinstance(option, click.Option):
            yield ".TP"
            yield f".B {_words(record[0])}"
            yield _words(record[1]) or "\\&"
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            yield from _command_of(command, ctx, name)


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        as_it_is = paragraph.strip().startswith("\b")
        lines = [line.strip() for line in paragraph.replace("\b", "").splitlines() if line.strip()]
        yield ".PP"
        yield from ([".nf", *map(_words, lines), ".fi"] if as_it_is else [_words(" ".join(lines))])


def _words(text: str) -> str:
    """Text that roff prints as it is: backslashes, hyphens, and lines that would be commands."""
    plain = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain


if __name__ == "__main__":
    sys.stdout.write(page())
