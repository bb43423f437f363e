"""Builds Go programs against Kubernetes itself of one release, and runs the one in print/. Needs Go, and no server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FILLER = HERE.parent / "vectors" / "fill" / "filler.go"
KUBERNETES = "k8s.io/kubernetes"
FIRST_MINOR = 20
_STABLE = re.compile(r"v1\.(\d+)\.(\d+)$")
# Old releases ask for modules that use what newer Go closes to them.
_GO = {"GOFLAGS": "-buildvcs=false -mod=mod -p=2"}
_BUILD = ("build", "-trimpath", "-ldflags=-s -w -checklinkname=0", "-o", "program", ".")


def versions() -> list[str]:
    """The newest patch of every release from 1.20 on that the module proxy lists or Go has kept, oldest first."""
    newest: dict[int, int] = {}
    kept = Path(_go(Path.cwd(), "env", "GOMODCACHE").strip()).glob(f"{KUBERNETES}@v*")
    listed = _go(Path.cwd(), "list", "-m", "-versions", KUBERNETES).split()
    for version in (*listed, *(path.name.rpartition("@")[2] for path in kept)):
        if match := _STABLE.match(version):
            minor, patch = int(match[1]), int(match[2])
            newest[minor] = max(patch, newest.get(minor, 0))
    return [f"1.{minor}.{patch}" for minor, patch in sorted(newest.items()) if minor >= FIRST_MINOR]


def printed(version: str, objects: Iterable[Any], seed: int, rounds: int) -> list[dict[str, Any]]:
    """The given objects and `rounds` random ones of every kind: {"now", "object", "columns", "cells"} or "error"."""
    lines = "".join(json.dumps(obj) + "\n" for obj in objects)
    with tempfile.TemporaryDirectory(prefix="etcdview-tables-") as folder:
        build(Path(folder), version, HERE / "print" / "main.go", FILLER)
        program = Path(folder) / "program"
        done = subprocess.run(
            [program, str(seed), str(rounds)], input=lines.encode(), stdout=subprocess.PIPE, check=True
        )
    return [json.loads(line) for line in done.stdout.split(b"\n") if line]


def sample(rows: Sequence[dict[str, Any]], kept: int, rounds: int) -> list[dict[str, Any]]:
    """All hand-made rows, which come first and have names, and the first random rows of each kind."""
    made = [row for row in rows if _by_hand(row)]
    others = [row for row in rows if not _by_hand(row)]
    return made + [row for position, row in enumerate(others) if position % rounds < kept]


def _by_hand(row: dict[str, Any]) -> bool:
    labels = row["object"].get("metadata", {}).get("labels") or {}
    return bool(labels.get("made") == "by-hand")


def build(folder: Path, version: str, *programs: Path) -> None:
    """Make `program` in the folder, of the Go files and all API groups of the release."""
    source = Path(json.loads(_go(folder, "mod", "download", "-json", f"{KUBERNETES}@v{version}"))["Dir"])
    for program in programs:
        shutil.copy(program, folder)
    groups = sorted(path.parent.name for path in source.glob("pkg/apis/*/install"))
    imports = "".join(f'\t_ "{KUBERNETES}/pkg/apis/{group}/install"\n' for group in groups)
    (folder / "install.go").write_text(f"package main\n\nimport (\n{imports})\n")
    staged = re.findall(r"^\s*(?:replace )?(k8s.io/\S+) => \./staging", (source / "go.mod").read_text(), re.MULTILINE)
    replaced = "".join(f"\t{module} => {module} v0{version[1:]}\n" for module in staged)
    required = f"require {KUBERNETES} v{version}\n\nreplace (\n{replaced})\n"
    (folder / "go.mod").write_text(f"module tables\n\ngo 1.20\n\n{required}")
    _go(folder, "mod", "tidy")
    _go(folder, *_BUILD)


def _go(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ["nice", "go", *args], cwd=folder, env=os.environ | _GO, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"go {' '.join(args)}: {done.stderr[-2000:]}")
    return done.stdout
