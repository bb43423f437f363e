"""`make image`: docs/deploy/Dockerfile is built and started, so that the recipe is known to work.

    python -m tools.image [FOLDER]

Its steps are run as they stand, in a chroot that debootstrap makes of Debian: no daemon is needed, but root is. The
image then serves a real etcd as Kubernetes would run it: as its user, on a root file system that is read-only, with a
writable /tmp; its own health check is asked. The chroots stay in FOLDER, if one is given.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from etcdview.demo.cluster import LocalCluster
from tools.given import arguments

ROOT = Path(__file__).parent.parent
DOCKERFILE = ROOT / "docs" / "deploy" / "Dockerfile"
SUITE, PACKAGES = "bookworm", "python3,python3-venv,ca-certificates"
READY_SECONDS = 60.0
WRITABLE = ("/tmp", "/dev/shm")  # noqa: S108  (the image's own)
# What pip on this machine needs to reach its index is handed to the build, as docker's --build-arg would.
PASSED_ON = ("PIP_", "SSL_CERT", "REQUESTS_CA")


@dataclass(slots=True)
class Stage:
    """A stage of the Dockerfile: its file system, and what the finished image does."""

    root: Path
    user: str = "0:0"
    environ: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/local/bin:/usr/bin:/bin"})
    health: list[str] = field(default_factory=list)
    entry: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)


class Build:
    """Runs the instructions of a Dockerfile, each as docker would, on copies of a base."""

    def __init__(self, base: Path, folder: Path) -> None:
        self._base, self._folder = base, folder
        self._stages: dict[str, Stage] = {}
        self._stage = Stage(base)

    def run(self, dockerfile: str) -> Stage:
        """The last stage. Raises ValueError for an instruction that it does not know."""
        for word, rest in instructions(dockerfile):
            print(f"{word} {rest[:100]}", flush=True)
            step = getattr(self, f"_{word.lower()}", None)
            if step is None:
                raise ValueError(f"unknown instruction {word}")
            step(rest)
        return self._stage

    def _arg(self, name: str) -> None:
        if name != "BASE":
            raise ValueError(f"unknown argument {name}")

    def _from(self, rest: str) -> None:
        image, *named = rest.split()
        if image != "${BASE}":
            raise ValueError(f"unknown image {image}")
        name = named[1] if named else "image"
        self._stage = self._stages[name] = Stage(self._folder / name)
        _command("cp", "--archive", str(self._base), str(self._stage.root))

    def _copy(self, rest: str) -> None:
        *options, source, target = rest.split()
        at = self._stage.root / target.lstrip("/")
        at.mkdir(parents=True, exist_ok=True)
        if options:
            other = self._stages[options[0].removeprefix("--from=")].root
            _command("cp", "--archive", f"{other}{source}/.", str(at))
        else:
            files = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
            subprocess.run(["tar", "--extract", "--directory", str(at)], input=files, check=True)

    def _run(self, rest: str) -> None:
        passed = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
        command = ["/usr/sbin/chroot", str(self._stage.root), "/bin/sh", "-c", rest]
        subprocess.run(command, env=self._stage.environ | passed, check=True)

    def _user(self, rest: str) -> None:
        self._stage.user = rest

    def _env(self, rest: str) -> None:
        self._stage.environ |= dict(word.split("=", 1) for word in shlex.split(rest))

    def _expose(self, rest: str) -> None:
        """It only says which port it is."""

    def _healthcheck(self, rest: str) -> None:
        self._stage.health = json.loads(rest.removeprefix("CMD "))

    def _entrypoint(self, rest: str) -> None:
        self._stage.entry = json.loads(rest)

    def _cmd(self, rest: str) -> None:
        self._stage.command = json.loads(rest)


def instructions(dockerfile: str) -> Iterator[tuple[str, str]]:
    """Each instruction's word and the rest of it, lines joined."""
    lines = [line for line in dockerfile.splitlines() if not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word:
            yield word, " ".join(rest.split())


def main(arguments: list[str]) -> int:
    """0 when the image serves."""
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        print("The image's recipe is tried in a chroot: it takes root and debootstrap (Debian's package of that name).")
        return 2
    with tempfile.TemporaryDirectory(prefix="etcdview-image-") as made:
        folder = Path(arguments[0] if arguments else made)
        base = folder / "base"
        if not base.exists():
            _bootstrap(base)
        image = Build(base, folder).run(DOCKERFILE.read_text("utf-8"))
        _measure(base, image)
        with LocalCluster(folder / "etcd", ("one",)) as etcd:
            return _serve(image, etcd.endpoints[0])


def _bootstrap(base: Path) -> None:
    _command("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(base))
    for name in ("SSL_CERT_FILE", "PIP_CERT"):  # a machine may trust a CA of its own
        given = os.environ.get(name)
        if given:
            inside = base / given.lstrip("/")
            inside.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(given, inside)
    for name in ("resolv.conf", "hosts"):
        shutil.copyfile(f"/etc/{name}", base / "etc" / name)


def _measure(base: Path, image: Stage) -> None:
    sizes = [int(_command("du", "--summarize", "--bytes", str(path)).split()[0]) for path in (base, image.root)]
    added = sizes[1] - sizes[0]
    print(f"The image adds {added / 1e6:.0f} MB to a base of {sizes[0] / 1e6:.0f} MB.")


def _serve(image: Stage, endpoint: str) -> int:
    """Start the image, ask its health check until it passes, stop it."""
    environ = image.environ | {"ETCDCTL_ENDPOINTS": endpoint}
    with subprocess.Popen(_isolated(image, [*image.entry, *image.command]), env=environ) as server:
        passed = _until_healthy(image, server)
        server.terminate()
        ended = server.wait(timeout=30)
    print(f"Its health check {'passed' if passed else 'failed'}; told to stop, it ended with {ended}.")
    return 0 if passed and ended == 0 else 1


def _until_healthy(image: Stage, server: subprocess.Popen[bytes]) -> bool:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and server.poll() is None:
        asked = subprocess.run(_isolated(image, image.health), env=image.environ, capture_output=True, check=False)
        if asked.returncode == 0:
            return True
        time.sleep(0.5)
    return False


def _isolated(image: Stage, command: list[str]) -> list[str]:
    """The command as the image's user, on a read-only root with a writable /tmp, in a mount namespace of its own."""
    root = shlex.quote(str(image.root))
    steps = [
        f"mount --bind {root} {root}",
        f"mount -o remount,bind,ro {root}",
        f"mount -t proc proc {root}/proc",
        *(f"mount -t tmpfs tmpfs {root}{path}" for path in WRITABLE),
        f"exec /usr/sbin/chroot --userspec={image.user} {root} {shlex.join(command)}",
    ]
    return ["unshare", "--mount", "/bin/sh", "-c", " && ".join(steps)]


def _command(*words: str) -> str:
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__)))
