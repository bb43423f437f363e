"""Builds the Go program in serve/ against Kubernetes itself of one release, and runs it. It needs Go, and no server."""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tools.tables import gorun

HERE = Path(__file__).parent
# Programs of a release never change, so they are kept; git does not see them.
CACHE = HERE.parent.parent / ".cache" / "served"


def served(version: str, values: Iterable[bytes], seed: int, rounds: int) -> list[dict[str, Any]]:
    """The given values, and `rounds` random ones of every kind: {"origin", "stored", "served"} or "error"."""
    lines = b"".join(base64.b64encode(value) + b"\n" for value in values)
    done = subprocess.run([_program(version), str(seed), str(rounds)], input=lines, stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.split(b"\n") if line]


def _program(version: str) -> Path:
    source = HERE / "serve" / "main.go"
    kept = CACHE / version
    if not kept.exists() or kept.stat().st_mtime < source.stat().st_mtime:
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="etcdview-served-", dir=CACHE) as folder:
            gorun.build(Path(folder), version, source, gorun.FILLER)
            (Path(folder) / "program").replace(kept)
    return kept
