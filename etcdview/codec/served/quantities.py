"""Quantities of resources: API servers round them up to thousandths when they read, and add up those of containers.

Source: SetDefaults_ResourceList in k8s.io/kubernetes/pkg/apis/core/v1/defaults.go, k8s.io/apimachinery's Quantity.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from etcdview.codec.model import Object
from etcdview.codec.served.rows import Change
from etcdview.kube.quantities import quantity

_THOUSANDTH = {"n": 1_000_000, "u": 1_000}  # the only units that are written for less


def rounding(*members: str) -> Change:
    """The change that rounds the lists of resources in these members of an object."""

    def change(obj: Object, minor: int) -> None:
        for member in members:
            _round(obj.get(member))

    return change


def _round(resources: Any) -> None:
    for name, amount in resources.items() if isinstance(resources, dict) else ():
        if isinstance(amount, str) and amount[-1:] in _THOUSANDTH:
            resources[name] = _rounded(amount)


def _rounded(amount: str) -> str:
    try:
        number = int(amount[:-1])
    except ValueError:
        return amount
    size = -(-abs(number) // _THOUSANDTH[amount[-1]])
    sign = "-" if number < 0 else ""
    return f"{sign}{size // 1000}" if size % 1000 == 0 else f"{sign}{size}m"


_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = {-9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}
_KIBI = 1024


def total(one: str, other: str) -> str:
    """Two quantities as one, in the form of the first that is not zero; the first where either is not a quantity."""
    first, second = quantity(one), quantity(other)
    if first is None or second is None:
        return one
    return _text(first + second, other if first == 0 else one)


def is_larger(one: str, other: str) -> bool:
    """Whether the first quantity is more than the second."""
    first, second = quantity(one), quantity(other)
    return first is not None and second is not None and first > second


def _text(value: Decimal, like: str) -> str:
    """Quantity.CanonicalizeBytes: in powers of 1024 where `like` is and it can be, else of 1000."""
    if value == 0:
        return "0"
    if like.endswith("i") and value == int(value) and abs(value) >= _KIBI:
        number, power = int(value), 0
        while number % _KIBI == 0 and power < len(_BINARY) - 1:
            number, power = number // _KIBI, power + 1
        return f"{number}{_BINARY[power]}"
    sign, digits, exponent = value.normalize().as_tuple()
    size = int(exponent) // 3 * 3
    number = int("".join(map(str, digits))) * 10 ** (int(exponent) - size) * (-1 if sign else 1)
    is_exponent = "e" in like.lower() and not like.endswith("E")
    suffix = (f"e{size}" if size else "") if is_exponent else _DECIMAL.get(size, f"e{size}")
    return f"{number}{suffix}"
