"""`make release` and `make zipapp`: sdist, wheel, zipapp, man page, SBOM and their sums in dist/."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from etcdview import __version__
from tools.release import manpage, sbom, zipapp

ROOT = Path(__file__).parents[2]


def main(arguments: list[str]) -> int:
    """Write it all, or only the zipapp. The exit status: 1 where CHANGELOG.md has no heading for the version."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="the folder, made anew (dist)")
    parser.add_argument("--only-zipapp", action="store_true", help="the zipapp and nothing else")
    given = parser.parse_args(arguments)
    if not given.only_zipapp and not described((ROOT / "CHANGELOG.md").read_text(), __version__):
        print(f"CHANGELOG.md has no heading with the date of {__version__}.", file=sys.stderr)
        return 1
    shutil.rmtree(given.out, ignore_errors=True)
    given.out.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as work:
        (zipapp_only if given.only_zipapp else everything)(given.out, Path(work))
    for file in sorted(given.out.iterdir()):
        print(f"{file.stat().st_size / 1e6:7.1f} MB  {file}")
    return 0


def described(changelog: str, version: str) -> bool:
    """Whether there is a heading such as `## 0.1.0, 2026-11-29`."""
    return _dated(changelog, version) is not None


def moment(changelog: str, version: str) -> datetime:
    """When the release was made, for what names it: SOURCE_DATE_EPOCH, or the day that the heading has."""
    epoch, day = os.environ.get("SOURCE_DATE_EPOCH"), _dated(changelog, version)
    if epoch or day is None:
        return datetime.fromtimestamp(int(epoch or 0), UTC)
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def _dated(changelog: str, version: str) -> str | None:
    found = re.search(rf"^## {re.escape(version)}, (\d{{4}}-\d\d-\d\d)$", changelog, re.MULTILINE)
    return found and found[1]


def zipapp_only(out: Path, work: Path) -> None:
    """The one file."""
    zipapp.build(wheel(work), out, work, zipapp.pinned())


def everything(out: Path, work: Path) -> None:
    """All that a release has, and the sums last."""
    _hatch("sdist", out)
    zipapp.build(wheel(out), out, work, zipapp.pinned())
    (out / "etcdview.1").write_text(manpage.page())
    made = moment((ROOT / "CHANGELOG.md").read_text(), __version__)
    (out / f"etcdview-{__version__}.cdx.json").write_text(sbom.bill(__version__, ROOT / "requirements.txt", made))
    files = sorted(out.iterdir())
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (out / "SHA256SUMS").write_text("".join(sums))


def wheel(out: Path) -> Path:
    """Build it there."""
    _hatch("wheel", out)
    return next(out.glob("*.whl"))


def _hatch(target: str, out: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
