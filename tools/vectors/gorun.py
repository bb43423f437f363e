"""Builds the Go programs beside this file against one release, and runs them."""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.schema import walk
from tools.schema.releases import Source

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Vector:
    """A stored value that Go wrote, and the JSON that Go makes of it."""

    release: str
    api_version: str
    kind: str
    value: bytes
    object: str


def fill(source: Source, seed: int, rounds: int) -> tuple[Vector, ...]:
    """Every stored kind of the release, `rounds` times with random values; each third one is dirty."""
    with _built(source, "fill") as program:
        lines = _run(program, str(seed), str(rounds)).splitlines()
    return tuple(_vector(source.release, json.loads(line)) for line in lines)


def printed(source: Source, objects: Iterable[Any]) -> tuple[dict[str, str], ...]:
    """How kubectl of the release shows each object: {"yaml", "json"}, or {"error"}."""
    lines = "".join(json.dumps(obj, ensure_ascii=False) + "\n" for obj in objects)
    with _built(source, "print") as program:
        return tuple(json.loads(line) for line in _run(program, stdin=lines.encode()).split(b"\n") if line)


@contextmanager
def _built(source: Source, name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="etcdview-vectors-") as folder:
        walk.prepare(Path(folder), source, *(HERE / name).glob("*.go"))
        walk.go(Path(folder), "build", "-o", "program", ".")
        yield Path(folder) / "program"


def _run(program: Path, *args: str, stdin: bytes = b"") -> bytes:
    return subprocess.run([program, *args], input=stdin, stdout=subprocess.PIPE, check=True).stdout


def _vector(release: str, row: dict[str, str]) -> Vector:
    return Vector(release, row["apiVersion"], row["kind"], base64.b64decode(row["value"]), row["object"])
