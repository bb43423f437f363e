"""Views that are loaded when they are called first: the first page waits for no other, nor for the API's schemas."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def loaded_when_called(module: str, name: str) -> Callable[..., Any]:
    """The view `name` of `module`, which need not be loaded yet."""

    def view(**arguments: Any) -> Any:
        return getattr(importlib.import_module(module), name)(**arguments)

    # Limits go by these.
    view.__module__, view.__name__ = module, name
    return view
