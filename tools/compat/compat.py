"""Run the integration tests against etcd 3.4, 3.5, 3.6 and 3.7, those of tests/kine against kine, and print what ran.

etcd 3.4 comes from Debian's etcd-server package, the others are built with Go, kine with a C compiler as well; what
cannot be had is said, not hidden. Binaries are kept in .cache/etcd/, so the second run begins at once.

    python tools/compat/compat.py [--build-only] [RELEASE ...] [-- PYTEST ARGUMENTS ...]
"""

from __future__ import annotations

import argparse
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
KINE_TESTS = ("-m", "kine", "tests/kine")
KINE_VARIABLE = "ETCDVIEW_KINE"

DEBIAN = "3.4"
BUILT = {"3.5": "v3.5.35", "3.6": "v3.6.16", "3.7": "v3.7.3"}
# Of 2023, the first whose lists begin with the key that they are given, and today's.
KINE = {"kine-0.11": "v0.11.4", "kine-0.14": "v0.14.4", "kine-0.17": "v0.17.5"}
EVERY = [DEBIAN, *BUILT, *KINE]
_AsItIs = argparse.RawDescriptionHelpFormatter
# SQLite with its table of sizes, which kine answers Status from, as k3s builds it
BUILD = {"CGO_ENABLED": "1", "CGO_CFLAGS": "-DSQLITE_ENABLE_DBSTAT_VTAB=1"}


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
    given, pytest_words = _arguments(words)
    wanted, build_only = given.releases or EVERY, given.build_only
    outcomes = [_one(release, build_only, pytest_words) for release in wanted]
    etcds = [o for o in outcomes if o.version and o.release not in KINE]
    if not build_only and not pytest_words and len(etcds) > 1:
        outcomes.append(_test("mixed", "several", MIXED, {FOLDER: str(CACHE)}))
    print("\nrelease    version    result")
    for o in outcomes:
        print(f"{o.release:10} {o.version:10} {o.result}")
    ran = [o for o in outcomes if o.version]
    return 0 if ran and all(o.ok for o in ran) else 1


def _arguments(words: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Ours, and those after `--`. Ends with --help, and for an unknown release."""
    parser = argparse.ArgumentParser(prog="tools/compat/compat.py", description=__doc__, formatter_class=_AsItIs)
    parser.add_argument("releases", nargs="*", metavar="RELEASE", help=f"of {', '.join(EVERY)}; by default all")
    parser.add_argument("--build-only", action="store_true", help="build the programs and run no test")
    cut = words.index("--") if "--" in words else len(words)
    given = parser.parse_args(words[:cut])
    if unknown := [each for each in given.releases if each not in EVERY]:
        parser.error(f"unknown release {unknown[0]!r}: choose from {', '.join(EVERY)}")
    return given, words[cut + 1 :]


def _one(release: str, build_only: bool, pytest_words: list[str]) -> Outcome:
    try:
        binary = provide(release)
    except MissingError as error:
        return Outcome(release, "", f"did not run: {error}", False)
    version = KINE.get(release) or _version(binary)
    if build_only:
        return Outcome(release, version, str(binary.relative_to(ROOT)), True)
    if release in KINE:
        return _test(release, version, pytest_words or KINE_TESTS, {KINE_VARIABLE: str(binary)})
    return _test(release, version, pytest_words or TESTS, {VARIABLE: str(binary)})


def _test(release: str, version: str, words: Sequence[str], environ: dict[str, str]) -> Outcome:
    print(f"== {release} {version}", flush=True)
    tests = [sys.executable, "-m", "pytest", "-q", *words]
    pytest = subprocess.Popen(tests, cwd=ROOT, env=os.environ | environ, stdout=subprocess.PIPE, text=True)
    assert pytest.stdout is not None  # noqa: S101 (for mypy)
    last = ""
    for line in pytest.stdout:
        print(line, end="", flush=True)
        last = line.strip() or last
    ok = pytest.wait() == 0
    return Outcome(release, version, f"{'passed' if ok else 'FAILED'}: {last}", ok)


def provide(release: str) -> Path:
    """The server binary of a release, made or fetched if it is missing. Raises MissingError."""
    name = f"kine-{KINE[release]}" if release in KINE else f"etcd-{BUILT.get(release, release)}"
    binary = CACHE / name
    if not binary.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            shutil.move(_made(release, Path(scratch)), binary)
    return binary


def _made(release: str, scratch: Path) -> Path:
    if release == DEBIAN:
        return _from_debian(scratch)
    if release in KINE:
        return _with_go("kine.go", "github.com/k3s-io/kine", KINE[release], scratch)
    if release in BUILT:
        return _with_go("etcd.go", "go.etcd.io/etcd/server/v3", BUILT[release], scratch)
    raise MissingError(f"no such release here; there are {DEBIAN}, {', '.join((*BUILT, *KINE))}")


def _with_go(program: str, module: str, version: str, scratch: Path) -> Path:
    """A program of this folder, or the one that it names, built with that version of the module."""
    kine = program == "kine.go"
    if shutil.which("go") is None:
        raise MissingError("Go is not on PATH")
    if kine and not (shutil.which("gcc") or shutil.which("clang")):
        raise MissingError("no C compiler is on PATH, which SQLite needs")
    print(f"building {module} {version} with Go ...", flush=True)
    shutil.copy(HERE / program, scratch)
    _run(["go", "mod", "init", "etcdview.invalid/compat"], scratch)
    _run(["go", "get", f"{module}@{version}"], scratch)
    _run(["go", "mod", "tidy"], scratch)
    what = module if kine else "."
    _run(["nice", "go", "build", "-trimpath", "-ldflags=-s -w", "-o", "server", what], scratch, BUILD if kine else {})
    return scratch / "server"


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


def _run(words: list[str], where: Path, environ: dict[str, str] | None = None) -> None:
    env = os.environ | (environ or {})
    done = subprocess.run(words, cwd=where, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MissingError(f"{' '.join(words[:3])} failed: {done.stderr.strip().splitlines()[-1:]}")


def _version(binary: Path) -> str:
    said = subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=False).stdout
    return next((line.split()[-1] for line in said.splitlines() if line.startswith("etcd Version")), "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
