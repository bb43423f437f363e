"""Parts of etcdview that the wheel brings only where they are wanted: the extras of pyproject.toml."""

from __future__ import annotations

import importlib.util

from etcdview.errors import NotInstalledError


def require(module: str, extra: str, purpose: str) -> None:
    """Raises NotInstalledError that names the extra, if `module` is not installed; `purpose` begins its sentence."""
    if importlib.util.find_spec(module) is None:
        raise NotInstalledError(f"{purpose} needs {module}, which is not installed.", install(extra))


def install(extra: str) -> str:
    """The command that installs an extra, as a sentence."""
    return f"Install it with pip install 'etcdview[{extra}]' (in a checkout: pip install '.[{extra}]')."
