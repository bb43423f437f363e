"""click's options for the settings: made from their table, so that a flag, its variable and its help agree."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from etcdview.config import ROWS, Resolved, Row, resolve
from etcdview.config.rows import CONNECTION, SOURCE

Command = TypeVar("Command", bound=Callable[..., Any])
_CONFIG_HELP = "A settings file (TOML). Flags and variables take precedence.  [variable: ETCDVIEW_CONFIG]"


def settings_options(rows: Iterable[Row]) -> Callable[[Command], Command]:
    """Options for `rows` and --config. The command gets them as one argument, `resolved`.

    A setting that is wrong ends the command with SettingError before it begins.
    """

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def with_settings(**values: Any) -> Any:
            flags = {name: values.pop(name, None) for name in ("config", *(row.field for row in ROWS))}
            return command(resolved=_resolved(flags), **values)

        options = [click.option("--config", metavar="FILE", help=_CONFIG_HELP), *map(_option, rows)]
        for option in reversed(options):
            option(with_settings)
        return with_settings  # type: ignore[return-value]  # wraps keeps all of it but the static type

    return decorate


def source_options(command: Command) -> Command:
    """Options that say what to read: a live etcd, or --from FILE; with how to decrypt and which release it is."""
    return settings_options((*CONNECTION, *SOURCE))(command)


def _resolved(flags: dict[str, Any]) -> Resolved:
    resolved = resolve(flags)
    for note in resolved.settings.notes:
        click.echo(f"etcdview: {note}", err=True)
    return resolved


def _option(row: Row) -> Callable[[Any], Any]:
    text = f"{row.help}  [variable: {row.variable}]"
    if not row.metavar:
        return click.option(row.flag, row.field, is_flag=True, default=None, help=text)
    return click.option(row.flag, row.field, metavar=row.metavar, help=text)
