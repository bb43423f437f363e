"""Objects as files of YAML that `kubectl apply -f` takes: a folder, a zip, a stream of documents, one List.

Nobody but their owner may read them (mode 0600). A file gets its name once it is whole; a folder must be empty.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from etcdview import private_files
from etcdview.codec import to_yaml, yaml_list
from etcdview.errors import EtcdviewError, UsageError

FORMS = ("dir", "zip", "stream", "list")
_FILE_MODE, _FOLDER_MODE = 0o600, 0o700
_UNSAFE = re.compile(r"[^\w.:@+-]|^\.", re.ASCII)
REMARKS_NAME = "EXPORT.txt"  # what is said of an export, in its zip
_LONGEST_NAME = 200
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the same objects make the same file


@dataclass(frozen=True, slots=True)
class BundleObject:
    """One object and where it belongs: its type's place in the order, its type, its namespace ("" for none), name."""

    rank: int
    resource: str
    namespace: str
    name: str
    object: Mapping[str, Any]

    @property
    def path(self) -> str:
        """Its file in a folder or zip: these sort in the order to apply them."""
        folders = [f"{self.rank:02}-{_safe(self.resource)}", *([_safe(self.namespace)] if self.namespace else [])]
        return "/".join([*folders, f"{_safe(self.name)}.yaml"])


def write_bundle(objects: Iterable[BundleObject], form: str, path: Path) -> int:
    """Write them in one of FORMS, and say how many.

    Raises UsageError for a path that cannot be written, and what `objects` raises.
    """
    try:
        if form == "dir":
            return _folder(objects, path)
        return _zip(objects, path) if form == "zip" else _text(objects, form, path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}.", "Choose another.") from error


def bundle_text(objects: Iterable[BundleObject], form: str) -> Iterator[str]:
    """A stream of documents, or a List, in pieces."""
    if form == "list":
        return yaml_list(found.object for found in objects)
    return ("---\n" * bool(number) + to_yaml(found.object) for number, found in enumerate(objects))


def zip_pieces(objects: Iterable[BundleObject], remarks: Callable[[], str]) -> Iterator[bytes]:
    """A zip as write_zip makes it, in pieces as the objects come; `remarks` are its last file, unless empty."""
    pieces = _Pieces()
    with zipfile.ZipFile(cast(IO[bytes], pieces), "w", zipfile.ZIP_DEFLATED) as packed:
        for found in objects:
            packed.writestr(_zip_entry(found.path), _yaml(found), zipfile.ZIP_DEFLATED)
            yield from pieces.taken()
        if said := remarks():
            packed.writestr(_zip_entry(REMARKS_NAME), said.encode("utf-8", "surrogateescape"), zipfile.ZIP_DEFLATED)
    yield from pieces.taken()


class _Pieces:
    """A file that nobody can seek in: what is written is taken away as soon as it is much."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        pass

    def taken(self) -> Iterator[bytes]:
        parts, self._parts = self._parts, []
        if parts:
            yield b"".join(parts)


def write_zip(objects: Iterable[BundleObject], file: IO[bytes]) -> int:
    """A zip with a file an object; the number of objects."""
    count = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for found in objects:
            packed.writestr(_zip_entry(found.path), _yaml(found), zipfile.ZIP_DEFLATED)
            count += 1
    return count


def _zip_entry(path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, _ZIP_TIME)
    info.external_attr = _FILE_MODE << 16
    return info


def _yaml(found: BundleObject) -> bytes:
    return to_yaml(found.object).encode("utf-8", "surrogateescape")


def _folder(objects: Iterable[BundleObject], path: Path) -> int:
    made = not path.exists()
    path.mkdir(_FOLDER_MODE, exist_ok=True)
    if any(path.iterdir()):
        raise UsageError(f"The folder {path} is not empty.", "Choose a new one, or empty it.")
    try:
        return _files(objects, path)
    except EtcdviewError:
        if made:
            with suppress(OSError):  # not empty
                path.rmdir()
        raise


def _files(objects: Iterable[BundleObject], path: Path) -> int:
    count = 0
    for found in objects:
        target = path / found.path
        for folder in reversed(target.relative_to(path).parents[:-1]):
            (path / folder).mkdir(_FOLDER_MODE, exist_ok=True)
        with _private(target) as file:
            file.write(_yaml(found))
        count += 1
    return count


def _zip(objects: Iterable[BundleObject], path: Path) -> int:
    with _whole(path) as file:
        return write_zip(objects, file)


def _text(objects: Iterable[BundleObject], form: str, path: Path) -> int:
    count = 0

    def counted() -> Iterator[BundleObject]:
        nonlocal count
        for found in objects:
            count += 1
            yield found

    with _whole(path) as file:
        for piece in bundle_text(counted(), form):
            file.write(piece.encode("utf-8", "surrogateescape"))
    return count


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name when all of it is written."""
    if path.exists():
        raise UsageError(f"{path} exists already.", "Choose another name, or remove it.")
    with private_files.becoming(path) as file:
        yield file


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _FILE_MODE)
    with open(fd, "w+b") as file:
        yield file


def _safe(name: str) -> str:
    """The name as part of a path; one that had to be changed is told apart by a hash."""
    changed = _UNSAFE.sub("_", name)[:_LONGEST_NAME]
    if changed == name and name:
        return name
    return f"{changed}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
