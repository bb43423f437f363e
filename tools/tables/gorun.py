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

from tools.kubernetes import MODULE

HERE = Path(__file__).parent
FILLER = HERE.parent / "vectors" / "fill" / "filler.go"
PRINTERS = "pkg/printers/internalversion"
_PRINTER = re.compile(
    r"^(func print\w+(?<!List)\((\w+) \*[\w.]+, options printers\.GenerateOptions\) .*\{)$", re.MULTILINE
)
# Old releases ask for modules that use what newer Go closes to them.
_GO = {"GOFLAGS": "-buildvcs=false -mod=mod -p=2"}
_BUILD = ("build", "-trimpath", "-ldflags=-s -w -checklinkname=0", "-o", "program", ".")


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
    for program in programs:
        shutil.copy(program, folder)
    _make_module(folder, version)
    _go(folder, *_BUILD)


def cases(version: str) -> list[dict[str, Any]]:
    """Every object that the release's own tests of its printers print, in their order, each once."""
    with tempfile.TemporaryDirectory(prefix="etcdview-tables-") as name:
        folder, written = Path(name), Path(name) / "cases.jsonl"
        (folder / "cases").mkdir()
        for source in (_source(folder, version) / PRINTERS).glob("*.go"):
            text = _PRINTER.sub(r"\1\n\trecord(\2)", source.read_text())
            (folder / "cases" / source.name).write_text(text)
        shutil.copy(HERE / "record" / "record.go", folder / "cases")
        (folder / "main.go").write_text('package main\n\nimport _ "tables/cases"\n\nfunc main() {}\n')
        _make_module(folder, version)
        install = (folder / "install.go").read_text().replace("package main", "package internalversion")
        (folder / "cases" / "install.go").write_text(install)
        command = ("test", "-count=1", "-vet=off", "-trimpath", "-ldflags=-checklinkname=0", "./cases")
        ended = subprocess.run(
            ["nice", "go", *command],
            cwd=folder,
            env=os.environ | _GO | {"CASES": str(written)},
            capture_output=True,
            text=True,
            check=False,
        )
        if not written.exists():  # else failing tests are of no interest here
            raise RuntimeError(f"The tests of printers did not run: {(ended.stdout + ended.stderr)[-2000:]}")
        lines = dict.fromkeys(written.read_text().splitlines())
    return [json.loads(line) for line in lines]


def _make_module(folder: Path, version: str) -> None:
    source = _source(folder, version)
    groups = sorted(path.parent.name for path in source.glob("pkg/apis/*/install"))
    imports = "".join(f'\t_ "{MODULE}/pkg/apis/{group}/install"\n' for group in groups)
    (folder / "install.go").write_text(f"package main\n\nimport (\n{imports})\n")
    staged = re.findall(r"^\s*(?:replace )?(k8s.io/\S+) => \./staging", (source / "go.mod").read_text(), re.MULTILINE)
    replaced = "".join(f"\t{module} => {module} v0{version[1:]}\n" for module in staged)
    required = f"require {MODULE} v{version}\n\nreplace (\n{replaced})\n"
    (folder / "go.mod").write_text(f"module tables\n\ngo 1.20\n\n{required}")
    _go(folder, "mod", "tidy")


def _source(folder: Path, version: str) -> Path:
    return Path(json.loads(_go(folder, "mod", "download", "-json", f"{MODULE}@v{version}"))["Dir"])


def _go(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ["nice", "go", *args], cwd=folder, env=os.environ | _GO, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"go {' '.join(args)}: {done.stderr[-2000:]}")
    return done.stdout
