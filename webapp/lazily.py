"""Views that are loaded when they are called first: the first page waits for no other, nor for the API's schemas."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

_modules: set[str] = set()


def loaded_when_called(module: str, name: str) -> Callable[..., Any]:
    """The view `name` of `module`, which need not be loaded yet."""
    _modules.add(module)

    def view(**arguments: Any) -> Any:
        return getattr(importlib.import_module(module), name)(**arguments)

    # Limits go by these.
    view.__module__, view.__name__ = module, name
    return view


def load_rest() -> None:
    """Load all that nobody has called yet, so that nobody need wait for it later."""
    for module in sorted(_modules):
        importlib.import_module(module)
