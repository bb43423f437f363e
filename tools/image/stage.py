"""What an image is once it was built, and how one of its commands is run as Kubernetes would run it."""

from __future__ import annotations

import hashlib
import shlex
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_WRITABLE = ("/tmp", "/dev/shm")  # noqa: S108  (the image's own)


class Impossible(Exception):
    """This machine does not permit it; that is not the recipe's fault. Says why."""


@dataclass(slots=True)
class Stage:
    """A stage of the Dockerfile: its file system, and what the finished image does."""

    root: Path
    user: str = "0:0"
    environ: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/local/bin:/usr/bin:/bin"})
    health: list[str] = field(default_factory=list)
    entry: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)


def isolated(image: Stage, command: list[str]) -> list[str]:
    """The command as the image's user, on a read-only root with a writable /tmp, in a mount namespace of its own."""
    root = shlex.quote(str(image.root))
    steps = [
        f"mount --bind {root} {root}",
        f"mount -o remount,bind,ro {root}",
        f"mount -t proc proc {root}/proc",
        *(f"mount -t tmpfs tmpfs {root}{path}" for path in _WRITABLE),
        f"exec /usr/sbin/chroot --userspec={image.user} {root} {shlex.join(command)}",
    ]
    return ["unshare", "--mount", "/bin/sh", "-c", " && ".join(steps)]


def command(*words: str, **environ: str) -> str:
    """What it prints. Raises CalledProcessError."""
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env=environ or None).stdout


def added(root: Path) -> dict[str, str]:
    """Each file of /opt/etcdview, by name: mode, time, and a sum of what is in it; a layer is made of nothing else."""
    return dict(_told(root / "opt" / "etcdview"))


def _told(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        held = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        yield (
            str(path.relative_to(folder)),
            f"{stat.filemode(state.st_mode)} {state.st_uid}:{state.st_gid} {int(state.st_mtime)} "
            f"{hashlib.sha256(held).hexdigest()}",
        )
