"""click's options for the settings: made from their table, so that a flag, its variable and its help agree."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from etcdview.cli.helping import GroupedOption
from etcdview.config import ROWS, Resolved, SettingRow, resolve
from etcdview.config.rows import CONNECTION, GROUPS, SOURCE

Command = TypeVar("Command", bound=Callable[..., Any])
_CONFIG_HELP = "A settings file (TOML). Flags and variables take precedence.  [variable: ETCDVIEW_CONFIG]"


_AGAIN = "etcdview.cli.options"  # where click's context keeps how to read the settings again
_HEADINGS = {row.name: heading for heading, rows in GROUPS.items() for row in rows}


def settings_options(rows: Sequence[SettingRow]) -> Callable[[Command], Command]:
    """Options for `rows` and --config. The command gets them as one argument, `resolved`.

    A setting that is wrong ends the command with SettingError before it begins.
    """

    def decorate(command: Command) -> Command:
        own = inspect.signature(command).parameters  # a command may have an option of its own by the name of a setting
        fields = [name for name in ("config", *(row.field for row in ROWS)) if name not in own]

        @functools.wraps(command)
        def with_settings(**values: Any) -> Any:
            flags = {name: values.pop(name, None) for name in fields}
            click.get_current_context().meta[_AGAIN] = functools.partial(resolve, flags)
            return command(resolved=_resolved(flags), **values)

        options = [_grouped("--config", "config", rows[0], metavar="FILE", help=_CONFIG_HELP), *map(_option, rows)]
        for option in reversed(options):
            option(with_settings)
        return with_settings  # type: ignore[return-value]  # wraps keeps all of it but the static type

    return decorate


def read_again() -> Callable[[], Resolved]:
    """Reads the settings of the command that runs once more: the same flags and variables, and files as they are then.

    What it gives raises SettingError.
    """
    again: Callable[[], Resolved] = click.get_current_context().meta[_AGAIN]
    return again


def source_options(command: Command) -> Command:
    """Options that say what to read: a live etcd, or --from FILE; with how to decrypt and which release it is."""
    return settings_options((*CONNECTION, *SOURCE))(command)


def _resolved(flags: dict[str, Any]) -> Resolved:
    resolved = resolve(flags)
    for note in resolved.settings.notes:
        click.echo(f"etcdview: {note}", err=True)
    return resolved


def _option(row: SettingRow) -> Callable[[Any], Any]:
    text = f"{row.help}  [variable: {row.variable}]"
    if not row.metavar:
        return _grouped(row.flag, row.field, row, is_flag=True, default=None, help=text)
    if row.repeats:
        return _grouped(row.flag, row.field, row, metavar=row.metavar, help=text, multiple=True, callback=_joined)
    return _grouped(row.flag, row.field, row, metavar=row.metavar, help=text)


def _joined(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> str | None:
    """What an option was given, each time it was; None where it was not."""
    return ",".join(given) if given else None


def _grouped(flag: str, field: str, row: SettingRow, **rest: Any) -> Callable[[Any], Any]:
    """An option under the heading of `row`."""
    return click.option(flag, field, cls=GroupedOption, group=_HEADINGS[row.name], is_setting=True, **rest)
