"""The settings file: TOML, flat, each key the name of a setting."""

from __future__ import annotations

import tomllib
from pathlib import Path

from etcdview.config.rows import ROWS, SettingRow
from etcdview.errors import SettingError
from etcdview.kube.suggestions import did_you_mean

_BY_NAME = {row.name: row for row in ROWS}


def read_file(path: Path) -> dict[str, object]:
    """What the file sets, by the settings' names. Raises SettingError that names the file and what is wrong in it."""
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except OSError as error:
        what = f"The settings file {path} cannot be read: {error.strerror}."
        raise SettingError(what, "Check --config and ETCDVIEW_CONFIG.") from error
    except UnicodeDecodeError as error:
        raise SettingError(f"The settings file {path} is not UTF-8 text.", "Write it as TOML, in UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"The settings file {path} is not valid TOML: {error}.", "Correct that line.") from error
    except (ValueError, RecursionError):  # thousands of digits or brackets
        raise SettingError(f"The settings file {path} is not a list of settings.", "Each key names one.") from None
    return {name: _from_folder(_row(name, path), value, path.parent) for name, value in table.items()}


def _row(name: str, path: Path) -> SettingRow:
    if name in _BY_NAME:
        return _BY_NAME[name]
    remedy = did_you_mean(name.replace("_", "-"), _BY_NAME, "README.md lists the settings.")
    raise SettingError(f"{path} sets {name!r}, which is not a setting of etcdview.", remedy)


def _from_folder(row: SettingRow, value: object, folder: Path) -> object:
    return str(folder / value) if row.path and isinstance(value, str) and value else value
