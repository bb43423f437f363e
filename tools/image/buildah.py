"""The Dockerfile built by buildah, in a store of its own below a folder."""

from __future__ import annotations

import json
from pathlib import Path

from tools.image.chroot import source_code
from tools.image.stage import Stage, command

_ANYTHING = '{"default": [{"type": "insecureAcceptAnything"}]}'  # the one image that comes in is made here


class Buildah:
    """Each command with the store in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        self._policy = folder / "policy.json"
        self._policy.write_text(_ANYTHING)

    def build(self, base: Path, dockerfile: Path) -> Stage:
        """The image's file system and what it does. Raises CalledProcessError."""
        source = self._folder / "source"
        source.mkdir()
        source_code(source)
        begun = self._do("from", "scratch")
        self._do("add", "--quiet", begun, str(base), "/")
        trusted = ("--signature-policy", str(self._policy))
        self._do("commit", "--quiet", *trusted, begun, "base")
        print(f"buildah build --file {dockerfile.name}", flush=True)
        how = ("--isolation=chroot", "--network=host", "--format=docker", "--build-arg=BASE=localhost/base", *trusted)
        self._do("build", *how, f"--file={dockerfile}", "--tag=etcdview", str(source))
        container = self._do("from", *trusted, "localhost/etcdview")
        return _stage(Path(self._do("mount", container)), json.loads(self._do("inspect", container)))

    def _do(self, *words: str) -> str:
        store = (f"--root={self._folder}/root", f"--runroot={self._folder}/run", "--storage-driver=vfs")
        return command("buildah", *store, *words).strip()


def _stage(root: Path, inspected: dict[str, dict[str, dict[str, object]]]) -> Stage:
    config: dict[str, object] = inspected["Docker"]["config"]
    lists = {key: [str(each) for each in value] for key, value in config.items() if isinstance(value, list)}
    health = config["Healthcheck"]
    assert isinstance(health, dict)  # noqa: S101  (the recipe has one)
    environ = dict(each.split("=", 1) for each in lists["Env"])
    tested = [str(each) for each in health["Test"][1:]]  # the first says that it is a command
    return Stage(root, str(config["User"]), environ, tested, lists["Entrypoint"], lists["Cmd"])
