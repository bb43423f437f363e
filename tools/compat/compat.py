"""Run the integration tests against etcd 3.4, 3.5, 3.6 and 3.7, and print which of them ran.

3.4 comes from Debian's etcd-server package, the others are built with Go; what cannot be had is said, not hidden.
Binaries are kept in .cache/etcd/, so the second run begins at once.

    python tools/compat/compat.py [--build-only] [RELEASE ...] [-- PYTEST ARGUMENTS ...]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = ROOT / ".cache" / "etcd"
TESTS = ("tests/integration", "tests/faults")
MIXED = ("-m", "mixed", "tests/faults")
VARIABLE = "ETCDVIEW_ETCD"  # the server that the tests' fixtures start
FOLDER = "ETCDVIEW_ETCDS"  # where the tests of mixed clusters find several

DEBIAN = "3.4"
BUILT = {"3.5": "v3.5.35", "3.6": "v3.6.16", "3.7": "v3.7.3"}


class MissingError(Exception):
    """A release that cannot be had on this machine, and why."""


@dataclass(frozen=True)
class Outcome:
    """How it went with one release."""

    release: str
    version: str
    result: str
    ok: bool


def main(words: list[str]) -> int:
    """0 when every release that could be had passed, and at least one could."""
    own, pytest_words = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    wanted = [w for w in own if not w.startswith("-")] or [DEBIAN, *BUILT]
    build_only = "--build-only" in own
    outcomes = [_one(release, build_only, pytest_words) for release in wanted]
    if not build_only and not pytest_words and sum(bool(o.version) for o in outcomes) > 1:
        outcomes.append(_test("mixed", "several", MIXED, {FOLDER: str(CACHE)}))
    print("\netcd   version    result")
    for o in outcomes:
        print(f"{o.release:6} {o.version:10} {o.result}")
    ran = [o for o in outcomes if o.version]
    return 0 if ran and all(o.ok for o in ran) else 1


def _one(release: str, build_only: bool, pytest_words: list[str]) -> Outcome:
    try:
        binary = provide(release)
    except MissingError as error:
        return Outcome(release, "", f"did not run: {error}", False)
    version = _version(binary)
    if build_only:
        return Outcome(release, version, str(binary.relative_to(ROOT)), True)
    return _test(release, version, pytest_words or TESTS, {VARIABLE: str(binary)})


def _test(release: str, version: str, words: Sequence[str], environ: dict[str, str]) -> Outcome:
    print(f"== etcd {version}", flush=True)
    tests = [sys.executable, "-m", "pytest", "-q", *words]
    done = subprocess.run(tests, cwd=ROOT, env=os.environ | environ, check=False)
    return Outcome(release, version, "passed" if done.returncode == 0 else "FAILED", done.returncode == 0)


def provide(release: str) -> Path:
    """The server binary of a release, made or fetched if it is missing. Raises MissingError."""
    binary = CACHE / f"etcd-{BUILT.get(release, release)}"
    if not binary.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            made = _from_debian(Path(scratch)) if release == DEBIAN else _with_go(release, Path(scratch))
            shutil.move(made, binary)
    return binary


def _with_go(release: str, scratch: Path) -> Path:
    if release not in BUILT:
        raise MissingError(f"no such release here; there are {DEBIAN}, {', '.join(BUILT)}")
    if shutil.which("go") is None:
        raise MissingError("Go is not on PATH")
    print(f"building etcd {BUILT[release]} with Go ...", flush=True)
    shutil.copy(HERE / "main.go", scratch)
    _run(["go", "mod", "init", "etcdview.invalid/compat"], scratch)
    _run(["go", "get", f"go.etcd.io/etcd/server/v3@{BUILT[release]}"], scratch)
    _run(["go", "mod", "tidy"], scratch)
    _run(["nice", "go", "build", "-trimpath", "-ldflags=-s -w", "-o", "etcd", "."], scratch)
    return scratch / "etcd"


def _from_debian(scratch: Path) -> Path:
    installed = shutil.which("etcd")
    if installed and _version(Path(installed)).startswith(DEBIAN + "."):
        copy = scratch / "etcd"
        shutil.copy(installed, copy)
        return copy
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise MissingError("this is not Debian, and no etcd 3.4 is on PATH")
    print("fetching Debian's etcd-server ...", flush=True)
    _run(["apt-get", "download", "etcd-server"], scratch)
    package = next(scratch.glob("etcd-server_*.deb"), None)
    if package is None or not package.name.startswith(f"etcd-server_{DEBIAN}."):
        raise MissingError(f"Debian's etcd-server is not {DEBIAN} here")
    _run(["dpkg-deb", "-x", package.name, "out"], scratch)
    return scratch / "out" / "usr" / "bin" / "etcd"


def _run(words: list[str], where: Path) -> None:
    done = subprocess.run(words, cwd=where, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MissingError(f"{' '.join(words[:3])} failed: {done.stderr.strip().splitlines()[-1:]}")


def _version(binary: Path) -> str:
    said = subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=False).stdout
    return next((line.split()[-1] for line in said.splitlines() if line.startswith("etcd Version")), "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
