"""The programs that are asked and that ask, built from their Go modules once, and kept in the user's cache."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "etcdview" / "conformance"
KUBERNETES = "v1.36.3"
_GO = {"GOFLAGS": "-buildvcs=false -p=2"}
_DEFINITIONS = Path("pkg", "generated", "openapi", "zz_generated.openapi.go")


class MissingError(Exception):
    """A program that cannot be had on this machine, and why."""


@dataclass(frozen=True, slots=True)
class Program:
    """A Go program: `package` of `module` at `version`; with `source` the files of a folder here are built instead."""

    name: str
    module: str
    version: str
    package: str
    flags: str = ""
    source: str = ""


def kubernetes(name: str, version: str = KUBERNETES) -> Program:
    """A program of Kubernetes at `version`, such as v1.36.3."""
    minor = version.split(".")[1]
    flags = [
        f"-X {package}.{fact}"
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        for fact in (f"gitVersion={version}", "gitMajor=1", f"gitMinor={minor}")
    ]
    module = "k8s.io/kubernetes"
    return Program(name, module, version, f"{module}/cmd/{name}", " ".join(flags))


def staged(version: str) -> str:
    """The version of Kubernetes' own modules, such as v0.36.3."""
    return version.replace("v1.", "v0.", 1)


PROGRAMS = {
    program.name: program
    for program in (
        kubernetes("kube-apiserver"),
        kubernetes("kubectl"),
        Program("k9s", "github.com/derailed/k9s", "v0.50.16", "github.com/derailed/k9s"),
        Program("helm", "helm.sh/helm/v3", "v3.20.2", "helm.sh/helm/v3/cmd/helm"),
        Program("informers", "k8s.io/client-go", staged(KUBERNETES), ".", source="informers"),
    )
}


def provide(name: str) -> Path:
    """The path of one of PROGRAMS, built if it is missing or its source here has changed. Raises MissingError."""
    return built(PROGRAMS[name])


def is_built(program: Program) -> bool:
    """Whether it has been built before."""
    return _binary(program).exists()


def _binary(program: Program) -> Path:
    return CACHE / f"{program.name}-{program.version}"


def built(program: Program) -> Path:
    """The path of any program, as `provide` has it."""
    binary = _binary(program)
    sources = list((HERE / program.source).glob("*.go")) if program.source else []
    if binary.exists() and all(source.stat().st_mtime < binary.stat().st_mtime for source in sources):
        return binary
    if shutil.which("go") is None:
        raise MissingError(f"{program.name} is built with Go, which is not on PATH")
    what = f"{program.module} {program.version} ({program.name})"
    print(f"building {what}, which takes minutes ...", file=sys.stderr, flush=True)
    folder = CACHE / "build" / program.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _write_module(program, folder)
    made = folder / "program"
    # Old releases ask for modules that use what newer Go closes to them.
    flags = f"-s -w -checklinkname=0 {program.flags}"
    _go(folder, "build", "-trimpath", "-ldflags", flags, "-o", str(made), program.package)
    made.replace(binary)
    return binary


def _write_module(program: Program, folder: Path) -> None:
    """A Go module that requires the program's, so that what is built is what the checksums of Go's proxy vouch for."""
    if program.source:
        for source in (HERE / program.source).glob("*.go"):
            shutil.copy(source, folder)
    else:
        (folder / "tools.go").write_text(f'//go:build tools\n\npackage tools\n\nimport _ "{program.package}"\n')
    required = f"require {program.module} {program.version}\n\n"
    # An old line, which tidying makes newer where modules ask for it: as old releases were written for.
    replaced = _replaced(program, folder)
    (folder / "go.mod").write_text(f"module etcdview.invalid/conformance\n\ngo 1.20\n\n{required}{replaced}")
    _go(folder, "mod", "tidy")


def _replaced(program: Program, folder: Path) -> str:
    """Kubernetes' own modules: its go.mod finds them in a folder that the published module does not have."""
    if program.module != "k8s.io/kubernetes":
        return ""
    published = json.loads(_go(Path.cwd(), "mod", "download", "-json", f"{program.module}@{program.version}"))
    text = Path(published["GoMod"]).read_text()
    modules = re.findall(r"^\s*(?:replace )?(k8s.io/\S+) => \./staging", text, re.MULTILINE)
    replaced = [f"{module} => {module} {staged(program.version)}" for module in modules]
    if not (Path(published["Dir"]) / _DEFINITIONS).exists():
        _complete(Path(published["Dir"]), folder / "kubernetes")
        replaced.append(f"{program.module} => ./kubernetes")
    return "replace (\n" + "".join(f"\t{line}\n" for line in replaced) + ")\n"


def _complete(published: Path, folder: Path) -> None:
    """A copy of a published Kubernetes, with the one package that it lacks."""
    for path, _, names in os.walk(published):
        copy = folder / Path(path).relative_to(published)
        copy.mkdir()
        for name in names:
            shutil.copy(Path(path, name), copy)
    shutil.copy(HERE / "openapi" / "definitions.go", folder / _DEFINITIONS)


def _go(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["nice", "go", *words], cwd=folder, env=os.environ | _GO, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MissingError(f"go {' '.join(words)}: {done.stderr[-2000:]}")
    return done.stdout
