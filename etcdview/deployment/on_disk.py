"""Where an etcd on this machine says how it is deployed: static pod manifest, systemd unit, its own YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from etcdview.config.units import glob, read_unit
from etcdview.deployment import deployment
from etcdview.deployment.deployment import Deployment
from etcdview.kube.yaml_text import read_yaml_file

MANIFESTS = (Path("etc/kubernetes/manifests"),)
UNIT = "etcd.service"
YAMLS = (Path("etc/etcd/etcd.conf.yml"), Path("etc/etcd/etcd.conf.yaml"), Path("etc/etcd.conf.yml"))


def find_deployments(root: Path = Path("/")) -> tuple[Deployment, ...]:
    """Every etcd that the files below `root` tell of; missing and unreadable files are skipped."""
    return (*_pods(root), *_units(root), *_yamls(root))


def _pods(root: Path) -> Iterator[Deployment]:
    for folder in MANIFESTS:
        for path in glob(root / folder, "*.y*ml"):
            found = deployment.from_pod(_yaml(path), str(path))
            if found is not None:
                yield found


def _units(root: Path) -> Iterator[Deployment]:
    unit = read_unit(root, UNIT)
    found = deployment.from_unit(unit) if unit else None
    if found is not None:
        yield _with_config_file(found, root)


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
    try:
        found = read_yaml_file(path)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, Mapping) else {}
