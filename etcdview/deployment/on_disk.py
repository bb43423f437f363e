"""Where an etcd on this machine says how it is deployed: static pod manifest, systemd unit, its own YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from etcdview.deployment import deployment
from etcdview.deployment.deployment import Deployment

MANIFESTS = (Path("etc/kubernetes/manifests"),)
UNIT = "etcd.service"
# The first counts most (systemd.unit, "Unit File Load Path").
UNIT_FOLDERS = (
    Path("etc/systemd/system"),
    Path("run/systemd/system"),
    Path("usr/lib/systemd/system"),
    Path("lib/systemd/system"),
)
YAMLS = (Path("etc/etcd/etcd.conf.yml"), Path("etc/etcd/etcd.conf.yaml"), Path("etc/etcd.conf.yml"))


def find_deployments(root: Path = Path("/")) -> tuple[Deployment, ...]:
    """Every etcd that the files below `root` tell of; what is not there, or not for this user, is passed over."""
    return (*_pods(root), *_units(root), *_yamls(root))


def _pods(root: Path) -> Iterator[Deployment]:
    for folder in MANIFESTS:
        for path in _glob(root / folder, "*.y*ml"):
            found = deployment.from_pod(_yaml(path), str(path))
            if found is not None:
                yield found


def _units(root: Path) -> Iterator[Deployment]:
    for folder in UNIT_FOLDERS:
        path = root / folder / UNIT
        text = _text(path)
        if not text:
            continue
        text = "\n".join((text, *map(_text, _drop_ins(root))))
        variables: dict[str, str] = {}
        for name in deployment.environment_files(text, UNIT):
            for file in _matching(root, name):
                variables |= deployment.parse_environment(_text(file))
        found = deployment.from_unit(text, str(path), variables, unit=UNIT)
        if found is not None:
            yield _with_config_file(found, root)
            return


def _drop_ins(root: Path) -> list[Path]:
    """The files that change the unit, in the order of their names; of two with one name that of the first folder."""
    found: dict[str, Path] = {}
    for folder in UNIT_FOLDERS:
        for path in _glob(root / folder / f"{UNIT}.d", "*.conf"):
            found.setdefault(path.name, path)
    return [found[name] for name in sorted(found)]


def _matching(root: Path, name: str) -> list[Path]:
    """The files of an EnvironmentFile=, which may have wildcards in it."""
    return _glob(root, name.strip("\"'").lstrip("/"))


def _glob(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))
    except (OSError, ValueError):
        return []


def _yamls(root: Path) -> Iterator[Deployment]:
    for path in YAMLS:
        settings = _yaml(root / path)
        if settings:
            yield deployment.from_yaml(settings, str(root / path))
            return


def _with_config_file(found: Deployment, root: Path) -> Deployment:
    """With --config-file etcd goes by that file alone."""
    name = found.flag("config-file")
    settings = _yaml(root / name.lstrip("/")) if name else {}
    return deployment.from_yaml(settings, f"{found.source}, {name}") if settings else found


def _yaml(path: Path) -> Mapping[str, Any]:
    text = _text(path)
    try:
        found = YAML(typ="safe", pure=True).load(text) if text else None
    except YAMLError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
