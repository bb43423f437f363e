"""API servers round quantities of resources up to thousandths when they read (SetDefaults_ResourceList)."""

from __future__ import annotations

from typing import Any

from etcdview.codec.model import Object
from etcdview.codec.served.rows import Change

_THOUSANDTH = {"n": 1_000_000, "u": 1_000}  # the only units that are written for less


def rounding(*members: str) -> Change:
    """The change that rounds the lists of resources in these members of an object."""

    def change(obj: Object, minor: int) -> None:
        for member in members:
            _round(obj.get(member))

    return change


def _round(resources: Any) -> None:
    for name, quantity in resources.items() if isinstance(resources, dict) else ():
        if isinstance(quantity, str) and quantity[-1:] in _THOUSANDTH:
            resources[name] = _rounded(quantity)


def _rounded(quantity: str) -> str:
    try:
        number = int(quantity[:-1])
    except ValueError:
        return quantity
    size = -(-abs(number) // _THOUSANDTH[quantity[-1]])
    sign = "-" if number < 0 else ""
    return f"{sign}{size // 1000}" if size % 1000 == 0 else f"{sign}{size}m"
