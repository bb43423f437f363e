"""Who set what: asks each source in turn for each row, and remembers which one answered."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etcdview.config import kubeadm
from etcdview.config.file import read_file
from etcdview.config.rows import ROWS, SettingRow
from etcdview.config.settings import Settings
from etcdview.endpoints import parse_endpoints
from etcdview.errors import SettingError

CONFIG_VARIABLE = "ETCDVIEW_CONFIG"
MASKED = "********"
DEFAULT = "default"  # the source of what nobody set
# With any of these set by hand this machine's files are not read: half of one and half of the other do not fit.
_BY_HAND = frozenset({"endpoints", "cacert", "cert", "key", "from_file"})


@dataclass(frozen=True, slots=True)
class Origin:
    """One setting as it stands: `shown` is its value for a reader (secrets masked), `source` who said so."""

    row: SettingRow
    shown: str
    source: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """The settings, and one origin per row in the table's order."""

    settings: Settings
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True)
class _Given:
    value: object
    source: str


def load(
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    root: Path = Path("/"),
) -> Settings:
    """The settings alone; see resolve."""
    return resolve(flags, environ, root).settings


def resolve(
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    root: Path = Path("/"),
) -> Resolved:
    """Ask flags (by field of Settings; None: not given; `config`: the file), variables, file, this machine's, defaults.

    `root` is where /etc and /var are looked for. Raises SettingError that names the setting and who set it.
    """
    flags = flags or {}
    environ = os.environ if environ is None else environ
    path = str(flags.get("config") or environ.get(CONFIG_VARIABLE, ""))
    in_file = read_file(Path(path)) if path else {}
    firsts = ((row, _first(row, flags, environ, in_file, path)) for row in ROWS)
    found = {row.field: _parsed(row, given) for row, given in firsts if given is not None}
    notes: tuple[str, ...] = ()
    if not _BY_HAND & found.keys():
        kube = kubeadm.find(root)
        source = f"{kube.whose}'s files ({kube.path})"
        found = {field: _Given(value, source) for field, value in kube.values.items()} | found
        notes = kube.notes
    return _made(_split_user(found), notes)


def _first(
    row: SettingRow, flags: Mapping[str, Any], environ: Mapping[str, str], in_file: Mapping[str, object], path: str
) -> _Given | None:
    if flags.get(row.field) is not None:
        return _Given(flags[row.field], f"flag {row.flag}")
    if environ.get(row.variable):
        return _Given(environ[row.variable], f"variable {row.variable}")
    if row.name in in_file:
        return _Given(in_file[row.name], f"file {path}")
    return None


def _parsed(row: SettingRow, given: _Given) -> _Given:
    try:
        return _Given(row.parse(given.value), given.source)
    except ValueError as error:
        # An endpoint with a user in it holds a password as well.
        value = "" if row.secret or "@" in str(given.value) else f" {str(given.value)[:80]!r}"
        raise SettingError(
            f"The setting {row.name} ({given.source}) has a value{value} that cannot be used: {error}."
        ) from None


def _split_user(found: dict[str, _Given]) -> dict[str, _Given]:
    """etcdctl's NAME:PASSWORD in one; a password of its own counts more."""
    user = found.get("user")
    if user is None or ":" not in str(user.value):
        return found
    name, _, password = str(user.value).partition(":")
    return {"password": _Given(password, user.source)} | found | {"user": _Given(name, user.source)}


def _made(found: Mapping[str, _Given], notes: tuple[str, ...]) -> Resolved:
    made: dict[str, Any] = {field: given.value for field, given in found.items()}
    tls = any(made.get(name) for name in ("cacert", "cert", "key"))
    listed = made.get("endpoints", Settings().endpoints)
    made["endpoints"] = tuple(str(endpoint) for endpoint in parse_endpoints(listed, tls=tls))
    named = "endpoints" in found or "from_file" in found
    settings = Settings(**made, notes=notes, etcd_named=named)
    origins = tuple(
        Origin(
            row, shown(row, getattr(settings, row.field)), found[row.field].source if row.field in found else DEFAULT
        )
        for row in ROWS
    )
    return Resolved(settings, origins)


def shown(row: SettingRow, value: object) -> str:
    """A value for a reader: as it would be written, a secret as stars."""
    return (MASKED if value else "") if row.secret else row.show(value)
