"""What a proof of a backup found, as metrics in a file that the node exporter's textfile collector reads."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from etcdview.errors import UsageError

_HELP = {
    "good": "Whether the backup is whole, decodes, and is of this cluster and young enough.",
    "verified_timestamp_seconds": "When the backup was last verified.",
    "values_decoded": "Values of the backup that decode.",
    "values_undecodable": "Values of the backup that do not decode.",
    "newest_change_timestamp_seconds": "The newest change that an object in the backup tells of.",
    "age_seconds": "How old that change was when the backup was verified.",
    "missing_keys": "Keys that the live cluster has and the backup lacks.",
    "changed_keys": "Keys that have other values in the live cluster.",
    "revisions_behind": "By how many revisions the live cluster is ahead of the backup.",
}
_MODE = 0o644  # the collector is another user; names and numbers only


def write_textfile(path: Path, backup: Path, figures: Mapping[str, float], *, good: bool, now: datetime) -> None:
    """Replace the file whole, so that nobody reads a half. Raises UsageError where it cannot be written."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _MODE)
            with open(fd, "w", encoding="utf-8") as file:
                file.writelines(
                    _lines(backup, {"good": good, "verified_timestamp_seconds": now.timestamp(), **figures})
                )
            part.replace(path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}.", "Choose another file.") from error


def _lines(backup: Path, figures: Mapping[str, float]) -> Iterator[str]:
    name = str(backup).encode("utf-8", "replace").decode()
    label = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    for figure, text in _HELP.items():
        if figure in figures:
            metric = f"etcdview_backup_{figure}"
            yield f"# HELP {metric} {text}\n# TYPE {metric} gauge\n"
            yield f'{metric}{{backup="{label}"}} {float(figures[figure])!r}\n'
