"""A registry dump: gzipped JSON lines, one key a line, the value base64 byte for byte as etcd holds it."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

from etcdview.errors import FileFormatError
from etcdview.models import KeyValue
from etcdview.stores.static import StaticStore


def open_dump(path: Path) -> StaticStore:
    """Read a dump (.jsonl or .jsonl.gz). Raises FileFormatError that names the line at fault."""
    return StaticStore(str(path), read_dump(path))


def is_gzip(start: bytes) -> bool:
    """Whether a file that begins so is gzipped."""
    return start.startswith(b"\x1f\x8b")


def read_dump(path: Path) -> Iterator[KeyValue]:
    """The keys of a dump, in its own order."""
    try:
        with path.open("rb") as file:
            packed = is_gzip(file.read(2)) or path.suffix == ".gz"
        with gzip.open(path, "rb") if packed else path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _parse(path, number, line)
    except (OSError, EOFError, zlib.error) as error:
        raise FileFormatError(
            f"{path} cannot be read: {error}.", "Give a registry dump (.jsonl or .jsonl.gz)."
        ) from error


def _parse(path: Path, number: int, line: bytes) -> KeyValue:
    try:
        row = json.loads(line)
        return KeyValue(
            key=_key(row),
            create_revision=int(row.get("create_revision", 0)),
            mod_revision=int(row.get("mod_revision", 0)),
            version=int(row.get("version", 0)),
            lease=int(row.get("lease", 0)),
            value=base64.b64decode(row["value"], validate=True),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FileFormatError(
            f"Line {number} of {path} is no key of a registry dump ({type(error).__name__}: {error}).",
            'Each line is a JSON object with "key", "mod_revision" and "value" (base64).',
        ) from error


def _key(row: dict[str, str]) -> bytes:
    return base64.b64decode(row["key64"], validate=True) if "key64" in row else row["key"].encode("utf-8")
