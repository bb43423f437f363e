"""Runs the Go program in walk/ against one release, in a Go module of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tools.schema.releases import Source

HERE = Path(__file__).parent
# Facts of one release never change, so they are kept; git does not see them.
CACHE = HERE.parent.parent / ".cache" / "schema"

CLIENT = "k8s.io/client-go"
# import path below the optional module -> Go package alias
_EXTRA = {
    "k8s.io/apiextensions-apiserver": ("pkg/apis/apiextensions/v1", "pkg/apis/apiextensions/v1beta1"),
    "k8s.io/kube-aggregator": ("pkg/apis/apiregistration/v1", "pkg/apis/apiregistration/v1beta1"),
    "github.com/openshift/api": ("apps/v1", "build/v1", "image/v1", "oauth/v1", "route/v1", "template/v1", "user/v1"),
}


def walk(source: Source, *, fresh: bool = False) -> dict[str, Any]:
    """What the release's Go types say; from the cache, unless `fresh` or never asked before."""
    versions = "_".join(sorted(set(source.modules.values())))
    cached = CACHE / f"{source.release}-{versions}.json"
    if fresh or not cached.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        cached.write_text(_run(source))
    facts: dict[str, Any] = json.loads(cached.read_text())
    return facts


def _run(source: Source) -> str:
    with tempfile.TemporaryDirectory(prefix="etcdview-schema-") as folder:
        prepare(Path(folder), source, HERE / "walk" / "main.go")
        return go(Path(folder), "run", ".")


def prepare(folder: Path, source: Source, *programs: Path) -> None:
    """Make a Go module in `folder` of the given files and the extra schemes of the release."""
    for program in programs:
        shutil.copy(program, folder)
    (folder / "extra.go").write_text(_extra(source))
    requires = "".join(f"\t{module} {version}\n" for module, version in source.modules.items())
    (folder / "go.mod").write_text(f"module walk\n\ngo 1.20\n\nrequire (\n{requires})\n")
    go(folder, "mod", "tidy")


def go(folder: Path, *args: str) -> str:
    """Run go in `folder`; its standard output. Raises RuntimeError with what it complained of."""
    env = {**os.environ, "GOFLAGS": "-buildvcs=false"}
    done = subprocess.run(["nice", "go", *args], cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"go {' '.join(args)}: {done.stderr[-2000:]}")
    return done.stdout


def _extra(source: Source) -> str:
    paths = [f"{module}/{path}" for module in source.modules for path in _EXTRA.get(module, ())]
    kubernetes = CLIENT in source.modules
    imports = "".join(f'\textra{i} "{path}"\n' for i, path in enumerate(paths))
    imports += f'\t"{CLIENT}/kubernetes/scheme"\n' if kubernetes else ""
    base = "scheme.Scheme" if kubernetes else "runtime.NewScheme()"
    adds = "".join(f"\textra{i}.AddToScheme,\n" for i in range(len(paths)))
    return (
        f'package main\n\nimport (\n\t"k8s.io/apimachinery/pkg/runtime"\n{imports})\n\n'
        f"var base = {base}\n\n"
        f"var extraSchemes = []func(*runtime.Scheme) error{{\n{adds}}}\n"
    )
