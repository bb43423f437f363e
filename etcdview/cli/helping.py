"""The help of a command, in groups: what it is for comes first, how to reach etcd after that."""

from __future__ import annotations

from typing import Any

import click

OPTIONS = "Options"
SELECTION = "Selection"
OUTPUT = "Output"


class GroupedOption(click.Option):
    """An option under a heading of its own in the help; `is_setting`: it stands after the command's own options."""

    def __init__(self, *args: Any, group: str, is_setting: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group
        self.is_setting = is_setting


class GroupedCommand(click.Command):
    """A command whose help lists its options by group."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """See click.Command."""
        own: dict[str, list[tuple[str, str]]] = {}
        settings: dict[str, list[tuple[str, str]]] = {}
        help_option = self.get_help_option(ctx)
        for parameter in self.params:
            record = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if record is not None:
                groups = settings if getattr(parameter, "is_setting", False) else own
                groups.setdefault(getattr(parameter, "group", OPTIONS), []).append(record)
        record = help_option.get_help_record(ctx) if help_option else None
        if record is not None:
            own.setdefault(next(reversed(own), OPTIONS), []).append(record)
        for name, records in (*own.items(), *settings.items()):
            with formatter.section(name):
                formatter.write_dl(records)
