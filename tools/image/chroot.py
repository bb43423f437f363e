"""The Dockerfile without docker: its steps, as they stand, in copies of a base."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tools.image.stage import Stage, command

ROOT = Path(__file__).parents[2]


class Build:
    """Runs the instructions of a Dockerfile, each as docker would, on copies of a base."""

    def __init__(self, base: Path, folder: Path) -> None:
        self._base, self._folder = base, folder
        self._stages: dict[str, Stage] = {}
        self._stage = Stage(base)
        self._arguments: dict[str, str] = {}  # of this stage

    def run(self, dockerfile: str) -> Stage:
        """The last stage. Raises ValueError for an instruction that it does not know."""
        for word, rest in instructions(dockerfile):
            print(f"{word} {rest[:100]}", flush=True)
            step = getattr(self, f"_{word.lower()}", None)
            if step is None:
                raise ValueError(f"unknown instruction {word}")
            step(rest)
        return self._stage

    def _arg(self, rest: str) -> None:
        name, _, value = rest.partition("=")
        if name != "BASE":
            self._arguments[name] = value

    def _from(self, rest: str) -> None:
        image, *named = rest.split()
        if image != "${BASE}":
            raise ValueError(f"unknown image {image}")
        name = named[1] if named else "image"
        self._stage, self._arguments = Stage(self._folder / name), {}
        self._stages[name] = self._stage
        command("cp", "--archive", str(self._base), str(self._stage.root))

    def _copy(self, rest: str) -> None:
        *options, source, target = rest.split()
        at = self._stage.root / target.lstrip("/")
        at.mkdir(parents=True, exist_ok=True)
        if options:
            other = self._stages[options[0].removeprefix("--from=")].root
            command("cp", "--archive", f"{other}{source}/.", str(at))
        else:
            source_code(at)

    def _run(self, rest: str) -> None:
        words = ["/usr/sbin/chroot", str(self._stage.root), "/bin/sh", "-c", rest]
        subprocess.run(words, env=self._stage.environ | self._arguments, check=True)

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


def source_code(folder: Path) -> None:
    """What is committed, and nothing else of the checkout."""
    files = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "--extract", "--directory", str(folder)], input=files, check=True)


def instructions(dockerfile: str) -> Iterator[tuple[str, str]]:
    """Each instruction's word and the rest of it, lines joined."""
    lines = [line for line in dockerfile.splitlines() if not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word:
            yield word, " ".join(rest.split())
