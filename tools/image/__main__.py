"""`make image`: docs/deploy/Dockerfile is built and started, so that the recipe is known to work.

By buildah where that is on PATH and can; else its steps are run as they stand in a chroot. Both begin with a Debian
that debootstrap makes, so no registry is needed and no daemon, but root is. The image then serves a real etcd as
Kubernetes would run it: as its user, on a root file system that is read-only, with a writable /tmp; its own health
check is asked. The first line says which way it was; where this machine permits neither, it says what is missing.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from etcdview.demo.cluster import LocalCluster
from tools.image.base import make_base
from tools.image.buildah import Buildah
from tools.image.chroot import ROOT, Build
from tools.image.stage import Impossible, Stage, added, command, isolated

DOCKERFILE = ROOT / "docs" / "deploy" / "Dockerfile"
READY_SECONDS = 120.0


def main(words: list[str]) -> int:
    """0 when the image serves; 2 where this machine does not permit to try, or 0 with --if-possible."""
    parser = argparse.ArgumentParser(prog="python -m tools.image", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="where the base stays; otherwise nothing is kept")
    parser.add_argument("--way", choices=("buildah", "chroot"), help="this one, whatever else there is")
    parser.add_argument("--twice", action="store_true", help="build it once more: what it adds must be the same")
    parser.add_argument("--if-possible", action="store_true", help="0 where this machine does not permit to try")
    given = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="etcdview-image-") as work:
        try:
            return _tried(given.folder or Path(work), Path(work), given.way, given.twice)
        except Impossible as why:
            print(f"THE IMAGE WAS NOT TRIED: {why}")
            return 0 if given.if_possible else 2


def _tried(kept: Path, work: Path, named: str | None, twice: bool) -> int:
    _check_machine()
    way, why = _way(named)
    print(f"The image is built by way of: {way}{why}.", flush=True)
    base = kept / "base"
    if not base.exists():
        make_base(base)
    began = time.monotonic()
    try:
        image = _built(way, base, work / "first")
    except subprocess.CalledProcessError as failed:
        if named or way == "chroot":
            raise
        print(f"buildah ended with {failed.returncode}; now by way of: chroot.", flush=True)
        way = "chroot"
        image = _built(way, base, work / "first-in-a-chroot")
    print(f"Built in {time.monotonic() - began:.0f} s.")
    _measure(base, image)
    if twice and not _same(image, _built(way, base, work / "again")):
        return 1
    with LocalCluster(work / "etcd", ("one",)) as etcd:
        return _serve(image, etcd.endpoints[0])


def _way(named: str | None) -> tuple[str, str]:
    """buildah or chroot, and why where nobody has named it."""
    if named:
        return named, ""
    return ("buildah", "") if shutil.which("buildah") else ("chroot", " (buildah is not on PATH)")


def _check_machine() -> None:
    """Raises Impossible."""
    if os.geteuid() != 0:
        raise Impossible("it takes root, for debootstrap, chroot and mounts.")
    if shutil.which("debootstrap") is None:
        raise Impossible("it takes debootstrap (Debian's package of that name).")
    mounted = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    done = subprocess.run(mounted, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Impossible(f"this machine permits no mounts, not even to root: {done.stderr.strip()}")


def _built(way: str, base: Path, folder: Path) -> Stage:
    if way == "buildah":
        return Buildah(folder).build(base, DOCKERFILE)
    folder.mkdir()
    return Build(base, folder).run(DOCKERFILE.read_text("utf-8"))


def _measure(base: Path, image: Stage) -> None:
    sizes = [int(command("du", "--summarize", "--bytes", str(path)).split()[0]) for path in (base, image.root)]
    print(f"The image adds {(sizes[1] - sizes[0]) / 1e6:.0f} MB to a base of {sizes[0] / 1e6:.0f} MB.")
    files = added(image.root)
    digest = hashlib.sha256("\n".join(f"{name} {told}" for name, told in files.items()).encode()).hexdigest()
    print(f"It adds {len(files)} files; the sum of their names, modes, times and content is {digest[:20]}.")


def _same(image: Stage, again: Stage) -> bool:
    first, second = added(image.root), added(again.root)
    differing = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    print(f"Built once more, {len(differing)} files differ. {' '.join(differing[:5])}".rstrip())
    return not differing


def _serve(image: Stage, endpoint: str) -> int:
    """Start the image, ask its health check until it passes, stop it."""
    environ = image.environ | {"ETCDCTL_ENDPOINTS": endpoint}
    with subprocess.Popen(isolated(image, [*image.entry, *image.command]), env=environ) as server:
        passed = _until_healthy(image, server)
        server.terminate()
        ended = server.wait(timeout=30)
    print(f"It ran as {image.user} on a read-only root. Its health check {'passed' if passed else 'failed'}; "
          f"told to stop, it ended with {ended}.")  # fmt: skip
    return 0 if passed and ended == 0 else 1


def _until_healthy(image: Stage, server: subprocess.Popen[bytes]) -> bool:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and server.poll() is None:
        asked = subprocess.run(isolated(image, image.health), env=image.environ, capture_output=True, check=False)
        if asked.returncode == 0:
            return True
        time.sleep(0.5)
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
