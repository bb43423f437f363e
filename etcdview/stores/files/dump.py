"""A registry dump: gzipped JSON lines, one key a line, the value base64 byte for byte as etcd holds it."""

from __future__ import annotations

import base64
import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from etcdview.errors import FileFormatError, UsageError
from etcdview.kube.reasons import reason
from etcdview.models import KeyValue
from etcdview.stores.files.etcdctl import answer_keys, is_answer
from etcdview.stores.files.memory import StaticStore


def open_dump(path: Path) -> StaticStore:
    """Read a dump (.jsonl or .jsonl.gz). Raises FileFormatError that names the line at fault."""
    return StaticStore(str(path), read_dump(path))


def is_gzip(start: bytes) -> bool:
    """Whether a file that begins so is gzipped."""
    return start.startswith(b"\x1f\x8b")


def read_dump(path: Path) -> Iterator[KeyValue]:
    """The keys of a dump, in its own order; an answer of `etcdctl get --prefix -w json` is one too."""
    try:
        with path.open("rb") as file:
            packed = is_gzip(file.read(2)) or path.suffix == ".gz"
        with gzip.open(path, "rb") if packed else path.open("rb") as lines:
            first = lines.readline()
            if _begins_answer(first):
                yield from _answer(path, first + lines.read())
                return
            for number, line in enumerate(chain((first,), lines), 1):
                if line.strip():
                    yield _parse(path, number, line)
    except (OSError, EOFError, zlib.error) as error:
        raise FileFormatError(
            f"{path} cannot be read: {reason(error)}.", "Give a registry dump (.jsonl or .jsonl.gz)."
        ) from error


def write_dump(kvs: Iterable[KeyValue], path: Path) -> int:
    """Write a dump, gzipped where its name ends in .gz, and say how many keys it holds. `path` must not exist.

    It gets its name once it is whole; nobody but its owner may read it. Raises UsageError, and what `kvs` raises.
    """
    if path.exists():
        raise UsageError(f"{path} exists already.", "Choose another name, or remove it.")
    part = path.with_name(path.name + ".part")
    count = 0
    try:
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with open(fd, "wb") as file, gzip.open(file, "wb", 6) if path.suffix == ".gz" else file as lines:
            for kv in kvs:
                lines.write(_line(kv))
                count += 1
        part.rename(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", "Choose another.") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return count


def _line(kv: KeyValue) -> bytes:
    row: dict[str, object] = {"key": kv.key.decode("utf-8", "replace")}
    if row["key"] != kv.key.decode("utf-8", "surrogateescape"):
        row["key64"] = base64.b64encode(kv.key).decode("ascii")
    row |= {
        "create_revision": kv.create_revision,
        "mod_revision": kv.mod_revision,
        "version": kv.version,
        "lease": kv.lease,
        "value": base64.b64encode(kv.value).decode("ascii"),
    }
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _begins_answer(line: bytes) -> bool:
    """Whether a file that begins with the line is one JSON object of etcdctl's: on one line, or laid out."""
    text = line.strip()
    return text == b"{" or text.startswith((b'{"header"', b'{"kvs"', b'{ "header"', b'{ "kvs"'))


def _answer(path: Path, text: bytes) -> Iterator[KeyValue]:
    try:
        row = json.loads(text)
        if not is_answer(row):
            raise KeyError("header")
        yield from answer_keys(row)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FileFormatError(
            f"{path} is not an answer of etcdctl: {reason(error)}.",
            "Give the whole output of `etcdctl get --prefix / -w json`, or a registry dump.",
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
            f"Line {number} of {path} is not a key of a registry dump: {_why(error)}.",
            'Each line is a JSON object with "key", "mod_revision" and "value" (base64).',
        ) from error


def _why(error: Exception) -> str:
    numbers = isinstance(error, ValueError) and type(error) is ValueError
    return "one of its revisions is not a number" if numbers else reason(error)


def _key(row: dict[str, str]) -> bytes:
    return base64.b64decode(row["key64"], validate=True) if "key64" in row else row["key"].encode("utf-8")
